"""Mapped exports on an SFTP server as the conformance kit needs to know them: two streams of the district's drop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from connectors.sandbox.district import District
from tests.connectors.conformance.declaration import FilePlatform, Reach
from tests.connectors.conformance.platforms.files import ABSENT_FIELDS, DROP, HOSTILE, changes_of, deliver
from tests.connectors.sftp_server import PASSWORD, USER, SftpStandIn, new_key, sftp_stand_in

_STREAMS = ("pd_participation.yml", "roster.yml")
_SECRETS = {"sftp_password": PASSWORD}


def _deliver(district: District, folder: Path) -> None:
    """Mappings stand on the server too, and are read here: the kit has one folder for both."""
    deliver(district, folder)
    for mapping in (folder / "mappings").iterdir():
        if mapping.name not in _STREAMS:
            mapping.unlink()


def _options(server: SftpStandIn) -> Mapping[str, object]:
    sftp = {
        "host": "127.0.0.1",
        "port": server.port,
        "user": USER,
        "folder": "/",
        "host_key": server.host_key.fingerprint,
    }
    return {"mappings": "mappings/*.yml", "sftp": sftp}


@contextmanager
def _reach(folder: Path) -> Iterator[Reach]:
    with sftp_stand_in(folder) as server:
        yield Reach(_options(server), _SECRETS)


@contextmanager
def _wrong_password(folder: Path) -> Iterator[Reach]:
    with sftp_stand_in(folder) as server:
        yield Reach(_options(server), {"sftp_password": "another password"})


@contextmanager
def _other_host_key(folder: Path) -> Iterator[Reach]:
    with sftp_stand_in(folder) as server:
        options = _options(server)
        server.host_key = new_key()
        yield Reach(options, _SECRETS)


DECLARATIONS = (
    FilePlatform(
        platform="files",
        name="files over SFTP",
        kind="sftp",
        deliver=_deliver,
        reach=_reach,
        out_of_reach=_wrong_password,
        other_host_key=_other_host_key,
        changes={
            "pd_participation": changes_of("pd_hours_*.csv", "cp1252"),
            "roster": changes_of("roster_*.csv"),
        },
        hostile={name: content for name, content in HOSTILE.items() if "ledger" not in name}
        | {f"{DROP}/pd_hours_\\.csv": b"Emp\r\n"},
        absent_fields={
            name: reason for name, reason in ABSENT_FIELDS.items() if name.startswith(("roster.", "pd_participation."))
        },
    ),
)
