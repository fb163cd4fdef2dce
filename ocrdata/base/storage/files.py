"""What is done to files and folders, here or on other machines (`remote.py`)."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from ocrdata.base.storage.remote import RemotePath, as_path, is_remote
from ocrdata.errors import PathLike

_OLD = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
# More than most pictures have.
_READ_AT_ONCE = 1 << 16


def sync(stream: IO[Any]) -> None:
    """Brings what was written to the disk, where the stream is that of a local file."""
    stream.flush()
    try:
        handle = stream.fileno()
    except (AttributeError, OSError):
        return
    os.fsync(handle)


def remove_tree(path: Path, ignore_errors: bool = False) -> None:
    """Removes a folder with all that is in it."""
    try:
        path.remove_tree() if isinstance(path, RemotePath) else shutil.rmtree(str(path))
    except OSError:
        if not ignore_errors:
            raise


def move_tree(source: Path, target: Path, last: str) -> None:
    """Moves a folder to where none is, on another machine with the file `last` at the end."""
    if isinstance(source, RemotePath):
        source.move_tree(cast(Any, target), last)
    else:
        source.replace(target)


def read_whole(path: PathLike) -> bytes:
    """Returns the content of a file; raises OSError."""
    if not isinstance(path, str) or is_remote(path):
        return as_path(path).read_bytes()
    return read_local(path)


def read_local(path: str) -> bytes:
    """Returns the content of a file of this machine; raises OSError.

    Less time than `Path.read_bytes` takes: no path object, no buffer.
    """
    handle = os.open(path, _OLD)
    try:
        # To read on, to the end, takes less than to ask first how large the file is.
        data = os.read(handle, _READ_AT_ONCE)
        if len(data) == _READ_AT_ONCE:
            data += os.read(handle, max(1, os.fstat(handle).st_size - _READ_AT_ONCE))
        more = os.read(handle, _READ_AT_ONCE)
        if not more:
            return data
        # It grows, or the system gives less at a time.
        return data + more + b"".join(iter(lambda: os.read(handle, 1 << 20), b""))
    finally:
        os.close(handle)


class FolderWriter:
    """Writes many small files under a folder, and makes the folders that they need.

    Half the time of `Path.write_bytes`: no path object, no buffer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._prefix = str(folder) + os.sep

    def write(self, key: str, data: bytes) -> None:
        """Writes the file `key`, a relative path with forward slashes, or replaces it."""
        try:
            self._put(key, data)
        except FileNotFoundError:
            (self._folder / key).parent.mkdir(parents=True, exist_ok=True)
            self._put(key, data)

    def _put(self, key: str, data: bytes) -> None:
        if isinstance(self._folder, RemotePath):
            (self._folder / key).write_bytes(data)
            return
        handle = os.open(self._prefix + key, _NEW, 0o666)
        try:
            left = memoryview(data)
            # On a disk that is nearly full only a part is taken, and the next call fails.
            while left:
                left = left[os.write(handle, left) :]
        finally:
            os.close(handle)


def cut_off(path: Path, size: int) -> None:
    """Shortens a file to `size` bytes."""
    if isinstance(path, RemotePath):
        path.write_whole(path.read_bytes()[:size])
        return
    with path.open("r+b") as stream:
        stream.truncate(size)


def open_for_seeking(path: Path, buffering: int = -1) -> BinaryIO:
    """Opens a file to be read here and there; a remote one is copied to a nameless local file."""
    if not isinstance(path, RemotePath):
        return path.open("rb", buffering)
    handle, name = tempfile.mkstemp(prefix="ocrdata-")
    os.close(handle)
    try:
        path.fetch(name)
        return Path(name).open("rb", buffering)
    finally:
        Path(name).unlink()
