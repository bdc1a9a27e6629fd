"""The stand-ins there are beside Badgr and Ed-Fi 5.x, which every sandbox has: one line a platform.

Belongs here: names, and how each is made from the synthetic district. Does not belong
here: any platform's contract (…_server), or what its documents say (…_documents).
They are made when first asked for, so a sandbox costs no more than what is used of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from connectors.sandbox.case_server import Case
from connectors.sandbox.credly_server import Credly
from connectors.sandbox.district import District
from connectors.sandbox.edfi_six import edfi_six
from connectors.sandbox.exchange import Clock, Request, Response
from connectors.sandbox.grow_server import Grow
from connectors.sandbox.oneroster_server import OneRoster


class StandIn(Protocol):
    """A platform that answers requests below its own first path part."""

    def answer(self, request: Request) -> Response: ...


STAND_INS: dict[str, Callable[[District, Clock], StandIn]] = {
    "case": Case.of,
    "credly": Credly.of,
    "edfi6": edfi_six,
    "grow": Grow.of,
    "oneroster": OneRoster.of,
}
