"""OneRoster CSV deliveries: manifests, bulk and delta, zips, who is never landed."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.core.errors import ConfigurationError, ContractBroken, IncompleteResponse
from connectors.oneroster import csv_source, delivery
from connectors.oneroster.client import OneRosterOptions
from connectors.oneroster.streams import CLASSES, ENROLLMENTS, ORGS, ROLES, STREAMS, USERS
from connectors.sandbox.oneroster_csv import manifest
from tests.connectors.oneroster.sinks import KeepingSink, csv

BASE = "sourcedId,status,dateLastModified"
ORGS_CSV = f"{BASE},name,type,identifier,parentSourcedId\n"
USERS_11 = f"{BASE},enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,password\n"
USERS_12 = f"{BASE},enabledUser,username,givenName,familyName,identifier,email,userMasterIdentifier\n"
ROLES_CSV = f"{BASE},userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId\n"


def deliver(folder: Path, files: dict[str, str], version: str = "1.1", mode: str = "bulk", **modes: str) -> Path:
    """Writes a delivery; modes: other than `mode`, by file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    (folder / "manifest.csv").write_text(manifest(version, dict.fromkeys(files, mode) | modes))
    return folder


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


# -- bulk ----------------------------------------------------------------------------------


def test_bulk__blank_status_is_landed_and_everything_is_a_reset(tmp_path: Path) -> None:
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,d1\no2,,,Oak,school,102,\n"})
    sink = KeepingSink()
    pulled = csv(tmp_path).pull(ORGS, None, sink)
    assert sink.ids("sourcedId") == ["o1", "o2"]
    assert sink.records[0]["parentSourcedId"] == "d1"
    assert (pulled.is_reset, pulled.pages) == (True, 1)
    assert sink.files[0].name == "roster/orgs.csv"


def test_row_75__the_same_delivery_again_is_nothing_new_and_new_content_is(tmp_path: Path) -> None:
    folder = deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    connector = csv(tmp_path)
    first = connector.pull(ORGS, None, KeepingSink())
    for path in folder.iterdir():
        os.utime(path)
    sink = KeepingSink()
    again = connector.pull(ORGS, first.cursor, sink)
    assert (sink.records, again.pages, again.is_reset, again.cursor) == ([], 0, False, first.cursor)
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm School,school,101,\n"})
    assert connector.pull(ORGS, first.cursor, KeepingSink()).is_reset


def test_extra_columns__are_kept_and_metadata_is_one(tmp_path: Path) -> None:
    header = ORGS_CSV.replace("\n", ",metadata.boarding,metadata.blank,wing\n")
    deliver(tmp_path / "roster", {"orgs": header + "o1,,,Elm,school,101,,no,,east\n"})
    sink = KeepingSink()
    csv(tmp_path).pull(ORGS, None, sink)
    (org,) = sink.records
    assert org["wing"] == "east"
    assert json.loads(org["metadata"]) == {"boarding": "no"}


def test_lists_in_cells__become_lists(tmp_path: Path) -> None:
    header = f"{BASE},title,grades,courseSourcedId,schoolSourcedId,termSourcedIds,subjects,location\n"
    deliver(tmp_path / "roster", {"classes": header + 'c1,,,Art,"09, 10",k1,o1,"t1,t2",,room 7\n'})
    sink = KeepingSink()
    csv(tmp_path).pull(CLASSES, None, sink)
    (found,) = sink.records
    assert (found["grades"], found["termSourcedIds"], found["subjects"]) == ('["09", "10"]', '["t1", "t2"]', "")
    assert "location" not in found


def test_row_73__byte_order_mark_quotes_and_line_ends_inside_cells(tmp_path: Path) -> None:
    content = "\ufeff" + ORGS_CSV + 'o1,,,"Elm ""East"",\nannex",school,0101,\n\n'
    deliver(tmp_path / "roster", {"orgs": content})
    sink = KeepingSink()
    csv(tmp_path).pull(ORGS, None, sink)
    assert [(org["name"], org["identifier"]) for org in sink.records] == [('Elm "East",\nannex', "0101")]


def test_row_73__a_ragged_row_is_rejected_by_line_and_shows_nothing(tmp_path: Path) -> None:
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\nCANARY,,\n"})
    sink = KeepingSink()
    csv(tmp_path).pull(ORGS, None, sink)
    assert sink.ids("sourcedId") == ["o1"]
    assert sink.rejects == [(3, "(row)", "roster/orgs.csv line 3: 3 cells where the header has 7")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (ORGS_CSV.encode("utf-16"), "not in UTF-8"),
        (ORGS_CSV.encode() + "o1,,,Schule am Stra\xdfe,school,1,".encode("cp1252"), "not in UTF-8"),
        (ORGS_CSV.encode() + b'o1,,,"never closed,school,1,\n', "can't be read as CSV"),
        (ORGS_CSV.replace("name", "title").encode() + b"o1,,,Elm,school,1,\n", "no name"),
        (ORGS_CSV.replace("identifier", "name").encode() + b"o1,,,Elm,school,1,\n", "twice"),
        (ORGS_CSV.encode(), "a header and no rows"),
        (ORGS_CSV.encode() + b"," * (2 << 20), "a line of more than"),
    ],
)
def test_file_that_is_not_what_was_promised__is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    deliver(tmp_path / "roster", {"orgs": ""})
    (tmp_path / "roster" / "orgs.csv").write_bytes(content)
    with pytest.raises(ContractBroken, match=said):
        csv(tmp_path).pull(ORGS, None, KeepingSink())


# -- manifest ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (manifest("1.0", {"orgs": "bulk"}), "names OneRoster 1.0; 1.1 and 1.2 are read"),
        (
            manifest("1.1", {"orgs": "bulk"}).replace("manifest.version,1.0", "manifest.version,2.0"),
            "not one of version 1.0",
        ),
        (manifest("1.1", {"orgs": "full"}), "something else than bulk, delta, absent"),
        ("name,version\n", "not one of version 1.0"),
        ('"never closed', "can't be read as CSV"),
    ],
)
def test_manifest_that_is_not_one__is_refused(tmp_path: Path, said: str, fault: str) -> None:
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    (tmp_path / "roster" / "manifest.csv").write_text(said)
    with pytest.raises(ContractBroken, match=fault):
        csv(tmp_path).check()


def test_file_that_the_manifest_promises_and_is_not_there__is_refused(tmp_path: Path) -> None:
    deliver(tmp_path / "roster", {}, orgs="bulk")
    with pytest.raises(ContractBroken, match=r"says orgs is bulk, and there is no orgs\.csv"):
        csv(tmp_path).pull(ORGS, None, KeepingSink())


def test_file_that_the_manifest_is_silent_of__is_refused(tmp_path: Path) -> None:
    folder = deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    text = (folder / "manifest.csv").read_text().replace("file.orgs,bulk", "file.other,bulk")
    (folder / "manifest.csv").write_text(text)
    with pytest.raises(ContractBroken, match="does not say whether it is bulk or delta"):
        csv(tmp_path).pull(ORGS, None, KeepingSink())


def test_file_called_absent__is_passed_over_with_a_note(tmp_path: Path) -> None:
    deliver(tmp_path / "roster", {"classes": "whatever"}, classes="absent")
    pulled = csv(tmp_path).pull(CLASSES, None, KeepingSink())
    assert (pulled.pages, pulled.is_reset) == (0, False)
    assert "its manifest calls it absent" in pulled.notes[0]


def test_roster_without_users__is_refused(tmp_path: Path) -> None:
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    with pytest.raises(ContractBroken, match=r"no delivery in roster holds users\.csv"):
        csv(tmp_path).pull(USERS, None, KeepingSink())


# -- who is landed -------------------------------------------------------------------------


def test_users_of_11__only_staff_is_landed(tmp_path: Path) -> None:
    rows = [
        "u1,,,true,o1,teacher,login,Ada,A,1,a@x.example,secret\n",
        'u2,,,true,"o1,o2",administrator,login,Ben,B,2,b@x.example,secret\n',
        *(f"CANARY-{role},,,true,o1,{role},l,C,C,3,c@x.example,s\n" for role in ("student", "parent", "ext:alumnus")),
        "CANARY-untold,,,true,o1,,l,C,C,4,c@x.example,s\n",
    ]
    deliver(tmp_path / "roster", {"users": USERS_11 + "".join(rows)})
    sink = KeepingSink()
    pulled = csv(tmp_path).pull(USERS, None, sink)
    assert sink.ids("sourcedId") == ["u1", "u2"]
    assert sink.records[1]["orgSourcedIds"] == '["o1", "o2"]'
    assert [(field, "CANARY" in reason) for _, field, reason in sink.rejects] == [("role", False)]
    assert "3 users who are no staff" in pulled.notes[0]
    assert "ext:alumnus (1)" in pulled.notes[1]


def test_users_of_12__roles_csv_says_who_is_staff(tmp_path: Path) -> None:
    users = "".join(
        f"{one},,,true,login,G,F,1,{one}@x.example,S1\n" for one in ("teacher", "CANARY-child", "CANARY-new")
    )
    roles = (
        "r1,,,teacher,primary,teacher,2025-08-01,,o1,\n"
        "r2,,,teacher,secondary,parent,,,o1,\n"
        "r3,,,CANARY-child,primary,student,,,o1,\n"
    )
    deliver(tmp_path / "roster", {"users": USERS_12 + users, "roles": ROLES_CSV + roles}, version="1.2")
    connector = csv(tmp_path)
    people, posts = KeepingSink(), KeepingSink()
    pulled = connector.pull(USERS, None, people)
    assert people.ids("sourcedId") == ["teacher"]
    assert "2 users who are no staff, or of whom no role is told," in pulled.notes[0]
    connector.pull(ROLES, None, posts)
    assert posts.ids("sourcedId") == ["r1"]


def test_users_of_12__without_roles_csv_nobody_is_landed(tmp_path: Path) -> None:
    deliver(tmp_path / "roster", {"users": USERS_12 + "u1,,,true,l,G,F,1,e@x.example,S1\n"}, version="1.2")
    with pytest.raises(ContractBroken, match=r"tells in roles\.csv who is staff"):
        csv(tmp_path).pull(USERS, None, KeepingSink())


def test_users_of_12__a_change_of_roles_alone_is_news_of_users(tmp_path: Path) -> None:
    users, role = USERS_12 + "u1,,,true,l,G,F,1,e@x.example,S1\n", "r1,,,u1,primary,{},2025-08-01,,o1,\n"
    deliver(tmp_path / "roster", {"users": users, "roles": ROLES_CSV + role.format("aide")}, version="1.2")
    connector = csv(tmp_path)
    first = connector.pull(USERS, None, KeepingSink())
    deliver(tmp_path / "roster", {"users": users, "roles": ROLES_CSV + role.format("student")}, version="1.2")
    sink = KeepingSink()
    assert connector.pull(USERS, first.cursor, sink).is_reset
    assert sink.records == []


def test_enrollments__only_of_teachers(tmp_path: Path) -> None:
    header = f"{BASE},classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n"
    rows = "e1,,,c1,o1,u1,teacher,true,2025-08-01,\ne2,,,c1,o1,CANARY,student,false,,\n"
    deliver(tmp_path / "roster", {"enrollments": header + rows})
    sink = KeepingSink()
    csv(tmp_path).pull(ENROLLMENTS, None, sink)
    assert sink.ids("sourcedId") == ["e1"]


# -- deltas --------------------------------------------------------------------------------


def test_deltas__are_read_behind_the_newest_bulk_in_the_order_of_their_names(tmp_path: Path) -> None:
    drop = tmp_path / "roster"
    deliver(drop / "2026-10-01", {"orgs": ORGS_CSV + "old,,,Old,school,1,\n"})
    deliver(drop / "2026-11-01", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    deliver(drop / "2026-11-02", {"orgs": ORGS_CSV + "o2,active,2026-11-02T06:00:00Z,Oak,school,102,\n"}, mode="delta")
    name, delta = "orgs.csv", ORGS_CSV + "o1,tobedeleted,2026-11-03T06:00:00Z,Elm,school,101,\n"
    zipped(drop / "2026-11-03.zip", ("manifest.csv", manifest("1.1", {"orgs": "delta"})), (name, delta))
    sink = KeepingSink()
    pulled = csv(tmp_path).pull(ORGS, None, sink)
    assert [(org["sourcedId"], org["status"]) for org in sink.records] == [
        ("o1", ""),
        ("o2", "active"),
        ("o1", "tobedeleted"),
    ]
    assert pulled.is_reset
    assert [file.name for file in sink.files][-1] == "roster/2026-11-03.zip/orgs.csv"


def test_delta_alone__is_no_reset_and_says_so(tmp_path: Path) -> None:
    rows = "o1,active,2026-11-02T06:00:00Z,Elm,school,101,\n"
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + rows}, mode="delta")
    pulled = csv(tmp_path).pull(ORGS, None, KeepingSink())
    assert not pulled.is_reset
    assert "what is absent can't be told" in pulled.notes[0]


def test_delta_rows__must_hold_status_and_time(tmp_path: Path) -> None:
    rows = (
        "o1,active,2026-11-02T06:00:00Z,Elm,school,101,\n"
        "CANARY,,2026-11-02T06:00:00Z,Oak,school,102,\n"
        "CANARY,active,,Ash,school,103,\n"
    )
    deliver(tmp_path / "roster", {"orgs": ORGS_CSV + rows}, mode="delta")
    sink = KeepingSink()
    csv(tmp_path).pull(ORGS, None, sink)
    assert sink.ids("sourcedId") == ["o1"]
    assert [(row, field) for row, field, _ in sink.rejects] == [(3, "status"), (4, "dateLastModified")]
    assert "CANARY" not in str(sink.rejects)


# -- zips and folders ----------------------------------------------------------------------


@pytest.mark.parametrize("inside", ["", "export/"])
def test_zip__is_read_where_it_stands(tmp_path: Path, inside: str) -> None:
    zipped(
        tmp_path / "roster.zip",
        ("__MACOSX/._manifest.csv", "x"),
        ("__MACOSX/manifest.csv", "x"),
        (f"{inside}manifest.csv", manifest("1.1", {"orgs": "bulk"})),
        (f"{inside}orgs.csv", ORGS_CSV + "o1,,,Elm,school,101,\n"),
    )
    before = sorted(tmp_path.rglob("*"))
    sink = KeepingSink()
    csv(tmp_path, "roster.zip").pull(ORGS, None, sink)
    assert sink.ids("sourcedId") == ["o1"]
    assert sorted(tmp_path.rglob("*")) == before, "nothing was unpacked"


def _link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("orgs.csv")
    link.external_attr = 0o120777 << 16
    return link


@pytest.mark.parametrize(
    ("member", "content", "said"),
    [
        ("../orgs.csv", "x", "leads out of the folder"),
        ("a/../../orgs.csv", "x", "leads out of the folder"),
        ("/etc/orgs.csv", "x", "leads out of the folder"),
        ("..\\orgs.csv", "x", "leads out of the folder"),
        ("C:\\orgs.csv", "x", "leads out of the folder"),
        (_link(), "/etc/passwd", "is a symbolic link"),
        ("orgs.csv", "a" * (32 << 20), "would grow more than 200 times"),
    ],
)
def test_row_76__zip_that_should_not_be_opened__is_refused_before_it_is(
    tmp_path: Path, member: str | zipfile.ZipInfo, content: str, said: str
) -> None:
    zipped(tmp_path / "roster.zip", ("manifest.csv", manifest("1.1", {"orgs": "bulk"})), (member, content))
    with pytest.raises(ContractBroken, match=said):
        csv(tmp_path, "roster.zip").check()


def test_row_76__a_member_that_lies_about_its_size_is_not_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(delivery, "_refusal", lambda member: "")
    rows = "".join(f"o{number},,,Elm,school,101,\n" for number in range(100_000))
    zipped(tmp_path / "roster.zip", ("manifest.csv", manifest("1.1", {"orgs": "bulk"})), ("orgs.csv", ORGS_CSV + rows))
    with pytest.raises(ContractBroken, match="larger than 1 MiB"):
        csv(tmp_path, "roster.zip").pull(ORGS, None, KeepingSink())


def test_row_74__half_a_zip_is_awaited(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "roster.zip", ("manifest.csv", manifest("1.1", {"orgs": "bulk"})), ("orgs.csv", ORGS_CSV))
    whole.write_bytes(whole.read_bytes()[:-30])
    with pytest.raises(IncompleteResponse, match="still being written") as caught:
        csv(tmp_path, "roster.zip").check()
    assert caught.value.is_transient


def test_damaged_member__is_a_fault_and_no_short_file(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.csv", manifest("1.1", {"orgs": "bulk"}))
        archive.writestr("orgs.csv", ORGS_CSV + "o1,,,Elm,school,101,\n")
    (tmp_path / "roster.zip").write_bytes(packed.getvalue().replace(b"Elm,", b"Oak,"))
    with pytest.raises(IncompleteResponse, match="BadZipFile"):
        csv(tmp_path, "roster.zip").pull(ORGS, None, KeepingSink())


def test_row_74__file_that_grows_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\no2,,,Oak,school,102,\n"})
    monkeypatch.setattr(csv_source, "ROWS_PER_FRAME", 1)

    class Growing(KeepingSink):
        def add_frame(self, *arguments: Any) -> None:
            super().add_frame(*arguments)
            with (folder / "orgs.csv").open("a") as file:
                file.write("o3,,,Ash,school,103,\n")

    with pytest.raises(IncompleteResponse, match="changed while it was read"):
        csv(tmp_path).pull(ORGS, None, Growing())


@pytest.mark.parametrize("linked", ["orgs.csv", "manifest.csv"])
def test_row_76__symbolic_link_in_a_folder_is_refused(tmp_path: Path, linked: str) -> None:
    folder = deliver(tmp_path / "roster", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    outside = tmp_path / "outside"
    (folder / linked).rename(outside)
    (folder / linked).symlink_to(outside)
    with pytest.raises(ContractBroken, match="a symbolic link"):
        csv(tmp_path).pull(ORGS, None, KeepingSink())


def test_row_76__linked_delivery_is_refused(tmp_path: Path) -> None:
    deliver(tmp_path / "outside", {"orgs": ORGS_CSV + "o1,,,Elm,school,101,\n"})
    (tmp_path / "roster").mkdir()
    (tmp_path / "roster" / "2026-11-01").symlink_to(tmp_path / "outside")
    with pytest.raises(ContractBroken, match="a symbolic link"):
        csv(tmp_path).check()


def test_folder_that_is_not_there_or_empty__is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder or zip"):
        csv(tmp_path).check()
    (tmp_path / "roster").mkdir()
    with pytest.raises(ContractBroken, match="no delivery is there yet"):
        csv(tmp_path).check()


def test_check__says_what_the_newest_delivery_holds(tmp_path: Path) -> None:
    deliver(tmp_path / "roster" / "1", {"orgs": ORGS_CSV})
    deliver(tmp_path / "roster" / "2", {"orgs": ORGS_CSV, "users": USERS_12, "roles": ROLES_CSV}, version="1.2")
    said = csv(tmp_path).check()
    assert said == "roster: 2 deliveries in roster, the newest of OneRoster 1.2 with orgs, users, roles"


def test_streams__by_csv_roles_are_one(tmp_path: Path) -> None:
    assert csv(tmp_path).streams_of() == STREAMS


# -- options -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"base_url": "https://roster.example.org", "folder": "roster"},
        {"folder": "roster", "version": "1.2"},
        {"folder": "roster", "page_size": 10},
        {"base_url": "http://roster.example.org"},
        {"base_url": "https://roster.example.org", "version": "1.0"},
        {"base_url": "https://roster.example.org", "oauth_url": "http://elsewhere.example.org/token"},
        {"base_url": "https://roster.example.org", "page_size": 0},
        {"base_url": "https://roster.example.org", "pages": 1},
    ],
)
def test_options__one_way_and_no_misplaced_keys(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OneRosterOptions(**wrong)


def test_options__secrets_are_of_rest_only_and_a_version_may_be_a_number() -> None:
    names = ("client_id", "client_secret")
    assert OneRosterOptions(folder="roster").secrets_of(names) == ()
    by_rest = OneRosterOptions(base_url="https://roster.example.org", version=1.1)
    assert (by_rest.secrets_of(names), by_rest.version) == (names, "1.1")
