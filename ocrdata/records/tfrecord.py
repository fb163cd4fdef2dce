"""The TFRecord file format: framed, checksummed records, written whole or not at all.

A record is its length (8 bytes, little-endian), the masked CRC-32C of these 8 bytes, the data, and
the masked CRC-32C of the data. There is no header, so an empty file is a valid one.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Iterator, NamedTuple, Optional, Type

import google_crc32c

from ocrdata.errors import OptionError, PathLike, RecordError

COMPRESSIONS = ("none", "gzip")
# A record larger than this is taken for damage rather than read into memory.
MAX_RECORD = 1 << 31
_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_BUFFER = 1 << 20


def masked_crc(data: bytes) -> int:
    """Returns the CRC-32C of `data`, rotated and shifted as the format asks."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data: bytes) -> bytes:
    """Returns one record as it stands in a file."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        (length, _FOOTER.pack(masked_crc(length)), data, _FOOTER.pack(masked_crc(data)))
    )


# --- writing


class _Hashed:
    """A file being written whose size and SHA-256 are known at the end."""

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
    """Writes a TFRecord file under a temporary name beside `path`; leaving the block renames it.

    After an error nothing is left. `count`, and after the end `size` (bytes) and `sha256` (hex),
    describe the file. Compressed files carry no time stamp, so the same records give the same
    bytes. Raises OptionError for an unknown `compression` (one of "none", "gzip").
    """

    def __init__(self, path: PathLike, compression: str = "none") -> None:
        if compression not in COMPRESSIONS:
            raise OptionError(
                "no compression is called {}.".format(compression),
                "Known: {}.".format(", ".join(COMPRESSIONS)),
            )
        self.path = Path(path)
        self.compression = compression
        self.count = self.size = 0
        self.sha256 = ""

    def __enter__(self) -> RecordWriter:
        handle, name = tempfile.mkstemp(
            prefix=".{}.".format(self.path.name), suffix=".tmp", dir=str(self.path.parent)
        )
        self._temporary = Path(name)
        self._file = os.fdopen(handle, "wb", buffering=0)
        self._hashed = _Hashed(self._file)
        self._zip: Optional[gzip.GzipFile] = None
        if self.compression == "gzip":
            self._zip = gzip.GzipFile("", "wb", fileobj=self._hashed, mtime=0)  # type: ignore
        self._waiting: Any = []
        self._waiting_size = 0
        return self

    def write(self, data: bytes) -> None:
        """Appends one record."""
        length = _HEADER_LENGTH(len(data))
        self._waiting += (
            length,
            _FOOTER.pack(masked_crc(length)),
            data,
            _FOOTER.pack(masked_crc(data)),
        )
        self.count += 1
        self._waiting_size += len(data)
        if self._waiting_size >= _BUFFER:
            self._drain()

    def _drain(self) -> None:
        (self._zip or self._hashed).write(b"".join(self._waiting))
        self._waiting = []
        self._waiting_size = 0

    def __exit__(self, kind: Optional[Type[BaseException]], error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException:
            kind = OSError
            raise
        finally:
            self._file.close()
            if kind is not None:
                self._temporary.unlink()

    def _finish(self) -> None:
        self._drain()
        if self._zip is not None:
            self._zip.close()
        os.fsync(self._file.fileno())
        self.size, self.sha256 = self._hashed.size, self._hashed.sha256.hexdigest()
        self._temporary.replace(self.path)
