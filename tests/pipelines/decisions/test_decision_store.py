"""The log of decisions, the same on both engines: what holds, what is refused, what is never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipelines.build_input import write_build_input
from pipelines.decisions import tables
from pipelines.decisions.faults import DecisionRefused
from pipelines.decisions.kinds import NewDecision
from pipelines.decisions.store import FRAME, DecisionStore, decisions_frame
from pipelines.settings import DECISIONS_URL, Settings
from tests.pipelines.decisions.conftest import consent, settings_in

ROOT = Path(__file__).parents[3]


def dispute(decision: str, **changes: object) -> NewDecision:
    return consent(decision, kind="dispute", target_source="competency", target_id="Framework|C-I01", **changes)


def child(settings: Settings, code: str) -> subprocess.Popen[str]:
    """Another process with the same settings; `store` is open in it."""
    start = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pipelines.settings import load_settings\n"
        "from pipelines.decisions.store import DecisionStore\n"
        "from tests.pipelines.decisions.conftest import consent\n"
        "settings = load_settings(Path(sys.argv[1]))\n"
        "store = DecisionStore.open(settings)\n"
    )
    environment = os.environ | {DECISIONS_URL: settings.environment.get(DECISIONS_URL, "")}
    return subprocess.Popen(
        [sys.executable, "-c", start + code, str(settings.path)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class TestDecisionStore:
    """On SQLite and on PostgreSQL alike."""

    def test_store__keeps_who_when_and_why(self, settings: Settings) -> None:
        before = datetime.now(UTC)
        with DecisionStore.open(settings) as store:
            decision_id = store.record(consent(detail={"form": "paper", "páge": 2}))
        with DecisionStore.open(settings) as store:
            (kept,) = store.newest("consent")
        assert kept.decision_id == decision_id and len(decision_id) == 12
        assert (kept.decided_by, kept.reason, kept.decision) == ("Robin Registrar", "asked by letter", "refused")
        assert before <= kept.decided_at == kept.recorded_at <= datetime.now(UTC)
        assert kept.decided_at.tzinfo is UTC
        assert kept.detail == {"form": "paper", "páge": 2}
        assert kept.revocation is None

    def test_store__of_a_thing_the_newest_holds_and_a_revoked_one_does_not(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            first = store.record(consent("granted"))
            second = store.record(consent("refused"))
            other = store.record(consent("granted", target_id="paired"))
            assert {one.decision_id for one in store.newest("consent")} == {second, other}

            store.revoke(second.upper(), "the wrong person", "Sam Second")

            assert {one.decision_id for one in store.newest("consent")} == {first, other}
            revoked = store.history("consent")[1]
            assert revoked.decision_id == second and revoked.revocation is not None
            assert (revoked.revocation.reason, revoked.revocation.revoked_by) == ("the wrong person", "Sam Second")
            assert [one.decision_id for one in store.history()] == [first, second, other]
            assert store.newest("pairing") == [] and store.history("pairing") == []

    def test_store__what_was_decided_earlier_and_recorded_later_does_not_hold(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            store.record(consent("refused"))
            store.record(consent("granted", decided_at=datetime(2026, 9, 1, tzinfo=UTC)))
            assert [one.decision for one in store.newest("consent")] == ["refused"]

    def test_store__a_clock_put_back_leaves_the_last_word_the_newest(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            store.record(consent("granted"))
            with store._database.writing() as connection:  # as recorded before the clock was put back by an hour
                ahead = datetime.now(UTC) + timedelta(hours=1)
                row = dict(connection.execute(sa.select(tables.decisions)).mappings().one())
                row |= {"decided_at": ahead, "recorded_at": ahead, "decision_id": "ahead"}
                del row["recorded_order"]
                connection.execute(tables.decisions.insert().values(**row))
            store.record(consent("refused"))
            assert [one.decision for one in store.newest("consent")] == ["refused"]

    @pytest.mark.parametrize("who", ["", "  ", None])
    def test_store__nothing_is_recorded_or_revoked_without_who_and_why(
        self, settings: Settings, who: str | None
    ) -> None:
        with DecisionStore.open(settings) as store:
            decision_id = store.record(consent())
            for refused in (
                lambda: store.record(consent(decided_by=who)),
                lambda: store.record(consent(reason=who)),
                lambda: store.revoke(decision_id, "a reason", who),  # type: ignore[arg-type]
                lambda: store.revoke(decision_id, who, "somebody"),  # type: ignore[arg-type]
            ):
                with pytest.raises(DecisionRefused, match="is blank"):
                    refused()
            assert [one.revocation for one in store.history()] == [None]

    def test_store__many_are_kept_all_or_none_and_every_fault_has_its_place(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            with pytest.raises(DecisionRefused) as refused:
                store.record_all([consent(), consent("perhaps"), consent(reason="")])
            assert [fault.split(":")[0] for fault in refused.value.faults] == ["decision 2", "decision 3"]
            with pytest.raises(DecisionRefused, match="line 9: a dispute is upheld while it is open"):
                store.record_all([consent(), dispute("upheld")], ["line 4", "line 9"])
            assert store.history() == []
            assert len(store.record_all([consent(), dispute("opened"), dispute("upheld")])) == 3

    def test_store__a_dispute_is_settled_only_while_it_is_open(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            for decision in ("opened", "dismissed", "opened", "upheld"):
                store.record(dispute(decision))
            with pytest.raises(DecisionRefused, match="while it is open"):
                store.record(dispute("dismissed"))
            opened = store.record(dispute("opened"))
            with pytest.raises(DecisionRefused, match="while it is open"):  # settled before it was opened
                store.record(dispute("dismissed", decided_at=datetime(2026, 1, 1, tzinfo=UTC)))
            store.revoke(opened, "by mistake", "Sam Second")
            with pytest.raises(DecisionRefused, match="while it is open"):
                store.record(dispute("upheld"))

    def test_store__of_two_who_settle_a_dispute_at_once_one_is_told(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store, DecisionStore.open(settings) as other:
            store.record(dispute("opened"))
            told: list[str] = []

            def settle() -> None:
                try:
                    told.append(other.record(dispute("dismissed")))
                except DecisionRefused as refused:
                    told.append(str(refused))

            second = threading.Thread(target=settle)
            with store._database.writing() as connection:
                second.start()
                second.join(timeout=0.5)  # it waits for this one, or else it has ended by now
                now = datetime.now(UTC)
                store._insert(connection, dispute("upheld"), now, now)
            second.join()
            assert "while it is open" in told[0]
            assert [one.decision for one in store.history()] == ["opened", "upheld"]

    def test_store__a_decision_is_revoked_once_and_only_one_of_its_own(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            decision_id = store.record(consent())
            store.revoke(decision_id, "by mistake", "Sam Second")
            with pytest.raises(DecisionRefused, match="revoked already"):
                store.revoke(decision_id, "by mistake", "Sam Second")
            with pytest.raises(DecisionRefused, match="no decision has this id"):
                store.revoke("000000000000", "by mistake", "Sam Second")

    def test_store__two_districts_of_one_database_see_their_own(self, settings: Settings, tmp_path: Path) -> None:
        url = settings.read_decisions_url()
        other = settings_in(tmp_path / "other", url, "district: {id: d2, name: Two, timezone: America/Chicago}\n")
        if url is None:
            (tmp_path / "other" / "decisions").symlink_to(tmp_path / "decisions", target_is_directory=True)
        with DecisionStore.open(settings) as mine, DecisionStore.open(other) as theirs:
            decision_id = mine.record(consent())
            assert theirs.history() == [] and theirs.frame().is_empty()
            with pytest.raises(DecisionRefused, match="no decision has this id"):
                theirs.revoke(decision_id, "not mine", "Sam Second")
            theirs.record(consent())
            assert len(mine.history()) == len(theirs.history()) == 1

    def test_store__the_database_itself_refuses_changes(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            store.revoke(store.record(consent()), "by mistake", "Sam Second")
            for statement in (
                "update decisions set reason = 'another'",
                "delete from decisions",
                "update decision_revocations set reason = 'another'",
                "delete from decision_revocations",
            ):
                with pytest.raises(sa.exc.DBAPIError, match="decisions are never changed"):
                    with store._database.writing() as connection:
                        connection.exec_driver_sql(statement)
            with pytest.raises(sa.exc.DBAPIError) as raised, store._database.writing() as connection:
                connection.execute(tables.decisions.update().values(reason="Robin's own words"))
            assert "Robin" not in str(raised.value)
            assert [one.reason for one in store.history()] == ["asked by letter"]

    def test_store__the_frame_holds_the_whole_log(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            assert store.frame().schema == pl.Schema(FRAME) and store.frame().is_empty()
            first = store.record(consent("granted", detail={"form": 1}))
            store.revoke(first, "by mistake", "Sam Second")
            second = store.record(consent("refused"))
            frame = store.frame()
        assert frame.schema == pl.Schema(FRAME)
        assert frame["decision_id"].to_list() == [first, second]
        assert frame["detail"].to_list() == ['{"form": 1}', None]
        assert frame["revoked_by"].to_list() == ["Sam Second", None]
        assert frame["decided_at"].to_list() == [one.decided_at for one in DecisionStore.open(settings).history()]

    def test_store__a_run_makes_no_database_and_reads_the_one_there_is(self, settings: Settings) -> None:
        assert DecisionStore.open_existing(settings) is None
        write_build_input(settings, date(2026, 11, 15))
        written = pl.read_parquet(settings.build_input / "decisions.parquet")
        assert written.schema == pl.Schema(FRAME) and written.is_empty()
        assert not settings.decisions.parent.exists()
        assert DecisionStore.open_existing(settings) is None

        with DecisionStore.open(settings) as store:
            decision_id = store.record(consent())
        write_build_input(settings, date(2026, 11, 15))
        written = pl.read_parquet(settings.build_input / "decisions.parquet")
        assert written["decision_id"].to_list() == [decision_id]
        assert written["district_id"].to_list() == ["d1"]

    def test_store__processes_that_open_it_first_at_once_all_succeed(self, settings: Settings) -> None:
        code = "for number in range(5): store.record(consent(roster_id=f'{os.getpid()}-{number}'))"
        children = [child(settings, code) for _ in range(3)]
        ended = [one.communicate(timeout=60) for one in children]
        assert [one.returncode for one in children] == [0, 0, 0], ended
        with DecisionStore.open(settings) as store:
            assert len({one.subject_id for one in store.history()}) == 15

    def test_store__a_killed_writer_loses_nothing_kept_and_leaves_no_half(self, settings: Settings) -> None:
        code = (
            "for number in range(10_000):\n"
            "    ids = store.record_all([consent(roster_id=f'{number}-{part}') for part in range(20)])\n"
            "    print(number, flush=True)\n"
        )
        writer = child(settings, code)
        assert writer.stdout is not None
        kept = [writer.stdout.readline() for _ in range(5)]
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate(timeout=60)[0]
        said = {line.strip() for line in [*kept, *rest.splitlines()] if line.strip()}
        assert writer.returncode == -signal.SIGKILL and len(said) >= 5

        with DecisionStore.open(settings) as store:
            batches = [one.subject_id.split("-")[0] for one in store.history()]
            assert said <= set(batches) and len(set(batches)) <= len(said) + 1
            assert {batches.count(batch) for batch in set(batches)} == {20}
            store.record(consent())

    def test_store__a_writer_killed_before_its_commit_leaves_what_was(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:
            store.record(consent())
        code = (
            "from datetime import UTC, datetime\n"
            "from pipelines.decisions import tables\n"
            "now = datetime.now(UTC)\n"
            "row = dict(district_id='d1', decision_kind='consent', subject_source='files', target_source='consent',\n"
            "    target_id='named', decision='refused', reason='x' * 900, decided_by='r', decided_at=now,\n"
            "    recorded_at=now)\n"
            "with store._database.writing() as connection:\n"  # more than the cache holds: the file is written to
            "    connection.execute(tables.decisions.insert(),\n"
            "        [row | {'decision_id': f'id-{n}', 'subject_id': str(n)} for n in range(4000)])\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        writer = child(settings, code)
        assert writer.wait(timeout=60) == -signal.SIGKILL
        if settings.read_decisions_url() is None:
            assert settings.decisions.with_name("decisions.sqlite-journal").stat().st_size > 0
        assert decisions_frame(settings).height == 1
        with DecisionStore.open(settings) as store:
            store.record(consent("granted"))
            assert len(store.history()) == 2

    def test_store__a_run_reads_whole_batches_while_a_person_writes(self, settings: Settings) -> None:
        DecisionStore.open(settings).close()
        is_done = threading.Event()
        heights: list[int] = []

        def read() -> None:
            while not is_done.is_set():
                heights.append(decisions_frame(settings).height)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            with DecisionStore.open(settings) as store:
                for number in range(8):
                    store.record_all([consent(roster_id=f"{number}-{part}") for part in range(10)])
        finally:
            is_done.set()
            reader.join()
        assert heights == sorted(heights) and {height % 10 for height in heights} == {0}
        assert decisions_frame(settings).height == 80

    def test_store__an_odd_but_valid_text_comes_back_as_it_was(self, settings: Settings) -> None:
        with DecisionStore.open(settings) as store:

            @given(st.text(min_size=1, max_size=50))
            @hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
            def round_trip(text: str) -> None:
                try:
                    decision_id = store.record(consent(roster_id=text, detail={"said": text}))
                except DecisionRefused:
                    return
                kept = store.history()[-1]
                assert kept.decision_id == decision_id
                assert kept.subject_id == text.strip() and kept.detail == {"said": text}

            round_trip()
