"""A shard set read by many processes at once: each takes a share of the records of an epoch.

The shards are put in an order of the epoch, and the records, one behind the other, are cut into
equal runs. A process opens the shards of its run only, and goes past what is not its own without
reading it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, List, NamedTuple, Sequence, Tuple

from ocrdata.base.random_streams import stream
from ocrdata.errors import OptionError, RecordError
from ocrdata.records.format.record_stream import CRC, LENGTH, masked_crc, open_records
from ocrdata.records.format.tfrecord import FRAME, MAX_RECORD

ShardPath = Tuple[Path, int]
_HEADER = 12


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


def read_record_run(run: RecordRun) -> Iterator[bytes]:
    """Yields the records of a run; raises RecordError at the first damaged one."""
    with open_records(run.path) as stream:
        head = stream.read(_HEADER)
        for number in range(run.skip + run.records):
            size = _length(head, run.path, number)
            if number < run.skip:
                stream.seek(size + 4, 1)
                head = stream.read(_HEADER)
                continue
            # A record, and the header of the next one.
            block = stream.read(size + FRAME)
            yield _data(block, size, run.path, number)
            head = block[size + 4 :]


def _length(head: bytes, path: Path, number: int) -> int:
    size: int = LENGTH.unpack(head[:8])[0] if len(head) == _HEADER else MAX_RECORD + 1
    if size > MAX_RECORD or CRC.unpack(head[8:])[0] != masked_crc(head[:8]):
        problem = f"record {number} is cut off, or its length is damaged"
        raise RecordError(path, problem, hint=f"See: ocrdata check {path}")
    return size


def _data(block: bytes, size: int, path: Path, number: int) -> bytes:
    data = block[:size]
    if len(block) < size + 4 or CRC.unpack_from(block, size)[0] != masked_crc(data):
        problem = f"record {number} is damaged"
        raise RecordError(path, problem, hint=f"See: ocrdata check {path}")
    return data
