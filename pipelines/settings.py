"""One typed object of everything a district sets: `district.yml` and the environment.

Belongs here: what may be set, its validation with every fault at once, where things
stand on disk. Does not belong here: what the settings do. Secrets come from the
environment or the `.env` file beside district.yml, never from YAML.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connectors.core.connector import Connection, Connector, Options
from connectors.core.documents import did_you_mean, faults_of, nearest, read_yaml
from connectors.core.errors import ConfigurationError, MissingSecret
from connectors.core.schema import Stream
from connectors.registry import PLATFORMS, Platform
from pipelines.apps import access
from pipelines.publish.pseudonyms import MINIMUM_KEY_BYTES

Sight = Literal["none", "strengths", "band", "score"]
_SECRET_WORDS = ("password", "secret", "token")
PSEUDONYM_KEY = "EXPERTISE_PSEUDONYM_KEY"
DECISIONS_URL = "EXPERTISE_DECISIONS_URL"
_SOURCE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_CRON_PART = re.compile(r"[0-9A-Za-z*/,#-]+")
_HINTS = {
    r"'\t'": ": indent with spaces, not tabs",
    "UnicodeDecodeError": ": save it as UTF-8",
    "PermissionError": ": give the account that runs this the right to read it",
}


class SettingsError(ConfigurationError):
    """district.yml can't be used; `faults` holds every reason."""

    def __init__(self, path: Path, faults: list[str]) -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__(f"{path}: {count}\n" + "\n".join(f"  - {fault}" for fault in faults))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class District(_Part):
    """The district and how it counts time."""

    id: str
    name: str
    timezone: str
    school_year_start: str = "07-01"
    is_synthetic: bool = False

    @field_validator("id")
    @classmethod
    def _usable_id(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
            raise ValueError("small letters, digits, - and _ only, and no - or _ first, such as my-district")
        return value

    @field_validator("school_year_start")
    @classmethod
    def _day_of_the_year(cls, value: str) -> str:
        try:
            if not re.fullmatch(r"\d{2}-\d{2}", value, re.ASCII):
                raise ValueError
            date.fromisoformat(f"2001-{value}")
        except ValueError:
            raise ValueError('no day of the year; write month and day in quotes, such as "07-01"') from None
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            near = did_you_mean(value, (zone for zone in available_timezones() if "/" in zone))
            raise ValueError(f"unknown time zone.{near or ' Use a name like America/Chicago.'}")
        return value

    @property
    def school_year_starts(self) -> tuple[int, int]:
        """Month and day."""
        month, day = self.school_year_start.split("-")
        return int(month), int(day)


class Role(_Part):
    """What a role sees inside its scope and outside of it."""

    scope: Literal["district", "school", "self"]
    inside: Sight
    outside: Sight = "strengths"


class CommandLine(_Part):
    """Presets of the command line."""

    role: str | None = Field(default=None, alias="as")


class Schedule(_Part):
    """When the daily load runs, in the district's time zone."""

    cron: str = "0 2 * * *"

    @field_validator("cron")
    @classmethod
    def _five_parts(cls, value: str) -> str:
        parts = value.split()
        if len(parts) != 5 or not all(_CRON_PART.fullmatch(part) for part in parts):
            raise ValueError('not a cron line of five parts (minute hour day month weekday), such as "0 2 * * *"')
        return value


DEFAULT_ROLES = {
    "district_leader": Role(scope="district", inside="band"),
    "evaluator": Role(scope="district", inside="none", outside="none"),
    "principal": Role(scope="school", inside="band"),
    "coach": Role(scope="school", inside="strengths"),
    "teacher": Role(scope="self", inside="band"),
}


class _Document(_Part):
    """district.yml, before the sources' own options are looked at."""

    district: District
    roster_sources: tuple[str, ...] = ()
    sources: dict[str, dict[str, Any]] = {}
    roles: dict[str, Role] = DEFAULT_ROLES
    cli: CommandLine = CommandLine()
    schedule: Schedule = Schedule()
    releases_kept: int = Field(default=5, ge=1)


@dataclass(frozen=True)
class Source:
    """One configured source."""

    name: str
    platform: Platform
    options: Options


@dataclass(frozen=True)
class Settings:
    """Everything a district set, validated."""

    path: Path
    document: _Document
    sources: Mapping[str, Source]
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Settings({str(self.path)!r})"

    @property
    def district(self) -> District:
        return self.document.district

    @property
    def roles(self) -> Mapping[str, access.Role]:
        """What each role sees, as the apps ask for it."""
        return {name: access.Role(role.scope, role.inside, role.outside) for name, role in self.document.roles.items()}

    @property
    def home(self) -> Path:
        """The folder of district.yml: everything the warehouse writes stands below it."""
        return self.path.parent

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse" / "warehouse.duckdb"

    @property
    def build_input(self) -> Path:
        return self.home / "warehouse" / "build_input"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def exports(self) -> Path:
        return self.home / "exports"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def decisions(self) -> Path:
        """The database of people's decisions, where no PostgreSQL is named."""
        return self.home / "decisions" / "decisions.sqlite"

    @property
    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.district.timezone)

    @cached_property
    def settings_hash(self) -> str:
        """Changes when anything set changes; secrets are no part of it."""
        return hashlib.sha256(self.document.model_dump_json().encode()).hexdigest()[:16]

    def read_pseudonym_key(self) -> bytes:
        """The key of the evaluators' pseudonyms. Raises MissingSecret, or ConfigurationError where it is short."""
        key = self._secret("pseudonym key", PSEUDONYM_KEY).encode()
        if len(key) < MINIMUM_KEY_BYTES:
            raise ConfigurationError(
                f"pseudonym key: {PSEUDONYM_KEY} has {len(key)} bytes; it needs at least {MINIMUM_KEY_BYTES}. "
                "Set a long random one and keep it: with another key every pseudonym changes."
            )
        return key

    def read_decisions_url(self) -> str | None:
        """PostgreSQL's address for people's decisions, a secret since it holds a password; None for SQLite."""
        return self.environment.get(DECISIONS_URL, "").strip() or None

    def _secret(self, where: str, variable: str) -> str:
        value = self.environment.get(variable, "")
        if not value:
            raise MissingSecret(where, variable)
        return value

    def require_secrets(self) -> None:
        """Raises MissingSecret where one that a run needs is not set."""
        for name in self.sources:
            self.connection(name)
        self.read_pseudonym_key()

    def connection(self, name: str) -> Connection:
        """What the source's connector is built from. Raises MissingSecret."""
        source = self.sources[name]
        prefix = _secret_prefix(name)
        secret_names = source.options.secrets_of(source.platform.connector_class().secret_names)
        return Connection(
            district_id=self.district.id,
            name=name,
            timezone=self.district.timezone,
            options=source.options,
            base_folder=self.home,
            state_folder=self.state,
            secrets={secret: self._secret(f"source {name}", f"{prefix}_{secret.upper()}") for secret in secret_names},
        )

    def connector(self, name: str) -> tuple[Connection, Connector]:
        """A source's connection and its connector, ready to be used and closed."""
        connection = self.connection(name)
        return connection, self.sources[name].platform.connector_class()(connection)

    def streams(self) -> list[tuple[Source, Stream]]:
        """Every stream of every configured source's platform, in configuration order."""
        return [(source, stream) for source in self.sources.values() for stream in source.platform.streams]


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and validate district.yml. Raises SettingsError with every fault at once."""
    path = path.expanduser().resolve()
    if path.is_dir():
        path = path / "district.yml"
    try:
        raw = read_yaml(path)
    except ConfigurationError as fault:
        hint = ". Run `expertise init` to write one" if not path.exists() else ""
        said = str(fault).removeprefix(f"{path}").lstrip(":, ")
        hint += next((advice for sign, advice in _HINTS.items() if sign in said), "")
        raise SettingsError(path, [said + hint]) from None
    faults: list[str] = []
    try:
        document = _Document.model_validate(raw)
    except ValidationError as error:
        faults += faults_of(error, _Document)
        document = None
    sources = _sources(raw, faults)
    known = list(raw.get("sources") or {}) if isinstance(raw.get("sources"), dict) else []
    if document is not None:
        faults += [
            f"roster_sources: {name} is not one of the sources.{nearest(name, known)}"
            for name in document.roster_sources
            if name not in known
        ]
        role = document.cli.role
        if role is not None and role.partition(":")[0] not in document.roles:
            faults.append(f"cli.as: unknown role.{nearest(role.partition(':')[0], list(document.roles))}")
    if faults or document is None:
        raise SettingsError(path, faults)
    given = dict(os.environ if environment is None else environment)
    return Settings(path, document, sources, _dotenv(path.parent / ".env") | given)


def _dotenv(path: Path) -> dict[str, str]:
    """The secrets of a .env file, none where there is none. Its faults hold nothing of what stands in it."""
    try:
        found = dotenv_values(path, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(path, ["cannot be read as text: save it as UTF-8"]) from None
    return {name: value for name, value in found.items() if value is not None}


def _sources(raw: dict[str, Any], faults: list[str]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    prefixes: dict[str, str] = {}
    declared = raw.get("sources") or {}
    if not isinstance(declared, dict):
        return sources
    district = raw.get("district")
    start = district.get("school_year_start", "07-01") if isinstance(district, dict) else "07-01"
    for name, given in declared.items():
        place = f"sources.{name}"
        if not _SOURCE_NAME.fullmatch(str(name)):
            faults.append(f"{place}: a source's name holds letters, digits, - and _ only, and begins with a letter")
        twin = prefixes.setdefault(_secret_prefix(str(name)), str(name))
        if twin != str(name):
            faults.append(f"{place}: its secrets would have the names of those of {twin}; give it another name")
        if not isinstance(given, dict):
            continue
        options = dict(given)
        platform = PLATFORMS.get(str(options.pop("platform", "")))
        if platform is None:
            found = given.get("platform")
            faults.append(
                f"{place}.platform: missing; known: {', '.join(PLATFORMS)}"
                if found is None
                else f'{place}.platform: unknown platform "{found}".{nearest(str(found), list(PLATFORMS))}'
            )
            continue
        connector = platform.connector_class()
        for key in _secrets_given(options, connector.secret_names):
            variable = f"{name}_{key}".upper().replace("-", "_")
            faults.append(f"{place}.{key}: secrets never stand in this file; set the environment variable {variable}")
            del options[key]
        model = connector.options_model
        if "school_year_start" in model.model_fields:
            options.setdefault("school_year_start", start)
        try:
            sources[str(name)] = Source(str(name), platform, model.model_validate(options))
        except ValidationError as error:
            faults += faults_of(error, model, place)
    return sources


def _secret_prefix(name: str) -> str:
    """What the names of a source's secrets begin with."""
    return name.upper().replace("-", "_")


def _secrets_given(options: dict[str, Any], secret_names: tuple[str, ...]) -> list[str]:
    """Keys that hold, or look as if they held, a secret."""
    return [
        str(key) for key in options if key in secret_names or any(word in str(key).lower() for word in _SECRET_WORDS)
    ]
