"""Streams of the Toy Badges API: awards.

Belongs here: field declarations, in the platform's own words. Does not belong here: how
they are fetched (client) or what they mean (dbt staging).
"""

from connectors.core.schema import Field, Stream, public

AWARDS = Stream(
    name="awards",
    description="One row per award of a toy badge.",
    key=("id",),
    fields=(
        public("id", required=True),
        public("badge", required=True),
        public("issuer"),
        Field("earner_email", path="earner.email"),
        public("awarded_at", "timestamp", required=True),
        public("revoked", "boolean", required=True),
    ),
    # what somebody wrote about the earner stays on the platform
    withheld=("note",),
)

STREAMS = (AWARDS,)
