"""The synthetic district: the same for a seed, and holding what it is said to hold."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest

from connectors.sandbox import observations, truth
from connectors.sandbox.awards import NEVER
from connectors.sandbox.district import District, generate
from connectors.sandbox.people import TEACHER
from connectors.sandbox.rubric import BADGE_CLASSES, ELEMENTS, EXPERT_LEVEL, ISSUERS, NEED_LEVEL
from connectors.sandbox.schools import planted_expertise


def _parts(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _assert_same(one: Any, other: Any, name: str = "district") -> None:
    if isinstance(one, pl.DataFrame):
        assert one.equals(other), name
    elif isinstance(one, np.ndarray):
        assert np.array_equal(one, other), name
    elif dataclasses.is_dataclass(one):
        for part, value in _parts(one).items():
            _assert_same(value, getattr(other, part), f"{name}.{part}")
    else:
        assert one == other, name


def test_generate__same_seed_same_district(district: District) -> None:
    _assert_same(district, generate(teachers=40))


def test_generate__other_seed_other_district(district: District) -> None:
    other = generate(seed=8, teachers=40)
    assert not district.staffing.people["staff_id"].equals(other.staffing.people["staff_id"])
    assert not district.earned.awards["award_id"].equals(other.earned.awards["award_id"])


def test_generate__refuses_a_district_without_room() -> None:
    with pytest.raises(ValueError, match="at least one teacher per school"):
        generate(teachers=3, schools=8)


def test_rubric__has_what_the_seeds_repeat() -> None:
    assert len(ELEMENTS) == 23
    assert len(BADGE_CLASSES) == 120
    assert len(ISSUERS) == 4
    aligned = [badge_class for badge_class in BADGE_CLASSES if badge_class.is_aligned_on_platform]
    assert len(aligned) == 23 * 4


def test_roster__every_position_is_filled_every_year(whole_district: District) -> None:
    taught = whole_district.staffing.roster.filter(pl.col("role") == TEACHER)
    assert taught.group_by("school_year").len()["len"].to_list() == [600] * 5
    assert taught.select("staff_id", "school_year").is_unique().all()
    assert whole_district.staffing.roster["school_id"].n_unique() == 8


def test_people__leave_join_move_and_change_name(district: District, whole_district: District) -> None:
    for each in (district, whole_district):
        people = each.staffing.people
        assert people.filter(pl.col("last_year") < each.years[-1]).height > 0
        assert people.filter(pl.col("first_year") > each.years[0]).height > 0
        assert people["new_email"].is_not_null().sum() == people["renamed_year"].is_not_null().sum() > 0
        addresses = pl.concat([people["email"], people["new_email"].drop_nulls()])
        assert addresses.is_unique().all()
        assert people["staff_id"].is_unique().all()
        assert people["staff_id"].str.starts_with("0").any()
    people = whole_district.staffing.people
    assert people["move_year"].is_not_null().sum() > 20
    assert 0.92 < people["has_person_reference"].mean() < 0.98  # type: ignore[operator]


def test_roster__letter_case_of_addresses_is_noise(whole_district: District) -> None:
    shouted = whole_district.staffing.roster.filter(pl.col("email") != pl.col("email").str.to_lowercase())
    assert 20 < shouted.height < 400


def test_awards__about_half_of_the_teachers_earn(whole_district: District) -> None:
    teachers = (whole_district.staffing.people["role"] == TEACHER).to_numpy()
    assert 0.42 < whole_district.earned.is_earner[teachers].mean() < 0.58
    assert not whole_district.earned.is_earner[~teachers].any()


def test_awards__some_are_revoked_expired_reissued_hashed_and_private(
    district: District, whole_district: District
) -> None:
    for each in (district, whole_district):
        awards = each.earned.awards
        now = datetime(each.as_of.year, each.as_of.month, each.as_of.day, tzinfo=UTC)
        assert awards["is_revoked"].sum() > 0
        assert awards.filter(pl.col("expires_at") < now).height > 0
        again = awards.filter("is_reissue")
        assert again.height > 0
        firsts = awards.filter(~pl.col("is_reissue") & pl.col("on_platform"))
        assert again.join(firsts, on=["person", "badge_class_id"], how="semi").height == again.height
        assert awards["award_id"].is_unique().all()
        assert awards["issued_at"].max() < now  # type: ignore[operator]
    awards = whole_district.earned.awards
    kinds = dict(awards.group_by("kind").len().rows())
    assert kinds["hashed"] > 0.06 * awards.height
    assert 5 < kinds["private"] < 0.04 * awards.height
    # the running school year too
    assert awards.filter(pl.col("issued_at") > datetime(2026, 7, 1, tzinfo=UTC)).height > 20


def test_awards__go_to_the_address_of_their_time(whole_district: District) -> None:
    renamed = whole_district.staffing.people.filter(pl.col("renamed_year").is_not_null())
    plain = whole_district.earned.awards.filter(pl.col("kind") != "private").join(renamed, on="person")
    sent_to = plain["address"].str.to_lowercase()
    assert (sent_to == plain["email"]).sum() > 0
    assert (sent_to == plain["new_email"]).sum() > 0
    assert ((sent_to == plain["email"]) | (sent_to == plain["new_email"])).all()


def test_submissions__end_in_every_way(district: District, whole_district: District) -> None:
    for each in (district, whole_district):
        submissions = each.earned.submissions
        assert set(submissions["outcome"]) == {"awarded", "returned", "withdrawn", "pending"}
        assert submissions["submission_id"].is_unique().all()
        awarded = submissions.filter(pl.col("outcome") == "awarded")
        assert awarded.join(each.earned.awards, on="award_id", how="semi").height == awarded.height
        assert awarded["assessor_id"].is_not_null().all()
        assert submissions.filter(pl.col("outcome") == "pending")["decided_date"].is_null().all()


def test_observations__two_or_three_a_year_by_several_raters(whole_district: District) -> None:
    observed = whole_district.observed.observations
    per_year = observed.group_by("person", "school_year").agg(pl.len(), raters=pl.col("rater").n_unique())
    assert set(per_year["len"]) == {2, 3}
    assert per_year["raters"].max() == 3
    assert observed.select("person", pl.col("observed_at").dt.date()).is_unique().all()
    assert observed.filter(pl.col("school_year") != whole_district.export_year).height * 23 > 150_000
    year_of = pl.col("observed_at").dt.offset_by("6mo").dt.year()
    assert observed.select((year_of == pl.col("school_year")).all()).item()


def test_scores__are_one_to_five_with_blanks(whole_district: District) -> None:
    scores = whole_district.observed.scores
    assert set(np.unique(scores)) == {0, 1, 2, 3, 4, 5}
    assert 0.02 < (scores == 0).mean() < 0.04


def test_truth__every_element_has_experts_and_needs(whole_district: District) -> None:
    levels = truth.levels(whole_district)
    shares = levels.group_by("element_code").agg(
        experts=(pl.col("level") >= EXPERT_LEVEL).mean(), needs=(pl.col("level") < NEED_LEVEL).mean()
    )
    assert shares.height == 23
    assert shares["experts"].is_between(0.19, 0.26).all()
    assert shares["needs"].is_between(0.2, 0.4).all()


def test_truth__earners_start_lower(whole_district: District) -> None:
    teachers = (whole_district.staffing.people["role"] == TEACHER).to_numpy()
    earns, levels = whole_district.earned.is_earner[teachers], whole_district.observed.levels[teachers]
    assert levels[earns].mean() - levels[~earns].mean() == pytest.approx(observations.EARNER_GAP, abs=0.06)
    # and it shows in the year before anyone had an award
    first = whole_district.observed.observations.filter(pl.col("school_year") == whole_district.export_year)
    scores = whole_district.observed.scores[first["observation"].to_numpy()].astype(float)
    scores[scores == 0] = np.nan
    earned = whole_district.earned.is_earner[first["person"].to_numpy()]
    assert np.nanmean(scores[earned]) < np.nanmean(scores[~earned]) - 0.04


def test_truth__an_award_lifts_its_element_from_the_next_year(whole_district: District) -> None:
    observed, earned = whole_district.observed, whole_district.earned
    person = observed.observations["person"].to_numpy()
    year = observed.observations["school_year"].to_numpy()
    severity = dict(observed.raters.select("person", "severity").rows())
    strict = np.array([severity[rater] for rater in observed.observations["rater"]])
    rest = observed.scores - observed.levels[person] + strict[:, None]
    rest = np.where(observed.scores > 0, rest, np.nan)
    starts = earned.effect_from[person]
    after, before = starts <= year[:, None], (starts > year[:, None]) & (starts != NEVER)
    assert after.sum() > 1500
    lift = np.nanmean(rest[after]) - np.nanmean(rest[before])
    assert lift == pytest.approx(observations.AWARD_EFFECT, abs=0.05)


def test_truth__strict_raters_give_lower_scores(whole_district: District) -> None:
    observed = whole_district.observed
    means = (
        observed.observations.with_columns(mean=pl.Series(observed.scores.sum(1) / (observed.scores > 0).sum(1)))
        .group_by(person="rater")
        .agg(pl.col("mean").mean())
        .join(observed.raters, on="person")
    )
    assert np.corrcoef(means["mean"], means["severity"])[0, 1] < -0.7
    assert observed.raters["severity"].std() > 0.1  # type: ignore[operator]


def test_truth__is_written_to_one_file(district: District, tmp_path: Path) -> None:
    truth.write(district, tmp_path / "truth" / "truth.json")
    written = orjson.loads((tmp_path / "truth" / "truth.json").read_bytes())
    assert written["parameters"]["award_effect"] == observations.AWARD_EFFECT
    assert written["counts"]["awards_revoked"] == district.earned.awards["is_revoked"].sum()
    assert len(written["levels"]["level"]) == written["counts"]["teachers"] * 23
    assert len(written["raters"]["severity"]) == district.observed.raters.height


def test_ledger__is_as_messy_as_a_real_one(whole_district: District) -> None:
    ledger = whole_district.ledger
    assert ledger["ledger_line_id"].is_unique().all()
    reversals = ledger.filter("is_reversal")
    assert reversals.height > 50
    assert (reversals["amount_usd"] < 0).all()
    assert {"2213", "2210", "2230"} <= set(ledger["function_code"])
    assert {"330", "320", "240", "580", "810", "115", "220"} <= set(ledger["object_code"])
    assert ledger.filter(pl.col("grant_code") == "84.367").height > 500
    assert ledger.filter(pl.col("account_name").str.contains("Trainig")).height > 10


def test_workforce__holds_what_the_other_entities_need(whole_district: District) -> None:
    each = whole_district
    assert each.compensation.select("staff_id", "school_year").is_unique().all()
    assert each.compensation["credential_pay_usd"].max() > 0  # type: ignore[operator]
    assert set(each.pd_participation["status"]) == {"attended", "withdrawn", "registered"}
    assert each.pd_participation.filter(pl.col("status") != "attended")["hours"].is_null().all()
    assert each.pd_participation.select("person", "activity_id", "activity_date").is_unique().all()
    assert each.survey_responses["response"].is_null().any()
    assert each.survey_responses["staff_id"].is_null().any()
    declined = each.consents.filter((pl.col("consent_kind") == "named") & ~pl.col("is_granted"))
    assert 3 < declined.height < 60
    approved = set(each.issuer_approvals["issuer_name"])
    assert approved == {name for issuer_id, name in ISSUERS if issuer_id != "iss-4"}
    assert each.student_growth.height == 8 * 5 * 2
    profile = each.school_characteristics
    assert profile.height == 8 * 5 and profile.select("school_id", "school_year").is_unique().all()
    assert profile["economically_disadvantaged_share"].null_count() == 1
    assert profile["economically_disadvantaged_share"].is_between(0, 1).sum() == profile.height - 1
    assert set(profile["lowest_grade"]) == {"KG", "06", "09"}


@pytest.mark.parametrize("seed", range(1, 6))
def test_schools__where_poverty_is_planted_expertise_is_scarce(seed: int) -> None:
    each = generate(seed=seed, teachers=80)
    schools = planted_expertise(each.staffing, each.observed).join(
        each.school_characteristics.filter(pl.col("school_year") == each.years[-1]), on="school_id"
    )
    assert schools.select(pl.corr("expert_share", "economically_disadvantaged_share")).item() < -0.8


def test_names__are_marked_synthetic(district: District) -> None:
    assert district.staffing.schools["school_name"].str.ends_with("(SYNTHETIC)").all()
    assert district.ledger["account_name"].str.ends_with("(SYNTHETIC)").all()
    assert district.ledger["vendor_name"].str.ends_with("(SYNTHETIC)").all()
