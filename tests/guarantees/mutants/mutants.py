"""Faults put into the product on purpose, one at a time, each with the test that must then fail.

Belongs here: the list. Does not belong here: applying them (copy), the command (__main__).

A mutant is worth having where a guarantee hangs on few words of code: a cursor read from
the wrong run, a check that is passed over, a guard that lets everything through. A test
that stays green with the fault in place tests something else than its name says.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One fault.

    file: the file that is changed, from the top of the repository. old, new: the text that
    must stand in it exactly once, and what takes its place. test: pytest's name of what
    must fail, and end whatever is broken. guarantee: as the README numbers them.
    """

    name: str
    guarantee: str
    file: str
    old: str
    new: str
    test: str


_LANDING = "tests/connectors/core/test_landing.py"
_HTTP = "tests/connectors/core/test_http.py"
_PAGING = "tests/connectors/core/test_paging.py"
_RELEASE = "tests/pipelines/publish/test_release.py"
_G6 = "tests/guarantees/test_g06_incremental_equals_full.py"
_G7 = "tests/guarantees/test_g07_order_does_not_matter.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="cursor_from_a_run_nobody_accepted",
        guarantee="G2",
        file="connectors/core/landing/state.py",
        old="        newest = self.accepted[-1].manifest\n",
        new="        newest = self.runs[-1].manifest\n",
        test=f"{_LANDING}::test_pull__the_cursor_comes_from_the_newest_accepted_run_only",
    ),
    Mutant(
        name="verdict_ignored",
        guarantee="G5",
        file="connectors/core/landing/state.py",
        old=' and self.verdict is not None and self.verdict.outcome == "accepted"\n',
        new="\n",
        test=f"{_LANDING}::test_pull__the_cursor_comes_from_the_newest_accepted_run_only",
    ),
    Mutant(
        name="cursor_does_not_survive_in_the_manifest",
        guarantee="G2",
        file="connectors/core/landing/writer.py",
        old="            cursor=pulled.cursor,\n",
        new="            cursor=None,\n",
        test=f"{_LANDING}::test_pull__the_cursor_comes_from_the_newest_accepted_run_only",
    ),
    Mutant(
        name="manifest_without_its_data",
        guarantee="G2",
        file="connectors/core/landing/writer.py",
        old="        self._folder.rename(final)\n",
        new="        final.mkdir()\n",
        test=f"{_LANDING}::test_landing__types_every_declared_field_and_keeps_the_rest",
    ),
    Mutant(
        name="orphan_folder_loaded",
        guarantee="G1",
        file="connectors/core/landing/layout.py",
        old="    finished = set(run_folders(folder))\n",
        new='    finished = set(folder.glob(f"{RUN_PREFIX}*"))\n',
        test=f"{_LANDING}::test_pull__what_a_killed_run_left_is_swept",
    ),
    Mutant(
        name="retried_page_set_lands_twice",
        guarantee="G1",
        file="connectors/core/pull.py",
        old=(
            "        for attempt in range(1, PAGE_SET_TRIES + 1):\n"
            "            with LandingWriter(folder, identity, on_records=on_records) as writer:\n"
        ),
        new=(
            "        with LandingWriter(folder, identity, on_records=on_records) as writer:\n"
            "            for attempt in range(1, PAGE_SET_TRIES + 1):\n"
        ),
        test=f"{_LANDING}::test_pull__a_short_page_set_is_pulled_once_more_then_fails",
    ),
    Mutant(
        name="short_page_set_accepted",
        guarantee="G8",
        file="connectors/core/pull.py",
        old="    if pulled.reported_total is None:\n        return True\n",
        new="    return True\n",
        test=f"{_LANDING}::test_pull__a_short_page_set_is_pulled_once_more_then_fails",
    ),
    Mutant(
        name="rejects_without_a_limit",
        guarantee="G11",
        file="connectors/core/landing/writer.py",
        old="        if share > allowed:\n",
        new="        if share > 1:\n",
        test=f"{_LANDING}::test_landing__too_many_rejects_fail_the_run_and_leave_only_the_reason",
    ),
    Mutant(
        name="missing_required_field_goes_by",
        guarantee="G11",
        file="connectors/core/landing/writer.py",
        old="        if absent and self._rows_seen:\n",
        new="        if absent and not self._rows_seen:\n",
        test=f"{_LANDING}::test_landing__a_required_field_missing_everywhere_names_what_came_instead",
    ),
    Mutant(
        name="last_page_dropped",
        guarantee="G8",
        file="connectors/core/paging.py",
        old=(
            "        yield guard.count(Page(response, records(response)))\n"
            '        token = response.headers.get(token_header, "")\n'
            "        if not token:\n"
            "            return\n"
        ),
        new=(
            '        token = response.headers.get(token_header, "")\n'
            "        if not token:\n"
            "            return\n"
            "        yield guard.count(Page(response, records(response)))\n"
        ),
        test=f"{_PAGING}::test_chain__goes_on_over_empty_and_short_pages",
    ),
    Mutant(
        name="loop_of_links_followed",
        guarantee="G10",
        file="connectors/core/paging.py",
        old="        if cursor in self._seen:\n",
        new="        if cursor in self._seen and self._records > 50:\n",
        test=f"{_PAGING}::test_loop__is_found_within_two_extra_requests",
    ),
    Mutant(
        name="pages_without_end",
        guarantee="G10",
        file="connectors/core/paging.py",
        old="        if self._records > self._limits.max_records:\n",
        new="        if self._records > self._limits.max_records + 50:\n",
        test=f"{_PAGING}::test_chain_without_end__stops_at_max_records",
    ),
    Mutant(
        name="retry_without_bound",
        guarantee="G10",
        file="connectors/core/http.py",
        old="                if tries >= self.limits.max_tries or elapsed + wait >= self.limits.max_total:\n",
        new="                if elapsed + wait >= self.limits.max_total:\n",
        test=f"{_HTTP}::test_server_fault__ends_after_the_tries",
    ),
    Mutant(
        name="half_a_gzip_stream_taken_for_all",
        guarantee="G8",
        file="connectors/core/http.py",
        old="        if gunzip is not None and received and not gunzip.is_complete:\n",
        new="        if gunzip is not None and not received and not gunzip.is_complete:\n",
        test=f"{_HTTP}::test_incomplete_body__is_repeated_and_then_raised",
    ),
    Mutant(
        name="revoked_awards_not_asked_for",
        guarantee="G9",
        file="connectors/badgr/client.py",
        old='"include_revoked": "true"',
        new='"include_revoked": "false"',
        test="tests/connectors/badgr/test_badgr_client.py"
        "::test_first_pull__reads_awards_of_every_issuer_expired_and_revoked_too",
    ),
    Mutant(
        name="delete_ignored",
        guarantee="G9",
        file="connectors/edfi/client.py",
        old="            sink.add_deletes(gone)\n",
        new="            pass\n",
        test="tests/connectors/edfi/test_edfi_client.py::test_incremental__applies_upserts_then_deletes_of_one_window",
    ),
    Mutant(
        name="window_starts_one_change_too_late",
        guarantee="G6",
        file="connectors/edfi/client.py",
        old='{"minChangeVersion": str(saved + 1)',
        new='{"minChangeVersion": str(saved + 2)',
        test="tests/connectors/edfi/test_edfi_client.py::test_incremental__applies_upserts_then_deletes_of_one_window",
    ),
    Mutant(
        name="oldest_version_wins",
        guarantee="G6",
        file="dbt_project/macros/newest_records.sql",
        old="                    versions._run_id desc,\n",
        new="                    versions._run_id,\n",
        test=f"{_G6}::test_newest_records__any_history_gives_what_the_platform_holds",
    ),
    Mutant(
        name="what_a_full_pull_no_longer_brings_stays",
        guarantee="G9",
        file="dbt_project/macros/newest_records.sql",
        old="                    when versions._change = 'delete' or versions._is_before_reset then 0\n",
        new="                    when versions._change = 'delete' then 0\n",
        test=f"{_G6}::test_newest_records__any_history_gives_what_the_platform_holds",
    ),
    Mutant(
        name="tie_broken_by_place",
        guarantee="G7",
        file="dbt_project/macros/newest_records.sql",
        old="                    versions._run_id desc,\n                    versions._record_hash\n",
        new="                    versions._run_id desc\n",
        test=f"{_G7}::test_newest_records__do_not_depend_on_the_order_of_rows",
    ),
    Mutant(
        name="release_checks_passed_over",
        guarantee="G5",
        file="pipelines/publish/release.py",
        old="            failures += found\n",
        new="            failures += []\n",
        test=f"{_RELEASE}::test_publish__a_failed_check_publishes_nothing",
    ),
    Mutant(
        name="swap_before_the_checks",
        guarantee="G4",
        file="pipelines/publish/release.py",
        old="        if failures:\n            raise ReleaseCheckFailed",
        new=(
            "        place_releases(published_folder, info.release_id)\n"
            "        point_to(published_folder, info.release_id)\n"
            "        if failures:\n            raise ReleaseCheckFailed"
        ),
        test=f"{_RELEASE}::test_publish__a_failed_check_publishes_nothing",
    ),
    Mutant(
        name="open_release_swept",
        guarantee="G4",
        file="pipelines/publish/release.py",
        old='[sys.executable, "-I", str(Path(sweep_program.__file__)), *map(str, old)],',
        new='["rm", "-v", *map(str, old)],',
        test=f"{_RELEASE}::test_sweep__spares_a_release_that_another_process_has_open",
    ),
    Mutant(
        name="evaluators_get_names",
        guarantee="G13",
        file="pipelines/publish/release.py",
        old='    hides = audience == "evaluators"\n',
        new='    hides = audience == "nobody"\n',
        test="tests/privacy/test_evaluators_release.py::test_canary__no_cell_and_no_byte_identifies_anybody",
    ),
    Mutant(
        name="lock_not_taken",
        guarantee="G12",
        file="pipelines/writer_lock.py",
        old="        lock.acquire(blocking=False)\n",
        new="        pass\n",
        test="tests/pipelines/test_writer_lock.py::test_writer_lock__a_second_writer_fails_at_once_and_names_the_holder",
    ),
    Mutant(
        name="token_used_before_it_is_saved",
        guarantee="G2",
        file="connectors/core/auth.py",
        old="        self._file.write(tokens)\n        return tokens\n",
        new="        return tokens\n",
        test="tests/connectors/core/test_auth.py::test_new_token__is_on_disk_before_its_first_use",
    ),
    Mutant(
        name="mass_deletion_let_through",
        guarantee="G9",
        file="expectations/runner.py",
        old="    if known and (total == 0 or (is_compared and total < size.shrinks_below * known)):\n",
        new="    if known and (total == 0 or (is_compared and total < 0)):\n",
        test="tests/expectations/test_judging.py::test_judge__size_of_a_full_delivery",
    ),
    Mutant(
        name="withheld_field_lands",
        guarantee="G13",
        file="connectors/badgr/streams.py",
        old='    withheld=("narrative", "revocationReason", "createdBy"),\n',
        new='    withheld=("revocationReason", "createdBy"),\n',
        test="tests/privacy/test_canaries.py::test_canaries__no_withheld_value_stands_in_any_file",
    ),
    Mutant(
        name="refunds_fall_out_of_the_ledger",
        guarantee="G8",
        file="dbt_project/models/marts/fct_pd_spending.sql",
        old="from {{ ref('int_spending__lines_categorised') }}\n",
        new="from {{ ref('int_spending__lines_categorised') }}\nwhere amount_usd > 0\n",
        test="tests/dbt/test_builds.py::test_tiny_district__everything_passes_unit_tests_included",
    ),
    Mutant(
        name="deleted_ratings_count_in_the_month",
        guarantee="G6",
        file="connectors/edfi/client.py",
        old="        gone = sorted(deleted - present)\n",
        new="        gone: list[str] = []\n",
        test=f"{_G6}::test_incremental__live_rows_equal_those_of_a_full_pull",
    ),
)
