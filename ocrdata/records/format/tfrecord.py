"""The TFRecord file format: framed, checksummed records. They are written by `tfrecord_writer`.

A record is its length (8 bytes, little-endian), the masked CRC-32C of these 8 bytes, the data, and
the masked CRC-32C of the data. There is no header, so an empty file is a valid one.
"""

from __future__ import annotations

from typing import BinaryIO, Dict, Iterator, NamedTuple

from ocrdata.errors import PathLike, RecordError
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.example import Feature
from ocrdata.records.format.record_stream import (
    BUFFER,
    CRC,
    HEADER_SIZE,
    LENGTH,
    is_header,
    masked_crc,
    open_plain,
    open_records,
)

# Protocol buffers end at 2 GiB: a longer record is damage, and must not be read into memory.
MAX_RECORD = 1 << 31
# What a record takes beside its data, in bytes.
FRAME = HEADER_SIZE + 4


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
        text = f"record {self.number} at byte {self.offset} {problem or self.problem}"
        return RecordError(path, text)


def _read(stream: BinaryIO, size: int) -> bytes:
    if size <= BUFFER:
        return stream.read(size)
    # A false length must not reserve memory for bytes that are not there.
    parts = []
    while size > 0:
        part = stream.read(min(size, 16 * BUFFER))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _header_problem(head: bytes) -> str:
    if len(head) < HEADER_SIZE:
        return f"is cut off: the file ends inside its header ({len(head)} of {HEADER_SIZE} bytes)"
    if not is_header(head):
        return "has a length with a wrong checksum (not a TFRecord file, or damaged)"
    size = LENGTH.unpack(head[:8])[0]
    return f"claims {size} bytes, more than a record can hold" if size > MAX_RECORD else ""


def _data_problem(data: bytes, crc: bytes, size: int) -> str:
    if len(data) < size or len(crc) < 4:
        return (
            f"is cut off: the file ends inside its data ({len(data) + len(crc)} of "
            f"{size + 4} bytes)"
        )
    return "" if CRC.unpack(crc)[0] == masked_crc(data) else "has data with a wrong checksum"


def scan_records(path: PathLike) -> Iterator[Record]:
    """Yields every record of a plain, gzip or ZLIB file, the damaged ones with their problem.

    Goes on behind a record whose data is damaged; ends at one whose length is. Raises RecordError
    where the file cannot be read or its compression is damaged.
    """
    number = offset = 0
    with open_records(path) as stream:
        while True:
            head = stream.read(HEADER_SIZE)
            if not head:
                return
            problem = _header_problem(head)
            if problem:
                yield Record(number, offset, b"", problem)
                return
            size = LENGTH.unpack(head[:8])[0]
            data = _read(stream, size)
            crc = stream.read(4)
            yield Record(number, offset, data, _data_problem(data, crc, size))
            number += 1
            offset += size + FRAME


def record_in(stream: BinaryIO, path: PathLike, offset: int) -> bytes:
    """Returns the data of the record that starts at a byte of an open plain file.

    Raises RecordError, which calls the file `path`.
    """
    stream.seek(offset)
    head = stream.read(HEADER_SIZE)
    problem, data = _header_problem(head), b""
    if not problem:
        size = LENGTH.unpack(head[:8])[0]
        data = _read(stream, size)
        problem = _data_problem(data, stream.read(4), size)
    if problem:
        raise RecordError(path, f"record at byte {offset} {problem}")
    return data


def record_at(path: PathLike, offset: int) -> bytes:
    """Returns the data of the record that starts at a byte of a plain file; raises RecordError."""
    with open_plain(path) as stream:
        return record_in(stream, path, offset)


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
