"""The study as assets: panel, design, results, report, of the evaluators' current release.

Belongs here: the four steps as assets of one job, and where their files stand: beside the release that
they are of. Does not belong here: any step (study.steps). They are no part of the nightly job: a
release never waits for a study, and a study is of a release that stands. Statistics are imported by the
steps that need them, so a nightly run starts without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.apps.release_reader import open_release
from pipelines.assets.release import RELEASE_KEY
from pipelines.code_version import code_version
from pipelines.publish import layout
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.study.release_panel import WarehouseStudy

STUDY_GROUP = "study"
COMMAND = "expertise study"
PANEL_KEY, DESIGN_KEY, RESULTS_KEY, REPORT_KEY = (
    dg.AssetKey([STUDY_GROUP, name]) for name in ("study_panel", "study_design", "study_results", "study_report")
)


def study_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The four assets, in order."""

    @dg.asset(key=PANEL_KEY, group_name=STUDY_GROUP, deps=[RELEASE_KEY], kinds={"parquet"})
    def study_panel() -> dg.MaterializeResult[None]:
        """Who could be compared, as known before exposure: holds no outcome of it."""
        from pipelines.study.steps import write_panel

        with _warehouse_study(settings) as (found, folder):
            candidates = write_panel(found.question, found.panel, folder)
        _sweep(folder.parent)
        return dg.MaterializeResult(
            metadata={"rows": candidates.frame.height, "folder": dg.MetadataValue.path(str(folder))}
        )

    @dg.asset(key=DESIGN_KEY, group_name=STUDY_GROUP, deps=[PANEL_KEY], kinds={"parquet"})
    def study_design() -> dg.MaterializeResult[None]:
        """Matched sets and weights, their balance and their hash; written before outcomes are read."""
        from pipelines.study.steps import write_design

        plan, design = write_design(_folder(settings))
        return dg.MaterializeResult(
            metadata={
                "hash": design.hash,
                "chosen": design.chosen or "none",
                "balance": design.verdicts.get(design.chosen or "", "nobody compared"),
                "minimum_detectable_effect_sd": plan.mde,
                "refusal": plan.refusal or "none",
            }
        )

    @dg.asset(key=RESULTS_KEY, group_name=STUDY_GROUP, deps=[DESIGN_KEY], kinds={"json"})
    def study_results(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        """Every number of the report."""
        from pipelines.study.steps import write_results

        with _warehouse_study(settings) as (found, folder):
            document = write_results(found.panel, found.extras, folder, context.log.info)
        return dg.MaterializeResult(
            metadata={
                "answer": document["headline"]["sentence"],
                "wwc_rating": document["evidence_tier"]["wwc_rating"] or "none",
                "essa_tier": document["evidence_tier"]["essa_tier"] or "none",
            }
        )

    @dg.asset(key=REPORT_KEY, group_name=STUDY_GROUP, deps=[RESULTS_KEY], kinds={"html", "pdf", "excel"})
    def study_report() -> dg.MaterializeResult[None]:
        """The report for people: HTML, PDF, workbook."""
        from pipelines.study.steps import write_study_report

        written = write_study_report(_folder(settings))
        return dg.MaterializeResult(metadata={path.name: dg.MetadataValue.path(str(path)) for path in written})

    return [study_panel, study_design, study_results, study_report]


def study_folder(published: Path, release_id: str) -> Path:
    """Where the study of a release stands: beside the release, of the evaluators' audience."""
    return layout.audience_folder(published, "evaluators") / "studies" / release_id


def _folder(settings: Settings) -> Path:
    """The folder of the study of the current release."""
    with open_release(settings.published, "evaluators") as release:
        return study_folder(settings.published, str(release.info()["release_id"]))


@contextmanager
def _warehouse_study(settings: Settings) -> Iterator[tuple["WarehouseStudy", Path]]:
    from pipelines.study.release_panel import read_release

    with open_release(settings.published, "evaluators") as release:
        folder = study_folder(settings.published, str(release.info()["release_id"]))
        yield read_release(release, COMMAND, code_version()), folder


def _sweep(studies: Path) -> None:
    """Remove the studies of releases that are kept no longer."""
    kept = {path.stem for path in layout.finished_releases(studies.parent.parent, "evaluators")}
    for folder in studies.iterdir():
        if folder.is_dir() and folder.name not in kept:
            rmtree(folder, ignore_errors=True)
