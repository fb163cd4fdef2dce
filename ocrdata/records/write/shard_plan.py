"""The shards that are to be written, and their samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict, List

import numpy as np

from ocrdata.records.sources.listed import Source


@dataclass(frozen=True)
class ShardPlan:
    """One shard to write: the places (int64 [n]) of its samples in `source`, in order.

    `first` is the number of its first sample in the split.
    """

    split: str
    index: int
    count: int
    first: int
    source: Source
    places: np.ndarray


@dataclass
class Plan:
    """All shards in order, and how many samples each split has."""

    shards: List[ShardPlan] = field(default_factory=list)
    samples: Dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many samples there are in all."""
        return sum(self.samples.values())
