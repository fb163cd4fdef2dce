"""Tar packs: pictures and their text files in one archive, the same bytes every time, and back.

A pack is a tar.gz whose members are sorted by folder and stem, a picture's truth right before the
picture, with fixed owners, modes and times. Unpacking takes nothing for granted: names that leave
the folder, links, devices and archives larger than allowed are refused before they are written.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Callable, Dict, List, Optional, Tuple

from ocrdata.base.outdir import MANIFEST, staged_output
from ocrdata.base.pairs import is_picture, pair_up, stem_of
from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.tar import MAX_BYTES, members, unsafe_reason
from ocrdata.errors import (
    AnnotationError,
    InputError,
    OcrdataError,
    OptionError,
    OutputExistsError,
    PathLike,
)

OnProgress = Callable[[int, Optional[int]], None]

DEFAULT_NAME = "data.tar.gz"
MAX_FILES = 20_000_000
_BLOCK = 1 << 20
_LEVEL = 6


@dataclass(frozen=True)
class PackSummary:
    """What was packed, or unpacked; `skipped` counts files that are neither picture nor text."""

    output: str
    pictures: int
    texts: int
    bytes: int
    packed_bytes: int
    sha256: str = ""
    skipped: Dict[str, int] = field(default_factory=dict)


# --- packing


def _files(root: Path, skipped: Dict[str, int]) -> List[str]:
    names = []
    for folder, folders, files in os.walk(str(root)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder) / name
            kept = not name.startswith(".") and (is_picture(name) or name.lower().endswith(".txt"))
            if kept and path.is_file() and not path.is_symlink():
                names.append(path.relative_to(root).as_posix())
            elif name != MANIFEST:
                reason = "symbolic link" if path.is_symlink() else "neither picture nor text"
                skipped[reason] = skipped.get(reason, 0) + 1
    return sorted(names, key=_order)


def _order(name: str) -> Tuple[str, str, bool, str]:
    return str(PurePosixPath(name).parent), stem_of(name), is_picture(name), name


def _unpaired(root: Path, names: List[str], skip: bool, skipped: Dict[str, int]) -> List[str]:
    """Returns the names without pictures and truths that lack the other; raises unless `skip`."""
    pairs, alone = pair_up(names)
    # A data folder of labelled lines has lists, and no truths at all.
    if not pairs or any(PurePosixPath(name).name == SAMPLE_LIST for name in names):
        return names
    if alone and not skip:
        missing = "ground-truth file" if is_picture(alone[0]) else "picture"
        hint = "Add it, or leave such files out with --skip-errors."
        raise AnnotationError(root / alone[0], "has no {}".format(missing), hint=hint)
    if alone:
        skipped["picture or ground truth without the other"] = len(alone)
    left_out = set(alone)
    return [name for name in names if name not in left_out]


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o644, 0
    return entry


def pack(
    root: PathLike,
    output: PathLike,
    skip_errors: bool = False,
    overwrite: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> PackSummary:
    """Packs the pictures and text files below `root` into a tar.gz.

    Raises AnnotationError for a picture without ground truth, or the other way round, unless
    `skip_errors`, and OutputExistsError.
    """
    base, target = Path(root), Path(output)
    if target.exists() and not overwrite:
        raise OutputExistsError(target)
    if not base.is_dir():
        raise InputError(base, "is not a folder")
    skipped: Dict[str, int] = {}
    names = _unpaired(base, _files(base, skipped), skip_errors, skipped)
    if not any(map(is_picture, names)):
        raise InputError(base, "holds no picture to pack")
    temporary = target.with_name(".{}.{}.tmp".format(target.name, os.getpid()))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        size = _write_pack(base, names, temporary, on_progress)
        packed, digest = temporary.stat().st_size, _sha256(temporary)
        temporary.replace(target)
    except OSError as error:
        problem = "cannot be written: {}".format(error.strerror or error)
        raise InputError(error.filename or target, problem) from error
    finally:
        if temporary.exists():
            temporary.unlink()
    pictures = sum(map(is_picture, names))
    return PackSummary(
        str(target), pictures, len(names) - pictures, size, packed, digest, skipped
    )  # fmt: skip


def _write_pack(base: Path, names: List[str], target: Path, move: Optional[OnProgress]) -> int:
    total = 0
    with target.open("wb") as stream:
        with gzip.GzipFile("", "wb", _LEVEL, stream, mtime=0) as packed:  # noqa: SIM117
            with tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
                for count, name in enumerate(names, 1):
                    with (base / name).open("rb") as source:
                        size = os.fstat(source.fileno()).st_size
                        tar.addfile(_entry(name, size), source)
                    total += size
                    if move:
                        move(count, len(names))
        stream.flush()
        os.fsync(stream.fileno())
    return total


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


# --- unpacking


def unpack(
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
    digest = _sha256(where)
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
            raise InputError(where, "{!r} {}".format(entry.name, reason))
        if stream is None:
            continue
        total += entry.size
        pictures += is_picture(entry.name)
        texts += not is_picture(entry.name)
        if total > max_bytes:
            raise InputError(where, "holds more than {:,} bytes".format(max_bytes))
        if pictures + texts > max_files:
            raise InputError(where, "holds more than {:,} files".format(max_files))
        _save(where, entry, stream, folder / entry.name)
        if move:
            move(pictures + texts, None)
    return pictures, texts, total


def _save(where: Path, entry: tarfile.TarInfo, stream: Any, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(where, "{!r} lies in what is a file".format(entry.name)) from error
    try:
        # "x": a name that comes twice, in any spelling the file system takes for the same.
        target = path.open("xb")
    except FileExistsError as error:
        raise InputError(where, "{!r} comes twice".format(entry.name)) from error
    written = 0
    with target:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            written += target.write(block)
    if written != entry.size:
        raise InputError(where, "ends inside {}".format(entry.name))


def unpack_once(path: PathLike, cache: PathLike) -> Path:
    """Returns the folder below `cache` with the content of a tar, unpacking it if it is not there.

    Of several processes on a host one unpacks and the others wait for it. The folder's name holds
    the archive's SHA-256, so another archive of the same name is never taken for it.
    """
    where, base = Path(path), Path(cache)
    if not where.is_file():
        raise InputError(where, "is not a file")
    target = base / "{}-{}".format(where.name.split(".")[0], _sha256(where)[:16])
    try:
        base.mkdir(parents=True, exist_ok=True)
        # The kernel frees the lock of a process that dies.
        with (base / ".{}.lock".format(target.name)).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (target / MANIFEST).is_file():
                unpack(where, target, overwrite=True)
    except OSError as error:
        raise OcrdataError("cannot unpack into {}: {}.".format(base, error.strerror)) from error
    return target
