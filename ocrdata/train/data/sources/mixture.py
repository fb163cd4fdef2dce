"""Which of several sources a sample comes from: a function of its number and the seed."""

from __future__ import annotations

from functools import lru_cache
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.base.random_streams import stream

_ROUND = 1000


class SourceChoice(NamedTuple):
    """Sources take turns in rounds, in which each has its share, in an order of the round's own.

    `quotas` are the samples of each source in a round: to a thousandth, and at least one.
    """

    quotas: Tuple[int, ...]
    seed: int

    @property
    def length(self) -> int:
        """Samples in a round."""
        return sum(self.quotas)

    def turns(self, number: int) -> np.ndarray:
        """Returns int64 [length]: the sources of a round in their order."""
        return _turns(self, int(number))

    def before(self, sample: int) -> List[int]:
        """Returns how many samples of each source come before a sample."""
        number, rest = divmod(sample, self.length)
        begun = np.bincount(self.turns(number)[:rest], minlength=len(self.quotas))
        return [number * quota + int(more) for quota, more in zip(self.quotas, begun)]

    def place(self, sample: int) -> Tuple[int, int]:
        """Returns a sample's source, and its number within that source."""
        source = int(self.turns(sample // self.length)[sample % self.length])
        return source, self.before(sample)[source]


def choose_sources(weights: Sequence[float], seed: int) -> SourceChoice:
    """Returns the choice that gives sources shares in proportion to weights."""
    total = sum(weights)
    quotas = tuple(max(1, int(round(weight / total * _ROUND))) for weight in weights)
    return SourceChoice(quotas, seed)


@lru_cache(maxsize=4)
def _turns(choice: SourceChoice, number: int) -> np.ndarray:
    order = [source for source, quota in enumerate(choice.quotas) for _ in range(quota)]
    stream(choice.seed, "sources", number).shuffle(order)
    return np.array(order, dtype=np.int64)
