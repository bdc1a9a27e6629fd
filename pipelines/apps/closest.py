"""What somebody may have meant by a word that is not known.

Belongs here: likeness of words, and the sentence that offers them. Does not belong here: what a word
stands for (each app's question).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_SHOWN = 3


def closest(wanted: str, known: Iterable[str]) -> list[str]:
    """The known words most like the wanted one, at most three, then up to three others that hold it."""
    words = [word for word in known if word]
    close = difflib.get_close_matches(wanted, words, n=_SHOWN, cutoff=0.5)
    return close + [word for word in words if wanted and wanted in word and word not in close][:_SHOWN]


def did_you_mean(names: Sequence[str]) -> str:
    """A sentence that offers them, with a blank before it; nothing where there are none."""
    return f" Did you mean {', '.join(names)}?" if names else ""
