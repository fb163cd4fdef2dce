"""What lies in a data set's folders and became no sample: counted by reason, never passed over."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Dict, List

from ocrdata.base.findings import hash64
from ocrdata.base.pairing import is_image
from ocrdata.base.storage.hash_columns import HashColumn, missing_from
from ocrdata.base.storage.tree import HIDDEN
from ocrdata.errors import PathLike
from ocrdata.importers.base import Importer

UNPLACED, UNNAMED = "of no split", "picture without an annotation"
_EXAMPLES = 5


class Unused:
    """Takes the keys of the pictures that were used, as hashes on disk, and counts all others."""

    def __init__(self, importer: Importer, root: PathLike) -> None:
        self._importer, self._root = importer, root
        self._used = HashColumn()
        self.counts: Dict[str, int] = Counter()
        self.examples: List[str] = []

    def take(self, *keys: str) -> None:
        """Notes pictures that became a sample, or were counted with a reason of their own."""
        self._used.extend(map(_mark, keys))

    def count(self) -> None:
        """Counts what is left, by reason, with the first examples of each."""
        for sample in self._importer.unplaced(self._root):
            self._add(UNPLACED, str(getattr(sample, "origin", "") or sample.key))
            self.take(sample.key)
        inventory = self._importer.inventory(self._root)
        for name, reason in inventory.left_out.items():
            # Of hidden files only pictures are missed by anybody.
            if reason != HIDDEN or is_image(name):
                self._add(reason, name)
        there = HashColumn()
        there.extend(map(_mark, inventory.pictures))
        unnamed = missing_from(there, self._used)
        if unnamed.total:
            # Some pictures can be gone through once only, so they are looked up anew.
            names = self._importer.inventory(self._root).pictures
            for place, name in enumerate(itertools.islice(names, unnamed.first[-1] + 1)):
                if place in unnamed.first:
                    self._add(UNNAMED, name)
            self.counts[UNNAMED] += unnamed.total - len(unnamed.first)

    def _add(self, reason: str, name: str) -> None:
        self.counts[reason] = self.counts.get(reason, 0) + 1
        message = f"{name}: {reason}"
        known = sum(one.endswith(f": {reason}") for one in self.examples)
        if known < _EXAMPLES and message not in self.examples:
            self.examples.append(message)


def _mark(key: str) -> int:
    return hash64(key.encode("utf-8", "surrogateescape"))
