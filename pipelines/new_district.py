"""The first files of a district: district.yml and .env, to be filled in, and Dagster's own settings.

Belongs here: their text. Does not belong here: what the settings mean (settings).
"""

from __future__ import annotations

import secrets
from pathlib import Path

from connectors.core.errors import ConfigurationError
from connectors.core.landing.layout import write_whole
from pipelines.settings import DECISIONS_URL, PSEUDONYM_KEY

DISTRICT_YML = """\
# The district's settings. Secrets never stand here: they come from the environment or .env.
district:
  id: my-district                # part of every key; never change it
  name: My District
  timezone: America/Chicago
  school_year_start: "07-01"     # local date; a school year is named by its spring

roster_sources: [hr]             # who people are: the first source that knows a person names them

# Remove what you don't have: the rest still builds, and `expertise status` says what is dark.
sources:
  badges:                        # secrets: BADGES_USERNAME, BADGES_PASSWORD
    platform: badgr
    base_url: https://api.badgr.io
  sis:                           # secrets: SIS_CLIENT_ID, SIS_CLIENT_SECRET
    platform: edfi
    base_url: https://edfi.my-district.example
  badge_files:                   # a folder of Open Badges files
    platform: open_badges
    folder: drop/badges
  hr:                            # CSV and XLSX exports, described in mappings/
    platform: files
    mappings: mappings/*.yml

roles:
  district_leader: {scope: district, inside: band}
  evaluator: {scope: district, inside: none, outside: none}
  principal: {scope: school, inside: band, outside: strengths}
  coach: {scope: school, inside: strengths, outside: strengths}
  teacher: {scope: self, inside: band, outside: strengths}   # one person: asked as teacher:STAFF_KEY

schedule:
  cron: "0 2 * * *"              # in the district's time zone
"""


# what DAGSTER_HOME points to: Dagster's own memory of runs, beside the district's data
DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
concurrency:
  runs:
    max_concurrent_runs: 1
"""


def write_dagster_home(folder: Path) -> Path:
    """Write the instance settings of `dagster dev` below a district's folder."""
    path = folder / "dagster" / "dagster.yaml"
    write_whole(path, DAGSTER_YAML.encode())
    return path


def write_new_district(folder: Path) -> list[Path]:
    """Write them all. Raises ConfigurationError where district.yml or .env is there already."""
    files = {
        folder / "district.yml": (DISTRICT_YML, 0o644),
        folder / ".env": (
            "# Secrets of this district. Keep this file out of version control.\n"
            f"{PSEUDONYM_KEY}={secrets.token_urlsafe(32)}\n"
            "BADGES_USERNAME=\nBADGES_PASSWORD=\nSIS_CLIENT_ID=\nSIS_CLIENT_SECRET=\n"
            "# people's decisions in PostgreSQL, instead of decisions/decisions.sqlite beside this file\n"
            f"# {DECISIONS_URL}=postgresql://user:password@host:5432/database\n",
            0o600,
        ),
    }
    for path in files:
        if path.exists():
            raise ConfigurationError(f"{path} is there already; nothing was changed")
    for path, (text, mode) in files.items():
        write_whole(path, text.encode(), mode)
    for name in ("drop/badges", "mappings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return [*files, write_dagster_home(folder)]
