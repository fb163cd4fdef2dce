"""Unpacks archives, taking nothing for granted.

Names that leave the folder, links, devices and archives larger than allowed are refused before they
are written.
"""

from __future__ import annotations

import fcntl
import tarfile
from pathlib import Path
from typing import Any, Optional, Tuple

from ocrdata.base.pairing import is_image
from ocrdata.base.run_options import OnProgress
from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.staging import MANIFEST, staged_output
from ocrdata.base.storage.tar import MAX_BYTES, members, unsafe_reason
from ocrdata.errors import (
    InputError,
    OcrdataError,
    OptionError,
    PathLike,
)
from ocrdata.packing.summary import PackSummary

MAX_FILES = 20_000_000
_BLOCK = 1 << 20


def unpack_archive(
    path: PathLike,
    output: PathLike,
    max_bytes: int = MAX_BYTES,
    max_files: int = MAX_FILES,
    overwrite: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> PackSummary:
    """Unpacks a tar or tar.gz into a new folder, all of it or nothing.

    Raises InputError naming the member that is not safe, or the damage; OutputExistsError.
    """
    if max_bytes < 1 or max_files < 1:
        raise OptionError("--max-bytes and --max-files must be 1 or more.")
    where, target = Path(path), Path(output)
    if not where.is_file():
        raise InputError(where, "is not a file")
    target = target if target.name not in ("", "..") else target.resolve()
    digest = file_sha256(where)
    options = {"archive": where.name, "sha256": digest}
    with staged_output(target.parent, (target.name,), "unpack", options, overwrite) as staged:
        counts = _extract(where, staged.path(target.name), max_bytes, max_files, on_progress)
        packed = where.stat().st_size
        summary = PackSummary(str(target), *counts, packed, digest)
        staged.summary = {**vars(summary), "output": target.name}
    return summary


def _extract(
    where: Path, folder: Path, max_bytes: int, max_files: int, move: Optional[OnProgress]
) -> Tuple[int, int, int]:
    pictures = texts = total = 0
    for entry, stream in members(where, max_bytes):
        reason = unsafe_reason(entry)
        if reason:
            raise InputError(where, f"{entry.name!r} {reason}")
        if stream is None:
            continue
        total += entry.size
        pictures += is_image(entry.name)
        texts += not is_image(entry.name)
        if total > max_bytes:
            raise InputError(where, f"holds more than {max_bytes:,} bytes")
        if pictures + texts > max_files:
            raise InputError(where, f"holds more than {max_files:,} files")
        _save(where, entry, stream, folder / entry.name)
        if move:
            move(pictures + texts, None)
    return pictures, texts, total


def _save(where: Path, entry: tarfile.TarInfo, stream: Any, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(where, f"{entry.name!r} lies in what is a file") from error
    try:
        # "x": a name that comes twice, in any spelling the file system takes for the same.
        target = path.open("xb")
    except FileExistsError as error:
        raise InputError(where, f"{entry.name!r} comes twice") from error
    written = 0
    with target:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            written += target.write(block)
    if written != entry.size:
        raise InputError(where, f"ends inside {entry.name}")


def unpack_once(path: PathLike, cache: PathLike) -> Path:
    """Returns the folder below `cache` with the content of a tar, unpacking it if it is not there.

    Of several processes on a host one unpacks and the others wait for it. The folder's name holds
    the archive's SHA-256, so another archive of the same name is never taken for it.
    """
    where, base = Path(path), Path(cache)
    if not where.is_file():
        raise InputError(where, "is not a file")
    target = base / f"{where.name.split('.')[0]}-{file_sha256(where)[:16]}"
    try:
        base.mkdir(parents=True, exist_ok=True)
        # The kernel frees the lock of a process that dies.
        with (base / f".{target.name}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (target / MANIFEST).is_file():
                unpack_archive(where, target, overwrite=True)
    except OSError as error:
        raise OcrdataError(f"cannot unpack into {base}: {error.strerror}.") from error
    return target
