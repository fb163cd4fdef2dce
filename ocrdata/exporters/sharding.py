"""Formats of many files of about the same number of samples, each written once from its start."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ocrdata.exporters.base import Exporter, SplitWriter


class Shard:
    """A file that takes blocks."""

    def add(self, payload: Any) -> None:
        """Appends a block."""
        raise NotImplementedError

    def close(self) -> None:
        """Writes what belongs at the end, and closes the file."""
        raise NotImplementedError


class ShardSequence(SplitWriter):
    """Opens one shard after the other: `open_shard(number)` gives a new one."""

    def __init__(self, open_shard: Callable[[int], Shard]) -> None:
        self._open_shard = open_shard
        self._shard: Optional[Shard] = None
        self._number = -1

    def add(self, payload: Any, shard: int, ends: bool) -> bool:
        if self._shard is None or shard != self._number:
            self.close()
            self._shard, self._number = self._open_shard(shard), shard
        self._shard.add(payload)
        if ends:
            self.close()
        return ends

    def close(self) -> None:
        if self._shard is not None:
            self._shard.close()
            self._shard = None


class ShardExporter(Exporter):
    """A format whose unfinished files have to be written again."""

    @property
    def shards(self) -> bool:
        return True
