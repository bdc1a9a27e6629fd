"""Free text inside the scores of an observation: set apart, and nothing else touched."""

from __future__ import annotations

import json

import pytest

from connectors.grow.free_text import NotAListOfScores, set_apart


def test_texts_of_scores__stand_under_names_of_their_own() -> None:
    record = {
        "_id": "o1",
        "observationScores": [
            {"measurement": "m1", "valueScore": 3, "textBoxes": [{"value": "seen"}], "valueText": "well done"},
            None,
            {"measurement": "m2", "valueScore": None, "textBoxes": [], "valueText": None},
        ],
    }
    assert json.loads(set_apart(json.dumps(record).encode())) == {
        "_id": "o1",
        "observationScores": [
            {"measurement": "m1", "valueScore": 3},
            None,
            {"measurement": "m2", "valueScore": None},
        ],
        "observationScoreTextBoxes": [[{"value": "seen"}]],
        "observationScoreTexts": ["well done"],
    }


def test_all_else__is_as_the_platform_wrote_it() -> None:
    score = b'{"measurement":"m1","percentage":1.10,"big":123456789012345678901234567890,"new":{"a":[1.0]}}'
    record = b'{"score":3.50,"observationScores":[%s]}' % score
    assert set_apart(record) == record


@pytest.mark.parametrize("scores", [b"null", b"[]"])
def test_without_scores__nothing_is_done(scores: bytes) -> None:
    record = b'{"_id": "o1", "observationScores": %s}' % scores
    assert set_apart(record) == record
    assert set_apart(b'{"_id": "o1"}') == b'{"_id": "o1"}'


@pytest.mark.parametrize("scores", [b'"CANARY"', b"{}", b"[1]", b'["CANARY"]', b"[[]]"])
def test_another_shape__is_refused(scores: bytes) -> None:
    with pytest.raises(NotAListOfScores) as caught:
        set_apart(b'{"observationScores": %s}' % scores)
    assert "CANARY" not in str(caught.value)
