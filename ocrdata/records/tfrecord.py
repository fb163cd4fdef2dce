"""The TFRecord file format: framed, checksummed records, written whole or not at all.

A record is its length (8 bytes, little-endian), the masked CRC-32C of these 8 bytes, the data, and
the masked CRC-32C of the data. There is no header, so an empty file is a valid one.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Dict, Iterator, List, NamedTuple, Union, cast

import google_crc32c

from ocrdata.errors import OptionError, PathLike, RecordError
from ocrdata.records.decode import decode_example
from ocrdata.records.example import Feature

COMPRESSIONS = ("none", "gzip")
# Protocol buffers end at 2 GiB: a longer record is damage, and must not be read into memory.
MAX_RECORD = 1 << 31
_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEADER_SIZE = 12
_BUFFER = 1 << 20
# What a writer holds back: larger blocks of memory come new from the system each time.
_WAITING = 1 << 17


def masked_crc(data: bytes) -> int:
    """Returns the CRC-32C of `data`, rotated and shifted as the format asks."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


# --- writing


class _Sink:
    """The file on disk, with its size and SHA-256 so far."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.size = 0
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.stream.write(data)
        self.sha256.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self.stream.flush()


class RecordWriter:
    """Takes the records of one file; made by `open_writer`.

    `count` is the number of records so far. `size` (bytes) and `sha256` (hex) of the file are
    known after the `with` block.
    """

    def __init__(self, target: Union[_Sink, gzip.GzipFile]) -> None:
        self.count = self.size = 0
        self.sha256 = ""
        self._target = target
        self._waiting: List[bytes] = []
        self._waiting_size = 0

    def write(self, data: bytes) -> None:
        """Appends one record."""
        size = len(data)
        length = _LENGTH.pack(size)
        crc = _CRC.pack(masked_crc(length))
        self._waiting += (length, crc, data, _CRC.pack(masked_crc(data)))
        self.count += 1
        self._waiting_size += size
        if self._waiting_size >= _WAITING:
            self.flush()

    def flush(self) -> None:
        """Hands what waits in memory (128 KiB at the most, or one record) to the file."""
        self._target.write(b"".join(self._waiting))
        self._waiting = []
        self._waiting_size = 0


def temporary_name(path: PathLike) -> Path:
    """Returns the name beside `path` under which this process writes it."""
    target = Path(path)
    return target.with_name(".{}.{}.tmp".format(target.name, os.getpid()))


@contextmanager
def open_writer(path: PathLike, compression: str = "none") -> Iterator[RecordWriter]:
    """Gives a RecordWriter on a temporary file beside `path`, synced and renamed at the end.

    After an error nothing is left. Compressed files carry neither time nor name, so the same
    records give the same bytes. Raises OptionError for a `compression` not in COMPRESSIONS.
    """
    if compression not in COMPRESSIONS:
        known = "Known: {}.".format(", ".join(COMPRESSIONS))
        raise OptionError("no compression is called {}.".format(compression), known)
    temporary = temporary_name(path)
    try:
        with temporary.open("wb") as stream:
            sink = _Sink(stream)
            packed = None
            if compression == "gzip":
                packed = gzip.GzipFile("", "wb", fileobj=cast(BinaryIO, sink), mtime=0)
            writer = RecordWriter(packed or sink)
            yield writer
            writer.flush()
            if packed is not None:
                packed.close()
            stream.flush()
            os.fsync(stream.fileno())
        writer.size, writer.sha256 = sink.size, sink.sha256.hexdigest()
        temporary.replace(path)
    except BaseException:
        if temporary.exists():
            temporary.unlink()
        raise


# --- reading


class Record(NamedTuple):
    """A record as found: its number from 0, the byte where it starts, and its data.

    `problem` says what is wrong with it, "" for a sound one. In a compressed file `offset` counts
    decompressed bytes.
    """

    number: int
    offset: int
    data: bytes
    problem: str

    def error(self, path: PathLike, problem: str = "") -> RecordError:
        """Returns the error that names this record, for its own `problem` or another one."""
        text = "record {} at byte {} {}".format(self.number, self.offset, problem or self.problem)
        return RecordError(path, text)


@contextmanager
def _open(path: PathLike) -> Iterator[BinaryIO]:
    try:
        with Path(path).open("rb", _BUFFER) as stream:
            head = stream.read(_HEADER_SIZE)
            stream.seek(0)
            # A length may begin like a gzip file does; only its checksum tells.
            if head[:2] == b"\x1f\x8b" and not _is_header(head):
                with gzip.open(stream, "rb") as packed:
                    yield cast(BinaryIO, packed)
            else:
                yield stream
    except EOFError as error:
        raise RecordError(path, "ends inside its gzip stream") from error
    except zlib.error as error:
        raise RecordError(path, "is damaged: {}".format(error)) from error
    except OSError as error:
        raise RecordError(path, "cannot be read: {}".format(error.strerror or error)) from error


@contextmanager
def _open_plain(path: PathLike) -> Iterator[BinaryIO]:
    try:
        with Path(path).open("rb", 1 << 14) as stream:
            yield stream
    except OSError as error:
        raise RecordError(path, "cannot be read: {}".format(error.strerror or error)) from error


def _is_header(head: bytes) -> bool:
    return len(head) == _HEADER_SIZE and _CRC.unpack(head[8:])[0] == masked_crc(head[:8])


def _read(stream: BinaryIO, size: int) -> bytes:
    if size <= _BUFFER:
        return stream.read(size)
    # A false length must not reserve memory for bytes that are not there.
    parts = []
    while size > 0:
        part = stream.read(min(size, 16 * _BUFFER))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _header_problem(head: bytes) -> str:
    if len(head) < _HEADER_SIZE:
        return "is cut off: the file ends inside its header ({} of {} bytes)".format(
            len(head), _HEADER_SIZE
        )
    if not _is_header(head):
        return "has a length with a wrong checksum (not a TFRecord file, or damaged)"
    size = _LENGTH.unpack(head[:8])[0]
    return "claims {} bytes, more than a record can hold".format(size) if size > MAX_RECORD else ""


def _data_problem(data: bytes, crc: bytes, size: int) -> str:
    if len(data) < size or len(crc) < 4:
        return "is cut off: the file ends inside its data ({} of {} bytes)".format(
            len(data) + len(crc), size + 4
        )
    return "" if _CRC.unpack(crc)[0] == masked_crc(data) else "has data with a wrong checksum"


def scan_records(path: PathLike) -> Iterator[Record]:
    """Yields every record of a plain or gzip TFRecord file, the damaged ones with their problem.

    Goes on behind a record whose data is damaged; ends at one whose length is. Raises RecordError
    where the file cannot be read or its compression is damaged.
    """
    number = offset = 0
    with _open(path) as stream:
        while True:
            head = stream.read(_HEADER_SIZE)
            if not head:
                return
            problem = _header_problem(head)
            if problem:
                yield Record(number, offset, b"", problem)
                return
            size = _LENGTH.unpack(head[:8])[0]
            data = _read(stream, size)
            crc = stream.read(4)
            yield Record(number, offset, data, _data_problem(data, crc, size))
            number += 1
            offset += _HEADER_SIZE + size + 4


def record_at(path: PathLike, offset: int) -> bytes:
    """Returns the data of the record that starts at a byte of a plain file; raises RecordError."""
    with _open_plain(path) as stream:
        stream.seek(offset)
        head = stream.read(_HEADER_SIZE)
        problem = _header_problem(head)
        if not problem:
            size = _LENGTH.unpack(head[:8])[0]
            data = _read(stream, size)
            problem = _data_problem(data, stream.read(4), size)
    if problem:
        raise RecordError(path, "record at byte {} {}".format(offset, problem))
    return data


def read_records(path: PathLike) -> Iterator[bytes]:
    """Yields the data of each record, in order; raises RecordError at the first damaged one."""
    for record in scan_records(path):
        if record.problem:
            raise record.error(path)
        yield record.data


def read_examples(path: PathLike) -> Iterator[Dict[str, Feature]]:
    """Yields the features of each tf.train.Example of a file.

    Raises RecordError at the first damaged record and at one that holds something else.
    """
    for record in scan_records(path):
        if record.problem:
            raise record.error(path)
        yield example_of(path, record)


def example_of(path: PathLike, record: Record) -> Dict[str, Feature]:
    """Returns the features in a sound record of `path`; raises RecordError if it has none."""
    try:
        return decode_example(record.data)
    except ValueError as error:
        raise record.error(path, str(error)) from error
