"""The review queue names people: it is in the analysts' release, and nowhere else.

Belongs here: what a release with people beside the queue comes to. Does not belong here: the queue's
content (tests/dbt), how it is shown (tests/pipelines/cli/test_review).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.apps.release_reader import open_release
from pipelines.publish.layout import PublishError
from pipelines.publish.release import publish
from tests.pipelines.planted_warehouse import KEY, build_warehouse, release_info

QUEUED = """
    insert into pub_analysts__identity_queue (item_id, subject_id, subject_email, candidate_rank, candidate_name)
        values ('aaaa111111', 'quincy.queued@home.example', 'quincy.queued@home.example', 1, 'Quincy Queued');
"""


def published_with(folder: Path, sql: str) -> Path:
    warehouse = build_warehouse(folder / "warehouse.duckdb", extra_sql=QUEUED + sql)
    publish(warehouse, folder / "published", release_info("r1"), KEY)
    return folder / "published"


def test_queue__names_people_for_analysts_and_for_nobody_else(tmp_path: Path) -> None:
    published = published_with(tmp_path, "")
    with open_release(published, "analysts") as release:
        assert release.query("select candidate_name from identity_queue") == [{"candidate_name": "Quincy Queued"}]
    for audience in ("leaders", "evaluators"):
        with open_release(published, audience) as release:
            assert "identity_queue" not in release.tables()
            content = release.file.read_bytes()
            assert b"Quincy" not in content and b"quincy" not in content


@pytest.mark.parametrize(
    "sql",
    [
        "alter table pub_analysts__unmatched_records add column staff_name varchar",
        "alter table pub_analysts__loads add column email varchar",
        "alter table pub_analysts__sources add column staff_key varchar",
        "insert into pub_analysts__unmatched_records (record_id, reason) values ('quincy@home.example', 'no_match')",
    ],
    ids=["a name", "an address", "a key", "an address among ids"],
)
def test_analysts__no_other_table_names_people(tmp_path: Path, sql: str) -> None:
    with pytest.raises(PublishError, match="only the review queue may") as refused:
        published_with(tmp_path, sql)
    assert "quincy" not in str(refused.value).lower()
