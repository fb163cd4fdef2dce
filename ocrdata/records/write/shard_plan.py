"""The shards that are to be written, and where their samples are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ocrdata.base.sample import SPLITS
from ocrdata.records.sources.listed import Source


class SourceSplits(NamedTuple):
    """The samples of a source: how many of each split are in each bucket, int64 [buckets, splits].

    `folder` holds a file for each bucket: the places (int64) of the samples of one split behind
    those of the other, in order.
    """

    source: Source
    folder: Path
    counts: np.ndarray

    def total(self, split: str) -> int:
        """Returns how many samples a split has."""
        return int(self.counts[:, SPLITS.index(split)].sum())

    def places(self, split: str, low: int, high: int) -> np.ndarray:
        """Returns the places of a split's samples of ranks `low` to below `high`, int64 [n]."""
        code = SPLITS.index(split)
        edges = np.concatenate([[0], np.cumsum(self.counts[:, code])])
        first = int(np.searchsorted(edges, low, "right")) - 1
        found = []
        for bucket in range(first, int(np.searchsorted(edges, high, "left"))):
            start, end = max(low, int(edges[bucket])), min(high, int(edges[bucket + 1]))
            behind = int(self.counts[bucket, :code].sum()) + start - int(edges[bucket])
            with places_file(self.folder, bucket).open("rb") as stream:
                stream.seek(8 * behind)
                found.append(np.frombuffer(stream.read(8 * (end - start)), "<i8"))
        return np.concatenate(found) if found else np.zeros(0, np.int64)


def places_file(folder: Path, bucket: int) -> Path:
    """Returns the file for the places of a bucket's samples."""
    return folder / f"{bucket}.places"


class ShardPlan(NamedTuple):
    """One shard to write, the one of that number `of` so many of its split.

    It holds samples of a source (its number), from rank `first` of the split on.
    """

    split: str
    number: int
    of: int
    source: int
    first: int
    samples: int


@dataclass
class Plan:
    """All shards in order, and where the samples of each source are."""

    shards: List[ShardPlan] = field(default_factory=list)
    splits: Tuple[SourceSplits, ...] = ()

    @property
    def total(self) -> int:
        """How many samples there are in all."""
        return sum(shard.samples for shard in self.shards)

    @property
    def samples(self) -> Dict[str, int]:
        """How many samples each split has."""
        found: Dict[str, int] = {}
        for shard in self.shards:
            found[shard.split] = found.get(shard.split, 0) + shard.samples
        return found
