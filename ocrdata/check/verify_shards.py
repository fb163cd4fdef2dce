"""Checks shard sets: every byte, every record, and the splits against each other."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from typing import Dict, Iterator, List, Optional

from ocrdata.base.findings import Findings
from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.base.storage.hash_columns import HashColumn, RowsFound, first_shared, repeats
from ocrdata.base.storage.remote import as_path
from ocrdata.check.verify_originals import verify_originals
from ocrdata.check.verify_records import Rules, Seen, ShardTask, check_file, check_shard
from ocrdata.errors import OcrdataError, PathLike, RecordError
from ocrdata.records.format.dataset_info import ShardSet, read_shard_set
from ocrdata.records.format.layouts import AnyRecord, record_of
from ocrdata.records.format.schema import DATASET_INFO, LAYOUT
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.records.legacy.original_records import check_names
from ocrdata.records.legacy.originals import find_originals

# --- the whole set

_PICTURES = ("picture-in-two-splits", "pictures")
_SHARED = {
    RECOGNITION: (("text-in-two-splits", "texts"), _PICTURES),
    DETECTION: (_PICTURES,),
}


class _Split:
    """What a split holds: hashes, and how many of its records are in each file."""

    def __init__(self) -> None:
        self.columns = {what: HashColumn() for what in ("keys", "texts", "pictures")}
        self.counts: List[int] = []

    def add(self, one: Seen) -> None:
        for what, column in self.columns.items():
            column.extend(getattr(one, what))
        self.counts.append(len(one.keys))


def _lines(path: Path) -> Iterator[AnyRecord]:
    """Yields the sound records of a shard, for messages."""
    for record in scan_records(path):
        try:
            if not record.problem:
                yield record_of(example_of(path, record))
        except (RecordError, ValueError):
            continue


def _describe(paths: List[Path], counts: List[int], row: int) -> str:
    for path, count in zip(paths, counts):
        if row < count:
            line = next(itertools.islice(_lines(path), row, None))
            text = getattr(line, "text", "a picture with regions")
            return f"{path}: {line.key} ({text!r})"
        row -= count
    raise AssertionError("a row behind the last one")


def _check_splits(shards: ShardSet, splits: Dict[str, _Split], found: Findings) -> None:
    names = list(splits)
    for place, name in enumerate(names):
        paths, ours = [path for _, path, _ in shards.shards(name)], splits[name]
        _tell("repeated-key", repeats(ours.columns["keys"]), name, paths, ours.counts, found)
        for before in names[:place]:
            for kind, what in _SHARED[shards.task]:
                rows = first_shared(ours.columns[what], splits[before].columns[what])
                _tell(kind, rows, before, paths, ours.counts, found)


def _tell(
    kind: str, rows: RowsFound, other: str, paths: List[Path], counts: List[int], found: Findings
) -> None:
    for row in rows.first:
        found.add(kind, f"{_describe(paths, counts, row)} is in {other} too")
    if rows.total > len(rows.first):
        found.add(kind, "and more", rows.total - len(rows.first))


def _check_totals(shards: ShardSet, found: Findings) -> None:
    for split, entry in shards.info["splits"].items():
        noted = sum(shard["samples"] for shard in entry["shards"])
        if noted != entry.get("samples"):
            text = f"the shards of {split} add up to {noted} samples, not {entry.get('samples')}"
            found.add("wrong-count", f"{shards.directory / DATASET_INFO}: {text}")
    named = {path.name for _, path, _ in shards.shards()}
    for path in sorted(shards.directory.glob("*.tfrecord")):
        if path.name not in named:
            found.add("unreferenced-shard", f"{path} is in no split")


def verify_shards(
    directory: PathLike,
    found: Findings,
    time_steps: Optional[int] = None,
    decode: bool = True,
    workers: int = 0,
    on_progress: Optional[OnProgress] = None,
) -> int:
    """Checks the shard set in a directory; adds problems to `found`, returns the sound records."""
    try:
        shards = read_shard_set(directory)
    except OcrdataError as error:
        found.add("damaged-info", str(error))
        return 0
    _check_totals(shards, found)
    if shards.info["layout"] != LAYOUT:
        return _verify_layout(shards, found, on_progress)
    listed = shards.shards()
    charset = shards.charset if shards.has_dictionary else None
    tasks = [ShardTask(path, entry) for _, path, entry in listed]
    check = functools.partial(check_shard, Rules(charset, time_steps, decode))
    total = sum(entry["samples"] for _, _, entry in listed)
    splits: Dict[str, _Split] = {}
    count = 0
    for (split, _, _), one in zip(listed, ordered_map(check, tasks, workers)):
        found.merge(one.found)
        splits.setdefault(split, _Split()).add(one)
        count += one.count
        if on_progress:
            on_progress(count, total)
    _check_splits(shards, splits, found)
    return count


def _verify_layout(shards: ShardSet, found: Findings, move: Optional[OnProgress]) -> int:
    """Checks a shard set in the layout of an original: its files, then its records."""
    for _, path, entry in shards.shards():
        check_file(ShardTask(path, entry), found)
    files = [file for file in find_originals(shards.directory) if file.path.is_file()]
    check_names(files, found)
    return verify_originals(files, shards.charset, found, move)


def verify_record_file(path: PathLike, found: Findings, decode: bool = True) -> int:
    """Checks one record file by itself; adds problems to `found`, returns the sound records."""
    seen = check_shard(Rules(None, None, decode), ShardTask(as_path(path), None))
    found.merge(seen.found)
    return seen.count
