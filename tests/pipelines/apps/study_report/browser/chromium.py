"""The report in a headless Chromium: what axe-core finds, how wide the page gets, what it asks the network for.

Belongs here: one run of the browser over several pages, each in frames of several widths. Does not belong
here: what must hold.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AXE = Path(sys.prefix) / "report-checks" / "node_modules" / "axe-core" / "axe.min.js"
"""Where the Makefile installs it: beside the environment's Python, out of the project's own folders."""
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_LONGEST = 120
_BROWSER = "not an origin"
_OWN = ("file:", "data:", "about:", "chrome:", "blob:")


def browser() -> str | None:
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


def why_not() -> str | None:
    """Why there is nothing to look with here; None where there is."""
    if browser() is None:
        return "no Chromium is installed: the report is not looked at in a browser"
    if not AXE.is_file():
        return "axe-core is not installed: `make test` installs it where npm is"
    return None


@dataclass(frozen=True)
class Seen:
    """One page at one width.

    violations: axe's, each with its id and the elements. width: what the page's content needs. hard_to_scroll:
    elements that overflow and take no focus. passes: rules that held, to tell that axe ran.
    """

    violations: tuple[dict[str, Any], ...]
    passes: int
    width: int
    hard_to_scroll: tuple[str, ...]


@dataclass(frozen=True)
class Visit:
    seen: Mapping[tuple[str, int], Seen]
    requests: tuple[str, ...]


def visit(pages: Mapping[tuple[str, int], str], folder: Path) -> Visit:
    """Open each page, given by its name and a width, everything unfolded. AssertionError with the browser's words."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = f"<script>{AXE.read_text(encoding='utf-8')}</script><script>{_PROBE}</script>"
    frames = []
    for (name, width), page in pages.items():
        probed = page.replace("</body>", f'<script>var KEY = "{name}@{width}";</script>{probe}</body>')
        frames.append(f'<iframe width="{width}" height="900" srcdoc="{html.escape(probed)}"></iframe>')
    harness, log = folder / "harness.html", folder / "net-log.json"
    harness.write_text(f"<!doctype html><title>harness</title>{''.join(frames)}", encoding="utf-8")
    done = _run([f"--log-net-log={log}", "--virtual-time-budget=60000", "--dump-dom", harness.as_uri()], folder)
    seen = {}
    for key, text in re.findall(r'<pre data-key="([^"]+)">(.*?)</pre>', done, re.DOTALL):
        name, width = key.rsplit("@", 1)
        told = json.loads(html.unescape(text))
        seen[name, int(width)] = Seen(
            tuple(told["violations"]), told["passes"], told["width"], tuple(told["hard_to_scroll"])
        )
    assert len(seen) == len(frames), f"only {sorted(seen)} answered"
    return Visit(seen, requests(log))


def requests(log: Path) -> tuple[str, ...]:
    """The addresses that pages asked for, outside of themselves. What the browser asks for itself has no origin."""
    events = json.loads(log.read_text(encoding="utf-8"))["events"]
    asked = [event["params"] for event in events if event.get("params", {}).get("initiator", _BROWSER) != _BROWSER]
    return tuple(sorted({one["url"] for one in asked if not one["url"].startswith(_OWN)}))


def _run(arguments: Sequence[str], folder: Path) -> str:
    quiet = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--disable-default-apps", "--no-first-run", "--no-pings", "--disable-dev-shm-usage",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}",
    ]  # fmt: skip
    program = browser()
    assert program is not None
    done = subprocess.run([program, *quiet, *arguments], capture_output=True, text=True, timeout=_LONGEST, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


_PROBE = """
document.querySelectorAll('details').forEach(one => { one.open = true; });
axe.run(document, {runOnly: {type: 'tag', values: TAGS}}).then(found => {
  const root = document.scrollingElement;
  const hard = [...document.querySelectorAll('main *')].filter(one =>
    one.scrollWidth > one.clientWidth + 1
    && ['auto', 'scroll'].includes(getComputedStyle(one).overflowX) && one.tabIndex < 0);
  const told = document.createElement('pre');
  told.dataset.key = KEY;
  told.textContent = JSON.stringify({
    violations: found.violations.map(one => (
      {id: one.id, help: one.help, nodes: one.nodes.map(node => node.html.slice(0, 200))})),
    passes: found.passes.length,
    width: root.scrollWidth,
    hard_to_scroll: hard.map(one => one.outerHTML.slice(0, 120)),
  });
  parent.document.body.append(told);
});
""".replace("TAGS", json.dumps(_TAGS))
