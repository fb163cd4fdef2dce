"""Which lines of a run fall into which split, without a note for each of them.

The split of a line is a function of its text. Where texts come in turn, a split's lines are known
from the splits of the texts alone; where they are drawn, workers count the lines of each split in
ranges of numbers. Either way a shard is two ranks of its split, and the worker that writes it finds
the numbers of its lines by itself: a billion lines need no more memory here than a million.
"""

from __future__ import annotations

from typing import Callable, Dict, Iterable, List, NamedTuple, Sequence, Set, Tuple, Union

import numpy as np

from ocrdata.base.random_streams import bucket
from ocrdata.base.sample import SPLITS, TEST, TRAIN, VALIDATION
from ocrdata.base.sample_lists import is_test
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextPlan, near_key

# Blocks that are counted as one task, and gone through again by each shard that has lines of them.
RANGE_BLOCKS = 64
RANGE = RANGE_BLOCKS * BLOCK_SIZE
SplitOf = Callable[[str], str]


def split_of_line(text: str, seed: int, test_fraction: float, validation_fraction: float) -> str:
    """Says which split a text and its near duplicates belong to."""
    key = near_key(text)
    if is_test(key, seed, test_fraction):
        return TEST
    place = bucket(key, f"validation-{seed}")
    return VALIDATION if place < validation_fraction else TRAIN


class ListedSplits(NamedTuple):
    """Splits of lines whose texts come in turn: codes (of SPLITS) of the texts, uint8 [n].

    `listed` lines go through the texts again and again; behind them come the lines of `more`.
    """

    codes: np.ndarray
    listed: int
    more: np.ndarray

    def count(self, code: int) -> int:
        """Returns how many lines a split has."""
        return self._listed_count(code) + int((self.more == code).sum())

    def _listed_count(self, code: int) -> int:
        rounds, rest = divmod(self.listed, max(1, len(self.codes)))
        ours = self.codes == code
        return rounds * int(ours.sum()) + int(ours[:rest].sum())

    def numbers(self, code: int, low: int, high: int) -> np.ndarray:
        """Returns the numbers of a split's lines of ranks `low` to below `high`, int64 [n]."""
        members, edge = np.flatnonzero(self.codes == code), self._listed_count(code)
        ranks = np.arange(low, min(high, edge), dtype=np.int64)
        rounds, places = np.divmod(ranks, max(1, len(members)))
        listed = rounds * len(self.codes) + members[places] if len(ranks) else ranks
        behind = np.flatnonzero(self.more == code)[max(0, low - edge) : max(0, high - edge)]
        found: np.ndarray = np.concatenate([listed, behind + self.listed]).astype(np.int64)
        return found


class CountedSplits(NamedTuple):
    """Splits of lines whose texts are drawn: lines of each split before each range.

    `before` is int64 [ranges + 1, splits].
    """

    before: np.ndarray

    def count(self, code: int) -> int:
        """Returns how many lines a split has."""
        return int(self.before[-1, code])

    def ranges(self, code: int, low: int, high: int) -> "range":
        """Returns the ranges in which the lines of some ranks lie."""
        edges = self.before[:, code]
        first = int(np.searchsorted(edges, low, "right")) - 1
        return range(first, int(np.searchsorted(edges, high, "left")))


LineSplits = Union[ListedSplits, CountedSplits]


def listed_splits(plan: TextPlan, split_of: SplitOf) -> Tuple[ListedSplits, Set[str]]:
    """Returns the splits of a plan that takes its texts in turn, and the texts that it shows."""
    listed = plan.total - len(plan.more)
    shown = plan.texts[:listed]
    known: Dict[str, int] = {}
    codes = _codes(plan.texts if listed > len(shown) else shown, split_of, known)
    if len(codes) < len(plan.texts):
        # The others are never come to.
        codes = np.concatenate([codes, np.zeros(len(plan.texts) - len(codes), np.uint8)])
    more = _codes(plan.more, split_of, known)
    return ListedSplits(codes, listed, more), {*shown, *plan.more}


def _codes(texts: Iterable[str], split_of: SplitOf, known: Dict[str, int]) -> np.ndarray:
    for text in texts:
        if text not in known:
            known[text] = SPLITS.index(split_of(text))
    return np.fromiter((known[text] for text in texts), np.uint8)


class RangeCount(NamedTuple):
    """What a range of drawn lines holds: lines of each split, and all characters of the labels."""

    lines: List[int]
    characters: str


def range_count(
    plan: TextPlan, number: int, split_of: SplitOf, labels: Callable[[str], str]
) -> RangeCount:
    """Counts one range of lines; `labels` gives all that a text may have. A task for a worker."""
    codes, texts = codes_of_range(plan, number, split_of)
    characters: Set[str] = set()
    for text in texts:
        characters.update(labels(text))
    lines = np.bincount(codes, minlength=len(SPLITS)).tolist()
    return RangeCount(lines, "".join(sorted(characters)))


def codes_of_range(plan: TextPlan, number: int, split_of: SplitOf) -> Tuple[np.ndarray, List[str]]:
    """Returns the splits of a range's lines, uint8 [n] of SPLITS, and their distinct texts."""
    texts = texts_of_range(plan, number)
    known: Dict[str, int] = {}
    return _codes(texts, split_of, known), list(known)


def texts_of_range(plan: TextPlan, number: int) -> List[str]:
    """Returns the texts of the lines of a range."""
    last = -(-plan.total // BLOCK_SIZE)
    blocks = range(number * RANGE_BLOCKS, min(last, (number + 1) * RANGE_BLOCKS))
    return [text for block in blocks for text in plan.task(block).texts]


def range_numbers(plan: TextPlan) -> "range":
    """Returns the numbers of a plan's ranges."""
    return range(-(-plan.total // RANGE))


def counted_splits(counts: Sequence[RangeCount]) -> Tuple[CountedSplits, Set[str]]:
    """Returns the splits of drawn lines from the counts of their ranges, and all characters."""
    lines = np.array([one.lines for one in counts], np.int64).reshape(-1, len(SPLITS))
    before = np.zeros((len(lines) + 1, len(SPLITS)), np.int64)
    np.cumsum(lines, axis=0, out=before[1:])
    return CountedSplits(before), {c for one in counts for c in one.characters}


def line_numbers_of(
    splits: LineSplits, plan: TextPlan, split_of: SplitOf, code: int, ranks: Tuple[int, int]
) -> np.ndarray:
    """Returns the numbers of the lines of a split from one rank to below another, int64 [n]."""
    low, high = ranks
    if isinstance(splits, ListedSplits):
        return splits.numbers(code, low, high)
    found = []
    for number in splits.ranges(code, low, high):
        first = int(splits.before[number, code])
        inside = np.flatnonzero(codes_of_range(plan, number, split_of)[0] == code)
        found.append(inside[max(0, low - first) : high - first] + number * RANGE)
    joined: np.ndarray = np.concatenate(found) if found else np.zeros(0, np.int64)
    return joined.astype(np.int64)
