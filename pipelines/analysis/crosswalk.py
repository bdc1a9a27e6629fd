"""Which competency an item may be about: proposals from the words of titles and descriptions.

Belongs here: the likeness of two short texts, and the best few competencies of each item. Does not
belong here: which items are unmapped, what was decided of them (apps.crosswalk), or approving
anything: a proposal counts for nothing until a person approves it.

SoftTFIDF of Cohen, Ravikumar & Fienberg 2003 (A comparison of string distance metrics for
name-matching tasks, IIWeb-03): two texts are alike by the weight of the words they share, where
words that are nearly the same (`questions`, `Questioning`) count as shared by how alike they are
(Jaro-Winkler, by rapidfuzz). A word that few competencies have weighs more.

It can say which words match. How it measures against rapidfuzz's own ratios and scikit-learn's
TF-IDF of character n-grams stands in tests/pipelines/analysis/test_crosswalk.py.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from rapidfuzz.distance import JaroWinkler

LOWEST_SCORE = 0.25
"""Below this a proposal is a guess. Of eight titles on other subjects, two reached it."""

PROPOSALS = {
    "item_type": pl.String,
    "item_id": pl.String,
    "rank": pl.Int32,
    "framework": pl.String,
    "competency_code": pl.String,
    "competency_name": pl.String,
    "score": pl.Float64,
    "reason": pl.String,
}
"""One row per item and proposed competency, best first (rank 1). score: 0 to 1."""

_COVER = 0.7  # the share of the score that says how much of the competency's name is found
_DESCRIPTION = 0.5  # a word of the description, against one of the title
_ALIKE = 0.8  # Jaro-Winkler from which two words are taken for one
_COMMON_BEGINNING = 4  # letters that two words must begin with alike: else likeness is chance
_FORMS = re.compile(r"\b(study group|book study|workshop|micro-?credential)s?\b")
_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can do for from in into is it its of on or so that the their they this to use uses "
        "using with you your",
    )
)


@dataclass(frozen=True)
class _Competency:
    framework: str
    code: str
    name: str
    words: tuple[str, ...]


def propose(
    items: pl.DataFrame,
    competencies: pl.DataFrame,
    refused: pl.DataFrame | None = None,
    most: int = 3,
    lowest_score: float = LOWEST_SCORE,
) -> pl.DataFrame:
    """The competencies most like each item: columns PROPOSALS, at most `most` an item, in the items' order.

    items: item_type, item_id, title, description (null where there is none). competencies: framework,
    competency_code, competency_name. refused: item_type, item_id, framework, competency_code of
    pairs that a person has rejected; they are not proposed again.
    """
    candidates = [
        _Competency(framework, code, name, _words(name))
        for framework, code, name in competencies.select("framework", "competency_code", "competency_name").rows()
        if name and _words(name)
    ]
    weight = _Weights([competency.words for competency in candidates])
    columns = ("item_type", "item_id", "framework", "competency_code")
    ruled_out = set() if refused is None else set(refused.select(columns).rows())
    found: list[tuple[str, str, int, str, str, str, float, str]] = []
    for item_type, item_id, title, description in items.select("item_type", "item_id", "title", "description").rows():
        in_title, in_description = _words(title), _words(description)
        scored = [
            (*_likeness(in_title, in_description, competency.words, weight), competency)
            for competency in candidates
            if (item_type, item_id, competency.framework, competency.code) not in ruled_out
        ]
        likely = [one for one in scored if one[0] >= lowest_score]
        likely.sort(key=lambda one: (-one[0], one[2].name, one[2].framework, one[2].code))
        found += [
            (item_type, item_id, rank, one.framework, one.code, one.name, score, reason)
            for rank, (score, reason, one) in enumerate(likely[:most], start=1)
        ]
    return pl.DataFrame(found, schema=PROPOSALS, orient="row")


def _words(text: str | None) -> tuple[str, ...]:
    """The words that mean something, in their order and once each; the form of an activity is no subject."""
    said = _FORMS.sub(" ", (text or "").casefold().replace("'s", "").replace("’s", ""))
    return tuple(dict.fromkeys(word for word in re.findall(r"[^\W\d_]+", said) if word not in _STOP_WORDS))


class _Weights:
    """The inverse document frequency of words over the competencies, squared as in a cosine of TF-IDF vectors."""

    def __init__(self, names: Sequence[tuple[str, ...]]) -> None:
        self._count = len(names)
        self._names_with = Counter(word for words in names for word in words)

    def __call__(self, word: str) -> float:
        return math.log(1 + self._count / max(1, self._names_with[word])) ** 2


def _likeness(
    title: tuple[str, ...], description: tuple[str, ...], name: tuple[str, ...], weight: _Weights
) -> tuple[float, str]:
    """How alike an item and a competency are, 0 to 1, and which words say so."""
    matched = {
        word: max(
            [(_same(word, other), other, "") for other in title]
            + [(_same(word, other) * _DESCRIPTION, other, " in its description") for other in description],
            default=(0.0, "", ""),
        )
        for word in name
    }
    cover = sum(weight(word) * likeness for word, (likeness, _, _) in matched.items()) / sum(map(weight, name))
    whole = sum(map(weight, title))
    explained = (
        sum(weight(word) * max(_same(word, other) for other in name) for word in title) / whole if title else 0.0
    )
    score = round(_COVER * cover + (1 - _COVER) * explained, 3)
    reason = ", ".join(
        (f"“{other}”" if other == word else f"“{other}” for “{word}”") + where
        for word, (likeness, other, where) in matched.items()
        if likeness > 0
    )
    return score, reason


@functools.lru_cache(maxsize=200_000)
def _same(word: str, other: str) -> float:
    """1 for one word, Jaro-Winkler for two that begin alike and nearly are, else 0."""
    if word == other:
        return 1.0
    shorter = min(len(word), len(other), _COMMON_BEGINNING)
    if word[:shorter] != other[:shorter]:
        return 0.0
    likeness = JaroWinkler.similarity(word, other)
    return likeness if likeness >= _ALIKE else 0.0
