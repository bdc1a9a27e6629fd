"""Looks at everything a run needs, before a run: settings, secrets, platforms, disk, files.

Belongs here: one finding per thing looked at. Does not belong here: mending it.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from connectors.core.errors import ConnectorError
from connectors.core.landing.integrity import stream_faults
from pipelines.apps.release_reader import NoRelease, Release, ReleaseError, open_release
from pipelines.build_input import states
from pipelines.decisions.faults import DecisionsUnavailable
from pipelines.publish.layout import AUDIENCES
from pipelines.settings import PSEUDONYM_KEY, Settings

LEAST_FREE_BYTES = 1_000_000_000
_READERS = 4


@dataclass(frozen=True)
class Finding:
    """One thing looked at, and what to do where it is not well."""

    what: str
    is_well: bool
    sentence: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which a person would mend them."""
    count = len(settings.sources)
    findings = [Finding("settings", True, f"{settings.path.name} is valid: {count} source{'' if count == 1 else 's'}")]
    findings.append(_look("pseudonym key", lambda: _key_sentence(settings)))
    findings.append(_look("decisions", lambda: _decisions_sentence(settings)))
    findings += [_look(f"source {name}", lambda name=name: reach(settings, name)) for name in settings.sources]
    if not settings.document.roster_sources:
        findings.append(
            Finding(
                "roster",
                False,
                "no roster_sources in district.yml: awards build, but nobody is named. "
                "List the sources there that say who people are",
            )
        )
    free = shutil.disk_usage(settings.home).free
    enough = free >= LEAST_FREE_BYTES
    advice = "" if enough else ": free some before a run"
    findings.append(Finding("disk", enough, f"{free / 1e9:.1f} GB free beside district.yml{advice}"))
    return [*findings, *_landed_files(settings), *_releases(settings)]


def _landed_files(settings: Settings) -> list[Finding]:
    """Whether every landed file that counts is as it was landed; each is read whole."""
    known = states(settings)
    with ThreadPoolExecutor(_READERS) as readers:
        faults = list(readers.map(stream_faults, (state for _, _, state in known)))
    damaged = [
        Finding(
            f"landed files of {source.name}.{stream.name}",
            False,
            f"{'; '.join(found)}. `expertise run` sets aside what is damaged and pulls everything of the stream again",
        )
        for (source, stream, _), found in zip(known, faults, strict=True)
        if found
    ]
    files = [file for _, _, state in known for run in state.stored for file in run.manifest.files]
    if damaged or not files:
        return damaged
    size = sum(file.bytes for file in files) / 1e6
    return [Finding("landed files", True, f"{len(files):,} files, {size:,.1f} MB, are as they were landed")]


def _releases(settings: Settings) -> list[Finding]:
    """Whether each audience's release opens and is sound; before the first one there is nothing to mend."""
    findings, missing = [], 0
    for audience in AUDIENCES:
        try:
            with open_release(settings.published, audience) as release:
                _read_whole(release)
                findings.append(Finding(f"release for {audience}", True, f"{release.info()['release_id']} is sound"))
        except ReleaseError as fault:
            missing += isinstance(fault, NoRelease)
            findings.append(Finding(f"release for {audience}", False, str(fault)))
    if missing == len(AUDIENCES):
        return [Finding("releases", True, "none yet: `expertise run` publishes the first")]
    return findings


def _read_whole(release: Release) -> None:
    """Read every block, since the engine finds a damaged one only then. Raises ReleaseUnreadable."""
    for table in release.tables():
        release.query(f'select bit_xor(hash("{table}")) from "{table}"')


def reach(settings: Settings, name: str) -> str:
    """Ask a source something cheap. Raises ConnectorError."""
    _, connector = settings.connector(name)
    try:
        return connector.check()
    finally:
        connector.close()


def _key_sentence(settings: Settings) -> str:
    return f"{PSEUDONYM_KEY} is set, {len(settings.read_pseudonym_key())} bytes"


def _decisions_sentence(settings: Settings) -> str:
    """Where people's decisions stand, that they can be read, and how many there are. Makes no database."""
    from pipelines.decisions.store import DecisionStore  # heavy, as in a build

    store = DecisionStore.open_existing(settings)
    if store is None:
        return "none recorded yet; `expertise decisions add` makes their database"
    with store:
        history = store.history()
        revoked = sum(decision.revocation is not None for decision in history)
        return f"{store.place}: sound, schema {store.schema}, {len(history)} recorded, {revoked} of them revoked"


def _look(what: str, ask: Any) -> Finding:
    try:
        return Finding(what, True, ask())
    except DecisionsUnavailable as fault:
        return Finding(what, False, f"{fault.place}: {fault.reason}")
    except ConnectorError as fault:
        # the fault names its place too: `source badges: …`, `badges: …`
        said = str(fault).removeprefix(f"{what}: ").removeprefix(f"{what.removeprefix('source ')}: ")
        return Finding(what, False, said)
