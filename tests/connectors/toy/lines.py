"""The lines that the toy platform adds to files which other platforms share.

Belongs here: which line, after which text. Does not belong here: files of the toy's own
(new_files), why each place is touched (the guide in connectors/README.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Added:
    """Text that goes into a file, right behind `after`, which stands there once."""

    file: str
    after: str
    text: str

    def add(self, project: Path) -> None:
        """Raises AssertionError where the file no longer has the place."""
        path = project / self.file
        text = path.read_text(encoding="utf-8")
        count = text.count(self.after)
        assert count == 1, (
            f"{self.after!r} stands {count} times in {self.file}, not once: the file has moved on. Find where a "
            "platform's line goes now, and write it anew in tests/connectors/toy/lines.py"
        )
        path.write_text(text.replace(self.after, self.after + self.text), encoding="utf-8")


LINES = (
    Added(
        "connectors/registry.py",
        "    for platform in (\n",
        '        Platform("toy_badges", "Toy Badges", "connectors.toy_badges", "ToyBadgesConnector"),\n',
    ),
    Added(
        "connectors/README.md",
        "| folder | what it speaks |\n|---|---|\n",
        "| [`toy_badges/`](toy_badges/README.md) | Toy Badges |\n",
    ),
    Added(
        "dbt_project/macros/landed_streams.sql",
        "    {{ return({\n",
        "        'toy_badges': {'awards': {'key': ['id']}},\n",
    ),
    Added(
        "dbt_project/seeds/entities.csv",
        "entity,platform,stream,what_goes_dark\n",
        "credential awards,toy_badges,awards,demonstrated competency of who earned toy badges\n",
    ),
    Added(
        "dbt_project/models/intermediate/credentials/int_credentials__awards_unioned.sql",
        "    select {{ columns }} from file_awards\n",
        """\
    union all
    select {{ columns }} from (
        select
            district_id,
            'toy_badges' as source_system,
            _connection as connection,
            'awards' as stream,
            award_id_toy_badges as source_record_id,
            award_id_toy_badges as record_id,
            award_id_toy_badges as award_id,
            badge_id_toy_badges as source_micro_credential_id,
            issuer_id_toy_badges as source_issuer_id,
            cast(null as {{ dbt.type_string() }}) as employee_id,
            'email' as recipient_type,
            recipient_email as plain_identity,
            cast(null as {{ dbt.type_string() }}) as hashed_identity,
            cast(null as {{ dbt.type_string() }}) as recipient_salt,
            issued_at,
            cast(null as {{ dbt.type_timestamp() }}) as expires_at,
            is_revoked,
            'platform_reported' as verification,
            cast(null as {{ dbt.type_string() }}) as open_badges_version,
            cast(null as {{ dbt.type_string() }}) as evidence_urls
        from {{ ref('stg_toy_badges__awards') }}
        where not is_deleted
    ) as toy_awards
""",
    ),
)
