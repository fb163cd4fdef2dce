"""Which sample goes into which shard, decided before anything is written.

The order is that of a hash of the key and the split that of a hash of the text, so neither depends
on the order of the lists. Of a sample 20 bytes are kept while planning (twice that for a moment),
and 8 while writing.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base import sample_lists as lists
from ocrdata.base.random_streams import bucket, order_key
from ocrdata.base.sample import TEST, TRAIN, VALIDATION
from ocrdata.base.skips import BAD_LINE, MISSING_CHARACTER, REPEATED, Skips
from ocrdata.errors import AnnotationError, CharsetError
from ocrdata.records.sources.listed import SampleRow, Source
from ocrdata.records.write.options import GROUP_BY_KEY, WriteOptions
from ocrdata.records.write.shard_plan import Plan, ShardPlan
from ocrdata.text.charset import Charset
from ocrdata.text.normalization import normalize_label

# Lists that are a split already; the training list is divided where there is no validation list.
_SPLIT_OF = {lists.VALIDATION_LIST: VALIDATION, lists.TEST_LIST: TEST}


@dataclass
class _Index:
    """What is kept of a source: shuffling key and place of each sample, and hashes of its group.

    All in the order of the shuffling keys, which are hashes of the samples' own. `tests` says which
    samples of an undivided source are for testing.
    """

    source: Source
    order: np.ndarray
    places: np.ndarray
    buckets: np.ndarray
    tests: np.ndarray


def _normalized(source: Source, how: str, skips: Skips) -> Iterator[SampleRow]:
    """Yields the rows with their labels normalized, counting those that are others now."""
    for row in source.rows(skips):
        text = normalize_label(row.text, how)
        if text == row.text:
            yield row
        elif text:
            skips.normalized += 1
            yield row._replace(text=text)
        else:
            path, line = source.origin(row.place)
            problem = f"the label of {row.key} has no character that can be seen"
            skips.refuse(BAD_LINE, AnnotationError(path, problem, line))


def _known(
    source: Source, charset: Optional[Charset], skips: Skips, how: str
) -> Iterator[SampleRow]:
    rows = _normalized(source, how, skips)
    if charset is None:
        yield from rows
        return
    known = frozenset(charset.characters)
    for row in rows:
        if known.issuperset(row.text):
            yield row
        else:
            skips.refuse(MISSING_CHARACTER, _unknown(source, row, charset))


def _unknown(source: Source, row: SampleRow, charset: Charset) -> CharsetError:
    character = charset.missing(row.text)[0]
    problem = (
        f"{character!r} (U+{ord(character):04X}) of {row.text!r} is not in the "
        f"dictionary of {len(charset)} characters"
    )
    hint = (
        "Build it again (ocrdata gen-chars --overwrite, then ocrdata build-dict --overwrite) "
        "or leave such lines out with --unknown skip."
    )
    # A sample without a line of its own is known by its key.
    path = source.path if row.number else row.key
    return CharsetError(path, problem, row.number or None, hint)


def _array(values: Any, kind: Any) -> np.ndarray:
    return np.frombuffer(values, kind) if values else np.zeros(0, kind)


def _read(
    source: Source, charset: Optional[Charset], skips: Skips, options: WriteOptions
) -> _Index:
    order, places, buckets, tests = array("Q"), array("q"), array("f"), array("B")
    salts = f"shards-{options.seed}", f"validation-{options.seed}"
    by_key = options.group_by == GROUP_BY_KEY
    for row in _known(source, charset, skips, options.text_normalization):
        # A picture without a label of its own is a group by itself.
        group = row.key if by_key or not row.text else row.text
        order.append(int.from_bytes(order_key(row.key, salts[0])[:8], "big"))
        places.append(row.place)
        buckets.append(bucket(group, salts[1]))
        if not source.name:
            tests.append(lists.is_test(group, options.seed, options.test_fraction))
    return _Index(
        source,
        _array(order, np.uint64),
        _array(places, np.int64),
        _array(buckets, np.float32),
        _array(tests, np.bool_),
    )


def _shuffled(index: _Index) -> _Index:
    """Puts what is kept of a source in order, one part after the other to save memory."""
    sequence = np.argsort(index.order, kind="stable")
    index.order = index.order[sequence]
    index.places = index.places[sequence]
    index.buckets = index.buckets[sequence]
    if len(index.tests):
        index.tests = index.tests[sequence]
    return index


def _rows_of(index: _Index, value: np.uint64) -> range:
    first = int(np.searchsorted(index.order, value, "left"))
    return range(first, int(np.searchsorted(index.order, value, "right")))


def _repeated(indexes: List[_Index], skips: Skips) -> List[np.ndarray]:
    """Returns for each source which samples to keep: each key counts where it stands first."""
    keep = [np.ones(len(index.order), bool) for index in indexes]
    order = np.concatenate([index.order for index in indexes])
    order.sort()
    for value in np.unique(order[1:][order[1:] == order[:-1]]):
        found = [
            (which, row) for which, index in enumerate(indexes) for row in _rows_of(index, value)
        ]
        samples = [(indexes[which].source, int(indexes[which].places[row])) for which, row in found]
        first = samples[0][0].key_at(samples[0][1])
        for (which, row), (source, place) in list(zip(found, samples))[1:]:
            if source.key_at(place) == first:
                skips.refuse(REPEATED, _twice([samples[0], (source, place)]))
                keep[which][row] = False
    return keep


def _twice(pair: List[Tuple[Source, int]]) -> AnnotationError:
    (source, place), (other, place2) = pair
    path, line = source.origin(place)
    first = f"{path}:{line}" if line else "the same source"
    problem = f"{source.key_at(place)!r} is listed already in {first}"
    hint = "Delete one of the two lines, or pass --skip-errors to use the first."
    where, number = other.origin(place2)
    return AnnotationError(where, problem, number, hint)


def _is_validation(buckets: np.ndarray, fraction: float) -> np.ndarray:
    """Says which samples go to validation, whole groups at a time: bool [n].

    Where a few groups would leave it empty by chance, the one nearest to it goes there.
    """
    chosen: np.ndarray = buckets < np.float32(fraction)
    if fraction > 0 and buckets.size and not chosen.any() and np.ptp(buckets) > 0:
        chosen = buckets == buckets.min()
    return chosen


def _divide(index: _Index, keep: np.ndarray, fraction: float) -> Dict[str, np.ndarray]:
    if index.source.name in _SPLIT_OF:
        return {_SPLIT_OF[index.source.name]: keep}
    tests = keep & index.tests if len(index.tests) else np.zeros(len(keep), bool)
    rest = keep & ~tests
    held = np.zeros(len(keep), bool)
    held[rest] = _is_validation(index.buckets[rest], fraction)
    parts = {TRAIN: rest & ~held, VALIDATION: held}
    return {**parts, TEST: tests} if not index.source.name else parts


def _cut(split: str, index: _Index, chosen: np.ndarray, options: WriteOptions) -> List[ShardPlan]:
    places = index.places[chosen]
    count = min(_shard_count(index.source, places, options), len(places))
    bounds = [len(places) * i // count for i in range(count + 1)] if count else []
    return [
        ShardPlan(split, i, count, bounds[i], index.source, places[bounds[i] : bounds[i + 1]])
        for i in range(count)
    ]


def _shard_count(source: Source, places: np.ndarray, options: WriteOptions) -> int:
    if options.shard_size is None:
        return options.shards
    # Beside the picture a record holds names, numbers and its frame.
    total = sum(source.size_at(place) + 256 for place in places.tolist())
    return max(1, -(-total // options.shard_size))


def _limit(keep: np.ndarray, limit: Optional[int]) -> None:
    if limit is not None:
        keep[np.flatnonzero(keep)[limit:]] = False


def plan_shards(
    sources: Sequence[Source], charset: Optional[Charset], options: WriteOptions, skips: Skips
) -> Plan:
    """Reads sources and returns the shards to write.

    Each split gets `options.shards` shards whose sizes differ by one at the most, or one for each
    sample where there are fewer; a split without samples gets none. Samples of the list Train are
    divided into train and validation (unless there is a list Validation), those of a source
    without a name into test too; equal texts stay together.

    Raises AnnotationError, CharsetError (file, line) for lines that `skips` does not allow, and
    OptionError.
    """
    try:
        return _plan(sources, charset, options, skips)
    finally:
        for source in sources:
            source.close()


def _plan(
    sources: Sequence[Source], charset: Optional[Charset], options: WriteOptions, skips: Skips
) -> Plan:
    indexes = [_shuffled(_read(source, charset, skips, options)) for source in sources]
    given = any(source.name == lists.VALIDATION_LIST for source in sources)
    fraction = 0.0 if given else options.validation_fraction
    plan = Plan()
    for index, keep in zip(indexes, _repeated(indexes, skips)):
        _limit(keep, options.limit)
        for split, chosen in _divide(index, keep, fraction).items():
            if given and split == VALIDATION and index.source.name != lists.VALIDATION_LIST:
                continue
            plan.samples[split] = int(chosen.sum())
            plan.shards += _cut(split, index, chosen, options)
    if not plan.shards:
        raise AnnotationError(sources[0].path, "lists no sample that can be used", hint="")
    return plan
