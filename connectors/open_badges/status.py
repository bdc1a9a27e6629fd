"""Has the issuer taken it back? Revocation lists and status lists that a badge names.

Belongs here: 1EdTechRevocationList, BitstringStatusListEntry, and the revocation list of an
Open Badges 2.0 issuer. Does not belong here: a hosted assertion that answers 410 (hosted).

A list that can't be had makes the badge's state unknown, never revoked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.status import decode_encoded_list

from connectors.open_badges.documents import Document, Json, NotABadge, parsed_credential, type_names
from connectors.open_badges.keys import IssuerKeys
from connectors.open_badges.proofs import Invalid, Unknown
from connectors.open_badges.records import clean_id, issuer_id_of, revoked_ids

_LIST = "the status list"
_FEWEST_BITS = 131_072


def is_revoked(
    entries: Any, credential_id: str, issuer_id: str, keys: IssuerKeys, confirm: Callable[[Document], None]
) -> bool:
    """Whether any of a credential's statuses says that it is revoked.

    confirm: checks the proof of a status list, which is a credential itself; raises Invalid or Unknown.
    Raises Unknown where a list can't be had or believed, Invalid for a suspended credential.
    """
    found = False
    for entry in entries if isinstance(entries, list) else [entries] if entries else []:
        if not isinstance(entry, dict):
            raise Unknown("its status is no object")
        kinds = type_names(entry)
        if "1EdTechRevocationList" in kinds:
            found |= _is_listed(entry.get("id"), credential_id, issuer_id, keys)
        elif "BitstringStatusListEntry" in kinds:
            found |= _is_set(entry, issuer_id, keys, confirm)
        else:
            raise Unknown(f"a status of the kind {', '.join(kinds)[:80] or '?'} is not read here")
    return found


def is_in_revocation_list(address: Any, credential_id: str, issuer_id: str, keys: IssuerKeys) -> bool:
    """Whether the revocation list of an Open Badges 2.0 issuer names the badge. Raises Unknown."""
    return _is_listed(address, credential_id, issuer_id, keys)


def _is_listed(address: Any, credential_id: str, issuer_id: str, keys: IssuerKeys) -> bool:
    if not isinstance(address, str):
        raise Unknown("its revocation list has no address")
    document = keys.document(address, "the revocation list")
    issuer = document.get("issuer")
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    if isinstance(named, str) and clean_id(named) != clean_id(issuer_id):
        raise Unknown("the revocation list is another issuer's")
    if not any(name in document for name in ("revokedAssertions", "revokedCredential", "revokedCredentials")):
        raise Unknown("the revocation list's address holds no revocation list")
    return credential_id in revoked_ids(document)


def _is_set(entry: Json, issuer_id: str, keys: IssuerKeys, confirm: Callable[[Document], None]) -> bool:
    purpose = entry.get("statusPurpose")
    if purpose not in ("revocation", "suspension"):
        return False
    address, position = entry.get("statusListCredential"), entry.get("statusListIndex")
    if not isinstance(address, str) or not str(position).isascii() or not str(position).isdigit():
        raise Unknown("its status names no place in a status list")
    if entry.get("statusSize", 1) not in (1, "1"):
        raise Unknown("its status has a size that is not read here")
    body = keys.answer(address, _LIST)
    if body.status != 200:
        raise Unknown(f"{_LIST} can't be read: its host answered {body.status}")
    try:
        document = parsed_credential(body.body)
    except NotABadge:
        raise Unknown(f"{_LIST} can't be read: its host answered with no credential") from None
    if "BitstringStatusListCredential" not in type_names(document.body):
        raise Unknown(f"{_LIST}'s address holds no status list")
    if clean_id(issuer_id_of(document)) != clean_id(issuer_id):
        raise Unknown(f"{_LIST} is another issuer's")
    try:
        confirm(document)
    except Invalid as fault:
        raise Unknown(f"{_LIST} can't be believed: {fault}") from None
    subject = document.body.get("credentialSubject")
    if not isinstance(subject, dict) or purpose not in _purposes(subject):
        raise Unknown(f"{_LIST} is for another purpose")
    try:
        bits = decode_encoded_list(str(subject.get("encodedList", "")))
    except (LibOpenBadgesException, ValueError):
        raise Unknown(f"{_LIST} can't be unpacked") from None
    index = int(str(position)[:12])
    if len(bits) * 8 < _FEWEST_BITS or index >= len(bits) * 8:
        raise Unknown(f"{_LIST} is shorter than it may be, or than the badge's place in it")
    if not bits[index // 8] & (128 >> index % 8):
        return False
    if purpose == "suspension":
        raise Invalid("suspended by its issuer")
    return True


def _purposes(subject: Json) -> list[Any]:
    given = subject.get("statusPurpose")
    return given if isinstance(given, list) else [given]
