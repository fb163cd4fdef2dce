"""The rows of all samples on disk, in buckets of their keys' hashes: a sort that is divided.

    <source>/<part>.rows      of a part, in order; before them where each bucket begins, int64
    <source>/<bucket>.sorted  of a bucket, in order, without keys that came before
    <source>/<bucket>.places  of a bucket, by split; see `SourceSplits`

Each step is a task for one worker, which holds one part or one bucket in memory.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base import sample_lists as lists
from ocrdata.base.sample import SPLITS, TEST, TRAIN, VALIDATION
from ocrdata.base.skips import REPEATED, Skips
from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import AnnotationError
from ocrdata.records.sources.listed import Source, Span
from ocrdata.records.write.plan_rows import ROW, PlanRules, read_rows
from ocrdata.records.write.shard_plan import places_file

# Lists that are a split already; the training list is divided where there is no validation list.
_SPLIT_OF = {lists.VALIDATION_LIST: VALIDATION, lists.TEST_LIST: TEST}


class PartTask(NamedTuple):
    """A part of a source to read: the source's number, the part's, and its span."""

    source: int
    part: int
    span: Span


class DivideTask(NamedTuple):
    """A bucket of a source to divide: the first `taken` rows.

    Groups below `fraction` are for validation; or only those of the hash `group`, if there is one.
    """

    source: int
    bucket: int
    taken: int
    fraction: float
    group: Optional[float] = None


class Divided(NamedTuple):
    """What a divided bucket holds: samples and bytes of each of SPLITS, and the least and greatest
    hash of a group that validation may have."""

    counts: List[int]
    sizes: List[int]
    groups: Optional[Tuple[float, float]]


class BucketJob(NamedTuple):
    """What the tasks of a plan have in common; its methods run in workers."""

    folder: Path
    sources: Tuple[Source, ...]
    parts: Tuple[int, ...]
    buckets: int
    rules: PlanRules

    def folder_of(self, source: int) -> Path:
        """Returns the folder for what is kept of a source."""
        return self.folder / str(source)

    # --- a part

    def read_part(self, task: PartTask) -> Skips:
        """Reads and sorts a part of a source; returns what was left out."""
        skips = self.rules.new_skips()
        with self.sources[task.source] as source:
            rows = read_rows(source, task.span, self.rules, skips)
        # The bucket is the beginning of the hash, so buckets in order are samples in order.
        width = (1 << 64) // self.buckets
        edges = np.array([width * bucket for bucket in range(self.buckets)], np.uint64)
        starts = np.searchsorted(rows["order"], edges).astype("<i8")
        starts = np.append(starts, np.int64(len(rows)))
        path = self.folder_of(task.source) / f"{task.part}.rows"
        write_atomic(path, starts.tobytes() + rows.tobytes())
        return skips

    def _rows_of(self, source: int, bucket: int) -> np.ndarray:
        found = []
        for part in range(self.parts[source]):
            with (self.folder_of(source) / f"{part}.rows").open("rb", 512) as stream:
                stream.seek(8 * bucket)
                start, end = np.frombuffer(stream.read(16), "<i8").tolist()
                stream.seek(8 * (self.buckets + 1) + ROW.itemsize * start)
                found.append(np.frombuffer(stream.read(ROW.itemsize * (end - start)), ROW))
        rows = np.concatenate(found) if found else np.zeros(0, ROW)
        return rows[np.argsort(rows["order"], kind="stable")]

    # --- a bucket

    def sort_bucket(self, bucket: int) -> Tuple[List[int], Skips]:
        """Puts a bucket in order without repeated keys; returns the rows kept of each source."""
        skips = self.rules.new_skips()
        rows = [self._rows_of(source, bucket) for source in range(len(self.sources))]
        try:
            keep = _unrepeated(self.sources, rows, skips)
        finally:
            for source in self.sources:
                source.close()
        for number, kept in enumerate(keep):
            path = self.folder_of(number) / f"{bucket}.sorted"
            write_atomic(path, rows[number][kept].tobytes())
        return [int(kept.sum()) for kept in keep], skips

    def divide_bucket(self, task: DivideTask) -> Divided:
        """Divides the rows of a bucket into splits, and notes their places."""
        folder, source = self.folder_of(task.source), self.sources[task.source]
        rows = np.frombuffer((folder / f"{task.bucket}.sorted").read_bytes(), ROW)[: task.taken]
        masks = _divide(source.name, rows, task)
        places = [rows["place"][masks[split]] if split in masks else [] for split in SPLITS]
        file = io.BytesIO()
        for some in places:
            file.write(np.array(some, "<i8").tobytes())
        write_atomic(places_file(folder, task.bucket), file.getvalue())
        may = rows["group"][masks[TRAIN] | masks[VALIDATION]] if TRAIN in masks else ()
        groups = (float(np.min(may)), float(np.max(may))) if len(may) else None
        return Divided([len(some) for some in places], self._sizes(source, places), groups)

    def _sizes(self, source: Source, places: Sequence[np.ndarray]) -> List[int]:
        if self.rules.options.shard_size is None:
            return [0 for _ in places]
        with source:
            # Beside the picture a record holds names, numbers and its frame.
            return [sum(source.size_at(int(place)) + 256 for place in some) for some in places]


def _divide(name: str, rows: np.ndarray, task: DivideTask) -> Dict[str, np.ndarray]:
    if name in _SPLIT_OF:
        return {_SPLIT_OF[name]: np.ones(len(rows), bool)}
    tests = rows["test"]
    if task.group is None:
        held = rows["group"] < np.float32(task.fraction)
    else:
        held = rows["group"] == np.float32(task.group)
    return {TRAIN: ~tests & ~held, VALIDATION: ~tests & held, TEST: tests}


# --- keys that come twice


def _unrepeated(
    sources: Sequence[Source], rows: Sequence[np.ndarray], skips: Skips
) -> List[np.ndarray]:
    """Returns for each source which rows to keep: each key counts where it stands first."""
    keep = [np.ones(len(some), bool) for some in rows]
    order = np.concatenate([some["order"] for some in rows])
    order.sort()
    for value in np.unique(order[1:][order[1:] == order[:-1]]):
        found = [(which, row) for which, some in enumerate(rows) for row in _equal(some, value)]
        samples = [(sources[which], int(rows[which]["place"][row])) for which, row in found]
        first = samples[0][0].key_at(samples[0][1])
        for (which, row), (source, place) in list(zip(found, samples))[1:]:
            if source.key_at(place) == first:
                skips.refuse(REPEATED, _twice([samples[0], (source, place)]))
                keep[which][row] = False
    return keep


def _equal(rows: np.ndarray, value: np.uint64) -> range:
    first = int(np.searchsorted(rows["order"], value, "left"))
    return range(first, int(np.searchsorted(rows["order"], value, "right")))


def _twice(pair: List[Tuple[Source, int]]) -> AnnotationError:
    (source, place), (other, place2) = pair
    path, line = source.origin(place)
    first = f"{path}:{line}" if line else "the same source"
    problem = f"{source.key_at(place)!r} is listed already in {first}"
    hint = "Delete one of the two lines, or pass --skip-errors to use the first."
    where, number = other.origin(place2)
    return AnnotationError(where, problem, number, hint)
