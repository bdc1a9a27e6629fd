"""Issuer and assessment quality: what became of submissions and awards, and what to ask.

Belongs here: the figures and questions of the leaders' release on issuers, micro-credentials and
assessors, each limited to what the viewer may see. Does not belong here: how shares are compared and
what is flagged (pipelines/analysis/compared_shares, dbt), how answers are printed.

Who sees strengths reads of issuers and micro-credentials. Holders in need are personnel data and
assessors are persons: both take the sight `band` or `score` of the whole district.
"""

from __future__ import annotations

import difflib
from typing import Any, TypedDict, cast

from pipelines.apps.access import Viewer, visible_bands
from pipelines.apps.closest import did_you_mean
from pipelines.apps.finder import QuestionRefused, confirm_viewer
from pipelines.apps.release_reader import Release

_FIGURES = """
    submission_count, decided_count, withdrawn_count, pending_count, first_decision_count, first_time_award_share,
    first_time_award_low, first_time_award_high, first_time_award_share_of_others, attempts_per_award,
    median_attempts, median_days_to_decision, p90_days_to_decision, award_count, revoked_count, expired_count,
    unverifiable_count, micro_credential_count, assessor_count, least_hours_to_earn, median_hours_to_earn,
    most_hours_to_earn
"""
_OF_NEED = "observed_holder_count, holder_in_need_count, holder_in_need_share"


class Assessor(TypedDict):
    """One assessor; shares are 0..1, None below ten first decisions."""

    assessor: str
    decided_count: int
    first_decision_count: int
    first_time_award_share: float | None
    first_time_award_low: float | None
    first_time_award_high: float | None
    first_time_award_share_of_others: float | None
    median_days_to_decision: float | None
    p90_days_to_decision: float | None


class IssuerQuality(TypedDict):
    """What the viewer may see of issuers; the rows hold the columns of pub_leaders__issuer_quality.

    `micro_credentials` is filled where one issuer was asked for. `assessors` is None where the viewer may not
    see them.
    """

    issuers: list[dict[str, Any]]
    micro_credentials: list[dict[str, Any]]
    assessors: list[Assessor] | None
    questions: list[str]


class UnknownIssuer(QuestionRefused):
    """No issuer of that name or id."""


def issuer_quality(release: Release, viewer: Viewer, issuer: str | None = None) -> IssuerQuality:
    """Every issuer, or one (its name, id or a part of the name) with its micro-credentials.

    Raises UnknownIssuer with the closest names, or AccessRefused.
    """
    confirm_viewer(release, viewer)
    sees_people = viewer.role.scope == "district" and visible_bands(viewer.role.inside) == visible_bands("band")
    columns = f"{_FIGURES}, {_OF_NEED}" if sees_people else _FIGURES
    known = release.query(
        f"""
        select issuer_key, issuer_name as issuer, issuer_id, {columns}
        from issuer_quality
        where subject_kind = 'issuer'
        order by submission_count desc, award_count desc, issuer, issuer_key
        """
    )
    chosen = [_resolve_issuer(known, issuer)] if issuer is not None else known
    keys = [row["issuer_key"] for row in chosen]
    definitions = []
    if issuer is not None:
        definitions = release.query(
            f"""
            select micro_credential_name as micro_credential, micro_credential_id, {columns}
            from issuer_quality
            where subject_kind = 'micro_credential' and list_contains($issuer_keys, issuer_key)
            order by award_count desc, micro_credential, micro_credential_id
            """,
            {"issuer_keys": keys},
        )
    questions = release.query(
        """
        select question
        from issuer_questions
        where (subject_kind = 'assessor' and $sees_people and $all_issuers)
            or (subject_kind <> 'assessor' and (measure <> 'need' or $sees_people) and list_contains($keys, issuer_key))
        order by case subject_kind when 'issuer' then 1 when 'micro_credential' then 2 else 3 end, question
        """,
        {"sees_people": sees_people, "all_issuers": issuer is None, "keys": keys},
    )
    for row in chosen:
        del row["issuer_key"]
    return {
        "issuers": chosen,
        "micro_credentials": definitions,
        "assessors": _assessors(release) if sees_people and issuer is None else None,
        "questions": [row["question"] for row in questions],
    }


def _assessors(release: Release) -> list[Assessor]:
    rows = release.query(
        """
        select assessor_id as assessor, decided_count, first_decision_count, first_time_award_share,
            first_time_award_low, first_time_award_high, first_time_award_share_of_others, median_days_to_decision,
            p90_days_to_decision
        from assessor_quality
        order by first_time_award_share desc nulls last, assessor
        """
    )
    return cast(list[Assessor], rows)


def _resolve_issuer(known: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """The issuer of that name or id, in whatever case, or whose name alone holds the text."""
    wanted = text.strip().casefold()
    for column in ("issuer_id", "issuer"):
        for row in known:
            if str(row[column] or "").casefold() == wanted:
                return row
    holding = [row for row in known if wanted and wanted in str(row["issuer"] or "").casefold()]
    if len(holding) == 1:
        return holding[0]
    by_name = {str(row["issuer"] or row["issuer_id"] or "").casefold(): row for row in known}
    names = difflib.get_close_matches(wanted, [name for name in by_name if name], n=3, cutoff=0.4)
    close = holding or [by_name[name] for name in names]
    hint = did_you_mean([str(row["issuer"] or row["issuer_id"]) for row in close[:3]])
    raise UnknownIssuer(f"there is no issuer {text!r} among the {len(known)} of this release.{hint}")
