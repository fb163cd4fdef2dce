"""The shards of a set as they are finished: an entry of each, and the counts of all added up.

What is kept grows by one entry a shard, not by the statistics of each: those of 100,000 shards are
gigabytes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple

from ocrdata.base.sample import SPLITS
from ocrdata.base.skips import Skips
from ocrdata.records.format.statistics import statistics_of


class ShardEntry(NamedTuple):
    """What dataset_info.json says of a shard."""

    file: str
    samples: int
    bytes: int
    sha256: str = ""


class ShardTotals:
    """What the shards of a set come to, added in order.

    `skips` and `converted` are those of all shards together.
    """

    def __init__(self, task: str) -> None:
        self.task = task
        self.skips = Skips()
        self.converted: Counter[str] = Counter()
        self._shards: Dict[str, List[ShardEntry]] = {}
        self._statistics: Dict[str, Any] = {}

    def note(self, split: str, entry: ShardEntry) -> None:
        """Adds a shard of which no more is known: it is only planned."""
        self._shards.setdefault(split, []).append(entry)

    def add(self, found: Mapping[str, Any]) -> None:
        """Adds a written shard, as its worker or the journal describes it."""
        split = found["split"]
        self.note(split, ShardEntry(*(found[name] for name in ShardEntry._fields)))
        if split not in self._statistics:
            self._statistics[split] = statistics_of(self.task)
        self._statistics[split].merge(found["statistics"])
        self.skips.add(found["skipped"], found["skipped_examples"])
        self.converted.update(found.get("converted", {}))

    def __iter__(self) -> Iterator[ShardEntry]:
        for entries in self._shards.values():
            yield from entries

    @property
    def samples(self) -> int:
        """How many samples there are in all."""
        return sum(entry.samples for entry in self)

    @property
    def bytes(self) -> int:
        """How many bytes the shards have in all."""
        return sum(entry.bytes for entry in self)

    def split_counts(self) -> Dict[str, Dict[str, int]]:
        """Returns samples, shards and bytes of each split."""
        return {
            split: {
                "samples": sum(entry.samples for entry in entries),
                "shards": len(entries),
                "bytes": sum(entry.bytes for entry in entries),
            }
            for split, entries in self._shards.items()
        }

    def split_infos(self) -> Dict[str, Dict[str, Any]]:
        """Returns the part of dataset_info.json about each split."""
        return {
            split: {
                "samples": sum(entry.samples for entry in self._shards[split]),
                "shards": [entry._asdict() for entry in self._shards[split]],
                **self._statistics[split].most,
            }
            for split in SPLITS
            if split in self._shards
        }

    def statistics(self) -> Any:
        """Returns the statistics of all splits together."""
        total = statistics_of(self.task)
        for part in self._statistics.values():
            total.merge(part.as_dict())
        return total
