"""Keyed-hash pseudonyms, made inside DuckDB.

Belongs here: which columns of the evaluators' release are replaced, and HMAC-SHA256 (RFC 2104)
written as a DuckDB expression. Does not belong here: where the key comes from (the environment),
or what else a release may not hold (checks).

A plain or salted hash of a staff key can be reversed by hashing every known key; a keyed one
can't without the key. The key reaches DuckDB as two bound parameters (the key mixed with the inner
and the outer pad), so it stands in no SQL text, table, log or error.
"""

from __future__ import annotations

import hashlib
import re

from pipelines.publish.layout import PublishError

MINIMUM_KEY_BYTES = 16
_BLOCK_BYTES = 64  # of SHA-256

# Keys that name a thing that many people share. Every other `*_key` column names a person or one
# person's record, and is replaced: an unknown key is treated as personal.
_SHARED_KEY = re.compile(
    r"(?:district|school|competency|micro_credential|issuer|rubric_version|rubric_element|element|"
    r"activity|framework|stack|program|fund)_key"
)


class PseudonymKeyTooShort(PublishError):
    """The key for pseudonyms is missing or too short to protect anyone."""

    def __init__(self, length: int) -> None:
        super().__init__(
            f"the key for the evaluators' pseudonyms has {length} bytes; it needs at least {MINIMUM_KEY_BYTES}. "
            "Set a long random one in the environment and keep it: with another key every pseudonym changes."
        )


def is_replaced(column: str) -> bool:
    """Whether a column of the evaluators' release holds a key of a person or of one person's record."""
    name = column.lower()
    return name.endswith("_key") and not _SHARED_KEY.fullmatch(name)


def pseudonym_parameters(key: bytes) -> dict[str, bytes]:
    """The bound parameters that `pseudonym_sql` needs, made from the key."""
    if len(key) < MINIMUM_KEY_BYTES:
        raise PseudonymKeyTooShort(len(key))
    # RFC 2104: a key longer than a block is hashed first
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    return {
        "inner_key": bytes(byte ^ 0x36 for byte in block),
        "outer_key": bytes(byte ^ 0x5C for byte in block),
    }


def pseudonym_sql(expression: str) -> str:
    """A DuckDB expression: HMAC-SHA256 of `expression` as 64 hexadecimal digits; null stays null.

    `expression` is SQL (a quoted column), never data. The statement must be run with the
    parameters of `pseudonym_parameters`.
    """
    return f"sha256($outer_key || unhex(sha256($inner_key || encode(cast({expression} as varchar)))))"
