"""What a stream's runs add up to: which count, and where the next pull starts.

Belongs here: questions answered from manifests and verdicts alone; there is no
other state. Does not belong here: judging, writing, looking into files (integrity).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connectors.core.connector import Cursor
from connectors.core.landing.layout import MANIFEST, RUN_PREFIX, VERDICT, run_folders
from connectors.core.landing.manifest import Manifest, RunVerdict

_READS = 5  # a compaction may remove folders while they are read


@dataclass(frozen=True)
class Run:
    """A finished run: landed or failed, judged or not yet.

    A folded run is as it was, but its rows stand in the base run's files, without
    `rows_folded` unchanged repeats: it has no parts of its own.
    """

    folder: Path
    manifest: Manifest
    verdict: RunVerdict | None
    rows_folded: int = 0
    is_folded: bool = False
    verdict_fault: str | None = None
    """Why the verdict can't be read: the run counts as pending, so that it is judged again."""

    @property
    def is_accepted(self) -> bool:
        return self.manifest.outcome == "landed" and self.verdict is not None and self.verdict.outcome == "accepted"

    @property
    def is_pending(self) -> bool:
        return self.manifest.outcome == "landed" and self.verdict is None

    @property
    def parts(self) -> list[Path]:
        return [] if self.is_folded else [self.folder / file.name for file in self.manifest.files]


@dataclass(frozen=True)
class Part:
    """One landed file that counts. is_before_reset: everything was pulled anew after its rows."""

    path: Path
    rows: int
    run_id: str
    is_before_reset: bool


@dataclass(frozen=True)
class DamagedRun:
    """A run whose files or manifest are not as they were written; none of its rows count."""

    folder: Path
    run_id: str
    reason: str


@dataclass(frozen=True)
class StreamState:
    """Every finished run of one stream of one connection, oldest first.

    runs: as they were landed; of folded ones too, not of the base run that folds them.
    stored: the accepted runs that hold files, base runs among them.
    damaged: runs set aside, and those whose manifest can't be read.
    superseded: folders whose rows stand in a base run; they may be removed.
    """

    runs: tuple[Run, ...]
    stored: tuple[Run, ...] = ()
    damaged: tuple[DamagedRun, ...] = ()
    superseded: tuple[Path, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> StreamState:
        """Read every manifest and verdict of a stream's folder; damage is told, not raised."""
        for attempt in range(1, _READS + 1):
            try:
                return _read(folder)
            except _Vanished:
                if attempt == _READS:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    @property
    def accepted(self) -> list[Run]:
        return [run for run in self.runs if run.is_accepted]

    @property
    def pending(self) -> list[Run]:
        return [run for run in self.runs if run.is_pending]

    @property
    def base_run_id(self) -> str | None:
        """The newest accepted run that pulled everything: what only older runs hold is gone."""
        return max((run.manifest.run_id for run in self.accepted if run.manifest.is_reset), default=None)

    @property
    def newest_run_id(self) -> str | None:
        """The newest run of any kind, damaged ones too: the next run's id sorts after it."""
        ids = [run.manifest.run_id for run in self.runs] + [run.run_id for run in self.damaged]
        return max(ids, default=None)

    @property
    def is_incomplete(self) -> bool:
        """Whether rows that count were lost to damage: everything must be pulled again."""
        return any(run.run_id >= (self.base_run_id or "") for run in self.damaged)

    def parts(self) -> list[Part]:
        """The files that count, oldest first."""
        base = self.base_run_id or ""
        return [
            Part(
                run.folder / file.name,
                file.rows,
                run.manifest.run_id,
                (file.newest_run_id or run.manifest.run_id) < base,
            )
            for run in self.stored
            for file in run.manifest.files
        ]

    def cursor(self, schema_hash: str) -> Cursor | None:
        """Where the next pull starts: from the newest accepted run, or None for everything.

        A cursor saved under another declaration of the stream is not used, since rows
        before it were landed without the fields that are new; nor one whose rows were lost.
        """
        if not self.accepted or self.is_incomplete:
            return None
        newest = self.accepted[-1].manifest
        return newest.cursor if newest.schema_hash == schema_hash else None


class _Vanished(Exception):
    """A folder was removed while the stream was read."""


def _read(folder: Path) -> StreamState:
    found: dict[str, Run] = {}
    damaged: list[DamagedRun] = []
    for path in run_folders(folder):
        run_id = path.name.removeprefix(RUN_PREFIX)
        try:
            manifest = Manifest.read(path)
        except (OSError, ValueError) as fault:
            if not path.is_dir():
                raise _Vanished from None
            damaged.append(DamagedRun(path, run_id, _unreadable(MANIFEST, fault)))
            continue
        if manifest.run_id != run_id:
            damaged.append(DamagedRun(path, run_id, f"{MANIFEST} is of another run"))
            continue
        try:
            found[run_id] = Run(path, manifest, RunVerdict.read(path) or _own_verdict(manifest))
        except (OSError, ValueError) as fault:
            own = _own_verdict(manifest)
            found[run_id] = Run(path, manifest, own, verdict_fault=None if own else _unreadable(VERDICT, fault))
    return _add_up(found, damaged)


def _own_verdict(manifest: Manifest) -> RunVerdict | None:
    """A base run needs no verdict: it holds only what was accepted."""
    return RunVerdict(outcome="accepted", document={"findings": []}) if manifest.folded else None


def _add_up(found: dict[str, Run], damaged: list[DamagedRun]) -> StreamState:
    bases = {run_id: run for run_id, run in found.items() if run.manifest.folded and run.is_accepted}
    folded_by = {run_id: _folded_ids(base) for run_id, base in bases.items()}
    gone = {folded for ids in folded_by.values() for folded in ids}
    gone |= {
        run_id
        for run_id, ids in folded_by.items()
        if any(ids <= later and run_id < other for other, later in folded_by.items() if other != run_id)
    }
    runs: list[Run] = []
    stored: list[Run] = []
    set_aside: list[DamagedRun] = []
    for run_id, run in found.items():
        if run_id in gone:
            continue
        if run.manifest.folded:
            runs += _unfolded(run, standing=found.keys() | gone)
        else:
            runs.append(run)
        if run.is_accepted:
            stored.append(run)
        elif run.verdict is not None and run.verdict.is_set_aside:
            findings = run.verdict.document["findings"]
            set_aside.append(DamagedRun(run.folder, run_id, "; ".join(finding["message"] for finding in findings)))
    return StreamState(
        runs=tuple(sorted(runs, key=lambda run: run.manifest.run_id)),
        stored=tuple(sorted(stored, key=lambda run: run.manifest.run_id)),
        damaged=tuple(set_aside + [run for run in damaged if run.run_id not in gone]),
        superseded=tuple(run.folder for run_id, run in found.items() if run_id in gone)
        + tuple(run.folder for run in damaged if run.run_id in gone),
    )


def _folded_ids(base: Run) -> set[str]:
    return {folded.manifest.run_id for folded in base.manifest.folded}


def _unfolded(base: Run, standing: set[str]) -> list[Run]:
    """The runs of a base run as they were landed; of a damaged one, those that stand nowhere else, rejected."""
    if base.is_accepted:
        return [
            Run(
                base.folder,
                folded.manifest,
                RunVerdict(outcome="accepted", document=folded.verdict),
                folded.rows_folded,
                is_folded=True,
            )
            for folded in base.manifest.folded
        ]
    lost = [folded for folded in base.manifest.folded if folded.manifest.run_id not in standing]
    verdicts = [RunVerdict(outcome="rejected", document=folded.verdict) for folded in lost]
    if base.verdict and verdicts:
        verdicts[-1] = base.verdict
    return [
        Run(base.folder, folded.manifest, verdict, folded.rows_folded, is_folded=True)
        for folded, verdict in zip(lost, verdicts, strict=True)
    ]


def _unreadable(name: str, fault: Exception) -> str:
    if isinstance(fault, FileNotFoundError):
        return f"{name} is missing"
    if isinstance(fault, OSError):
        return f"{name} can't be read ({fault.strerror or type(fault).__name__})"
    return f"{name} can't be read: it is cut or altered"
