"""How many landed records of a run repeat the key of another.

Belongs here: that one number. Does not belong here: which of them counts (dbt staging).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from connectors.core.landing.engine import engine_that_spills
from connectors.core.landing.manifest import LandedFile
from connectors.core.landing.typing_sql import identifier


def count_duplicates(folder: Path, parts: Sequence[LandedFile], key: Sequence[str]) -> int:
    """Landed records beyond the first of their key, deletes left out.

    Above the memory limit keys spill into the folder: they are landed values, never withheld ones.
    """
    if not parts:
        return 0
    names = ", ".join(identifier(name) for name in key)
    with tempfile.TemporaryDirectory(prefix=".keys-", dir=folder) as spill, engine_that_spills(Path(spill)) as database:
        row = database.execute(
            "select coalesce(sum(count - 1), 0) from (select count(*) as count from read_parquet(?) "
            f"where _change = 'upsert' group by {names})",
            [[str(folder / part.name) for part in parts]],
        ).fetchone()
    return int(row[0]) if row else 0
