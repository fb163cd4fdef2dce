"""Which sample goes into which shard, decided before anything is written.

The order is that of a hash of the key and the split that of a hash of the text, so neither depends
on the order of the lists. Nothing is kept here of a sample: parts of the sources are read, and
buckets of the hashes sorted and divided, by workers (`plan_buckets.py`); what is kept is how many
samples each bucket has.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Sequence

import numpy as np

from ocrdata.base.parallel import Workers, ordered_map
from ocrdata.base.sample import SPLITS, VALIDATION
from ocrdata.base.sample_lists import VALIDATION_LIST
from ocrdata.base.skips import Skips
from ocrdata.errors import AnnotationError
from ocrdata.records.sources.listed import Source
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.plan_buckets import BucketJob, Divided, DivideTask, PartTask
from ocrdata.records.write.plan_rows import PlanRules
from ocrdata.records.write.shard_plan import Plan, ShardPlan, SourceSplits

# Parts of sources that make a bucket, about a million samples; a power of two of buckets.
_PARTS_A_BUCKET = 2


class PlanPlace(NamedTuple):
    """Where a plan is made: a folder for the buckets, which all workers see, and the workers."""

    folder: Path
    workers: Workers = 0


def plan_shards(
    sources: Sequence[Source], rules: PlanRules, skips: Skips, place: PlanPlace
) -> Plan:
    """Reads sources and returns the shards to write.

    Each split gets `options.shards` shards whose sizes differ by one at the most, or one for each
    sample where there are fewer; a split without samples gets none. Samples of the list Train are
    divided into train and validation (unless there is a list Validation), those of a source
    without a name into test too; equal texts stay together.

    Raises AnnotationError, CharsetError (file, line) for lines that the rules do not allow, and
    OptionError.
    """
    parts = [
        PartTask(number, part, span)
        for number, source in enumerate(sources)
        for part, span in enumerate(source.parts())
    ]
    job = _job(sources, parts, rules, place.folder)
    for left_out in _each(job.read_part, parts, place.workers):
        _add(skips, left_out)
    kept = []
    for counts, left_out in _each(job.sort_bucket, range(job.buckets), place.workers):
        _add(skips, left_out)
        kept.append(counts)
    plan = Plan()
    given = any(source.name == VALIDATION_LIST for source in sources)
    for number, taken in enumerate(np.array(kept, np.int64).T):
        _plan_source(plan, job, number, _limited(taken, rules.options.limit), given, place.workers)
    if not plan.shards:
        raise AnnotationError(sources[0].path, "lists no sample that can be used", hint="")
    return plan


def _job(
    sources: Sequence[Source], parts: Sequence[PartTask], rules: PlanRules, folder: Path
) -> BucketJob:
    buckets = 1
    while buckets * _PARTS_A_BUCKET < len(parts):
        buckets *= 2
    counts = tuple(sum(one.source == number for one in parts) for number in range(len(sources)))
    job = BucketJob(folder, tuple(sources), counts, buckets, rules)
    for number in range(len(sources)):
        job.folder_of(number).mkdir(parents=True, exist_ok=True)
    return job


def _each(work: Callable[[Any], Any], tasks: Sequence[Any], workers: Workers) -> Iterator[Any]:
    # What is small is done before a worker has started.
    return ordered_map(work, tasks, workers if len(tasks) > 1 else 0)


def _add(skips: Skips, more: Skips) -> None:
    skips.add(more.counts, more.examples)
    skips.normalized += more.normalized


def _limited(kept: np.ndarray, limit: Optional[int]) -> np.ndarray:
    """Returns how many rows of each bucket are taken, int64 [buckets]: the first `limit` of all."""
    if limit is None:
        return kept
    before = np.cumsum(kept) - kept
    return np.clip(limit - before, 0, kept)


def _plan_source(
    plan: Plan, job: BucketJob, number: int, taken: np.ndarray, given: bool, workers: Workers
) -> None:
    options, source = job.rules.options, job.sources[number]
    fraction = 0.0 if given else options.validation_fraction
    tasks = [
        DivideTask(number, bucket, count, fraction) for bucket, count in enumerate(taken.tolist())
    ]
    divided = list(_each(job.divide_bucket, tasks, workers))
    group = _nearest_group(divided, fraction)
    if group is not None:
        tasks = [task._replace(group=group) for task in tasks]
        divided = list(_each(job.divide_bucket, tasks, workers))
    counts = np.array([one.counts for one in divided], np.int64)
    splits = SourceSplits(source, job.folder_of(number), counts)
    plan.splits += (splits,)
    for code, split in enumerate(SPLITS):
        size = sum(one.sizes[code] for one in divided)
        plan.shards += _cut(split, number, splits.total(split), _shard_count(size, options))


def _nearest_group(divided: Sequence[Divided], fraction: float) -> Optional[float]:
    """Returns the group that goes to validation where a few would leave it empty by chance.

    It is the one whose hash is nearest; None where none is needed, or there is only one.
    """
    groups = [one.groups for one in divided if one.groups is not None]
    if not fraction or not groups:
        return None
    if any(one.counts[SPLITS.index(VALIDATION)] for one in divided):
        return None
    least, greatest = min(low for low, _ in groups), max(high for _, high in groups)
    return least if least < greatest else None


def _cut(split: str, source: int, samples: int, shards: int) -> List[ShardPlan]:
    count = min(shards, samples)
    edges = [samples * i // count for i in range(count + 1)] if count else []
    return [
        ShardPlan(split, i, count, source, edges[i], edges[i + 1] - edges[i]) for i in range(count)
    ]


def _shard_count(size: int, options: WriteOptions) -> int:
    if options.shard_size is None:
        return options.shards
    return max(1, -(-size // options.shard_size))
