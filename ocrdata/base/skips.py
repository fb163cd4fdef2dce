"""What becomes of samples that cannot be used: an error, or a count by reason."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Dict, List, Mapping, Sequence

from ocrdata.errors import InputError

_LOG = logging.getLogger(__name__)
_EXAMPLES = 5

BAD_LINE = "line without a label or with a wrong path"
BAD_PICTURE = "picture missing or damaged"
MISSING_CHARACTER = "character not in the dictionary"
REPEATED = "listed twice"
UNPAIRED = "picture or ground truth without the other"
UNCLEAR = "two candidates for the ground truth of one picture"


class Skips:
    """Counts what is left out, by reason, and keeps the first messages.

    `refuse(reason, error)` raises the error instead where the reason is not allowed: `errors`
    allows most, `unknown` characters outside the dictionary, `unclear` pictures of which nobody
    knows which ground truth is theirs.
    """

    def __init__(
        self, errors: bool = False, *, unknown: bool = False, unclear: bool = False
    ) -> None:
        self.errors = errors
        self._allowed = {MISSING_CHARACTER: unknown, UNCLEAR: unclear}
        self.counts: Counter[str] = Counter()
        self.examples: List[str] = []
        # Of what is kept, pictures that were encoded anew, by what was done.
        self.converted: Dict[str, int] = {}
        # Of labels that are kept, those that are others now.
        self.normalized = 0

    def refuse(self, reason: str, error: InputError, character: str = "") -> None:
        """Counts one sample that is left out, or raises `error`.

        A `character` that is the reason is counted for itself.
        """
        if not self._allowed.get(reason, self.errors):
            raise error
        self.add({f"{reason}: {character}" if character else reason: 1}, [str(error)])

    def add(self, counts: Mapping[str, int], examples: Sequence[str]) -> None:
        """Adds what another process has counted."""
        self.counts.update(counts)
        self.examples += examples[: _EXAMPLES - len(self.examples)]
        for message in examples:
            _LOG.info("left out: %s", message)

    def __str__(self) -> str:
        counts = (f"{reason} ({count})" for reason, count in self.counts.items())
        return f"Left out: {', '.join(counts)}."
