"""A shard set read by many processes at once: each takes a share of the records of an epoch.

The shards are put in an order of the epoch, and the records, one behind the other, are cut into
equal runs. A process opens the shards of its run only, and goes past what is not its own without
reading it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import google_crc32c
import numpy as np

from ocrdata.base.random_streams import stream
from ocrdata.errors import OptionError, RecordError
from ocrdata.records.format.record_stream import (
    HEADER_SIZE,
    LENGTH,
    is_header,
    masked_crcs,
    open_records,
)
from ocrdata.records.format.tfrecord import FRAME, MAX_RECORD

ShardPath = Tuple[Path, int]
# Lengths that are remembered with their checksum: some megabytes.
_KEPT_SIZES = 1 << 16
# Bytes that are read and taken apart at once: of a thousand records each operation costs little.
_BLOCK = 1 << 22


class ReaderShare(NamedTuple):
    """Which part of the work a process does: number `part`, from 0, of `parts` equal ones."""

    part: int = 0
    parts: int = 1

    def check(self) -> None:
        """Raises OptionError for a part that there is not."""
        if not 0 <= self.part < self.parts:
            raise OptionError(f"there is no share {self.part} of {self.parts}, counted from 0.")

    def within(self, part: int, parts: int) -> ReaderShare:
        """Returns a part of this part."""
        return ReaderShare(self.part * parts + part, self.parts * parts)


class RecordRun(NamedTuple):
    """Consecutive records of a file: so many `records` behind the first `skip`."""

    path: Path
    skip: int
    records: int


def shard_order(files: Sequence[ShardPath], seed: int, epoch: int) -> List[ShardPath]:
    """Returns files, each with the number of its records, in the order of an epoch."""
    order = list(files)
    stream(seed, "shard-order", epoch).shuffle(order)
    return order


def runs_of(files: Sequence[ShardPath], first: int, last: int) -> Iterator[RecordRun]:
    """Yields the runs that hold the records from number `first` up to `last`, excluded."""
    start = 0
    for path, count in files:
        low, high = max(first, start), min(last, start + count)
        if low < high:
            yield RecordRun(path, low - start, high - low)
        start += count


class RecordBlock(NamedTuple):
    """Consecutive records of a file, from number `first`: where in `data` each begins and ends."""

    path: Path
    first: int
    data: bytes
    starts: List[int]
    ends: List[int]


def read_record_blocks(run: RecordRun) -> Iterator[RecordBlock]:
    """Yields the records of a run, checked, some mebibytes at a time.

    Raises RecordError at the first damaged one.
    """
    with open_records(run.path) as stream:
        for number in range(run.skip):
            stream.seek(_size_of(stream.read(HEADER_SIZE), run.path, number) + 4, 1)
        number, last, rest, wanted = run.skip, run.skip + run.records, b"", 0
        while number < last:
            data = _read_on(stream, rest, max(wanted, _BLOCK))
            found, used, wanted = _complete(data, last - number, run.path, number)
            if found.starts:
                yield found
            elif len(data) == len(rest):
                raise _cut_off(rest, run.path, number)
            number += len(found.starts)
            rest = data[used:]


def _read_on(stream: BinaryIO, rest: bytes, size: int) -> bytes:
    """Returns `rest`, which was read before, and `size` bytes behind it."""
    if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO):
        # What was read is at hand: one large copy less.
        stream.seek(-len(rest), 1)
        return stream.read(len(rest) + size)
    return rest + stream.read(size)


class _Sizes(Dict[bytes, int]):
    """The length in a record's header, -1 for a damaged one. Lengths come again and again."""

    def __missing__(self, head: bytes) -> int:
        size: int = LENGTH.unpack(head[:8])[0] if is_header(head) else -1
        if size > MAX_RECORD:
            return -1
        if len(self) < _KEPT_SIZES:
            self[head] = size
        return size


_SIZES = _Sizes()


def _size_of(head: bytes, path: Path, number: int) -> int:
    size = _SIZES[head]
    if size < 0:
        problem = f"record {number} is cut off, or its length is damaged"
        raise RecordError(path, problem, hint=f"See: ocrdata check {path}")
    return size


def _cut_off(rest: bytes, path: Path, number: int) -> RecordError:
    _size_of(rest[:HEADER_SIZE], path, number)
    return _damaged(path, number)


def _damaged(path: Path, number: int) -> RecordError:
    problem = f"record {number} is damaged"
    return RecordError(path, problem, hint=f"See: ocrdata check {path}")


def _complete(data: bytes, most: int, path: Path, first: int) -> Tuple[RecordBlock, int, int]:
    """Returns the complete records in `data`, where they end, and how much the next one lacks."""
    starts: List[int] = []
    ends: List[int] = []
    sums: List[int] = []
    place, size, available = 0, 0, len(data)
    checksum = google_crc32c.value
    while len(starts) < most and place + HEADER_SIZE <= available:
        start = place + HEADER_SIZE
        size = _SIZES[data[place:start]]
        if size < 0:
            _size_of(data[place:start], path, first + len(starts))
        end = start + size
        if end + 4 > available:
            break
        starts.append(start)
        ends.append(end)
        sums.append(checksum(data[start:end]))
        place = end + 4
    _compare(data, ends, sums, path, first)
    return RecordBlock(path, first, data, starts, ends), place, place + size + FRAME - available


def _compare(data: bytes, ends: List[int], sums: List[int], path: Path, first: int) -> None:
    """Raises RecordError for a record whose checksum is another."""
    if not ends:
        return
    places = np.array(ends, np.int64)[:, None] + np.arange(4)
    stored = np.frombuffer(data, np.uint8)[places].view("<u4")[:, 0]
    wrong = np.flatnonzero(stored != masked_crcs(np.array(sums, np.uint32)))
    if wrong.size:
        raise _damaged(path, first + int(wrong[0]))
