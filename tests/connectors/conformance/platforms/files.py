"""Mapped exports in a folder as the conformance kit needs to know them: the synthetic district's own drop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.files.mapping import parse_mapping
from connectors.files.streams import STREAMS
from connectors.sandbox import files_drop
from connectors.sandbox.district import District
from tests.connectors.conformance.declaration import FileChanges, FilePlatform, Reach
from tests.connectors.files.test_files_bombs import far_cell, many_members, one_long_text, says_gigabytes

DROP = "drop/hr"


def deliver(district: District, folder: Path) -> None:
    """Every export and its mapping; workbooks by a pattern, so that one more can be put beside the district's."""
    files_drop.write(district, folder)
    for mapping in sorted((folder / "mappings").iterdir()):
        # a district of few school years has not every ledger layout
        if not list(folder.glob(parse_mapping(mapping.read_bytes()).files)):
            mapping.unlink()
    mapping = folder / "mappings" / "compensation.yml"
    mapping.write_text(mapping.read_text().replace("salaries.xlsx", "salaries*.xlsx"))


@contextmanager
def _reach(_folder: Path) -> Iterator[Reach]:
    yield Reach({"mappings": "mappings/*.yml"})


@contextmanager
def _nowhere(_folder: Path) -> Iterator[Reach]:
    yield Reach({"mappings": "no-such-folder/*.yml"})


def _first(folder: Path, pattern: str) -> Path:
    return sorted((folder / DROP).glob(pattern))[0]


def changes_of(pattern: str, encoding: str = "utf-8") -> FileChanges:
    """What can happen to the exports that a pattern means: each the work of an export that ran again."""

    def lines(path: Path) -> list[str]:
        return path.read_bytes().decode(encoding).splitlines(keepends=True)

    def add(folder: Path) -> None:
        path = _first(folder, pattern)
        header, first, *_ = lines(path)
        # the first cell is the employee number: somebody else's row
        _, rest = first.split(",", 1)
        path.with_name(f"{path.stem}_zz{path.suffix}").write_bytes(f"{header}990017,{rest}".encode(encoding))

    def change(folder: Path) -> None:
        path = _first(folder, pattern)
        path.write_bytes("".join(lines(path)[:-1]).encode(encoding))

    def remove(folder: Path) -> None:
        sorted((folder / DROP).glob(pattern))[-1].unlink()

    def write_on(folder: Path) -> None:
        with sorted((folder / DROP).glob(pattern))[-1].open("ab") as file:
            file.write(b"\r\n")

    return FileChanges(add=add, change=change, remove=remove, write_on=write_on)


HOSTILE: dict[str, bytes | Callable[[Path], object]] = {
    f"{DROP}/pd_hours_9999.csv": b"",
    f"{DROP}/ledger_amount_9999.csv": b"\x00\x01\x02" * 100,
    f"{DROP}/ledger_flagged_9999.csv": b'Fiscal_Year,"never closed' + b"x" * 300_000,
    f"{DROP}/roster_9999.csv": b"\xff\xfeE\x00m\x00p\x00",
}
_NO_DAY = (
    "the exports do not say as of which day they hold; tests/connectors/files/test_files_deliveries.py has ones that do"
)
_LEFT_OUT = "the mapping leaves the column of comments out (`ignore`): it is not even handed over"
ABSENT_FIELDS = {
    **{f"{stream.name}.as_of_date": _NO_DAY for stream in STREAMS},
    "issuer_approvals.micro_credential_id": "the district approves whole issuers",
    "issuer_approvals.approved_to": "no approval of the synthetic district has ended",
    "issuer_approvals.approved_by": "the list does not say who approved",
}
ABSENT_WITHHELD = {"credential_submissions": _LEFT_OUT, "evaluation_summaries": _LEFT_OUT}

DECLARATIONS = (
    FilePlatform(
        platform="files",
        kind="folder",
        deliver=deliver,
        reach=_reach,
        out_of_reach=_nowhere,
        changes={
            "pd_participation": changes_of("pd_hours_*.csv", "cp1252"),
            "roster": changes_of("roster_*.csv"),
        },
        hostile={
            **HOSTILE,
            f"{DROP}/salaries_far.xlsx": far_cell,
            f"{DROP}/salaries_texts.xlsx": one_long_text,
            f"{DROP}/salaries_huge.xlsx": says_gigabytes,
            f"{DROP}/salaries_members.xlsx": many_members,
            f"{DROP}/salaries_broken.xlsx": b"PK\x03\x04broken",
        },
        absent_fields=ABSENT_FIELDS,
        absent_withheld=ABSENT_WITHHELD,
    ),
)
