"""Writing TFRecord files, whole or not at all."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, BinaryIO, Iterator, List, Union

from ocrdata.base.storage.files import sync
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import OptionError, PathLike
from ocrdata.records.format.record_stream import CRC, LENGTH, masked_crc

COMPRESSIONS = ("none", "gzip")
# Higher levels make records of encoded pictures 0.1 % smaller and raw pixels 5 %, for twice and ten
# times the time.
_LEVEL = 1
# For zlib: the largest window, in a gzip file.
_GZIP = 31
# What a writer holds back: larger blocks of memory come new from the system each time.
_WAITING = 1 << 17


class _Sink:
    """The file on disk, with its size and SHA-256 so far."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.size = 0
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.stream.write(data)
        self.sha256.update(data)
        self.size += len(data)


class _Packed:
    """A gzip file without name and time on its way into a sink."""

    def __init__(self, sink: _Sink) -> None:
        self.sink = sink
        self.packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)

    def write(self, data: bytes) -> None:
        self.sink.write(self.packer.compress(data))

    def close(self) -> None:
        self.sink.write(self.packer.flush())


@lru_cache(maxsize=1 << 13)
def _header(size: int) -> bytes:
    """Returns a record's length with its checksum: small pictures have few different ones."""
    length = LENGTH.pack(size)
    return length + CRC.pack(masked_crc(length))


class RecordWriter:
    """Takes the records of one file; made by `open_writer`.

    `count` is the number of records so far. `size` (bytes) and `sha256` (hex) of the file are
    known after the `with` block.
    """

    def __init__(self, target: Union[_Sink, _Packed, IO[bytes]]) -> None:
        self.count = self.size = 0
        self.sha256 = ""
        self._target = target
        self._waiting: List[bytes] = []
        self._waiting_size = 0

    def write(self, data: bytes) -> None:
        """Appends one record."""
        size = len(data)
        self._waiting += (_header(size), data, CRC.pack(masked_crc(data)))
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
    """Returns a new name beside `path` to write it under; other machines may be at it as well."""
    target = as_path(path)
    return target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.tmp")


def drop_unfinished(folder: Path) -> None:
    """Removes the temporary files of writers that were killed, whoever they were."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink()


@contextmanager
def open_writer(path: PathLike, compression: str = "none") -> Iterator[RecordWriter]:
    """Gives a RecordWriter on a temporary file beside `path`, synced and renamed at the end.

    After an error nothing is left. Compressed files carry neither time nor name, so the same
    records give the same bytes. Raises OptionError for a `compression` not in COMPRESSIONS.
    """
    if compression not in COMPRESSIONS:
        known = f"Known: {', '.join(COMPRESSIONS)}."
        raise OptionError(f"no compression is called {compression}.", known)
    temporary = temporary_name(path)
    try:
        with temporary.open("wb") as stream:
            sink = _Sink(stream)
            packed = _Packed(sink) if compression == "gzip" else None
            writer = RecordWriter(packed or sink)
            yield writer
            writer.flush()
            if packed is not None:
                packed.close()
            sync(stream)
        writer.size, writer.sha256 = sink.size, sink.sha256.hexdigest()
        temporary.replace(path)
    except BaseException:
        if temporary.exists():
            temporary.unlink()
        raise
