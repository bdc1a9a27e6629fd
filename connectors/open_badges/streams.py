"""The one stream of a folder of Open Badges files.

Belongs here: the declaration of the normalised record that a badge file of either
version becomes. Does not belong here: reading files (documents) and normalising them (records).
"""

from connectors.core.schema import Field, Stream, public

CREDENTIALS = Stream(
    name="credentials",
    description="One row per badge file: an Open Badges 2.0 assertion or 3.0 achievement credential.",
    key=("credential_id", "issuer_id", "open_badges_version"),
    fields=(
        public("credential_id", required=True),
        public("issuer_id", required=True),
        public("issuer_name"),
        public("open_badges_version", required=True),
        public("achievement_id", required=True),
        public("achievement_name"),
        public("achievement_description"),
        public("alignments", "json"),
        Field("recipient_identity"),
        public("recipient_type"),
        public("recipient_hashed", "boolean"),
        Field("recipient_salt"),
        public("issued_at", "timestamp", required=True),
        public("valid_from", "timestamp"),
        public("expires_at", "timestamp"),
        public("revoked", "boolean"),
        public("verification", required=True),
        public("verification_reason"),
        public("checked_at", "timestamp"),
        public("proof_type"),
        public("evidence_urls", "json"),
        public("file_name", required=True),
        public("file_format", required=True),
    ),
    withheld=("narrative", "evidence_narratives", "image"),
)

STREAMS = (CREDENTIALS,)
