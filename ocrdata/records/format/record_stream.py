"""Opening record files, plain or compressed: their first bytes tell which.

TensorFlow writes plain, GZIP and ZLIB files. A plain one begins with a length and its checksum.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from contextlib import contextmanager
from typing import Any, BinaryIO, Iterator, cast

import google_crc32c
import numpy as np

from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike, RecordError

LENGTH = struct.Struct("<Q")
CRC = struct.Struct("<I")
HEADER_SIZE = 12
BUFFER = 1 << 20
# Enough of a ZLIB stream to tell by: its first block names its codes before any data.
_SNIFFED = 1024
_MASK = 0xA282EAD8


def masked_crc(data: bytes) -> int:
    """Returns the CRC-32C of `data`, rotated and shifted as the format asks."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def masked_crcs(crcs: np.ndarray) -> np.ndarray:
    """Returns CRC-32C sums, uint32 [n], rotated and shifted as the format asks."""
    masked: np.ndarray = (crcs >> np.uint32(15) | crcs << np.uint32(17)) + np.uint32(_MASK)
    return masked


class _Inflated(io.RawIOBase):
    """The content of a ZLIB stream, as TensorFlow writes with compression ZLIB."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._engine = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._engine.eof:
            packed = self._engine.unconsumed_tail or self._stream.read(BUFFER)
            data = self._engine.decompress(packed, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            if not packed:
                raise EOFError
        return 0


@contextmanager
def open_records(path: PathLike) -> Iterator[BinaryIO]:
    """Opens a record file for reading its records in order; raises RecordError."""
    try:
        with as_path(path).open("rb", BUFFER) as stream:
            kind = _compression(stream.read(_SNIFFED))
            stream.seek(0)
            if kind == "gzip":
                with gzip.open(stream, "rb") as packed:
                    yield cast(BinaryIO, packed)
            elif kind == "zlib":
                yield cast(BinaryIO, io.BufferedReader(_Inflated(stream), BUFFER))
            else:
                yield stream
    except EOFError as error:
        raise RecordError(path, f"ends inside its {kind} stream") from error
    except zlib.error as error:
        raise RecordError(path, f"is damaged: {error}") from error
    except OSError as error:
        raise RecordError(path, f"cannot be read: {error.strerror or error}") from error


@contextmanager
def open_plain(path: PathLike) -> Iterator[BinaryIO]:
    """Opens a file as it is; raises RecordError."""
    try:
        with as_path(path).open("rb", 1 << 14) as stream:
            yield stream
    except OSError as error:
        raise RecordError(path, f"cannot be read: {error.strerror or error}") from error


def _compression(head: bytes) -> str:
    """Returns "none", "gzip" or "zlib", by the first bytes of a file."""
    # A length may begin like a compressed file does; only its checksum tells.
    if is_header(head[:HEADER_SIZE]):
        return "none"
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    return "zlib" if head[:1] == b"\x78" and _is_zlib(head) else "none"


def _is_zlib(head: bytes) -> bool:
    engine = zlib.decompressobj()
    try:
        first = engine.decompress(head, HEADER_SIZE)
    except zlib.error:
        return False
    return is_header(first) or (engine.eof and not first)


def compression_of(path: PathLike) -> str:
    """Returns how a record file is compressed: "none", "gzip" or "zlib"; raises RecordError."""
    with open_plain(path) as stream:
        return _compression(stream.read(_SNIFFED))


def begins_with_record(path: PathLike) -> bool:
    """Says whether a file, compressed or not, begins with the length of a record and its CRC."""
    try:
        with open_records(path) as stream:
            return is_header(stream.read(HEADER_SIZE))
    except RecordError:
        return False


def is_header(head: bytes) -> bool:
    """Says whether 12 bytes are the length of a record and its checksum."""
    return len(head) == HEADER_SIZE and CRC.unpack(head[8:])[0] == masked_crc(head[:8])
