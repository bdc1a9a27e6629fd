"""district.yml: what is accepted, and what a person is told of what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.core.errors import MissingSecret
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
