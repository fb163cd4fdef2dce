"""Checks shard sets: every byte, every record, and the splits against each other."""

from __future__ import annotations

import functools
import itertools
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

import numpy as np

from ocrdata.base.parallel import ordered_map
from ocrdata.errors import CharsetError, OcrdataError, PathLike, RecordError
from ocrdata.records.example import Feature
from ocrdata.records.findings import EXAMPLES, Findings, as_hashes, first_shared, hash64, repeats
from ocrdata.records.images import read_header
from ocrdata.records.info import ShardSet, read_shard_set
from ocrdata.records.journal import file_sha256
from ocrdata.records.layouts import AnyRecord
from ocrdata.records.originals import find_originals
from ocrdata.records.scene import POINTS, scene_of
from ocrdata.records.schema import (
    DATASET_INFO,
    DETECTION,
    LAYOUT,
    RECOGNITION,
    LineRecord,
    line_of,
)
from ocrdata.records.tfrecord import example_of, scan_records
from ocrdata.records.verify_lists import check_label, picture_problem
from ocrdata.records.verify_originals import check_names, verify_originals
from ocrdata.records.verify_regions import check_regions
from ocrdata.text.charset import Charset

OnProgress = Callable[[int, Optional[int]], None]


class _Task(NamedTuple):
    """A shard to check, with its entry of dataset_info.json (none for a file of its own)."""

    path: Path
    entry: Optional[Dict[str, Any]]


class _Rules(NamedTuple):
    charset: Optional[Charset]
    time_steps: Optional[int]
    decode: bool


@dataclass
class _Seen:
    """What a shard holds: hashes of keys, texts and pictures, and what is wrong with it."""

    count: int = 0
    found: Findings = field(default_factory=Findings)
    keys: array[int] = field(default_factory=lambda: array("Q"))
    texts: array[int] = field(default_factory=lambda: array("Q"))
    pictures: array[int] = field(default_factory=lambda: array("Q"))


# --- one shard, in a worker


def _check_file(task: _Task, found: Findings) -> bool:
    """Compares size and hash; returns whether the file can be read."""
    if not task.path.is_file():
        found.add("missing-shard", "{} is not there".format(task.path))
        return False
    if task.entry is None:
        return True
    size = task.path.stat().st_size
    if size != task.entry["bytes"]:
        text = "{} has {} bytes, not {}".format(task.path, size, task.entry["bytes"])
        found.add("changed-shard", text)
    elif file_sha256(task.path) != task.entry["sha256"]:
        text = "{} does not have the SHA-256 in {}".format(task.path, DATASET_INFO)
        found.add("changed-shard", text)
    return True


def _check_record(where: str, one: AnyRecord, rules: _Rules, found: Findings) -> None:
    problem = picture_problem(one.image, rules.decode)
    if problem:
        found.add("damaged-picture", "{}: the picture {}".format(where, problem))
    elif tuple(read_header(one.image)) != (one.format, one.height, one.width):
        size = "{} of {} x {}".format(one.format, one.width, one.height)
        found.add("wrong-record", "{}: the picture is not a {}".format(where, size))
    if isinstance(one, LineRecord):
        _check_line(where, one, rules, found)
    else:
        check_regions(where, one.regions, one.width, one.height, found)


def _check_line(where: str, line: LineRecord, rules: _Rules, found: Findings) -> None:
    if not line.text.strip():
        found.add("empty-label", "{} has an empty label".format(where))
    check_label(where, line.text, rules.charset, rules.time_steps, found)
    if rules.charset:
        try:
            same = rules.charset.encode(line.text) == list(line.classes)
        except CharsetError:
            # Told above as a missing character.
            return
        if not same:
            text = "{}: the classes {} do not spell {!r}".format(where, line.classes, line.text)
            found.add("wrong-record", text)


def _check_shard(rules: _Rules, task: _Task) -> _Seen:
    seen = _Seen()
    if not _check_file(task, seen.found):
        return seen
    try:
        _check_records(rules, task.path, seen)
    except RecordError as error:
        seen.found.add("damaged-record", str(error))
    if task.entry is not None and seen.count != task.entry["samples"]:
        text = "{} holds {} sound records, not {}".format(
            task.path, seen.count, task.entry["samples"]
        )
        seen.found.add("wrong-count", text)
    return seen


def _check_records(rules: _Rules, path: Path, seen: _Seen) -> None:
    for record in scan_records(path):
        if record.problem:
            seen.found.add("damaged-record", str(record.error(path)))
            continue
        seen.count += 1
        try:
            line = record_of(example_of(path, record))
        except (RecordError, ValueError) as error:
            text = error if isinstance(error, RecordError) else record.error(path, str(error))
            seen.found.add("wrong-record", str(text))
            continue
        where = "{}: record {} ({})".format(path, record.number, line.key)
        _check_record(where, line, rules, seen.found)
        seen.keys.append(hash64(line.key.encode("utf-8")))
        # A picture with regions has no label of its own: the picture stands for it.
        label = line.text.encode("utf-8") if isinstance(line, LineRecord) else line.image
        seen.texts.append(hash64(label))
        seen.pictures.append(hash64(line.image))


# --- the whole set

_PICTURES = ("picture-in-two-splits", "pictures")
_SHARED = {
    RECOGNITION: (("text-in-two-splits", "texts"), _PICTURES),
    DETECTION: (_PICTURES,),
}


def _joined(parts: List[_Seen], what: str) -> np.ndarray:
    return np.concatenate([as_hashes(getattr(part, what)) for part in parts])


def record_of(features: Dict[str, Feature]) -> AnyRecord:
    """Returns the line or the picture with regions in decoded features; ValueError if neither."""
    return scene_of(features) if POINTS in features else line_of(features)


def _lines(path: Path) -> Iterator[AnyRecord]:
    """Yields the sound records of a shard, for messages."""
    for record in scan_records(path):
        try:
            if not record.problem:
                yield record_of(example_of(path, record))
        except (RecordError, ValueError):
            continue


def _describe(paths: List[Path], parts: List[_Seen], row: int) -> str:
    for path, part in zip(paths, parts):
        if row < len(part.keys):
            line = next(itertools.islice(_lines(path), row, None))
            text = getattr(line, "text", "a picture with regions")
            return "{}: {} ({!r})".format(path, line.key, text)
        row -= len(part.keys)
    raise AssertionError("a row behind the last one")


def _check_splits(shards: ShardSet, seen: Dict[str, List[_Seen]], found: Findings) -> None:
    names = list(seen)
    for place, name in enumerate(names):
        paths = [path for _, path, _ in shards.shards(name)]
        _tell("repeated-key", repeats(_joined(seen[name], "keys")), name, paths, seen[name], found)
        for before in names[:place]:
            for kind, what in _SHARED[shards.task]:
                rows = first_shared(_joined(seen[name], what), _joined(seen[before], what))
                _tell(kind, rows, before, paths, seen[name], found)


def _tell(
    kind: str, rows: np.ndarray, other: str, paths: List[Path], parts: List[_Seen], found: Findings
) -> None:
    for row in rows[:EXAMPLES].tolist():
        found.add(kind, "{} is in {} too".format(_describe(paths, parts, row), other))
    if len(rows) > EXAMPLES:
        found.add(kind, "and more", len(rows) - EXAMPLES)


def _check_totals(shards: ShardSet, found: Findings) -> None:
    for split, entry in shards.info["splits"].items():
        noted = sum(shard["samples"] for shard in entry["shards"])
        if noted != entry.get("samples"):
            text = "{}: the shards of {} add up to {} samples, not {}".format(
                shards.directory / DATASET_INFO, split, noted, entry.get("samples")
            )
            found.add("wrong-count", text)
    named = {path.name for _, path, _ in shards.shards()}
    for path in sorted(shards.directory.glob("*.tfrecord")):
        if path.name not in named:
            found.add("unreferenced-shard", "{} is in no split".format(path))


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
    tasks = [_Task(path, entry) for _, path, entry in listed]
    check = functools.partial(_check_shard, _Rules(charset, time_steps, decode))
    total = sum(entry["samples"] for _, _, entry in listed)
    seen: Dict[str, List[_Seen]] = {}
    count = 0
    for (split, _, _), one in zip(listed, ordered_map(check, tasks, workers)):
        found.merge(one.found)
        seen.setdefault(split, []).append(one)
        count += one.count
        if on_progress:
            on_progress(count, total)
    _check_splits(shards, seen, found)
    return count


def _verify_layout(shards: ShardSet, found: Findings, move: Optional[OnProgress]) -> int:
    """Checks a shard set in the layout of an original: its files, then its records."""
    for _, path, entry in shards.shards():
        _check_file(_Task(path, entry), found)
    files = [file for file in find_originals(shards.directory) if file.path.is_file()]
    check_names(files, found)
    return verify_originals(files, shards.charset, found, move)


def verify_record_file(path: PathLike, found: Findings, decode: bool = True) -> int:
    """Checks one record file by itself; adds problems to `found`, returns the sound records."""
    seen = _check_shard(_Rules(None, None, decode), _Task(Path(path), None))
    found.merge(seen.found)
    return seen.count
