"""Which shards of an interrupted run are finished: a line of JSON for each, written after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.files import sync

_NAME = "finished.jsonl"


class Journal:
    """The journal in `folder`, about the shards in `shards`."""

    def __init__(self, folder: Path, shards: Path) -> None:
        self.path = folder / _NAME
        self.shards = shards

    def finished(self) -> Dict[str, Dict[str, Any]]:
        """Returns the entries, by file name, whose file is there and has the noted bytes."""
        found: Dict[str, Dict[str, Any]] = {}
        if not self.path.is_file():
            return found
        for line in self.path.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line.decode("utf-8"))
                path = self.shards / entry["file"]
                if path.stat().st_size == entry["bytes"] and file_sha256(path) == entry["sha256"]:
                    found[entry["file"]] = entry
            except (ValueError, KeyError, TypeError, OSError):
                # The line that was being written when the run ended, or a shard that is gone.
                continue
        return found

    def append(self, entry: Dict[str, Any]) -> None:
        """Adds the entry of a finished shard."""
        line = json.dumps(entry, ensure_ascii=False, sort_keys=True)
        with self.path.open("ab") as stream:
            # A line break first: what is there may end in the middle of a line.
            stream.write(b"\n" + line.encode("utf-8") + b"\n")
            sync(stream)
