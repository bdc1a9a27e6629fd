"""Proposals for a crosswalk: what they find, what they don't, and that they stay what they are.

Belongs here: the likeness of texts, measured. Does not belong here: items and decisions (apps).

`realistic_titles.csv` was written by hand from what issuers call their micro-credentials, with the
competency that a reader would choose (none for the last ones) before any method was tried on it.
Measured on its 62 titles that have a competency, among 23 competencies, right first / right among the
first three:

    method                                        title only   with descriptions (19 have one)
    this one (SoftTFIDF, rapidfuzz)               38 / 42      50 / 58
    scikit-learn, TF-IDF of characters 2 to 4     38 / 42      47 / 57
    scikit-learn, TF-IDF of characters 3 to 5     35 / 41      48 / 56
    scikit-learn, TF-IDF of words                 26 / 30      34 / 43
    rapidfuzz, partial_ratio of the titles        24 / 37      -
    rapidfuzz, WRatio of the titles               25 / 34      -

All find every title of the synthetic micro-credentials among the first three but token-set and WRatio.
So scikit-learn is not needed. What is missed shares no word with the competency: "Explicit
Instruction" for Presenting Instructional Content.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from pipelines.analysis.crosswalk import LOWEST_SCORE, propose

COMPETENCIES = pl.read_csv(Path(__file__).parents[3] / "dbt_project" / "seeds" / "competencies.csv")
NAMES = dict(COMPETENCIES.select("competency_code", "competency_name").rows())
TITLES = pl.read_csv(Path(__file__).with_name("realistic_titles.csv"))


def items(titles: list[str], descriptions: list[str | None] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "item_type": ["micro_credential"] * len(titles),
            "item_id": [f"mc-{number}" for number in range(len(titles))],
            "title": titles,
            "description": descriptions or [None] * len(titles),
        },
        schema_overrides={"description": pl.String},
    )


def ranks(titles: list[str], codes: list[str], descriptions: list[str | None] | None = None) -> list[int]:
    """The rank of each title's own competency; 99 where it is not proposed."""
    proposed = propose(items(titles, descriptions), COMPETENCIES, most=23, lowest_score=0.01)
    found = {(item, code): rank for item, code, rank in proposed.select("item_id", "competency_code", "rank").rows()}
    return [found.get((f"mc-{number}", code), 99) for number, code in enumerate(codes)]


def top(ranked: list[int], places: int) -> int:
    return sum(rank <= places for rank in ranked)


def test_propose__realistic_titles_are_found_as_measured() -> None:
    known = TITLES.filter(pl.col("code").is_not_null())
    titles, codes = known["title"].to_list(), known["code"].to_list()
    by_title = ranks(titles, codes)
    with_descriptions = ranks(titles, codes, known["description"].to_list())
    assert len(titles) == 62
    assert (top(by_title, 1), top(by_title, 3)) == (38, 42)
    assert (top(with_descriptions, 1), top(with_descriptions, 3)) == (50, 58)


@pytest.mark.parametrize("ratio", [fuzz.partial_ratio, fuzz.token_set_ratio, fuzz.WRatio], ids=lambda f: f.__name__)
def test_propose__is_better_than_a_ratio_of_the_titles(ratio: object) -> None:
    known = TITLES.filter(pl.col("code").is_not_null())
    titles, codes = known["title"].to_list(), known["code"].to_list()
    right = 0
    for title, code in zip(titles, codes, strict=True):
        scores = {other: ratio(title.lower(), name.lower()) for other, name in NAMES.items()}  # type: ignore[operator]
        right += sum(score >= scores[code] for score in scores.values()) == 1
    assert top(ranks(titles, codes), 1) > right + 10


@pytest.mark.parametrize(
    "endings",
    [
        (": Foundations", ": In Practice", ": With Evidence of Learning", ": Coaching Peers", ": Leading the Practice"),
        (" Workshop", " Study Group", " Lab", " Course"),
    ],
    ids=["micro-credentials", "activities"],
)
def test_propose__every_title_of_the_synthetic_district_is_found(endings: tuple[str, ...]) -> None:
    titles = [name + ending for name in NAMES.values() for ending in endings]
    codes = [code for code in NAMES for _ in endings]
    assert set(ranks(titles, codes)) == {1}


def test_propose__few_unrelated_titles_are_given_a_proposal() -> None:
    unrelated = TITLES.filter(pl.col("code").is_null())["title"].to_list()
    unrelated += ["Family Partnership Basics", "Club and Activity Advising"]
    given_one = propose(items(unrelated), COMPETENCIES)["item_id"].n_unique()
    assert (len(unrelated), given_one) == (8, 2)


def test_propose__the_reason_names_the_words_that_match() -> None:
    rows = propose(
        items(["Asking Higher-Order Questions", "Coaching"], [None, "Feedback that is academic."]), COMPETENCIES
    ).rows(named=True)
    assert [(row["item_id"], row["competency_name"], row["reason"]) for row in rows] == [
        ("mc-0", "Questioning", "“questions” for “questioning”"),
        ("mc-1", "Academic Feedback", "“academic” in its description, “feedback” in its description"),
    ]


def test_propose__a_rejected_pair_is_not_proposed_again() -> None:
    asked = items(["Asking Questions"])
    assert propose(asked, COMPETENCIES)["competency_code"].to_list() == ["C-I06"]
    refused = pl.DataFrame(
        [("micro_credential", "mc-0", "District Teaching Competencies", "C-I06")],
        schema=["item_type", "item_id", "framework", "competency_code"],
        orient="row",
    )
    assert propose(asked, COMPETENCIES, refused).is_empty()


def test_propose__nothing_to_go_by_gives_nothing() -> None:
    assert propose(items(["", "123", "the of and"]), COMPETENCIES).is_empty()
    assert propose(items([]), COMPETENCIES).is_empty()
    assert propose(items(["Questioning"]), COMPETENCIES.head(0)).is_empty()


WORDS = st.lists(st.sampled_from([word for name in NAMES.values() for word in name.split()] + ["Wellness", "¿Qué?"]))


@given(title=WORDS.map(" ".join), description=st.none() | WORDS.map(" ".join))
def test_propose__scores_lie_between_the_lowest_and_one_and_fall_with_the_rank(
    title: str, description: str | None
) -> None:
    rows = propose(items([title], [description]), COMPETENCIES).rows(named=True)
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(LOWEST_SCORE <= score <= 1 for score in scores)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["reason"] for row in rows)


@given(name=st.sampled_from(sorted(NAMES.values())))
def test_propose__a_competency_s_own_name_is_found_with_certainty(name: str) -> None:
    first = propose(items([name]), COMPETENCIES).row(0, named=True)
    assert (first["competency_name"], first["score"]) == (name, 1.0)
