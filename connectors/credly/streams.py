"""Streams of the Credly v1 API: badge templates, issued badges.

Belongs here: field declarations, in Credly's own words. Does not belong here: how
they are fetched (client) or what they mean (dbt staging).
"""

from connectors.core.schema import Field, Stream, public

BADGE_TEMPLATES = Stream(
    name="badge_templates",
    description="One row per badge template: the definition of one micro-credential.",
    key=("id",),
    fields=(
        public("id", required=True),
        public("name", required=True),
        public("description"),
        public("state"),
        public("public", "boolean"),
        public("level"),
        public("type_category"),
        public("time_to_earn"),
        public("url"),
        public("global_activity_url"),
        public("owner_id", path="owner.id"),
        public("owner_name", path="owner.name"),
        public("issuer_entities", "json", path="issuer.entities"),
        public("alignments", "json"),
        public("skills", "json"),
        public("reporting_tags", "json"),
        public("created_at", "timestamp"),
        public("updated_at", "timestamp"),
    ),
    withheld=("created_by", "owner.contact_email", "owner.bio"),
    omitted=(
        "image",
        "image_url",
        "issuer.summary",
        "owner.type",
        "owner.url",
        "owner.vanity_url",
        "owner.vanity_slug",
    ),
)

ISSUED_BADGES = Stream(
    name="issued_badges",
    description="One row per issued badge: the record of one award, revoked and replaced ones included.",
    key=("id",),
    fields=(
        public("id", required=True),
        public("state", required=True),
        public("badge_template_id", path="badge_template.id", required=True),
        public("badge_template_name", path="badge_template.name"),
        public("badge_template_owner_id", path="badge_template.owner.id"),
        public("badge_template_owner_name", path="badge_template.owner.name"),
        public("issuer_entities", "json", path="issuer.entities"),
        Field("recipient_email"),
        Field("issuer_earner_id"),
        public("issued_at", "timestamp", required=True),
        public("expires_at", "timestamp"),
        public("state_updated_at", "timestamp"),
        public("created_at", "timestamp"),
        public("updated_at", "timestamp"),
        public("replacement_badge_id"),
        Field("badge_url"),
        Field("evidence_urls", "json", path="evidence[*].url"),
        public("public", "boolean"),
        public("locale"),
    ),
    # names and profiles of earners, the link that lets one claim a badge, and why somebody took one back
    withheld=(
        "issued_to",
        "issued_to_first_name",
        "issued_to_middle_name",
        "issued_to_last_name",
        "user",
        "created_by",
        "accept_badge_url",
        "revocation_reason",
        "country",
        "country_name",
        "state_or_province",
    ),
    # beside other forms of the same date and pictures, what badge_templates says once
    omitted=(
        "image",
        "image_url",
        "issued_at_date",
        "expires_at_date",
        "issuer.summary",
        "alignments",
        *(
            f"badge_template.{name}"
            for name in (
                "alignments",
                "created_at",
                "description",
                "global_activity_url",
                "image",
                "image_url",
                "issuer",
                "level",
                "owner.type",
                "owner.url",
                "owner.vanity_slug",
                "owner.vanity_url",
                "public",
                "reporting_tags",
                "skills",
                "state",
                "time_to_earn",
                "type_category",
                "updated_at",
                "url",
            )
        ),
    ),
)

STREAMS = (BADGE_TEMPLATES, ISSUED_BADGES)
