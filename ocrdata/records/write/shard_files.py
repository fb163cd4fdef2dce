"""The files of a shard set: one written by a worker, all of them with a journal to resume by.

Whatever makes the records - samples of lists, or a renderer - its shards are written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import RunOptions
from ocrdata.base.skips import Skips
from ocrdata.base.storage.staging import Staged
from ocrdata.records.format.shard_totals import ShardTotals
from ocrdata.records.format.statistics import statistics_of
from ocrdata.records.format.tfrecord_writer import drop_unfinished, open_writer
from ocrdata.records.write.shard_journal import Journal

Entry = Dict[str, Any]


class ShardFile(NamedTuple):
    """A file to write: its folder, name, split, task of its records, and compression."""

    folder: Path
    name: str
    split: str
    task: str
    compression: str = "none"

    def write(self, records: Iterable[Tuple[Any, bytes]], skips: Optional[Skips] = None) -> Entry:
        """Writes (record, encoded) pairs; returns the entry for the journal, plain JSON values.

        `skips` are those that `records` fills while it is read.
        """
        statistics = statistics_of(self.task)
        with open_writer(self.folder / self.name, self.compression) as writer:
            for record, data in records:
                statistics.add(record)
                writer.write(data)
        left_out = skips or Skips()
        return {
            "file": self.name,
            "split": self.split,
            "samples": writer.count,
            "bytes": writer.size,
            "sha256": writer.sha256,
            "statistics": statistics.as_dict(),
            "skipped": dict(left_out.counts),
            "skipped_examples": left_out.examples,
            "converted": dict(left_out.converted),
        }


class ShardTasks(NamedTuple):
    """Shards to write: their names in order, a task each, and `write(task)`, which gives an entry.

    `write`, the tasks and `initializer` with its arguments travel to workers; `before_fork` is that
    of `ordered_map`. `kind` is the task that the records are for, and `total` how many samples
    there are.
    """

    names: List[str]
    tasks: List[Any]
    write: Callable[[Any], Entry]
    kind: str
    total: int
    initializer: Optional[Callable[..., None]] = None
    initargs: Tuple[Any, ...] = ()
    before_fork: Optional[Callable[[int], None]] = None


def write_shard_files(
    staged: Staged, folder: Path, shards: ShardTasks, run: RunOptions
) -> Tuple[ShardTotals, int]:
    """Writes the shards that are not there yet.

    Returns what all of them come to, and how many were there.
    """
    drop_unfinished(folder)
    journal = Journal(staged.folder, folder)
    looking = run.workers if isinstance(run.workers, int) else 0
    done = journal.finished(looking) if staged.resumed else set()
    totals, count = ShardTotals(shards.kind), 0
    for entry in _entries(shards, done, journal, run):
        if entry["file"] not in done:
            journal.append(entry)
        totals.add(entry)
        count += entry["samples"] + sum(entry["skipped"].values())
        run.tell(count, shards.total)
    # A task of a cluster may have been begun more than once.
    drop_unfinished(folder)
    return totals, len(done)


def _entries(
    shards: ShardTasks, done: Set[str], journal: Journal, run: RunOptions
) -> Iterator[Entry]:
    todo = [task for name, task in zip(shards.names, shards.tasks) if name not in done]
    written = ordered_map(
        shards.write, todo, run.workers, shards.initializer, shards.initargs, shards.before_fork
    )
    for name in shards.names:
        yield journal.entry(name) if name in done else next(written)
