"""Checks one record file: every byte and every record, in any process."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, NamedTuple, Optional

from ocrdata.base.findings import Findings, hash64
from ocrdata.base.storage.digest import file_sha256
from ocrdata.check.verify_lists import check_label
from ocrdata.check.verify_regions import check_regions
from ocrdata.errors import CharsetError, RecordError
from ocrdata.images.decode import decode_problem
from ocrdata.images.header import IMAGE_FORMATS, read_header
from ocrdata.records.format.layouts import AnyRecord, record_of
from ocrdata.records.format.schema import DATASET_INFO, LineRecord
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.text.charset import Charset


class ShardTask(NamedTuple):
    """A shard to check, with its entry of dataset_info.json (none for a file of its own)."""

    path: Path
    entry: Optional[Dict[str, Any]]


class Rules(NamedTuple):
    """What records are held against."""

    charset: Optional[Charset]
    time_steps: Optional[int]
    decode: bool


@dataclass
class Seen:
    """What a shard holds: hashes of keys, texts and pictures, and what is wrong with it."""

    count: int = 0
    found: Findings = field(default_factory=Findings)
    keys: array[int] = field(default_factory=lambda: array("Q"))
    texts: array[int] = field(default_factory=lambda: array("Q"))
    pictures: array[int] = field(default_factory=lambda: array("Q"))


def check_file(task: ShardTask, found: Findings) -> bool:
    """Compares size and hash; returns whether the file can be read."""
    if not task.path.is_file():
        found.add("missing-shard", f"{task.path} is not there")
        return False
    if task.entry is None:
        return True
    size = task.path.stat().st_size
    if size != task.entry["bytes"]:
        text = f"{task.path} has {size} bytes, not {task.entry['bytes']}"
        found.add("changed-shard", text)
    elif file_sha256(task.path) != task.entry["sha256"]:
        text = f"{task.path} does not have the SHA-256 in {DATASET_INFO}"
        found.add("changed-shard", text)
    return True


def _check_record(where: str, one: AnyRecord, rules: Rules, found: Findings) -> None:
    _check_image(where, one, rules.decode, found)
    if isinstance(one, LineRecord):
        _check_line(where, one, rules, found)
    else:
        check_regions(where, one.regions, one.width, one.height, found)


def _check_image(where: str, one: AnyRecord, decode: bool, found: Findings) -> None:
    try:
        header = read_header(one.image)
        problem = decode_problem(one.image) if decode else ""
    except ValueError as error:
        problem = str(error)
    if not problem and header.format not in IMAGE_FORMATS:
        problem = f"is none that TensorFlow reads ({', '.join(IMAGE_FORMATS)})"
    if problem:
        found.add("damaged-picture", f"{where}: the picture {problem}")
    elif tuple(header) != (one.format, one.height, one.width):
        size = f"{one.format} of {one.width} x {one.height}"
        found.add("wrong-record", f"{where}: the picture is not a {size}")


def _check_line(where: str, line: LineRecord, rules: Rules, found: Findings) -> None:
    if not line.text.strip():
        found.add("empty-label", f"{where} has an empty label")
    check_label(where, line.text, rules.charset, rules.time_steps, found)
    if rules.charset:
        try:
            same = rules.charset.encode(line.text) == list(line.classes)
        except CharsetError:
            # Told above as a missing character.
            return
        if not same:
            text = f"{where}: the classes {line.classes} do not spell {line.text!r}"
            found.add("wrong-record", text)


def check_shard(rules: Rules, task: ShardTask) -> Seen:
    """Reads all of a shard and returns what it holds and what is wrong with it."""
    seen = Seen()
    if not check_file(task, seen.found):
        return seen
    try:
        _check_records(rules, task.path, seen)
    except RecordError as error:
        seen.found.add("damaged-record", str(error))
    if task.entry is not None and seen.count != task.entry["samples"]:
        text = f"{task.path} holds {seen.count} sound records, not {task.entry['samples']}"
        seen.found.add("wrong-count", text)
    return seen


def _check_records(rules: Rules, path: Path, seen: Seen) -> None:
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
        where = f"{path}: record {record.number} ({line.key})"
        _check_record(where, line, rules, seen.found)
        seen.keys.append(hash64(line.key.encode("utf-8")))
        # A picture with regions has no label of its own: the picture stands for it.
        label = line.text.encode("utf-8") if isinstance(line, LineRecord) else line.image
        seen.texts.append(hash64(label))
        seen.pictures.append(hash64(line.image))
