"""Tar archives read once from start to end, trusting nothing that they say of themselves."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Iterator, Optional, Tuple, cast

from ocrdata.errors import InputError, PathLike

MAX_BYTES = 1 << 40
MAX_TAR_MEMBER = 1 << 32
# Beyond this many bytes unpacked for each packed one, the archive is made to harm. Text packs about
# 10 times, an empty picture 1,000 times.
MAX_RATIO = 200
FREE_BYTES = 1 << 30
# Headers of a tar are read at once, so their size must be bounded.
_MAX_READ = 1 << 24
_BLOCK = 1 << 20


class _Guarded:
    """The bytes of a tar, read in order, with bounds on every read and on their number."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self.stream, self.limit, self.place = stream, limit, 0

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > _MAX_READ:
            raise ValueError(f"a header of {size:,} bytes")
        data = self.stream.read(size)
        self.place += len(data)
        if self.place > self.limit:
            raise ValueError(f"more than {self.limit:,} bytes unpacked")
        return data

    def tell(self) -> int:
        return self.place

    def seek(self, place: int, whence: int = 0) -> int:
        if whence != 0 or place < self.place:
            raise ValueError("a header that points backwards")
        while self.place < place:
            if not self.read(min(_BLOCK, place - self.place)):
                break
        return self.place

    def close(self) -> None:
        """Leaves the stream to its owner."""


_BROKEN = (
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    RecursionError,
    UnicodeError,
)


@contextmanager
def _guarded(path: Path, max_bytes: int) -> Iterator[_Guarded]:
    limit = min(max_bytes, max(FREE_BYTES, MAX_RATIO * path.stat().st_size)) + (1 << 20)
    with path.open("rb") as raw:
        head = raw.read(2)
        raw.seek(0)
        if head == b"\x1f\x8b":
            with gzip.open(raw, "rb") as stream:
                yield _Guarded(cast(IO[bytes], stream), limit)
        else:
            yield _Guarded(raw, limit)


def unsafe_reason(entry: tarfile.TarInfo) -> str:
    """Returns why a member must not be unpacked, "" if it may."""
    parts = PurePosixPath(entry.name).parts
    if not entry.name or entry.name.startswith("/") or ".." in parts:
        return "leads out of the folder"
    if not parts:
        # The folder itself, first in what `tar -c .` makes.
        return "" if entry.isdir() else "has no name"
    if "\\" in entry.name or "\0" in entry.name or ":" in parts[0]:
        return "has a name that some system reads as another folder"
    if max(len(part.encode("utf-8", "surrogateescape")) for part in parts) > 255:
        return "has a name of more than 255 bytes"
    if entry.issym() or entry.islnk():
        return "is a link"
    if entry.isdir():
        return ""
    if not entry.isreg() or entry.issparse():
        return "is neither file nor folder"
    if not 0 <= entry.size <= MAX_TAR_MEMBER:
        return f"has {entry.size:,} bytes"
    return ""


FoundMember = Tuple[tarfile.TarInfo, Optional["TarMember"]]


class TarMember:
    """The content of a member, read in order; raises InputError where it is damaged."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self.path, self.stream = path, stream

    def read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except _BROKEN as error:
            raise _damaged(self.path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(path, f"is not a sound tar archive: {error}")


def members(path: PathLike, max_bytes: int = MAX_BYTES) -> Iterator[FoundMember]:
    """Yields (entry, open file or None) of a tar or tar.gz, reading it once from start to end.

    An entry may be unsafe (see `unsafe_reason`) and its file must be read before the next one.
    Raises InputError for an archive that is damaged, or larger than `max_bytes` unpacked.
    """
    where = Path(path)
    try:
        with _guarded(where, max_bytes) as guarded:
            with tarfile.open(fileobj=cast(IO[bytes], guarded), mode="r:") as tar:
                while True:
                    entry = tar.next()
                    if entry is None:
                        break
                    plain = entry.isreg() and not unsafe_reason(entry)
                    stream = tar.extractfile(entry) if plain else None
                    yield entry, TarMember(where, stream) if stream else None
                    # Otherwise every header stays in memory.
                    tar.members = []  # type: ignore[attr-defined]
            # A gzip stream says at its end whether all of it was right.
            while guarded.read(_BLOCK):
                pass
    except _BROKEN as error:
        raise _damaged(where, error) from error


def read_member(path: PathLike, entry: tarfile.TarInfo, stream: TarMember) -> bytes:
    """Returns the content of a member; raises InputError where the archive ends inside it."""
    if entry.size > _MAX_READ * 64:
        raise InputError(path, f"{entry.name} has {entry.size:,} bytes")
    data = b"".join(iter(lambda: stream.read(_BLOCK), b""))
    if len(data) != entry.size:
        raise InputError(path, f"ends inside {entry.name}")
    return data
