"""Header cells made into names that can be mapped: tidy, unique, never blank.

Belongs here: naming columns and finding mapped ones among them. Does not belong here:
reading cells (csv_file, workbook), what columns become (shaping).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.core.documents import did_you_mean
from connectors.core.errors import ContractBroken

_MOST_SHOWN = 60


def tidy(name: str) -> str:
    """The name without a byte order mark, with plain single spaces."""
    return " ".join(name.replace("\ufeff", "").replace("\u00a0", " ").split())


@dataclass(frozen=True)
class Header:
    """The columns of one file.

    names: one unique name a column, in order: `Amount`, `Amount__2`, `column_14`.
    repeated: tidy names that stand more than once, with their 1-based positions.
    """

    names: tuple[str, ...]
    repeated: Mapping[str, tuple[int, ...]]
    blank_count: int

    @classmethod
    def of(cls, cells: Sequence[str]) -> Header:
        tidied = [tidy(cell) for cell in cells]
        counts = Counter(name for name in tidied if name)
        taken = {name for name, count in counts.items() if count == 1}
        seen: Counter[str] = Counter()
        names: list[str] = []
        for position, name in enumerate(tidied, start=1):
            seen[name] += 1
            unique = name if name else f"column_{position}"
            if name and seen[name] > 1:
                unique = f"{name}__{seen[name]}"
            while unique in names or (unique in taken and unique != name):
                unique += "_"
            names.append(unique)
        repeated = {
            name: tuple(position for position, other in enumerate(tidied, start=1) if other == name)
            for name, count in counts.items()
            if count > 1
        }
        return cls(tuple(names), repeated, sum(not name for name in tidied))

    def note(self, file_name: str) -> str | None:
        """What was renamed, for the analyst; None where nothing was."""
        parts = []
        if self.repeated:
            names = ", ".join(f"{name} (columns {_listed(places)})" for name, places in self.repeated.items())
            parts.append(f"repeated headers numbered: {names}")
        if self.blank_count:
            parts.append(f"{self.blank_count} blank headers named column_<position>")
        return f"{file_name}: {'; '.join(parts)}" if parts else None

    def locate(self, wanted: Mapping[str, str], file_name: str, mapping_name: str) -> dict[str, str]:
        """Mapped header to the file's unique name. `wanted`: header to what it is mapped to.

        `Amount__1` names the first of several columns headed Amount. Raises ContractBroken
        naming every column that is absent or ambiguous, and the columns found.
        """
        found: dict[str, str] = {}
        absent: list[str] = []
        for header, purpose in wanted.items():
            name = tidy(header)
            first_of = name.removesuffix("__1")
            if name in self.repeated:
                places = self.repeated[name]
                raise ContractBroken(
                    f"{file_name}: the mapping {mapping_name} names the column {name!r} (for {purpose}), but columns "
                    f"{_listed(places)} all bear that header. Name one of them: "
                    f"{', '.join(f'{name}__{number}' for number in range(1, len(places) + 1))}"
                )
            if name in self.names:
                found[header] = name
            elif name.endswith("__1") and first_of in self.repeated:
                found[header] = first_of
            else:
                absent.append(f"{name!r} (for {purpose})" + did_you_mean(name, self.names))
        if absent:
            raise ContractBroken(
                f"{file_name}: no column {'; no column '.join(absent)}. The mapping {mapping_name} asks for it. "
                f"{self._found(is_any_mapped=bool(found))} Correct the mapping, or ask for the column in the export"
            )
        return found

    def _found(self, is_any_mapped: bool) -> str:
        if not is_any_mapped and any(looks_like_data(name) for name in self.names):
            return (
                f"The first row read has {len(self.names)} cells and looks like data, so it is not shown: "
                "is the header missing, or skip_rows wrong?"
            )
        shown = ["(not shown: looks like data)" if looks_like_data(name) else name for name in self.names]
        more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
        return f"Columns found: {', '.join(shown[:_MOST_SHOWN])}{more}."


def looks_like_data(name: str) -> bool:
    """Whether a header cell is rather a value, which no message may show."""
    return "@" in name or re.fullmatch(r"[\d\s.,:/$()+-]+", name) is not None


def _listed(positions: Sequence[int]) -> str:
    return ", ".join(str(position) for position in positions[:-1]) + f" and {positions[-1]}"
