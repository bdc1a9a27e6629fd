"""The one list of platforms. A new platform is a line here and a folder beside it.

Belongs here: names and where their connector stands. Does not belong here: anything
about a platform. Connectors are imported when asked for, so that a command that
needs none starts fast.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from connectors.core.connector import Connector
from connectors.core.schema import Stream


@dataclass(frozen=True)
class Platform:
    """A registered platform: the package `module` holds `client` (the class) and `streams` (STREAMS)."""

    name: str
    title: str
    module: str
    class_name: str

    def connector_class(self) -> type[Connector]:
        connector: type[Connector] = getattr(importlib.import_module(f"{self.module}.client"), self.class_name)
        return connector

    @property
    def streams(self) -> tuple[Stream, ...]:
        streams: tuple[Stream, ...] = importlib.import_module(f"{self.module}.streams").STREAMS
        return streams


PLATFORMS: dict[str, Platform] = {
    platform.name: platform
    for platform in (
        Platform("badgr", "Badgr v2 (Canvas Credentials, Parchment)", "connectors.badgr", "BadgrConnector"),
        Platform("edfi", "Ed-Fi ODS/API, Data Standards 5.x and 6.0", "connectors.edfi", "EdFiConnector"),
        Platform("credly", "Credly v1", "connectors.credly", "CredlyConnector"),
        Platform("case", "CASE 1.0 and 1.1 competency frameworks", "connectors.case", "CaseConnector"),
        Platform("open_badges", "Folder of Open Badges files", "connectors.open_badges", "OpenBadgesConnector"),
        Platform("grow", "Level Data Grow (SchoolMint Grow, Whetstone)", "connectors.grow", "GrowConnector"),
        Platform("oneroster", "OneRoster 1.1 and 1.2, REST and CSV", "connectors.oneroster", "OneRosterConnector"),
        Platform("files", "Mapped CSV and XLSX files", "connectors.files", "FilesConnector"),
    )
}
