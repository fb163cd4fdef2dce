"""Which sample goes into which shard, decided before anything is written.

The order is that of a hash of the key, the split that of a hash of the text, so neither depends on
the order of the lists. Of a sample 20 bytes are kept while planning and 8 while writing.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.base import split as lists
from ocrdata.base.sample import SAMPLE_LIST, parse_sample_line
from ocrdata.base.seeds import bucket, order_key
from ocrdata.errors import AnnotationError, CharsetError, OptionError, PathLike
from ocrdata.records.schema import TEST, TRAIN, VALIDATION, shard_name
from ocrdata.records.skips import BAD_LINE, MISSING_CHARACTER, REPEATED, Skips
from ocrdata.records.sources import ListedLine, SampleList
from ocrdata.text.charset import Charset


@dataclass(frozen=True)
class ShardPlan:
    """One shard to write: the byte offsets (int64 [n]) of its lines in `source`, in order."""

    split: str
    index: int
    count: int
    source: Path
    offsets: np.ndarray

    @property
    def name(self) -> str:
        """The shard's file name."""
        return shard_name(self.split, self.index, self.count)


@dataclass
class Plan:
    """All shards in order, and what was left out while planning."""

    shards: List[ShardPlan] = field(default_factory=list)
    samples: Dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many samples there are in all."""
        return sum(self.samples.values())


class PlanOptions(NamedTuple):
    """What decides a plan; `limit` is the most samples taken from each list."""

    shards: int
    validation_fraction: float
    seed: int
    limit: Optional[int]

    def check(self) -> None:
        """Raises OptionError for a value out of range."""
        if self.shards < 1:
            raise OptionError("--shards must be 1 or more, not {}.".format(self.shards))
        if not 0.0 <= self.validation_fraction < 1.0:
            text = "--validation-fraction must lie in [0, 1), not {}."
            raise OptionError(text.format(self.validation_fraction))


@dataclass
class _Index:
    """What is kept of a list: shuffling key and place of each line, and the hash of its text."""

    source: SampleList
    order: np.ndarray
    offsets: np.ndarray
    buckets: np.ndarray


def find_lists(data_dir: PathLike) -> List[Tuple[str, Path]]:
    """Returns (list name, path) of the sample lists of a data directory.

    Raises AnnotationError where there is none.
    """
    files = [(name, Path(data_dir) / name / SAMPLE_LIST) for name in (lists.TRAIN, lists.TEST)]
    found = [(name, path) for name, path in files if path.is_file()]
    if not found:
        hint = "Make one: ocrdata gen-pics, or ocrdata gen-sample --labels FILE."
        raise AnnotationError(files[0][1], "does not exist", hint=hint)
    return found


def _accepted(
    source: SampleList, charset: Charset, skips: Skips
) -> Iterator[Tuple[ListedLine, str, str]]:
    known = frozenset(charset.characters)
    for line in source.lines():
        try:
            key, text = parse_sample_line(source.path, line.number, line.text)
        except AnnotationError as error:
            skips.refuse(BAD_LINE, error)
            continue
        if known.issuperset(text):
            yield line, key, text
        else:
            skips.refuse(MISSING_CHARACTER, _unknown(source, line.number, text, charset))


def _unknown(source: SampleList, number: int, text: str, charset: Charset) -> CharsetError:
    character = charset.missing(text)[0]
    problem = "{!r} (U+{:04X}) of {!r} is not in the dictionary of {} characters".format(
        character, ord(character), text, len(charset)
    )
    hint = (
        "Build it again (ocrdata gen-chars --overwrite, then ocrdata build-dict --overwrite) "
        "or leave such lines out with --unknown skip."
    )
    return CharsetError(source.path, problem, number, hint)


def _read(source: SampleList, charset: Charset, skips: Skips, seed: int) -> _Index:
    order, offsets, buckets = array("Q"), array("q"), array("f")
    salts = "shards-{}".format(seed), "validation-{}".format(seed)
    for line, key, text in _accepted(source, charset, skips):
        order.append(int.from_bytes(order_key(key, salts[0])[:8], "big"))
        offsets.append(line.offset)
        buckets.append(bucket(text, salts[1]))
    return _Index(
        source,
        np.frombuffer(order, np.uint64) if order else np.zeros(0, np.uint64),
        np.frombuffer(offsets, np.int64) if offsets else np.zeros(0, np.int64),
        np.frombuffer(buckets, np.float32) if buckets else np.zeros(0, np.float32),
    )


def _repeated(indexes: List[_Index], skips: Skips) -> List[np.ndarray]:
    """Returns for each list which lines to keep: each key counts where it stands first."""
    keep = [np.ones(len(index.order), bool) for index in indexes]
    order = np.concatenate([index.order for index in indexes])
    sequence = np.argsort(order, kind="stable")
    ordered = order[sequence]
    starts = np.cumsum([0] + [len(index.order) for index in indexes])
    first = 0
    for place in np.flatnonzero(ordered[1:] == ordered[:-1]).tolist():
        if ordered[first] != ordered[place]:
            first = place
        places = []
        for row in (sequence[first], sequence[place + 1]):
            which = int(np.searchsorted(starts, row, side="right")) - 1
            places.append((which, int(row - starts[which])))
        if _same_key(indexes, places):
            skips.refuse(REPEATED, _twice(indexes, places))
            keep[places[1][0]][places[1][1]] = False
    return keep


def _same_key(indexes: List[_Index], places: List[Tuple[int, int]]) -> bool:
    keys = [indexes[i].source.row_at(int(indexes[i].offsets[row]))[0] for i, row in places]
    return keys[0] == keys[1]


def _twice(indexes: List[_Index], places: List[Tuple[int, int]]) -> AnnotationError:
    (source, offset), (other, offset2) = (
        (indexes[i].source, int(indexes[i].offsets[row])) for i, row in places
    )
    problem = "{!r} is listed already in {}:{}".format(
        source.row_at(offset)[0], source.path, source.number_at(offset)
    )
    hint = "Delete one of the two lines, or pass --skip-errors to use the first."
    return AnnotationError(other.path, problem, other.number_at(offset2), hint)


def _is_validation(buckets: np.ndarray, fraction: float) -> np.ndarray:
    """Says which samples go to validation, whole texts at a time: bool [n].

    Where a few texts would leave it empty by chance, the one nearest to it goes there.
    """
    chosen: np.ndarray = buckets < np.float32(fraction)
    if fraction > 0 and buckets.size and not chosen.any() and np.ptp(buckets) > 0:
        chosen = buckets == buckets.min()
    return chosen


def _cut(split: str, index: _Index, chosen: np.ndarray, options: PlanOptions) -> List[ShardPlan]:
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(index.order[rows], kind="stable")]
    offsets = index.offsets[rows]
    count = min(options.shards, len(offsets))
    bounds = [len(offsets) * i // count for i in range(count + 1)] if count else []
    return [
        ShardPlan(split, i, count, index.source.path, offsets[bounds[i] : bounds[i + 1]])
        for i in range(count)
    ]


def _limit(index: _Index, keep: np.ndarray, limit: Optional[int]) -> None:
    rows = np.flatnonzero(keep)
    if limit is not None and len(rows) > limit:
        keep[rows[np.argsort(index.order[rows], kind="stable")[limit:]]] = False


def plan_shards(data_dir: PathLike, charset: Charset, options: PlanOptions, skips: Skips) -> Plan:
    """Reads the sample lists of a data directory and returns the shards to write.

    Each split gets `options.shards` shards whose sizes differ by one at the most, or one for each
    sample where there are fewer; a split without samples gets none. Train is divided into train
    and validation by text, so equal texts stay together.

    Raises AnnotationError, CharsetError (file, line) for lines that `skips` does not allow, and
    OptionError.
    """
    options.check()
    found = find_lists(data_dir)
    indexes = [_read(SampleList(path, data_dir), charset, skips, options.seed) for _, path in found]
    plan = Plan()
    for (name, _), index, keep in zip(found, indexes, _repeated(indexes, skips)):
        _limit(index, keep, options.limit)
        if name == lists.TEST:
            parts = {TEST: keep}
        else:
            held = np.zeros(len(keep), bool)
            held[keep] = _is_validation(index.buckets[keep], options.validation_fraction)
            parts = {TRAIN: keep & ~held, VALIDATION: keep & held}
        for split, chosen in parts.items():
            plan.samples[split] = int(chosen.sum())
            plan.shards += _cut(split, index, chosen, options)
        index.source.close()
    if not plan.shards:
        raise AnnotationError(found[0][1], "lists no sample that can be used")
    return plan
