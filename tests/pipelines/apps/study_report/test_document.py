"""The results document: documented to the last key, and refused where it may not be told."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.apps.study_report import keys
from pipelines.apps.study_report.document import DocumentError, checked, load, without_effects
from pipelines.apps.study_report.keys import documented_keys
from tests.pipelines.apps.study_report import planted_documents
from tests.pipelines.apps.study_report.planted_documents import all_kinds, full, refused

# the sections that the issue names, and what every estimate has
NAMED = ["att.simple", "att.group", "att.dynamic", "att.calendar", "att_gt", "event_study", "balance", "mde", "matched"]
NAMED += ["sensitivity", "cost", "evidence_tier"]
OF_AN_ESTIMATE = ["estimate", "std_error", "ci_low", "ci_high", "n_treated", "n_comparison", "n_clusters"]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def test_documented_keys__are_those_of_the_documents() -> None:
    documented = {path for path, _, _ in documented_keys()}
    held: set[str] = set()
    for document in all_kinds().values():
        for path, value in leaves(document):
            plain = re.sub(r"\[\d+\]", "[]", path)
            assert plain.removesuffix("[]") in documented or "methods.versions." in plain, path
            if value is not None:
                held.add(plain.removesuffix("[]"))
    # each key stands in some document, but for notes and hidden rows, which any effect may have
    whole = {path for path in documented if any(other.startswith((f"{path}.", f"{path}[]")) for other in documented)}
    missing = {path for path in documented - whole - held if not path.endswith(("note", "is_suppressed"))}
    assert missing == {"methods.versions"}


def test_documented_keys__name_what_was_promised() -> None:
    kinds = {path: kind for path, kind, _ in documented_keys()}
    for path in NAMED:
        assert path in kinds
    for effect in ("att.simple", "att.group.by[]", "att_gt[]", "event_study[]", "estimates[]", "subgroups[]"):
        assert all(kinds[f"{effect}.{key}"].endswith("or null") for key in OF_AN_ESTIMATE)


def test_documented_keys__stand_in_the_readme() -> None:
    text = Path(keys.__file__).with_name("README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", text.split("<!-- keys")[1], re.MULTILINE)
    meanings = {path: meaning for path, _, meaning in documented_keys()}
    assert {path for path in meanings if not re.search(r"[.\[]", path)} <= {path for path, _ in told}
    assert [(path, meanings.get(path)) for path, _ in told] == told


@pytest.mark.parametrize("kind", sorted(all_kinds()))
def test_checked__gives_the_document_back(kind: str, tmp_path: Path) -> None:
    document = all_kinds()[kind]
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document))
    assert load(path) == checked(document) == document


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("att.simple.estimate", "0.1", r"Expected `float \| null`, got `str` - at `\$\.att\.simple\.estimate`"),
        ("att.simple.estimate", float("nan"), r"\$\.att\.simple\.estimate is nan: a number that can't be had is null"),
        ("schema", "expertise-study-results/2", "its key `schema` should be 'expertise-study-results/1'"),
        ("kind", "survey", r"Invalid enum value 'survey' - at `\$\.kind`"),
        ("title", {1, 2}, "not plain JSON"),
    ],
)
def test_checked__names_the_malformed_key(key: str, value: Any, told: str) -> None:
    document = full()
    *path, last = key.split(".")
    part = document
    for step in path:
        part = part[step]
    part[last] = value
    with pytest.raises(DocumentError, match=told):
        checked(document)


def test_load__says_that_a_file_is_no_document(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("att: 0.1")
    with pytest.raises(DocumentError, match=r"results\.json is not JSON"):
        load(path)


@pytest.mark.parametrize("section", ["subgroups", "att_gt", "event_study", "estimates"])
def test_checked__refuses_a_number_in_a_suppressed_row(section: str) -> None:
    document = full()
    document[section][0]["is_suppressed"] = True
    with pytest.raises(DocumentError, match=rf"\$\.{section}\[0\] is suppressed and its \w+ still holds a number"):
        checked(document)


def test_checked__refuses_every_effect_in_a_refused_study() -> None:
    """Each number that `without_effects` takes out is put back alone: each time the document is refused."""
    whole, empty = full(), refused()
    assert checked(empty)
    kept = dict(leaves(empty))
    counts = {"n_treated", "n_comparison", "n_clusters", "group", "time", "event_time"}
    taken = {
        re.sub(r"\[\d+\]", "[0]", path)
        for path, value in leaves(whole)
        if path not in kept
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and path.rsplit(".", 1)[-1] not in counts
    }
    assert len(taken) > 100
    for path in sorted(taken):
        document = copy.deepcopy(empty)
        top = "cost" if path.startswith("cost.") else re.split(r"[.\[]", path)[0]
        if top == "cost":
            part = re.split(r"[.\[]", path)[1]
            document["cost"][part] = (
                whole["cost"][part]
                if part == "plane"
                else _alone(whole["cost"][part], path.removeprefix(f"cost.{part}"))
            )
        else:
            document[top] = _alone(whole[top], path.removeprefix(top))
        with pytest.raises(DocumentError, match="the study is refused and .* still holds a number"):
            checked(document)


def test_without_effects__leaves_counts_and_costs() -> None:
    left = without_effects(full())
    assert left["mde"] == full()["mde"]
    assert left["balance"] == full()["balance"]
    assert left["cost"]["rows"] == full()["cost"]["rows"]
    assert left["cost"]["plane"] == []
    assert left["att"] is None
    assert planted_documents.full()["att"] is not None


def _alone(section: Any, path: str) -> Any:
    """The section with no number but the one at the path."""
    section = copy.deepcopy(section)
    if isinstance(section, list):
        section = section[:1]

    needed = ("m", "event_time", "willingness_to_pay_usd")

    def clear(value: Any, here: str) -> Any:
        if isinstance(value, dict):
            return {key: clear(inner, f"{here}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [clear(inner, f"{here}[{index}]") for index, inner in enumerate(value)]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and here != path and here.rsplit(".", 1)[-1] not in needed else value

    return clear(section, "")
