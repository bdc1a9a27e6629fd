"""What a build gives with all, some and no sources.

Belongs here: whole builds over planted rows. Does not belong here: single rules (dbt unit
tests beside the models).
"""

from __future__ import annotations

from tests.dbt.conftest import Built


def test_tiny_district__everything_passes_unit_tests_included(tiny: Built) -> None:
    assert tiny.not_passed() == []
    assert sum(result["unique_id"].startswith("unit_test.") for result in tiny.results) >= 14


def test_tiny_district__bands_are_the_planted_ones(tiny: Built) -> None:
    found = dict(
        tiny.rows(
            "select staff.staff_name, expertise.band from fct_expertise as expertise "
            "join dim_staff as staff using (staff_key) join dim_competencies using (competency_key) "
            "where competency_code = 'C-I06'"
        )
    )
    assert found == {
        "Ada Expert": "expert",
        "Ben Need": "need",
        "Cy Strong": "strong practice",
        "Di Demonstrated": "demonstrated",
        # as good as the best, but seen twice: not surely an expert
        "Gus Unnamed": "developing",
        "Hal Once": "not enough evidence",
        "Ida Developing": "developing",
        # once poor and once good
        "Lee Left": "developing",
    }


def test_tiny_district__an_estimate_is_the_formula_on_the_scores_as_given(tiny: Built) -> None:
    """Six people are too few for variances: one observation has the reliability 0.37; nobody is without a row."""
    estimates = tiny.rows(
        "select staff_name, observation_count, rater_count, year_count, observed_result, reliability, "
        "effective_observation_count, probability_expert, posterior_sd "
        "from fct_element_expertise join dim_staff using (staff_key) where is_current order by staff_name"
    )
    counts = {name: tuple(rest[:4]) for name, *rest in estimates}
    assert counts["Ada Expert"] == (2, 2, 1, "observed_expert")  # the one of 2021 is too old
    assert counts["Cy Strong"] == (3, 3, 1, "observed_expert")
    assert counts["Hal Once"] == (1, 1, 1, None)
    for _, *_, reliability, effective, _, posterior_sd in estimates:
        assert abs(reliability - effective * 0.37 / (effective * 0.37 + 0.63)) < 1e-9
        assert posterior_sd > 0.2
    assert tiny.rows(
        "select teacher_count, is_connected, is_adjusted from int_expertise__rater_effects order by all desc"
    ) == [(7, True, True), (6, True, True), (1, True, False), (1, True, False)]


def test_tiny_district__past_school_years_are_told_from_their_last_day(tiny: Built) -> None:
    years = tiny.rows(
        "select school_year, as_of_date::varchar, is_current from int_expertise__school_years_listed order by 1"
    )
    assert years == [(2022, "2022-06-30", False), (2026, "2026-06-30", False), (2027, "2026-11-15", True)]
    then = tiny.rows(
        "select school_year, band from fct_expertise_by_year join dim_staff using (staff_key) "
        "join dim_competencies using (competency_key) "
        "where staff_name = 'Ida Developing' and competency_code = 'C-I06' order by 1"
    )
    # the credential of Ida's lapsed on the first of June
    assert then == [(2026, "developing"), (2027, "developing")]
    current = tiny.rows("select count(*) from fct_expertise_by_year where is_current")
    assert current == tiny.rows("select count(*) from fct_expertise")


def test_tiny_district__final_observations_count_on_their_local_date_under_their_own_person(tiny: Built) -> None:
    """Nobody is 999999, a draft and an archived slip are kept and count nowhere, a changed score is in history."""
    assert tiny.rows(
        "select roster_id, score, observed_date::varchar, is_usable from fct_evaluation_scores "
        "join dim_staff using (staff_key) where source_record_id = 'o-1|m-1'"
    ) == [("004219", 5, "2026-03-15", True)]
    assert tiny.rows("select count(*) from fct_evaluation_scores where connection = 'observe'") == [(1,)]
    assert tiny.rows("select observation_id_grow from stg_grow__observations where not is_final order by 1") == [
        ("o-2",),
        ("o-3",),
    ]
    assert tiny.rows(
        "select source_record_id, score_before, score, is_after_publication from fct_evaluation_score_changes"
    ) == [("o-1|m-1", 4, 5, True)]
    assert tiny.rows("select measure, value, level from fct_evaluation_summaries where connection = 'observe'") == [
        ("classroom observation overall", 5, None)
    ]
    assert tiny.rows(
        "select count(*) from int_quality__records_flagged where check_name = 'employee_number_of_several_people'"
    ) == [(2,)]


def test_tiny_district__who_declined_is_not_named(tiny: Built) -> None:
    names = {name for (name,) in tiny.rows("select staff_name from pub_leaders__expertise")}
    assert "Ada Expert" in names
    assert None in names
    assert "Gus Unnamed" not in names


def test_tiny_district__an_award_in_three_records_and_its_reissue_count_once(tiny: Built) -> None:
    assert tiny.rows("select record_count from fct_credential_awards where award_id = 'a-ada-1'") == [(3,)]
    assert tiny.rows("select award_count from pub_leaders__expertise where staff_name = 'Ada Expert'") == [(1,)]


def test_tiny_district__unmatched_awards_are_listed_with_their_reason(tiny: Built) -> None:
    assert tiny.rows("select stream, record_id, reason from pub_analysts__unmatched_records order by all") == [
        ("assertions", "a-private", "no_match"),
        ("assertions", "a-twins", "ambiguous"),
        ("issued_badges", "c-private", "no_match"),
    ]


def test_tiny_district__issued_badges_are_found_by_staff_id_before_address(tiny: Built) -> None:
    assert tiny.rows(
        "select award_id, staff_name, is_revoked, is_demonstrated from fct_credential_awards "
        "left join dim_staff using (staff_key) where source_system = 'credly' order by all"
    ) == [
        ("c-di", "Di Demonstrated", False, True),
        ("c-di-id-only", "Di Demonstrated", False, True),
        ("c-di-replaced", "Di Demonstrated", True, False),
        ("c-private", None, False, True),
        ("c-two-people", "Lee Left", True, False),
    ]
    findings = tiny.rows(
        "select source_record_id from int_quality__records_flagged where check_name like 'ids_and_email%'"
    )
    assert findings == [("c-two-people",)]


def test_tiny_district__case_items_are_competencies_and_what_alignments_mean(tiny: Built) -> None:
    competencies = tiny.rows(
        "select framework, competency_code, competency_name, case_identifier, is_in_use from dim_competencies "
        "where case_identifier is not null order by all"
    )
    assert competencies == [
        ("District Teaching Competencies", "C-I06", "Questioning", "i06", True),
        ("Theirs", "T-1", "The teacher does t1.", "t1", False),
        ("Theirs", "T-2", "The teacher does t2.", "t2", False),
    ]
    alignments = tiny.rows(
        "select item_type, status, stated_by, competencies.competency_code from bridge_alignments "
        "join dim_competencies as competencies using (competency_key) "
        "where stated_by in ('credly', 'case') order by all"
    )
    assert alignments == [
        ("case_item", "proposed", "case", "C-I06"),
        ("micro_credential", "approved", "credly", "C-I06"),
    ]
    assert (
        tiny.rows("select distinct competency_code from pub_leaders__competencies where competency_code like 'T-%'")
        == []
    )


def test_tiny_district__leavers_are_not_active(tiny: Built) -> None:
    assert tiny.rows("select is_active from dim_staff where staff_name = 'Lee Left'") == [(False,)]
    assert tiny.rows("select count(*) from dim_staff where is_active") == [(9,)]


def test_tiny_district__hours_attended_and_dollars_unmapped(tiny: Built) -> None:
    assert tiny.rows("select sum(attended_hours), sum(reported_hours) from fct_pd_participation") == [(6, 12)]
    assert tiny.rows("select function_code, object_code, amount_usd::varchar from pub_analysts__unmapped_spending") == [
        ("3300", "710", "1200.50")
    ]


def test_tiny_district__the_study_has_earners_and_every_dollar_of_the_ledger(tiny: Built) -> None:
    """Revoked and unapproved awards make nobody an earner; an award of 2026 counts from 2027."""
    earners = tiny.rows(
        "select distinct staff_name, first_treated_year from pub_evaluators__study_panel "
        "join dim_staff using (staff_key) where first_treated_year is not null order by 1"
    )
    assert earners == [("Ada Expert", 2027), ("Ben Need", 2027), ("Di Demonstrated", 2027), ("Ida Developing", 2027)]
    # 500 of PD over the six hours that Ada attended; nobody's pay is on record, so time has no price
    assert tiny.rows(
        "select staff_name, ingredient, sum(quantity), sum(amount_usd) from pub_evaluators__study_costs "
        "join dim_staff using (staff_key) where arm = 'traditional' group by all order by all"
    ) == [("Ada Expert", "participant time", 6, None), ("Ada Expert", "spending on PD", 6, 500)]
    assert tiny.rows(
        "select category, payer, sum(amount_usd)::varchar from pub_evaluators__pd_spending_summary group by all"
    ) == [("training", "unknown", "500.00")]
    assert tiny.rows("select function_code, amount_usd::varchar from pub_evaluators__unmapped_spending") == [
        ("3300", "1200.50")
    ]


def test_tiny_district__a_licence_joins_its_person_and_ratings(tiny: Built) -> None:
    assert tiny.rows(
        "select count(distinct licence_key), count(distinct evaluation_score_key), count(licences.staff_key) "
        "from fct_evaluation_scores join fct_licences as licences using (person_key)"
    ) == [(1, 2, 2)]


def test_tiny_district__evaluators_get_no_person(tiny: Built) -> None:
    columns = tiny.rows("select distinct column_name from duckdb_columns() where table_name like 'pub_evaluators__%'")
    forbidden = {
        "staff_name",
        "first_name",
        "last_name",
        "email",
        "roster_id",
        "licence_id",
        "vendor_name",
        "description",
    }
    assert not forbidden & {name for (name,) in columns}


def test_all_dark__builds_empty_and_typed(all_dark: Built, tiny: Built) -> None:
    assert all_dark.not_passed() == []
    shapes = [
        built.rows(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'main' order by all"
        )
        for built in (all_dark, tiny)
    ]
    assert shapes[0] == shapes[1]
    assert all_dark.rows("select count(*) from pub_leaders__expertise") == [(0,)]
    assert all_dark.rows("select distinct state from pub_analysts__sources") == [("dark",)]


def test_without_roster__awards_stand_and_nobody_is_named(without_roster: Built) -> None:
    assert without_roster.not_passed() == []
    assert without_roster.rows("select count(*) > 0, count(staff_key) from fct_credential_awards") == [(True, 0)]
    assert without_roster.rows("select count(*) from dim_staff") == [(0,)]
    assert without_roster.rows("select count(*) from pub_leaders__expertise") == [(0,)]
    assert without_roster.rows("select distinct reason from pub_analysts__unmatched_records") == [("no_roster",)]
