"""Which shards of an interrupted run are finished: a file of JSON for each, written after it.

A file for each, because object stores cannot append, and so that not all of them need be in memory.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Set

from ocrdata.base.parallel import ordered_map
from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.staging import write_atomic

_FOLDER, _SUFFIX = "finished", ".json"
# So many shards are looked at before processes for it have started.
_FEW = 100


class Journal:
    """The journal in `folder`, about the shards in `shards`."""

    def __init__(self, folder: Path, shards: Path) -> None:
        self.folder, self.shards = folder / _FOLDER, shards
        self.folder.mkdir(parents=True, exist_ok=True)

    def finished(self, workers: int = 0) -> Set[str]:
        """Returns the names of noted shards whose file is there and has the noted bytes."""
        noted = sorted(self.folder.glob("*" + _SUFFIX))
        names = [path.name[: -len(_SUFFIX)] for path in noted]
        sound = ordered_map(self._is_sound, names, workers if len(names) > _FEW else 0)
        return {name for name, good in zip(names, sound) if good}

    def entry(self, name: str) -> Dict[str, Any]:
        """Returns what was noted of a shard."""
        found: Dict[str, Any] = json.loads((self.folder / (name + _SUFFIX)).read_text("utf-8"))
        return found

    def _is_sound(self, name: str) -> bool:
        try:
            entry, path = self.entry(name), self.shards / name
            same = path.stat().st_size == entry["bytes"] and entry["file"] == name
            return same and file_sha256(path) == entry["sha256"]
        except (ValueError, KeyError, TypeError, OSError):
            # A note that was cut off, or a shard that is gone.
            return False

    def append(self, entry: Dict[str, Any]) -> None:
        """Notes a finished shard."""
        text = json.dumps(entry, ensure_ascii=False, sort_keys=True)
        write_atomic(self.folder / (entry["file"] + _SUFFIX), text.encode("utf-8"))
