"""What `dagster dev` loads: the definitions of the district that EXPERTISE_CONFIG names.

Default: `district.yml` in the current folder. Everything is made in `build`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.build import build_defs
from pipelines.settings import load_settings

defs = build_defs(load_settings(Path(os.environ.get("EXPERTISE_CONFIG", "district.yml"))))
