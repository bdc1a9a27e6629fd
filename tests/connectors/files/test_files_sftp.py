"""Drop folders over SFTP against a real server on this machine: what is taken, when, and what is refused.

Belongs here: rows 34, 74, 75 and 10 of the fault table over SFTP, host keys, signing in, deadlines. Does not belong
here: what is in a file (the other tests of this folder).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest

from connectors.core.connector import Connection
from connectors.core.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigurationError,
    ConnectorError,
    ContractBroken,
    IncompleteResponse,
    MissingSecret,
    PlatformUnavailable,
    PlatformUnreachable,
    ServerNotTrusted,
)
from connectors.core.landing.manifest import write_verdict
from connectors.core.pull import pull_stream
from connectors.core.remote_drop import RemoteDrop
from connectors.core.sftp import Limits, SftpOptions, SftpServer
from connectors.files.client import FilesConnector, FilesOptions
from connectors.files.streams import PD_SPENDING
from pipelines.settings import SettingsError, load_settings
from tests.connectors.scripted_server import SkippingClock
from tests.connectors.sftp_server import (
    PASSWORD,
    USER,
    SftpStandIn,
    new_key,
    private_text,
    sftp_stand_in,
    silent_server,
)

MAPPING = """
stream: pd_spending
files: "**/ledger*.csv"
columns:
  ledger_line_id: "Txn No"
  fiscal_year: FY
  posted_date: Date
  amount_usd: Amount
"""
HEADER = "Txn No,FY,Date,Amount\n"
OLD = 1_700_000_000


def ledger(*amounts: str) -> str:
    return HEADER + "".join(f"{number},2024,2023-07-01,{amount}\n" for number, amount in enumerate(amounts))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpStandIn]:
    with sftp_stand_in(tmp_path / "server") as stand_in:
        yield stand_in


class Place:
    """A district whose exports are on the server."""

    def __init__(self, folder: Path, server: SftpStandIn) -> None:
        self.folder, self.server = folder, server
        self.clock = SkippingClock()
        self.secrets = {"sftp_password": PASSWORD}
        self.options: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": server.port,
            "user": USER,
            "folder": "/out",
            "host_key": server.host_key.fingerprint,
        }
        self.more: dict[str, Any] = {}
        self.limits = Limits(connect_seconds=5, answer_seconds=5)
        (folder / "mappings").mkdir(parents=True)
        (folder / "mappings" / "spending.yml").write_text(MAPPING)

    def connection(self) -> Connection:
        options = FilesOptions.model_validate({"mappings": "mappings/*.yml", "sftp": self.options, **self.more})
        return Connection(
            "cedar-valley", "erp", "America/Chicago", options, self.folder, self.folder / "state", self.secrets
        )

    def connector(self) -> FilesConnector:
        connector = FilesConnector(self.connection(), self.clock)
        assert connector._drop
        connector._drop._server.limits = self.limits
        return connector

    def pull(self, full_refresh: bool = False) -> Any:
        connector = self.connector()
        try:
            return pull_stream(connector, self.connection(), PD_SPENDING, self.folder / "landing", full_refresh)
        finally:
            connector.close()

    def fails(self, kind: type[ConnectorError], match: str) -> str:
        with pytest.raises(kind, match=match) as raised:
            self.pull()
        assert PASSWORD not in str(raised.value)
        return str(raised.value)

    @property
    def copies(self) -> list[str]:
        spool = self.folder / "spool" / "erp"
        return sorted(
            path.relative_to(spool).as_posix() for path in spool.rglob("*") if path.is_file() and path.name != ".lock"
        )

    def amounts(self, outcome: Any) -> list[str]:
        import polars as pl

        return sorted(str(value) for value in pl.read_parquet(outcome.folder / "part-*.parquet")["amount_usd"])


@pytest.fixture
def place(tmp_path: Path, server: SftpStandIn) -> Place:
    return Place(tmp_path / "home", server)


def accept(outcome: Any) -> None:
    """What the expectations would write, so that the next pull starts from this run."""
    write_verdict(outcome.folder, '{"outcome": "accepted"}')


def test_sftp__files_are_landed_with_their_names_and_content_hashes(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00", "-2.50"), OLD)
    server.write("out/2024/ledger_2.csv", HEADER + "x,2024,2023-07-02,5.25\n", OLD)
    server.write("out/readme.csv", "not asked for")
    outcome = place.pull()
    assert place.amounts(outcome) == ["-2.50", "10.00", "5.25"]
    assert sorted(outcome.manifest.cursor["files"]) == ["2024/ledger_2.csv", "ledger_1.csv"]
    assert place.copies == ["2024/ledger_2.csv", "ledger_1.csv"]
    assert server.reads["out/readme.csv"] == 0
    assert all((place.folder / "spool/erp" / name).stat().st_mode & 0o077 == 0 for name in place.copies)


def test_sftp__a_file_is_taken_once_and_a_changed_one_alone_is_fetched_anew(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    second = server.write("out/ledger_2.csv", HEADER + "x,2024,2023-07-02,5.25\n", OLD)
    accept(place.pull())
    taken = dict(server.reads)
    again = place.pull()
    assert again.manifest is None, "nothing new: nothing landed"
    assert dict(server.reads) == taken
    # the same content written again is the same file
    os.utime(second, (OLD + 60, OLD + 60))
    assert place.pull().manifest is None
    assert server.reads["out/ledger_2.csv"] == 2 * taken["out/ledger_2.csv"]
    server.write("out/ledger_2.csv", HEADER + "x,2024,2023-07-02,7.25\n", OLD + 120)
    changed = place.pull()
    assert place.amounts(changed) == ["10.00", "7.25"] and changed.manifest.is_reset
    assert server.reads["out/ledger_1.csv"] == taken["out/ledger_1.csv"], "what did not change was fetched once"


def test_sftp__a_pull_of_everything_trusts_no_copy(place: Place, server: SftpStandIn) -> None:
    """The same size and time, other content: only reading it again shows that."""
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    accept(place.pull())
    server.write("out/ledger_1.csv", ledger("11.00"), OLD)
    assert place.pull().manifest is None
    assert place.amounts(place.pull(full_refresh=True)) == ["11.00"]


def test_sftp__a_file_that_went_is_named_and_its_copy_goes(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    gone = server.write("out/ledger_2.csv", HEADER + "x,2024,2023-07-02,5.25\n", OLD)
    accept(place.pull())
    gone.unlink()
    outcome = place.pull()
    assert place.amounts(outcome) == ["10.00"]
    assert any("ledger_2.csv: was read before and is no longer there" in note for note in outcome.manifest.notes)
    assert place.copies == ["ledger_1.csv"]


def test_sftp__a_lost_copy_is_fetched_again_and_adds_nothing(place: Place, server: SftpStandIn) -> None:
    import shutil

    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    accept(place.pull())
    shutil.rmtree(place.folder / "spool")
    assert place.pull().manifest is None and place.copies == ["ledger_1.csv"]


def test_sftp__check_signs_in_and_finds_every_column(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    assert place.connector().check() == "1 mapping, 1 file: every mapped column is there"


# -- whose server it is (row 34)


def test_host_key__a_changed_one_is_refused_and_nothing_is_sent(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    accept(place.pull())
    signed_in = len(server.sign_ins)
    server.host_key = new_key()
    said = place.fails(ServerNotTrusted, "another one than `host_key`")
    assert server.host_key.fingerprint in said and "ask" in said.lower()
    assert len(server.sign_ins) == signed_in, "no password went to a server that is not known"


def test_host_key__known_hosts_decides_and_an_unknown_server_is_refused(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    del place.options["host_key"]
    place.options["known_hosts"] = "known_hosts"
    hosts = place.folder / "known_hosts"

    def line(key: paramiko.PKey, host: str = f"[127.0.0.1]:{server.port}") -> str:
        return f"{host} {key.get_name()} {key.get_base64()}\n"

    place.fails(ConfigurationError, "known_hosts can't be read")
    hosts.write_text(line(server.host_key, "elsewhere.example"))
    place.fails(ServerNotTrusted, "known_hosts names no key of it")
    hosts.write_text(line(new_key()))
    place.fails(ServerNotTrusted, "another one than known_hosts holds")
    assert server.sign_ins == []
    before = line(server.host_key)
    hosts.write_text(before)
    assert place.amounts(place.pull()) == ["10.00"]
    assert hosts.read_text() == before, "nothing is learnt by heart"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"host_key": []}, "give host_key"),
        ({"known_hosts": "known_hosts"}, "only one of them"),
        ({"host_key": "ab:cd"}, "should match pattern"),
        ({"folder": "/out/../etc"}, "without `..`"),
    ],
)
def test_options__a_server_must_be_known_one_way(place: Place, change: dict[str, Any], says: str) -> None:
    place.options |= change
    with pytest.raises(ValueError, match=says):
        place.connection()


# -- signing in


def test_sign_in__a_refused_password_is_tried_once(place: Place, server: SftpStandIn) -> None:
    place.secrets = {"sftp_password": "wrong canary"}
    said = place.fails(AuthenticationFailed, "refused the password of 'district17'")
    assert server.sign_ins == ["password"] and "canary" not in said and place.clock.slept == []


def test_sign_in__a_private_key_from_the_secrets(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    key = new_key()
    place.options["sign_in"] = "private_key"
    place.secrets = {"sftp_private_key": private_text(key).replace("\n", "\\n")}
    place.fails(AuthenticationFailed, "refused the private key")
    server.known_user_key = key
    assert place.amounts(place.pull()) == ["10.00"]
    place.secrets = {"sftp_private_key": "canary"}
    assert "canary" not in place.fails(ConfigurationError, "is no private key")


def test_sign_in__the_options_decide_which_secret_is_asked_for() -> None:
    known = {"host": "h", "user": "u", "host_key": "SHA256:" + "A" * 43}
    local = FilesOptions(mappings="m")
    assert local.secrets_of(FilesConnector.secret_names) == ()
    by_password = FilesOptions(mappings="m", sftp=SftpOptions(**known))
    assert by_password.secrets_of(FilesConnector.secret_names) == ("sftp_password",)
    by_key = FilesOptions(mappings="m", sftp=SftpOptions(**known, sign_in="private_key"))
    assert by_key.secrets_of(FilesConnector.secret_names) == ("sftp_private_key",)


def test_settings__ask_for_the_secret_that_the_options_call_for(place: Place) -> None:
    district = place.folder / "district.yml"
    text = "district: {id: cv, name: CV, timezone: America/Chicago}\nsources:\n  erp:\n    platform: files\n"
    text += "    mappings: mappings/*.yml\n"
    server = f"    sftp: {{host: h, user: u, sign_in: private_key, host_key: '{place.options['host_key']}'}}\n"
    district.write_text(text)
    assert load_settings(district, {}).connection("erp").secrets == {}
    district.write_text(text + server)
    with pytest.raises(MissingSecret, match="ERP_SFTP_PRIVATE_KEY"):
        load_settings(district, {}).connection("erp")
    assert list(load_settings(district, {"ERP_SFTP_PRIVATE_KEY": "x"}).connection("erp").secrets) == [
        "sftp_private_key"
    ]
    district.write_text(text + server.replace("user: u", "user: u, password: canary"))
    with pytest.raises(SettingsError, match="unknown key") as told:
        load_settings(district, {})
    assert "canary" not in str(told.value)


# -- a file still being written (row 74)


def test_growing__a_file_that_grows_between_looks_is_not_taken(place: Place, server: SftpStandIn) -> None:
    path = server.write("out/ledger_1.csv", ledger("10.00"), OLD)

    def goes_on(looked: str) -> None:
        with path.open("a") as export:
            export.write("y,2024,2023-07-03,1.00\n")

    server.on_look = goes_on
    place.fails(IncompleteResponse, r"ledger_1\.csv: still being written after 30 seconds")
    assert place.copies == [] and server.reads["out/ledger_1.csv"] == 0


def test_growing__a_file_that_comes_to_rest_is_taken_whole(place: Place, server: SftpStandIn) -> None:
    path = server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    parts = iter(["y,2024,2023-07-03,1.00\n", "z,2024,2023-07-04,2.00\n"])

    def goes_on(looked: str) -> None:
        if looked.endswith(".csv") and (part := next(parts, None)):
            with path.open("a") as export:
                export.write(part)

    server.on_look = goes_on
    assert place.amounts(place.pull()) == ["1.00", "10.00", "2.00"]
    assert place.clock.slept == [10, 10, 10]


def test_growing__a_file_that_grows_while_it_is_fetched_is_not_taken(place: Place, server: SftpStandIn) -> None:
    path = server.write("out/ledger_1.csv", ledger("10.00"), OLD)

    def goes_on(looked: str) -> None:
        if server.reads["out/ledger_1.csv"]:
            with path.open("a") as export:
                export.write("y,2024,2023-07-03,1.00\n")

    server.on_look = goes_on
    place.fails(IncompleteResponse, "changed while it was fetched")
    assert place.copies == []


def test_growing__an_older_complete_copy_is_not_read_in_its_place(place: Place, server: SftpStandIn) -> None:
    path = server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    accept(place.pull())
    server.on_look = lambda looked: path.write_text(path.read_text() + "y,2024,2023-07-03,1.00\n")
    place.fails(IncompleteResponse, "still being written")


def test_marker__only_a_file_with_its_marker_is_taken(place: Place, server: SftpStandIn) -> None:
    place.more = {"done_marker": "{name}.done"}
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    server.write("out/ledger_1.csv.done", "")
    second = server.write("out/ledger_2.csv", HEADER + "x,2024,2023-07-02,5.25\n", OLD)
    outcome = place.pull()
    assert place.amounts(outcome) == ["10.00"] and server.reads[f"out/{second.name}"] == 0
    assert "ledger_2.csv: left on the server, since ledger_2.csv.done is not there yet" in outcome.manifest.notes
    assert place.clock.slept == [], "a marker needs no second look"
    accept(outcome)
    (server.root / "out/ledger_1.csv.done").unlink()
    place.fails(IncompleteResponse, "its marker is gone, so it is being written anew")


def test_marker__holds_for_local_folders_too(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/spending.yml").write_text(MAPPING.replace("**/ledger*.csv", "drop/ledger*"))
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop/ledger_1.csv").write_text(ledger("10.00"))
    (tmp_path / "drop/ledger_1.csv.done").write_text("")
    (tmp_path / "drop/ledger_2.csv").write_text("half a li")
    options = FilesOptions(mappings="mappings/*.yml", done_marker="{name}.done")
    connection = Connection("cedar-valley", "erp", "America/Chicago", options, tmp_path, tmp_path / "state")
    outcome = pull_stream(FilesConnector(connection), connection, PD_SPENDING, tmp_path / "landing")
    assert outcome.manifest and list(outcome.manifest.cursor["files"]) == ["drop/ledger_1.csv"]  # type: ignore[index]
    assert outcome.manifest.notes == ["drop/ledger_2.csv: not read, since drop/ledger_2.csv.done is not there yet"]
    accept(outcome)
    (tmp_path / "drop/ledger_1.csv.done").unlink()
    with pytest.raises(IncompleteResponse, match=r"drop/ledger_1\.csv: was read before and its marker is gone"):
        pull_stream(FilesConnector(connection), connection, PD_SPENDING, tmp_path / "landing")


@pytest.mark.parametrize("form", ["done", "{name}", "x/{name}.done", ""])
def test_marker__its_name_must_name_a_file(form: str) -> None:
    with pytest.raises(ValueError, match=r"such as \{name\}\.done"):
        FilesOptions(mappings="m", done_marker=form)


# -- a bad connection


def test_cut__a_connection_lost_mid_file_is_tried_again_from_the_start(place: Place, server: SftpStandIn) -> None:
    rows = [f"{number}.00" for number in range(60_000)]
    server.write("out/ledger_1.csv", ledger(*rows), OLD)
    server.cut_after_bytes = 400_000
    outcome = place.pull()
    assert outcome.manifest.records_landed == 60_000
    assert place.clock.slept[-1] == 2 and len(server.sign_ins) == 2


def test_cut__a_connection_that_keeps_breaking_leaves_nothing_behind(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger(*["1.00"] * 60_000), OLD)

    def cut_again(looked: str) -> None:
        server.cut_after_bytes = server._served + 100_000

    server.on_look = cut_again
    real = server.hand_out

    def always_cut(path: str, data: bytes, transport: paramiko.Transport) -> bytes:
        transport.close()
        return real(path, data, transport)

    server.hand_out = always_cut  # type: ignore[method-assign]
    place.fails(PlatformUnavailable, r"connection was lost at sftp://127\.0\.0\.1/out/ledger_1\.csv, 3 times")
    assert place.copies == [] and len(server.sign_ins) == 3


def test_drip__a_byte_now_and_then_ends_at_the_deadline(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    server.drip_seconds = 0.05
    place.limits = Limits(connect_seconds=5, answer_seconds=0.4, least_bytes_per_second=1_000_000, tries=1)
    before = time.monotonic()
    place.fails(PlatformUnavailable, "not answered whole within")
    assert time.monotonic() - before < 3 and place.copies == []


def test_drip__a_server_that_never_finishes_its_greeting(place: Place) -> None:
    with silent_server() as port:
        place.options["port"] = port
        place.limits = Limits(connect_seconds=0.3, tries=1)
        place.fails(PlatformUnavailable, r"signing in at 127\.0\.0\.1:\d+ was not answered whole within")


def test_refused__nothing_answers(place: Place, server: SftpStandIn) -> None:
    server.close()
    place.fails(PlatformUnreachable, "nothing answers at 127")
    assert place.clock.slept == [2, 4]


def test_denied__names_the_file_and_whom_to_ask(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    server.denied = {"out/ledger_1.csv"}
    place.fails(AccessDenied, r"does not let 'district17' read sftp://127\.0\.0\.1/out/ledger_1\.csv")
    server.denied = {"out"}
    place.fails(AccessDenied, "the folder sftp://127")


def test_folder__one_that_is_not_there_is_named(place: Place) -> None:
    place.fails(ContractBroken, "the server has not the folder sftp://127.0.0.1/out")


def test_no_file__says_where_it_looked(place: Place, server: SftpStandIn) -> None:
    server.write("out/other.csv", "x")
    place.fails(ContractBroken, "no file matches .* on the server")


# -- hostile servers


@pytest.mark.parametrize("name", ["../../ledger_x.csv", "..", "a/ledger.csv", "ledger\n.csv", "..\\ledger.csv"])
def test_hostile__names_that_lead_out_of_the_folder_are_refused(
    place: Place, server: SftpStandIn, tmp_path: Path, name: str
) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    server.extra_names = [name]
    if name == "..":
        assert place.pull().manifest, "SFTP clients drop the folder's own dots"
        return
    place.fails(ContractBroken, "leads out of the folder")
    assert place.copies == [] and not list(tmp_path.rglob("ledger_x.csv"))


def test_hostile__a_link_is_not_followed(place: Place, server: SftpStandIn) -> None:
    secret = server.write("secret.csv", "canary")
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    (server.root / "out/ledger_2.csv").symlink_to(secret)
    said = place.fails(ContractBroken, r"ledger_2\.csv: a symbolic link on the server")
    assert "canary" not in said and server.reads["secret.csv"] == 0


def test_hostile__a_listing_and_a_file_have_limits(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    place.limits = replace(place.limits, most_bytes=10)
    place.fails(ContractBroken, "more than the")
    assert server.reads["out/ledger_1.csv"] == 0
    for number in range(30):
        server.write(f"out/x{number}.csv", "")
    place.limits = replace(place.limits, most_entries=20)
    place.fails(ContractBroken, "lists more than 20 names")


def test_hostile__folders_without_end_are_not_walked(place: Place, server: SftpStandIn) -> None:
    server.write("out/" + "a/" * 12 + "ledger.csv", ledger("10.00"))
    place.fails(ContractBroken, "more than 10 deep")


@pytest.mark.parametrize("pattern", ["/etc/*.csv", "../*.csv"])
def test_pattern__stays_in_the_servers_folder(place: Place, pattern: str) -> None:
    (place.folder / "mappings/spending.yml").write_text(MAPPING.replace("**/ledger*.csv", pattern))
    place.fails(ConfigurationError, "leads out of the server's folder")


def test_two_pulls_at_once__the_second_waits_and_then_says_so(place: Place, server: SftpStandIn) -> None:
    from filelock import FileLock

    folder = place.folder / "spool/erp"
    folder.mkdir(parents=True)
    connector = place.connector()
    server_side = connector._drop._server  # type: ignore[union-attr]
    drop = RemoteDrop(server_side, folder, lock_seconds=0.05)
    with FileLock(folder / ".lock"), pytest.raises(PlatformUnavailable, match="another command has been fetching"):
        drop.bring(["*.csv"])


def test_killed__what_a_killed_pull_left_is_swept(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    left = place.folder / "spool/erp/.ledger_1.csv.part"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    place.pull()
    assert not left.exists()


def test_repr__shows_no_secret(place: Place) -> None:
    options = SftpOptions.model_validate(place.options)
    assert PASSWORD not in repr(SftpServer("erp", options, place.secrets, place.folder))


def test_threads__a_deadline_leaves_none_behind(place: Place, server: SftpStandIn) -> None:
    server.write("out/ledger_1.csv", ledger("10.00"), OLD)
    place.pull()
    for _ in range(100):
        left = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        if not left:
            break
        time.sleep(0.01)
    assert left == []
