"""MindSpore's MindRecord files, as DeepText's trainer reads them, without MindSpore.

    <name>      length of the header (8 bytes, little-endian), header (JSON); from `header_size` on,
                pages of `page_size` bytes
    <name>.db   SQLite; a row of INDEXES is a sample: the page of its blobs and their place in it

A sample's blobs are their length in all (8 bytes, little-endian) and, for each of `blob_fields`, a
length (8 bytes, big-endian) and data. Since version 3.0 integers are packed: their number (4 bytes,
big-endian), two bits for each that say how many bytes it has (1, 2, 4 or 8; the first is highest),
and the numbers, little-endian.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np

from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike, RecordError

VERSION = "3.0"
_MAX_HEADER = 1 << 27
_QUERY = (
    "SELECT ROW_ID, PAGE_ID_BLOB, PAGE_OFFSET_BLOB, PAGE_OFFSET_BLOB_END FROM INDEXES "
    "ORDER BY ROW_ID"
)


class MindFile(NamedTuple):
    """A file: sizes of its header and pages in bytes, its fields in order, and all its shards."""

    path: Path
    header_size: int
    page_size: int
    fields: List[str]
    shards: List[str]


def index_of(path: PathLike) -> Path:
    """Returns the index that belongs to a file."""
    return as_path(str(path) + ".db")


def open_mindrecord(path: PathLike) -> MindFile:
    """Returns what a file's header says; raises RecordError where it is damaged or too old."""
    where = Path(path)
    try:
        with where.open("rb") as stream:
            (size,) = struct.unpack("<Q", stream.read(8))
            if size > _MAX_HEADER:
                raise ValueError(f"its header would have {size:,} bytes")
            header = json.loads(stream.read(size).decode("utf-8"))
        schema = header["schema"][0]["blob_fields"]
        sizes = int(header["header_size"]), int(header["page_size"])
        found = MindFile(where, sizes[0], sizes[1], list(schema), list(header["shard_addresses"]))
    except OSError as error:
        raise RecordError(where, f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, IndexError, TypeError, struct.error) as error:
        raise RecordError(where, f"is not a sound MindRecord file ({error})") from error
    if header.get("version") != VERSION:
        problem = f"is MindRecord {header.get('version')}, not {VERSION}"
        raise RecordError(where, problem, hint="Write it again with MindSpore 1.0 or newer.")
    return found


def read_mindrecord(file: MindFile) -> Iterator[Tuple[int, Dict[str, bytes]]]:
    """Yields (row, {field: its bytes}) in order; raises RecordError at the first damaged row."""
    with file.path.open("rb") as stream:
        for row, page, start, end in _rows(file):
            stream.seek(file.header_size + file.page_size * page + start)
            data = stream.read(end - start)
            try:
                if len(data) != end - start:
                    raise ValueError("the file ends inside it")
                yield row, _fields(file.fields, data)
            except (ValueError, struct.error) as error:
                raise row_error(file, row, f"is damaged: {error}") from error


def row_error(file: MindFile, row: int, problem: str) -> RecordError:
    """Returns the error that names a row of a file."""
    return RecordError(file.path, f"row {row} {problem}")


def _rows(file: MindFile) -> Iterator[Tuple[int, int, int, int]]:
    index = index_of(file.path)
    try:
        address = f"{index.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as database:
            for row in database.execute(_QUERY):
                _check_place(file, row)
                yield row
    except sqlite3.Error as error:
        raise RecordError(index, f"cannot be read: {error}") from error


def _check_place(file: MindFile, row: Tuple[Any, ...]) -> None:
    number, page, start, end = row
    sound = all(isinstance(value, int) and value >= 0 for value in row)
    if not sound or not start < end <= file.page_size:
        problem = f"row {number} lies at {start} to {end} of page {page}"
        raise RecordError(index_of(file.path), problem)


def _fields(names: List[str], data: bytes) -> Dict[str, bytes]:
    place = 8
    if struct.unpack_from("<Q", data)[0] != len(data) - place:
        raise ValueError("its length is not the one noted")
    found = {}
    for name in names:
        (size,) = struct.unpack_from(">Q", data, place)
        place += 8 + size
        if place > len(data):
            raise ValueError(f"{name} ends behind it")
        found[name] = data[place - size : place]
    if place != len(data):
        raise ValueError(f"{len(data) - place} bytes are left over")
    return found


def unpack_integers(data: bytes) -> np.ndarray:
    """Returns packed integers as int64 [n]; raises ValueError where they are damaged."""
    if len(data) < 4:
        raise ValueError("integers without their number")
    (count,) = struct.unpack_from(">I", data)
    marks = np.frombuffer(data[4 : 4 + -(-count // 4)], np.uint8)
    if 4 * len(marks) < count:
        raise ValueError(f"{count} integers in {len(data)} bytes")
    kinds = marks.repeat(4) >> np.tile([6, 4, 2, 0], len(marks)) & 3
    place, found = 4 + -(-count // 4), np.zeros(count, np.int64)
    for number, kind in enumerate(kinds[:count].tolist()):
        found[number] = int.from_bytes(data[place : place + (1 << kind)], "little", signed=True)
        place += 1 << kind
    if place != len(data):
        raise ValueError(f"{count} integers in {len(data)} bytes")
    return found
