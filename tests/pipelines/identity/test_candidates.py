"""Candidates for the review queue: who is proposed, in which order and with which words.

Belongs here: the pure functions of pipelines.identity. Does not belong here: which records need a
candidate (dbt), whole districts (validation).
"""

from __future__ import annotations

import random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.identity.candidates import CANDIDATES, MOST_CANDIDATES, SUBJECTS, Roster, find_candidates
from pipelines.identity.spelling import folded, local_part, words_of

NONE = pl.DataFrame(schema={"match_subject_key": pl.String, "staff_key": pl.String})
PEOPLE = {
    "ada": ("Ada", "Thistlebrook", "ada.thistlebrook@d.example"),
    "adele": ("Adele", "Thistlebrook", "adele.thistlebrook@d.example"),
    "bill": ("William", "O'Hara-Lopez", "william.ohara@d.example"),
    "ines": ("Inés", "Coppermoor", "ines.coppermoor@d.example"),
    "zoe": ("Zoë", "Marshgate", "zoe.marshgate@d.example"),
}


def roster(years: tuple[int, int] = (2022, 2026), **changes: pl.DataFrame) -> Roster:
    keys = list(PEOPLE)
    parts = {
        "names": pl.DataFrame(
            [(key, given, family) for key, (given, family, _) in PEOPLE.items()],
            schema=["staff_key", "first_name", "last_name"],
            orient="row",
        ),
        "addresses": pl.DataFrame({"staff_key": keys, "address": [PEOPLE[key][2] for key in keys]}),
        "places": pl.DataFrame(
            {"person_key": keys, "school_key": ["elm"] * len(keys), "school_year": [2026] * len(keys)}
        ),
        "records": pl.DataFrame(
            {
                "staff_key": keys,
                "roster_rank": [1] * len(keys),
                "first_school_year": [years[0]] * len(keys),
                "last_school_year": [years[1]] * len(keys),
                "is_deleted": [False] * len(keys),
            }
        ),
        "ids": pl.DataFrame({"staff_key": keys, "alias_kind": ["state_id"] * len(keys), "alias_value": keys}),
    }
    return Roster(**parts | changes)


def subject(key: str = "x", **values: object) -> pl.DataFrame:
    return pl.DataFrame([{"match_subject_key": key} | values], schema=SUBJECTS, orient="row")


def first(subjects: pl.DataFrame, known: Roster | None = None, **frames: pl.DataFrame) -> tuple[str, int, str] | None:
    """The best candidate: who, how alike, why."""
    found = find_candidates(subjects, known or roster(), frames.get("holders", NONE), frames.get("refused", NONE))
    return None if found.is_empty() else found.select("staff_key", "score", "evidence").row(0)


def test_spelling__names_and_addresses_are_folded() -> None:
    frame = pl.DataFrame({"name": [" Inés-María O'Hara ", "…", None], "address": ["Jo.Smith2+x@D.Example", "@", None]})
    assert frame.select(folded(pl.col("name")))["name"].to_list() == ["ines maria ohara", None, None]
    assert frame.select(local_part(pl.col("address")))["address"].to_list() == ["jo.smith2", None, None]
    words = frame.select(words_of(local_part(pl.col("address"))))["address"].to_list()
    assert words == [["jo", "smith"], None, None]


def test_candidates__same_name_and_school_come_first_with_words_to_judge_by() -> None:
    found = find_candidates(
        subject(first_name="Ada", last_name="Thistelbrook", first_school_year=2026, last_school_year=2026),
        roster(
            places=pl.concat(
                [roster().places, pl.DataFrame({"person_key": ["x"], "school_key": ["elm"], "school_year": [2026]})]
            )
        ),
        NONE,
        NONE,
    )
    assert found["staff_key"].to_list()[:2] == ["ada", "adele"]
    assert found["evidence"][0] == (
        "family name differs by two letters, same given name, same school 2026, on the roster in 2026"
    )
    assert found["candidate_rank"].to_list() == list(range(1, found.height + 1))


def test_candidates__another_school_and_other_years_lower() -> None:
    named = {"first_name": "Zoe", "last_name": "Marshgate", "first_school_year": 2026, "last_school_year": 2026}
    elsewhere = pl.DataFrame({"person_key": ["x"], "school_key": ["oak"], "school_year": [2026]})
    at = pl.DataFrame({"person_key": ["x"], "school_key": ["elm"], "school_year": [2026]})
    scores = [
        first(subject(**named), known)
        for known in (
            roster(places=pl.concat([roster().places, at])),
            roster(places=pl.concat([roster().places, elsewhere])),
            roster(years=(2020, 2021)),
        )
    ]
    here, there, then = (one for one in scores if one)
    assert here[1] > there[1] > then[1]
    assert "at another school in that year" in there[2]
    assert "not on the roster in 2026" in then[2]


def test_candidates__addresses_are_read_as_names_and_compared_with_addresses() -> None:
    slip = first(subject(email="ada.thistlebrok@d.example"))
    assert slip is not None and slip[0] == "ada" and "address differs from one of theirs by one letter" in slip[2]
    private = first(subject(email="coppermoor_ines@home.example"))
    assert private is not None and private[0] == "ines" and "the address reads like the name" in private[2]
    initial = first(subject(email="zmarshgate84@home.example"))
    assert initial is not None and initial[0] == "zoe"
    same_words = first(subject(email="zoe.marshgate@home.example"))
    assert same_words is not None and same_words[0] == "zoe"
    assert first(subject(email="maker234@home.example")) is None


def test_candidates__short_forms_and_one_of_two_family_names() -> None:
    found = first(subject(first_name="Bill", last_name="Lopez"))
    assert found is not None and found[0] == "bill" and "given name is a short form" in found[2]


def test_candidates__a_holder_is_always_shown_and_a_refused_pair_never() -> None:
    holders = pl.DataFrame({"match_subject_key": ["x", "x"], "staff_key": ["ada", "zoe"]})
    office = subject(email="office@d.example")
    found = find_candidates(office, roster(), holders, NONE)
    assert sorted(found["staff_key"]) == ["ada", "zoe"]
    assert found["evidence"].str.contains("this very identifier").all()
    refused = holders.filter(pl.col("staff_key") == "ada")
    assert find_candidates(office, roster(), holders, refused)["staff_key"].to_list() == ["zoe"]


def _record(key: str, given: str, family: str, first_year: int | None, last_year: int | None) -> pl.DataFrame:
    return subject(
        f"subject-{key}",
        first_name=given,
        last_name=family,
        first_school_year=first_year,
        last_school_year=last_year,
        roster_record_key=key,
    )


def _with_record(
    key: str, rank: int, years: tuple[int, int], is_deleted: bool = False, state_id: str | None = None
) -> Roster:
    known = roster(years=(2022, 2023))
    own = pl.DataFrame(
        {
            "staff_key": [key],
            "roster_rank": [rank],
            "first_school_year": [years[0]],
            "last_school_year": [years[1]],
            "is_deleted": [is_deleted],
        }
    )
    ids = pl.DataFrame({"staff_key": [key], "alias_kind": ["state_id"], "alias_value": [state_id]})
    return roster(records=pl.concat([known.records, own]), ids=pl.concat([known.ids, ids]) if state_id else known.ids)


def test_roster_records__a_later_record_of_the_same_name_may_be_a_returner() -> None:
    found = first(_record("new", "Ada", "Thistlebrook", 2025, 2026), _with_record("new", 1, (2025, 2026)))
    assert found is not None and found[0] == "ada" and "known until 2023, this record from 2025" in found[2]


def test_roster_records__two_at_one_time_or_with_two_state_ids_are_two_people() -> None:
    together = _record("new", "Ada", "Thistlebrook", 2023, 2026)
    assert first(together, _with_record("new", 1, (2023, 2026))) is None
    later = _record("new", "Ada", "Thistlebrook", 2025, 2026)
    assert first(later, _with_record("new", 1, (2025, 2026), state_id="another")) is None


def test_roster_records__a_record_of_a_worse_roster_may_be_anybody_of_the_better() -> None:
    found = first(_record("new", "Ada", "Thistlebrook", 2022, 2026), _with_record("new", 2, (2022, 2026)))
    assert found is not None and found[0] == "ada"


def test_candidates__nothing_to_decide_gives_an_empty_frame() -> None:
    found = find_candidates(pl.DataFrame(schema=SUBJECTS), roster(), NONE, NONE)
    assert found.schema == pl.Schema(CANDIDATES) and found.is_empty()


_LETTERS = st.text(alphabet="aeilmnort -'é", min_size=0, max_size=9)
_SUBJECTS = st.lists(
    st.tuples(_LETTERS, _LETTERS, st.sampled_from([None, "a.b@c", "ada@x.example", "thistlebrook.ada@y", "@", ""])),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(rows=_SUBJECTS, seed=st.integers(0, 99))
def test_candidates__never_depend_on_the_order_of_rows_and_stay_within_bounds(
    rows: list[tuple[str, str, str | None]], seed: int
) -> None:
    subjects = pl.DataFrame(
        [
            {"match_subject_key": f"s{number}", "first_name": given, "last_name": family, "email": email}
            for number, (given, family, email) in enumerate(rows)
        ],
        schema=SUBJECTS,
        orient="row",
    )
    found = find_candidates(subjects, roster(), NONE, NONE)
    order = random.Random(seed)
    shuffled = subjects[order.sample(range(subjects.height), subjects.height)] if subjects.height else subjects
    known = roster()
    mixed = roster(names=known.names[order.sample(range(known.names.height), known.names.height)])
    assert find_candidates(shuffled, mixed, NONE, NONE).equals(found)
    assert found.filter(~pl.col("score").is_between(0, 100) | pl.col("evidence").is_null()).is_empty()
    assert found.is_empty() or found["candidate_rank"].max() <= MOST_CANDIDATES
    assert found.select("match_subject_key", "staff_key").is_duplicated().sum() == 0
