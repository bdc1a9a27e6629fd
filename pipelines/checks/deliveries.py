"""Each landed stream's expectations as a blocking asset check, which writes the verdict.

Belongs here: judging every run that has no verdict yet, the report of it. Does not
belong here: the expectations themselves (expectations/suites).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from connectors.core.landing.layout import stream_folder
from connectors.core.landing.manifest import write_verdict
from connectors.core.landing.state import StreamState
from connectors.registry import Platform
from expectations.delivery import Calendar
from expectations.report import Judged, write_report
from expectations.runner import judge
from expectations.suites import load_suite
from expectations.verdict import Verdict
from pipelines.assets.landed import landed_key
from pipelines.progress import Listener
from pipelines.settings import Settings

CHECK_NAME = "delivery_as_promised"


def delivery_checks(settings: Settings, platform: Platform, listener: Listener) -> dg.AssetChecksDefinition:
    """One blocking check per stream of the platform."""
    specs = [
        dg.AssetCheckSpec(
            CHECK_NAME,
            asset=landed_key(platform.name, stream.name),
            blocking=True,
            description="Is this delivery like what was promised?",
        )
        for stream in platform.streams
    ]

    @dg.multi_asset_check(name=f"judge_{platform.name}", specs=specs)
    def judge_landed() -> Iterator[dg.AssetCheckResult]:
        listener.stage_started("check", len(settings.streams()))
        judged: list[Judged] = []
        calendar = _calendar(settings)
        for stream in platform.streams:
            verdicts = []
            for source in settings.sources.values():
                if source.platform != platform:
                    continue
                folder = stream_folder(settings.landing, settings.district.id, platform.name, source.name, stream.name)
                state = StreamState.read(folder)
                earlier = [part.path for part in state.parts() if not part.is_before_reset]
                for run in state.pending:
                    suite = load_suite(platform.name, stream)
                    verdict = judge(
                        platform.name,
                        stream,
                        run.parts,
                        is_full=run.manifest.is_reset,
                        earlier_parts=earlier,
                        calendar=calendar,
                        suite=suite,
                    )
                    write_verdict(run.folder, verdict.to_json())
                    verdicts.append(verdict)
                    judged.append(Judged(source.name, platform.name, stream.name, run.manifest.run_id, verdict, suite))
            listener.step_ended("check", f"{platform.name}.{stream.name}")
            yield _result(platform.name, stream.name, verdicts)
        if judged:
            path = settings.reports / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{platform.name}.html"
            write_report(path, f"Deliveries of {platform.title}", judged, settings.district.is_synthetic)

    return judge_landed


def _result(platform: str, stream: str, verdicts: list[Verdict]) -> dg.AssetCheckResult:
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    is_rejected = any(verdict.outcome == "rejected" for verdict in verdicts)
    return dg.AssetCheckResult(
        asset_key=landed_key(platform, stream),
        check_name=CHECK_NAME,
        passed=not findings and not is_rejected,
        severity=dg.AssetCheckSeverity.ERROR if is_rejected else dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{finding.check_name}: {finding.message}" for finding in findings) or None,
        metadata={
            "runs_judged": len(verdicts),
            "checks_run": sum(verdict.checks_run for verdict in verdicts),
            "findings": len(findings),
        },
    )


def _calendar(settings: Settings) -> Calendar:
    return Calendar(settings.district.school_year_starts, datetime.now(settings.time_zone).date())
