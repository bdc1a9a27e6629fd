"""The main line, undisturbed: what one run leaves behind, a second one, and a changed platform."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import polars as pl
import pytest

from connectors.sandbox import truth
from connectors.sandbox.district import District
from pipelines.publish import layout
from pipelines.run import RunReport
from pipelines.writer_lock import AnotherRunHolds, writer_lock
from tests.homes import ENVIRONMENT, STREAMS, Home, release_rows

Loaded = tuple[Home, RunReport]


def expertise(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=home.folder,
        env=ENVIRONMENT | {"PATH": "", "COLUMNS": "200"},
        check=False,
    )


def test_main_line__everything_lands_is_checked_and_is_published(loaded: Loaded) -> None:
    home, report = loaded
    assert [problem for problem in report.problems if problem.severity == "error"] == []
    assert report.is_published and report.checks_failed == 0
    assert {line.connection for line in report.streams} == {"badges", "sis", "badge_files", "hr"}
    assert len(report.streams) == STREAMS and all(line.is_new and line.fault is None for line in report.streams)
    assert all(line.records_landed + line.records_rejected == line.records_received for line in report.streams)
    assert report.checks_passed > 140
    for audience in layout.AUDIENCES:
        assert layout.current_file(home.settings.published, audience) is not None


def test_main_line__find_prints_what_is_promised(loaded: Loaded) -> None:
    home, _ = loaded
    done = expertise(home, "find", "Questioning", "--json")
    assert done.returncode == 0, done.stderr
    experts = json.loads(done.stdout)
    promised = {"staff_key", "name", "school", "competency", "band", "observation_count", "award_count", "explanation"}
    assert experts and all(promised <= set(expert) for expert in experts)
    assert {expert["competency"] for expert in experts} == {"Questioning"}
    assert {"strong practice", "developing"} <= {expert["band"] for expert in experts}
    bands = {band for (band,) in home.query("select distinct band from pub_leaders__expertise")}
    assert bands == {"expert", "strong practice", "demonstrated", "developing", "need", "not enough evidence"}


def test_main_line__those_who_are_found_are_those_who_are_strong(loaded: Loaded, district: District) -> None:
    """The planted level is what the warehouse never saw: experts must be well above everybody else."""
    home, _ = loaded
    found = pl.DataFrame(
        home.query(
            "select roster_id, substr(competency_code, 3), band from fct_expertise join dim_staff using (staff_key)"
            " join dim_competencies using (competency_key) where band is not null"
        ),
        schema=["staff_id", "element_code", "band"],
        orient="row",
    )
    planted = truth.levels(district).with_columns(
        now=pl.col("level") + pl.when(pl.col("effect_from").is_not_null()).then(0.25).otherwise(0.0)
    )
    joined = found.join(planted, on=["staff_id", "element_code"])
    assert len(joined) > 500
    mean = dict(joined.group_by("band").agg(pl.col("now").mean()).iter_rows())
    assert mean["need"] < mean["developing"] < min(mean["expert"], mean["strong practice"])
    strong = joined.filter(pl.col("band").is_in(["expert", "strong practice"]))
    weak = joined.filter(pl.col("band") == "need")
    assert (strong["now"] < 3.0).mean() < 0.15, "hardly anybody who is weak is called strong"
    assert (weak["now"] >= 3.5).mean() < 0.05, "hardly anybody who is strong is called in need"


def test_main_line__who_is_not_matched_is_listed_and_never_named(loaded: Loaded) -> None:
    home, _ = loaded
    unmatched = release_rows(home, "analysts")["unmatched_records"]
    assert unmatched
    assert home.query("select count(*) from fct_credential_awards where staff_key is null")[0][0] > 0


def test_main_line__status_and_explain_tell_the_same_story(loaded: Loaded) -> None:
    home, report = loaded
    status = json.loads(expertise(home, "status", "--json").stdout)
    assert status["release_id"] == report.release_id and status["is_synthetic"]
    assert {line["state"] for line in status["streams"]} == {"loaded"}
    expert = json.loads(expertise(home, "find", "Questioning", "--json").stdout)[0]
    explained = json.loads(expertise(home, "explain", expert["staff_key"], "Questioning", "--json").stdout)
    assert explained["band"] == expert["band"] and explained["explanation"] == expert["explanation"]
    observations = [item for item in explained["evidence"] if item["evidence_type"] == "observation"]
    assert len([item for item in observations if item["counts"]]) == expert["observation_count"]


@pytest.mark.parametrize("format", ["parquet", "csv", "xlsx"])
def test_main_line__exports_in_every_format(loaded: Loaded, tmp_path: Path, format: str) -> None:
    home, _ = loaded
    done = expertise(home, "export", "--format", format, "--folder", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)
    assert written and all(Path(file["file"]).stat().st_size > 0 for file in written)


def test_main_line__a_second_run_changes_nothing_and_ten_changes_change_ten(own: Home) -> None:
    before = release_rows(own)
    analysts_before = own.query("select count(*) from landed.edfi__evaluation_element_ratings")
    log = own.settings.warehouse.parent / "dbt" / "dbt.log"
    parsed_in_full = log.read_text().count("Unable to do partial parsing")
    second = own.run()
    assert second.is_published and not any(line.is_new for line in second.streams)
    assert log.read_text().count("Unable to do partial parsing") == parsed_in_full, "the copied home is parsed anew"
    assert release_rows(own) == before
    assert own.query("select count(*) from landed.edfi__evaluation_element_ratings") == analysts_before

    scores = "select evaluation_score_key, score from fct_evaluation_scores"
    scores_before = dict(own.query(scores))
    every = own.sandbox.edfi.ids("evaluationElementRatings")
    records = ((identifier, own.sandbox.edfi.get("evaluationElementRatings", identifier)) for identifier in every)
    scored = ((identifier, record) for identifier, record in records if record.get("results"))
    for identifier, record in itertools.islice(scored, 10):
        result = record["results"][0] | {"rating": 1.0 if record["results"][0]["rating"] > 3 else 5.0}
        own.sandbox.edfi.change("evaluationElementRatings", identifier, {"results": [result]})
    third = own.run()
    assert third.is_published
    new = {line.stream: line.records_landed for line in third.streams if line.is_new}
    assert new == {"evaluation_element_ratings": 10}
    scores_after = dict(own.query(scores))
    assert scores_after.keys() == scores_before.keys()
    assert len([key for key, score in scores_after.items() if scores_before[key] != score]) == 10


@pytest.mark.proof
def test_main_line__a_full_refresh_publishes_the_same_rows(own: Home) -> None:
    published = release_rows(own)
    refreshed = own.run(full_refresh=True)
    assert refreshed.is_published and all(line.is_new for line in refreshed.streams)
    assert release_rows(own) == published


def test_main_line__an_open_reader_keeps_answering_through_a_run_and_the_swap(own: Home) -> None:
    file = layout.current_file(own.settings.published, "leaders")
    assert file is not None
    faults: list[Exception] = []
    answers: set[int] = set()
    stop = threading.Event()

    def read() -> None:
        try:
            with duckdb.connect(str(file), read_only=True) as release:
                while not stop.is_set():
                    row = release.execute("select count(*) from expertise").fetchone()
                    answers.add(row[0] if row else -1)
        except Exception as fault:
            faults.append(fault)

    reader = threading.Thread(target=read)
    reader.start()
    report = own.run()
    stop.set()
    reader.join()
    assert report.is_published and layout.current_file(own.settings.published, "leaders") != file
    assert not faults and len(answers) == 1


def test_main_line__a_second_run_fails_at_once_and_names_the_holder(loaded: Loaded) -> None:
    home, _ = loaded
    holding = "import sys;from pathlib import Path;from pipelines.writer_lock import writer_lock\n"
    holding += "with writer_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(home.settings.state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        before = time.monotonic()
        done = expertise(home, "run")
        seconds = time.monotonic() - before
        assert done.returncode == 1 and f"process {holder.pid}" in done.stderr
        assert seconds < 2, seconds
        with pytest.raises(AnotherRunHolds), writer_lock(home.settings.state):
            pass
        holder.stdin.close()
