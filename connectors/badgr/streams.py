"""Streams of the Badgr v2 API: issuers, badge classes, assertions.

Belongs here: field declarations, in Badgr's own words. Does not belong here: how
they are fetched (client) or what they mean (dbt staging).
"""

from connectors.core.schema import Field, Stream, public

ISSUERS = Stream(
    name="issuers",
    description="One row per issuer: the organisation that defines and awards badges.",
    key=("entityId",),
    fields=(
        public("entityId", required=True),
        public("openBadgeId"),
        public("createdAt", "timestamp"),
        public("name", required=True),
        public("url"),
        public("description"),
        public("badgrDomain"),
        public("extensions", "json"),
    ),
    withheld=("email", "staff", "createdBy"),
    omitted=("entityType", "image"),
)

BADGE_CLASSES = Stream(
    name="badge_classes",
    description="One row per badge class: the definition of one micro-credential.",
    key=("entityId",),
    fields=(
        public("entityId", required=True),
        public("openBadgeId"),
        public("createdAt", "timestamp"),
        public("issuer", required=True),
        public("issuerOpenBadgeId"),
        public("name", required=True),
        public("description"),
        public("achievementType"),
        public("criteriaUrl"),
        public("criteriaNarrative"),
        public("alignments", "json"),
        public("tags", "json"),
        public("expires", "json"),
        public("extensions", "json"),
    ),
    withheld=("createdBy",),
    omitted=("entityType", "image"),
)

ASSERTIONS = Stream(
    name="assertions",
    description="One row per assertion: the record of one award, revoked and expired ones included.",
    key=("entityId",),
    fields=(
        public("entityId", required=True),
        public("openBadgeId"),
        public("createdAt", "timestamp"),
        public("badgeclass", required=True),
        public("badgeclassOpenBadgeId"),
        public("issuer", required=True),
        public("issuerOpenBadgeId"),
        Field("recipient_identity", path="recipient.identity"),
        Field("recipient_plaintext_identity", path="recipient.plaintextIdentity"),
        public("recipient_type", path="recipient.type"),
        public("recipient_hashed", "boolean", path="recipient.hashed"),
        Field("recipient_salt", path="recipient.salt"),
        public("issuedOn", "timestamp", required=True),
        public("expires", "timestamp"),
        public("revoked", "boolean", required=True),
        public("acceptance"),
        Field("evidence_urls", "json", path="evidence[*].url"),
        public("extensions", "json"),
    ),
    # what a person wrote about their work, and who typed the reason, stay on the platform
    withheld=("narrative", "revocationReason", "createdBy"),
    omitted=("entityType", "image"),
)

STREAMS = (ISSUERS, BADGE_CLASSES, ASSERTIONS)
