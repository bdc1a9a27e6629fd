"""The report of a study, as the picture in the README.

`make pictures`: the planted release of 500 made-up teachers is studied, and the part of the report's page that shows
the effects is drawn as it is. Needs chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from pipelines.apps.release_reader import open_release
from pipelines.code_version import code_version
from pipelines.study.release_panel import read_release
from pipelines.study.steps import run_study
from tests.pipelines.study.planted_release import write_release

PICTURE = Path(__file__).parent / "study_effects.png"
# the head and the effects alone: the page is long
ONLY = (
    "<style>main section:not(.short):not([aria-labelledby=effects]), main nav, details, footer "
    "{display: none !important}</style></head>"
)


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise SystemExit("chromium is needed to draw the report")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with open_release(write_release(folder / "published"), "evaluators") as release:
            found = read_release(release, "expertise study", code_version())
            run_study(found.question, found.panel, found.extras, folder / "study", print)
        page = folder / "page.html"
        page.write_text((folder / "study" / "report.html").read_text().replace("</head>", ONLY, 1))
        subprocess.run(
            [
                chromium,
                "--headless=new",
                "--no-sandbox",
                "--hide-scrollbars",
                f"--user-data-dir={folder / 'profile'}",
                "--window-size=900,1600",
                f"--screenshot={PICTURE}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    print(f"wrote {PICTURE.name}")


if __name__ == "__main__":
    main()
