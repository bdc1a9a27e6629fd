"""district.yml: what is accepted, and what a person is told of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.core.errors import ConfigurationError, MissingSecret
from pipelines.settings import SettingsError, load_settings

GOOD = """
district: {id: d1, name: District One, timezone: America/Chicago}
roster_sources: [hr]
sources:
  hr: {platform: files, mappings: "mappings/*.yml"}
  badges: {platform: badgr, base_url: "https://badgr.example"}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "district.yml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load_settings(write(folder, text), {})
    assert str(raised.value).startswith(str(folder.resolve() / "district.yml"))
    return raised.value.faults


def test_settings__a_valid_file_gives_typed_settings(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), {})
    assert settings.district.school_year_starts == (7, 1)
    assert list(settings.sources) == ["hr", "badges"]
    assert settings.landing == tmp_path.resolve() / "landing"
    assert settings.roles["principal"].inside == "band"


def test_settings__the_school_years_of_a_source_are_years_in_order(tmp_path: Path) -> None:
    years = "first_school_year: 2022, last_school_year: 2026"
    text = GOOD.replace("{platform: files,", f"{{{years}, platform: files,")
    options = load_settings(write(tmp_path, text), {}).sources["hr"].options
    assert (options.first_school_year, options.last_school_year) == (2022, 2026)
    assert load_settings(write(tmp_path, GOOD), {}).sources["hr"].options.first_school_year is None
    for wrong, said in (
        ("first_school_year: 2027, last_school_year: 2026", "first_school_year 2027 is after last_school_year 2026"),
        ("first_school_year: 22", "sources.hr.first_school_year: Input should be greater than or equal to 1990"),
        ("first_school_year: 2021-22", "sources.hr.first_school_year: Input should be a valid integer"),
        ("frist_school_year: 2022", 'Did you mean "first_school_year"?'),
    ):
        found = faults(tmp_path, GOOD.replace("{platform: files,", f"{{{wrong}, platform: files,"))
        assert len(found) == 1 and found[0].startswith("sources.hr") and said in found[0]


def test_settings__every_fault_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        """
district: {id: d1, name: D, timezone: America/Chicgo, school_yaer_start: "07-01"}
roster_sources: [hrr]
sources:
  hr: {platform: files, mapings: "m/*.yml"}
  b: {platform: bagdr, base_url: "https://x.example"}
  c: {platform: badgr, base_url: "https://x.example", password: hunter2}
rolse: {}
cli: {as: boss}
""",
    )
    text = "\n".join(found)
    assert 'district.timezone: unknown time zone. Did you mean "America/Chicago"?' in text
    assert 'district.school_yaer_start: unknown key. Did you mean "school_year_start"?' in text
    assert 'sources.hr.mapings: unknown key. Did you mean "mappings"?' in text
    assert "sources.hr.mappings: missing; it is required" in text
    assert 'sources.b.platform: unknown platform "bagdr". Did you mean "badgr"?' in text
    assert "sources.c.password: secrets never stand in this file; set the environment variable C_PASSWORD" in text
    assert 'rolse: unknown key. Did you mean "roles"?' in text
    assert "hunter2" not in text


def test_settings__references_between_parts_are_checked(tmp_path: Path) -> None:
    found = faults(tmp_path, GOOD.replace("[hr]", "[hrr]") + "cli: {as: principle}\n")
    assert found == [
        'roster_sources: hrr is not one of the sources. Did you mean "hr"?',
        'cli.as: unknown role. Did you mean "principal"?',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("district: [", "not valid YAML"),
        ("- a\n- b\n", "expected `key: value` lines"),
        ("", "expected `key: value` lines"),
        ("sources: {}\n", "district: missing"),
    ],
)
def test_settings__an_unreadable_file_says_why(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in "\n".join(faults(tmp_path, text))


def test_settings__a_key_given_twice_is_a_fault(tmp_path: Path) -> None:
    repeated = GOOD + "  badges: {platform: badgr, base_url: 'https://other.example'}\n"
    assert "the key 'badges' stands twice" in "\n".join(faults(tmp_path, repeated))


def test_settings__a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file.*expertise init"):
        load_settings(tmp_path / "district.yml", {})


def test_settings__a_missing_secret_is_named_and_no_value_is_shown(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), {"BADGES_USERNAME": "someone"})
    with pytest.raises(MissingSecret, match="BADGES_PASSWORD") as raised:
        settings.connection("badges")
    assert "someone" not in str(raised.value)


def test_settings__secrets_come_from_dotenv_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BADGES_USERNAME=from-file\nBADGES_PASSWORD=from-file\n")
    settings = load_settings(write(tmp_path, GOOD), {"BADGES_PASSWORD": "from-environment"})
    connection = settings.connection("badges")
    assert connection.secrets == {"username": "from-file", "password": "from-environment"}
    assert "from-" not in repr(connection) + repr(settings)


def test_settings__the_hash_changes_with_a_setting_and_not_with_a_secret(tmp_path: Path) -> None:
    first = load_settings(write(tmp_path, GOOD), {}).settings_hash
    assert load_settings(write(tmp_path, GOOD), {"BADGES_PASSWORD": "x"}).settings_hash == first
    assert load_settings(write(tmp_path, GOOD.replace("One", "Two")), {}).settings_hash != first


def test_settings__a_tab_or_another_encoding_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert "spaces, not tabs" in faults(tmp_path, "district:\n\tid: d1\n")[0]
    path = tmp_path / "district.yml"
    path.write_bytes("district: {id: d1, name: Peña}".encode("cp1252"))
    with pytest.raises(SettingsError, match="save it as UTF-8"):
        load_settings(path, {})


def test_settings__a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "district.yml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_settings(tmp_path / "district.yml", {}).district.id == "d1"


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("id: d1", "id: My District", "district.id: small letters, digits, - and _ only"),
        ("id: d1", 'id: d1, school_year_start: "13-45"', "district.school_year_start: no day of the year"),
        ("id: d1", "id: d1, school_year_start: 7/1", "district.school_year_start: no day of the year"),
        ("  badges:", '  "my badges":', "sources.my badges: a source's name holds letters"),
        ("  badges:", "  ../badges:", "sources.../badges: a source's name holds letters"),
        ("\nsources:", "\nschedule: {cron: banana}\nsources:", "schedule.cron: not a cron line of five parts"),
    ],
)
def test_settings__values_that_would_break_a_later_step_are_refused(
    tmp_path: Path, good: str, bad: str, expected: str
) -> None:
    assert expected in "\n".join(faults(tmp_path, GOOD.replace(good, bad)))


def test_settings__sources_that_would_share_their_secrets_are_refused(tmp_path: Path) -> None:
    two = GOOD + '  my-b: {platform: badgr, base_url: "https://a.example"}\n'
    two += '  my_b: {platform: badgr, base_url: "https://b.example"}\n'
    assert "sources.my_b: its secrets would have the names of those of my-b" in "\n".join(faults(tmp_path, two))


def test_settings__a_short_pseudonym_key_is_refused_before_a_run(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), {"EXPERTISE_PSEUDONYM_KEY": "too-short"})
    with pytest.raises(ConfigurationError, match="EXPERTISE_PSEUDONYM_KEY.*at least 16") as raised:
        _ = settings.read_pseudonym_key()
    assert "too-short" not in str(raised.value)


def test_settings__a_dotenv_of_another_editor_is_read_or_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfBADGES_USERNAME=a\r\nBADGES_PASSWORD=b\r\n")
    assert load_settings(write(tmp_path, GOOD), {}).connection("badges").secrets == {"username": "a", "password": "b"}
    (tmp_path / ".env").write_text("BADGES_PASSWORD=hunter2", encoding="utf-16")
    with pytest.raises(SettingsError, match=r"\.env: 1 fault\n.*save it as UTF-8") as raised:
        load_settings(tmp_path / "district.yml", {})
    assert "hunter2" not in str(raised.value)
