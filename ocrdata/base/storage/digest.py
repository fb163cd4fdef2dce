"""The hash by which files are told apart."""

from __future__ import annotations

import hashlib

from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike


def file_sha256(path: PathLike) -> str:
    """Returns the SHA-256 of a file as hex digits."""
    digest = hashlib.sha256()
    with as_path(path).open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
