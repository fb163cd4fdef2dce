"""What tells files apart: their hash, and for what is kept in memory a stamp."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Iterable, Tuple

from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike


def file_sha256(path: PathLike) -> str:
    """Returns the SHA-256 of a file as hex digits."""
    digest = hashlib.sha256()
    with as_path(path).open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def file_stamp(path: Path) -> Tuple[int, int]:
    """Returns when a file of this machine was last changed, in ns, and its size; zeros for none.

    With it what was made of a file is kept in a process that goes on after the file is replaced.
    """
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def names_sha256(names: Iterable[str]) -> str:
    """Returns the SHA-256 of names, a line each, as hex digits."""
    digest, separator = hashlib.sha256(), b""
    for name in names:
        digest.update(separator + name.encode("utf-8", "surrogateescape"))
        separator = b"\n"
    return digest.hexdigest()
