"""One run in this process: pull, judge, build, publish, and a report that tells the truth.

Belongs here: starting the Dagster job without Dagster's daemon, gathering what became
of it. Does not belong here: the steps themselves (assets, checks), drawing (cli).
"""

from __future__ import annotations

import json
import os
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.apps.release_reader import NoRelease, ReleaseError, open_release
from pipelines.progress import Listener, StreamLine
from pipelines.reconciliation import RECORDS_ADD_UP, read_differences
from pipelines.settings import Settings
from pipelines.step_failures import step_failures
from pipelines.writer_lock import writer_lock

_UNMATCHED_REASONS = {
    "no_match": "matches no staff member",
    "ambiguous": "matches more than one staff member",
    "no_roster": "no roster to match with",
}


@dataclass(frozen=True)
class Problem:
    """Something a person should know.

    severity: `error` held the release back; `warning` did not; `to decide` waits for a
    person (records that match nobody, dollars without a category, decisions that apply to nothing).
    """

    severity: str
    where: str
    what: str
    count: int | None = None


@dataclass(frozen=True)
class RunReport:
    """The outcome of a run. `is_published` is True only if the release was swapped in."""

    started_at: datetime
    ended_at: datetime
    is_published: bool
    release_id: str | None
    streams: list[StreamLine]
    checks_passed: int
    checks_warned: int
    checks_failed: int
    problems: list[Problem]
    warehouse: str
    published: str
    last_good: str
    reports: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return document


class _Recorder:
    """Passes events on, and keeps what the report needs of them."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.streams: list[StreamLine] = []

    def stage_started(self, stage: str, steps: int | None = None) -> None:
        self._listener.stage_started(stage, steps)

    def stream_started(self, connection: str, stream: str) -> None:
        self._listener.stream_started(connection, stream)

    def records_received(self, connection: str, stream: str, count: int) -> None:
        self._listener.records_received(connection, stream, count)

    def stream_ended(self, line: StreamLine) -> None:
        self.streams.append(line)
        self._listener.stream_ended(line)

    def step_ended(self, stage: str, name: str) -> None:
        self._listener.step_ended(stage, name)


def run(
    settings: Settings,
    listener: Listener,
    sources: tuple[str, ...] = (),
    full_refresh: bool = False,
    allow_shrink: bool = False,
) -> RunReport:
    """Run the job `load_and_publish` here and now.

    allow_shrink: publish even though a table lost more than half of its rows.
    sources: only these are pulled; the warehouse is built from everything accepted.
    Raises AnotherRunHolds at once if another run is writing, MissingSecret before
    anything is pulled, KeyboardInterrupt when told to stop (SIGINT, and SIGTERM where the
    command line has made it the same).
    """
    with writer_lock(settings.state):
        settings.require_secrets()
        return _run_job(settings, listener, sources, full_refresh, allow_shrink)


def _run_job(
    settings: Settings, listener: Listener, sources: tuple[str, ...], full_refresh: bool, allow_shrink: bool
) -> RunReport:
    # Dagster takes seconds to import: after the lock, so that a second run fails fast
    import dagster as dg

    from pipelines.assets.landed import landed_key
    from pipelines.assets.release import RELEASE_KEY
    from pipelines.automation.schedules import JOB_NAME
    from pipelines.build import build_defs

    started_at = datetime.now(UTC)
    recorder = _Recorder(listener)
    definitions = build_defs(settings, recorder, retries=None)
    job = definitions.resolve_job_def(JOB_NAME)
    wanted = {settings.sources[name].platform.name for name in sources}
    skipped = {
        landed_key(source.platform.name, stream.name)
        for source, stream in settings.streams()
        if wanted and source.platform.name not in wanted
    }
    selection = [key for key in job.asset_layer.executable_asset_keys if key not in skipped] if skipped else None
    pulls = {
        source.platform.name for source in settings.sources.values() if not wanted or source.platform.name in wanted
    }
    pull = {"full_refresh": full_refresh, "sources": list(sources)}
    config: dict[str, Any] = {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "ops": {f"pull_{platform}": {"config": pull} for platform in pulls}
        | {RELEASE_KEY.to_python_identifier(): {"config": {"allow_shrink": allow_shrink}}},
    }
    instance = (
        dg.DagsterInstance.get()
        if os.environ.get("DAGSTER_HOME")
        else dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})
    )
    listener.stage_started(
        "pull", sum(len(settings.sources[name].platform.streams) for name in sources or settings.sources)
    )
    with instance:
        settings.reports.mkdir(parents=True, exist_ok=True)
        # dagster-dbt repeats dbt's log on stdout, where this run's own answer is printed
        with (settings.reports / "dbt.log").open("w") as log, redirect_stdout(log):
            result = job.execute_in_process(
                run_config=config, instance=instance, asset_selection=selection, raise_on_error=False
            )
        if _was_interrupted(result):
            raise KeyboardInterrupt
        return _report(settings, recorder, result, started_at)


def _was_interrupted(result: Any) -> bool:
    """Dagster turns an interrupt into a failed run; a run that was told to stop has no report."""
    reasons = [event.job_failure_data.failure_reason for event in result.all_events if event.is_job_failure]
    return any(reason is not None and reason.name == "UNEXPECTED_TERMINATION" for reason in reasons)


def _report(settings: Settings, recorder: _Recorder, result: Any, started_at: datetime) -> RunReport:
    evaluations = result.get_asset_check_evaluations()
    problems = [
        Problem("error", f"{line.connection}.{line.stream}", line.fault) for line in recorder.streams if line.fault
    ]
    problems += [
        Problem("warning", f"{line.connection}.{line.stream}", damage)
        for line in recorder.streams
        for damage in line.damage
    ]
    # a check that could not be run says nothing of the data: why it could not is told below
    unanswered = [evaluation for evaluation in evaluations if _could_not_run(evaluation)]
    evaluations = [evaluation for evaluation in evaluations if not _could_not_run(evaluation)]
    for evaluation in evaluations:
        if not evaluation.passed and evaluation.check_name == RECORDS_ADD_UP:
            problems += [Problem("error", where, what) for where, what in read_differences(settings.warehouse)]
        if not evaluation.passed:
            problems.append(
                Problem(
                    "error" if evaluation.severity.value == "ERROR" else "warning",
                    f"{'.'.join(evaluation.asset_key.path[1:])}: {evaluation.check_name}",
                    evaluation.description or "does not hold",
                    _failing_rows(evaluation),
                )
            )
    failed_checks = [e for e in evaluations if not e.passed and e.severity.value == "ERROR"]
    if not result.success:
        is_told = any(problem.severity == "error" for problem in problems)
        problems += [
            Problem("error", failure.where, failure.why, len(unanswered) or None)
            for failure in step_failures(result, settings.warehouse.parent / "dbt" / "dbt.log")
            if failure.is_of_its_own or not is_told
        ]
    if result.success:
        problems += _to_decide(settings)
    release_id = None
    for event in result.get_asset_materialization_events():
        metadata = event.materialization.metadata
        if "release_id" in metadata:
            release_id = str(metadata["release_id"].value)
    report = RunReport(
        started_at=started_at,
        ended_at=datetime.now(UTC),
        is_published=release_id is not None,
        release_id=release_id,
        streams=recorder.streams,
        checks_passed=sum(evaluation.passed for evaluation in evaluations),
        checks_warned=sum(not e.passed for e in evaluations) - len(failed_checks),
        checks_failed=len(failed_checks),
        problems=problems,
        warehouse=str(settings.warehouse),
        published=str(settings.published),
        last_good=_last_good(settings),
        reports=[str(path) for path in _new_reports(settings.reports, started_at)],
    )
    path = settings.reports / f"{started_at:%Y%m%dT%H%M%SZ}-run.json"
    try:
        path.write_text(json.dumps(report.to_json(), indent=1))
    except OSError as fault:  # the run is over: what became of it is told all the same
        unwritten = Problem("warning", "report", f"{path} could not be written: {(fault.strerror or '').lower()}")
        report = replace(report, problems=[*problems, unwritten])
    return report


def _could_not_run(evaluation: Any) -> bool:
    """Whether a dbt test ended in an error instead of an answer."""
    status = evaluation.metadata.get("status")
    return status is not None and status.value == "error"


def _last_good(settings: Settings) -> str:
    """The release that readers have now, and its age."""
    try:
        with open_release(settings.published, "leaders") as release:
            info = release.info()
    except NoRelease:
        return "no release has been published yet"
    except ReleaseError as fault:
        return str(fault)
    hours = (datetime.now(UTC) - info["built_at"].replace(tzinfo=UTC)).total_seconds() / 3600
    return f"the last good release is {info['release_id']}, {hours:.1f} hours old"


def _to_decide(settings: Settings) -> list[Problem]:
    """What the release lists for a person to decide, counted."""
    with open_release(settings.published, "analysts") as release:
        unmatched = release.query(
            "select source_system, stream, what, reason, count(*) as records from unmatched_records"
            " group by all order by records desc, source_system, stream, what, reason"
        )
        unmapped = release.query(
            "select count(*) as codes, sum(line_count) as lines, sum(amount_usd) as dollars from unmapped_spending"
        )[0]
        unapplied = release.query(
            "select decision_kind, why, count(distinct decision_id) as decisions from unapplied_decisions"
            " group by all order by decisions desc, decision_kind, why"
        )
    problems = [
        Problem(
            "to decide",
            f"{row['source_system']}.{row['stream']}",
            f"{row['what']}: {_UNMATCHED_REASONS.get(row['reason'], row['reason'])}",
            row["records"],
        )
        for row in unmatched
    ]
    if unmapped["codes"]:
        what = f"${unmapped['dollars']:,.2f} under {unmapped['codes']} code combinations that no crosswalk row maps"
        problems.append(Problem("to decide", "pd_spending", what, int(unmapped["lines"])))
    problems += [
        Problem("to decide", f"{row['decision_kind']} decisions", f"not applied: {row['why']}", row["decisions"])
        for row in unapplied
    ]
    return problems


def _failing_rows(evaluation: Any) -> int | None:
    """How many rows a dbt test found, where it says so."""
    value = evaluation.metadata.get("dagster_dbt/failed_row_count")
    return int(value.value) if value is not None and value.value is not None else None


def _new_reports(folder: Path, since: datetime) -> list[Path]:
    return sorted(path for path in folder.glob("*.html") if path.stat().st_mtime >= since.timestamp() - 1)
