"""Whether landed files are still as they were written.

Belongs here: what a file is known by, comparing a run's files with its manifest, and
setting a damaged run aside.
Does not belong here: what follows from it for the next pull (state, pull) or a build.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from connectors.core.landing.layout import sync_file
from connectors.core.landing.manifest import FILE_INTACT, LandedFile, Manifest, write_verdict
from connectors.core.landing.state import Run, StreamState


def file_faults(run_folder: Path, manifest: Manifest, contents: bool = True) -> list[str]:
    """What is wrong with a run's files, a sentence each that begins with the file's name; empty where all is well.

    contents: also compare each file's sha256, which reads it whole; else only its size.
    """
    faults = []
    expected = list(manifest.files) + ([manifest.rejects] if manifest.rejects else [])
    for file in expected:
        path = run_folder / file.name
        try:
            size = path.stat().st_size
            if size != file.bytes:
                faults.append(f"{file.name} has {size:,} bytes and was landed with {file.bytes:,}")
            elif contents and _sha256(path) != file.sha256:
                faults.append(f"{file.name} is altered: its content is not what was landed")
        except FileNotFoundError:
            faults.append(f"{file.name} is missing")
        except OSError as fault:
            faults.append(f"{file.name} can't be read ({fault.strerror or type(fault).__name__})")
    if manifest.rejects_file and not manifest.rejects and not (run_folder / manifest.rejects_file).is_file():
        faults.append(f"{manifest.rejects_file} is missing")
    return faults


def landed_file(path: Path, rows: int) -> LandedFile:
    """Make a file durable and say what it holds."""
    sync_file(path)
    return LandedFile(name=path.name, rows=rows, bytes=path.stat().st_size, sha256=_sha256(path))


def stream_faults(state: StreamState, contents: bool = True) -> list[str]:
    """Every damage that keeps a stream from being built, a sentence each; empty where all is well."""
    faults = [
        f"{run.folder}/{fault}" for run in state.stored for fault in file_faults(run.folder, run.manifest, contents)
    ]
    if state.is_incomplete:
        base = state.base_run_id or ""
        faults += [f"{run.folder}/{run.reason}" for run in state.damaged if run.run_id >= base]
    return faults + [f"{run.folder}/{run.verdict_fault}" for run in state.runs if run.verdict_fault]


def set_aside(run: Run, faults: Sequence[str], now: datetime) -> None:
    """Reject a damaged run: its folder stays as it is, and none of its rows count any more."""
    findings = [
        {
            "check_name": FILE_INTACT,
            "severity": "error",
            "record_count": 0,
            "record_total": run.manifest.records_landed,
            "message": fault,
            "why": "A file that is not what was landed can't be told from wrong data.",
            "ask_the_vendor": "",
        }
        for fault in faults
    ]
    document = {
        "outcome": "rejected",
        "checks_run": len(run.manifest.files),
        "findings": findings,
        "judged_at": now.isoformat(),
        "suite_hash": "",
        "record_total": run.manifest.records_landed,
        "release": None,
    }
    write_verdict(run.folder, json.dumps(document, ensure_ascii=False, indent=1))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
