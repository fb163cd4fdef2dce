"""Names for files that came with others, from which nobody can expect anything."""

from __future__ import annotations

import re

from ocrdata.base.storage.disk_map import DiskMap


def plain_name(key: str) -> str:
    """Returns a picture's name without folders and suffix, fit for a list and any file system."""
    stem = key.rsplit("/", 1)[-1].rpartition(".")[0] or key.rsplit("/", 1)[-1]
    return re.sub(r"[^\w.-]+", "_", stem)[:150] or "picture"


class UniqueNames:
    """Gives each name once in a group, whatever the case of its letters: img, img-2, img-3."""

    def __init__(self) -> None:
        self._used: DiskMap[int] = DiskMap()

    def take(self, name: str, group: str) -> str:
        """Returns the name itself, or the first of those with a number that is free."""
        mark = f"{group}/{name.lower()}"
        count = self._used[mark] = (self._used.get(mark) or 0) + 1
        # "-" and a count may itself be taken: then the next count is tried.
        return name if count == 1 else self.take(f"{name}-{count}", group)
