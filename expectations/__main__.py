"""Try suites by hand: `python -m expectations suites | judge | release`.

Belongs here: reading arguments and printing answers. Does not belong here: judging
(runner) or the pipeline's own run (pipelines).

Exit codes: 0 done, 1 a delivery is rejected or a suite is wrong, 2 wrong usage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connectors.core.landing.layout import VERDICT
from connectors.core.landing.manifest import write_verdict
from connectors.registry import PLATFORMS
from expectations.suites import SuiteError, declared_stream, load_suite
from expectations.verdict import Verdict

app = typer.Typer(help="Load suites, judge landed files, release a rejected run.", no_args_is_help=True)


@app.command()
def suites() -> None:
    """Load every suite and say what is wrong with those that can't be used."""
    faults = []
    loaded = 0
    for platform in PLATFORMS.values():
        for stream in platform.streams:
            try:
                load_suite(platform.name, stream)
                loaded += 1
            except SuiteError as fault:
                faults.append(str(fault))
    for line in faults:
        typer.echo(line, err=True)
    typer.echo(f"{loaded} suites can be used, {len(faults)} can't")
    raise typer.Exit(1 if faults else 0)


@app.command()
def judge(
    reference: Annotated[str, typer.Argument(metavar="STREAM", help="For example edfi.evaluation_ratings")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Landed Parquet files of one run")],
    report: Annotated[Path | None, typer.Option(help="Write an HTML page here")] = None,
) -> None:
    """Judge landed Parquet files as they stand; nothing is written beside them."""
    from expectations.report import Judged, write_report
    from expectations.runner import judge as judge_delivery

    try:
        platform, stream = declared_stream(reference)
        verdict = judge_delivery(platform, stream, files)
    except SuiteError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(2) from fault
    typer.echo(f"{reference}: {verdict.outcome}, {verdict.record_total:,} records, {verdict.checks_run} checks")
    for finding in verdict.findings:
        typer.echo(
            f"  {finding.severity} {finding.check_name}: {finding.record_count:,} of {finding.record_total:,}:"
            f" {finding.message}"
        )
    if report:
        judged = Judged("by hand", platform, stream.name, files[0].parent.name, verdict)
        typer.echo(f"report: {write_report(report, reference, [judged], is_synthetic=False)}")
    raise typer.Exit(0 if verdict.outcome == "accepted" else 1)


@app.command()
def release(
    run_folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Folder of the rejected run")],
    by: Annotated[str, typer.Option(help="Name of the person who takes the decision")],
    because: Annotated[str, typer.Option(help="Reason; it is kept and shown in reports")],
) -> None:
    """Accept a rejected run in a person's name. Its findings stay on record."""
    path = run_folder / VERDICT
    if not path.is_file():
        typer.echo(f"{run_folder.name}: the run is not judged yet; there is nothing to release", err=True)
        raise typer.Exit(2)
    try:
        released = Verdict.from_json(path.read_bytes()).released(by, because)
    except ValueError as fault:
        typer.echo(f"{run_folder.name}: {fault}", err=True)
        raise typer.Exit(2) from fault
    write_verdict(run_folder, released.to_json())
    typer.echo(f"{run_folder.name}: released by {by}; the next build uses it")


if __name__ == "__main__":
    app(prog_name="python -m expectations")
