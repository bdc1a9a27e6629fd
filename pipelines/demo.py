"""The demo: a SYNTHETIC district, its four platforms on this machine, one real run.

Belongs here: writing the demo's settings, starting and ending the stand-ins, asking
three questions of the release. Does not belong here: the stand-ins (connectors.sandbox),
the run (run).
"""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.core.landing.layout import write_whole
from connectors.sandbox.server import CREDENTIALS
from pipelines.apps.access import Viewer
from pipelines.apps.export import export
from pipelines.apps.finder import Expert, find
from pipelines.apps.release_reader import open_release
from pipelines.new_district import write_dagster_home
from pipelines.progress import Listener
from pipelines.run import RunReport, run
from pipelines.settings import PSEUDONYM_KEY, load_settings

COMPETENCIES = ("Questioning", "Academic Feedback", "Managing Student Behavior")
USUAL_PORT = 8765

DISTRICT_YML = """\
# SYNTHETIC: written by `expertise demo`. The platforms are stand-ins on this machine.
district:
  id: cedar-valley
  name: Cedar Valley Schools (SYNTHETIC)
  timezone: America/Chicago
  school_year_start: "07-01"
  is_synthetic: true

roster_sources: [hr, sis]

sources:
  badges:
    platform: badgr
    base_url: {badgr}
    requests_per_second: 500
  sis:
    platform: edfi
    base_url: {edfi}
    requests_per_second: 500     # a stand-in on this machine; leave it out for a real one
    last_school_year: 2026       # it has no later year; leave it out and years that are missing are named
  badge_files:
    platform: open_badges
    folder: drop/badges
  hr:
    platform: files
    mappings: mappings/*.yml
    last_school_year: 2026

roles:
  district_leader: {{scope: district, inside: band}}
  evaluator: {{scope: district, inside: none, outside: none}}
  principal: {{scope: school, inside: band, outside: strengths}}
  coach: {{scope: school, inside: strengths, outside: strengths}}
  teacher: {{scope: self, inside: band, outside: strengths}}

cli:
  as: district_leader
"""


@dataclass(frozen=True)
class DemoOutcome:
    """The demo's run and answers."""

    folder: Path
    district: str
    role: str
    report: RunReport
    experts: dict[str, list[Expert]]
    exports: Path
    sandbox_port: int
    teachers: int

    def to_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "district": self.district,
            "role": self.role,
            "run": self.report.to_json(),
            "experts": self.experts,
            "exports": str(self.exports),
        }


def run_demo(folder: Path, teachers: int, listener: Listener) -> DemoOutcome:
    """Make the demo's folder, serve its platforms, run, ask, export."""
    folder.mkdir(parents=True, exist_ok=True)
    listener.stage_started("prepare")
    with _sandbox(folder, teachers) as serving:
        _write_settings(folder, serving)
        settings = load_settings(folder / "district.yml")
        report = run(settings, listener)
    experts: dict[str, list[Expert]] = {}
    role = settings.document.cli.role or ""
    if report.is_published:
        viewer = Viewer.parse(role, settings.roles)
        with open_release(settings.published, "leaders") as release:
            experts = {competency: find(release, viewer, competency) for competency in COMPETENCIES}
        export(settings.published, viewer, settings.exports, "xlsx")
    return DemoOutcome(
        folder=folder,
        district=settings.district.name,
        role=role,
        report=report,
        experts=experts,
        exports=settings.exports,
        sandbox_port=serving["port"],
        teachers=teachers,
    )


@contextmanager
def _sandbox(folder: Path, teachers: int) -> Iterator[dict[str, Any]]:
    """The stand-ins in a process of their own; yields where they serve, and how to log in."""
    command = [sys.executable, "-m", "connectors.sandbox", "--folder", str(folder), "--port", str(_free_port())]
    command += ["--teachers", str(teachers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = process.stdout.readline() if process.stdout else ""
            if not said:
                raise OSError(f"the stand-in platforms ended with exit code {process.wait()}; see the lines above")
            yield json.loads(said)
        finally:
            process.terminate()


def _free_port() -> int:
    """The usual port, so that the demo's addresses stay the same; another where it is taken."""
    with socket.socket() as attempt:
        try:
            attempt.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return 0
    return USUAL_PORT


def _write_settings(folder: Path, serving: dict[str, Any]) -> None:
    text = DISTRICT_YML.format(badgr=serving["badgr"], edfi=serving["edfi"])
    write_whole(folder / "district.yml", text.encode())
    write_dagster_home(folder)
    dotenv = folder / ".env"
    if not dotenv.exists():
        lines = {PSEUDONYM_KEY: secrets.token_urlsafe(32)} | CREDENTIALS
        write_whole(dotenv, "".join(f"{name}={value}\n" for name, value in lines.items()).encode(), 0o600)
