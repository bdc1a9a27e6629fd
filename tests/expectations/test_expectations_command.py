"""`python -m expectations`: load suites, judge a file, release a rejected run.

Belongs here: the command's answers and exit codes. Does not belong here: judging.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import CliRunner

from connectors.core.landing.layout import VERDICT
from expectations.__main__ import app
from expectations.runner import judge
from expectations.suites import declared_stream
from expectations.verdict import Verdict

Land = Callable[..., Path]
GOOD = {"activity_id": "a", "activity_date": "2026-01-01", "hours": 2}


def test_suites__all_can_be_used() -> None:
    ran = CliRunner().invoke(app, ["suites"])
    assert (ran.exit_code, ran.output) == (0, "56 suites can be used, 0 can't\n")


def test_judge__exit_code_tells_the_outcome(land: Land, tmp_path: Path) -> None:
    platform, stream = declared_stream("files.pd_participation")
    good, bad = land(stream, [GOOD]), land(stream, [GOOD | {"hours": -1}])
    ran = CliRunner().invoke(app, ["judge", f"{platform}.{stream.name}", str(good)])
    assert (ran.exit_code, ran.output) == (0, "files.pd_participation: accepted, 1 records, 6 checks\n")
    ran = CliRunner().invoke(
        app, ["judge", f"{platform}.{stream.name}", str(bad), "--report", str(tmp_path / "r.html")]
    )
    assert ran.exit_code == 1
    assert "error hours_are_not_negative: 1 of 1: hours is below 0" in ran.output
    assert "Hours are not negative" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_judge__unknown_stream_is_wrong_usage(land: Land) -> None:
    ran = CliRunner().invoke(app, ["judge", "files.pd_spendings", str(land(declared_stream("files.roster")[1], []))])
    assert ran.exit_code == 2
    assert "did you mean pd_spending?" in ran.output


def test_release__accepts_in_a_persons_name(land: Land, tmp_path: Path) -> None:
    platform, stream = declared_stream("files.pd_participation")
    verdict = judge(platform, stream, [land(stream, [GOOD | {"hours": -1}])])
    folder = tmp_path / "run_id=1"
    folder.mkdir()
    arguments = ["release", str(folder), "--by", "A. Person", "--because", "corrections, confirmed"]
    assert CliRunner().invoke(app, arguments).exit_code == 2, "not judged yet"
    (folder / VERDICT).write_text(verdict.to_json(), encoding="utf-8")
    assert CliRunner().invoke(app, arguments).exit_code == 0
    released = Verdict.from_json((folder / VERDICT).read_bytes())
    assert (released.outcome, released.findings) == ("accepted", verdict.findings)
    assert released.release is not None
    assert released.release.because == "corrections, confirmed"
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 2
    assert "only a rejected run can be released" in ran.output
