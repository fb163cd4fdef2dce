"""Packs pictures and their text files, the same bytes every time.

Members are sorted by folder and stem, a picture's truth right before the picture, with fixed
owners, modes and times.
"""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path, PurePosixPath
from typing import Dict, List, Optional, Tuple

from ocrdata.base.pairing import is_image, pair_names, stem_of
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.skips import UNCLEAR, UNPAIRED
from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.staging import MANIFEST
from ocrdata.errors import (
    AnnotationError,
    InputError,
    OutputExistsError,
    PathLike,
)
from ocrdata.packing.summary import PackSummary

DEFAULT_NAME = "data.tar.gz"
_LEVEL = 6


def _files(root: Path, skipped: Dict[str, int]) -> List[str]:
    names = []
    for folder, folders, files in os.walk(str(root)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder) / name
            kept = not name.startswith(".") and (is_image(name) or name.lower().endswith(".txt"))
            if kept and path.is_file() and not path.is_symlink():
                names.append(path.relative_to(root).as_posix())
            elif name != MANIFEST:
                reason = "symbolic link" if path.is_symlink() else "neither picture nor text"
                skipped[reason] = skipped.get(reason, 0) + 1
    return sorted(names, key=_order)


def _order(name: str) -> Tuple[str, str, bool, str]:
    return str(PurePosixPath(name).parent), stem_of(name), is_image(name), name


def _unpaired(root: Path, names: List[str], skip: bool, skipped: Dict[str, int]) -> List[str]:
    """Returns the names without pictures and truths that lack the other; raises unless `skip`."""
    paired = pair_names(names)
    alone, unclear = list(paired.alone), list(paired.unclear)
    # A data folder of labelled lines has lists, and no truths at all.
    listed = any(PurePosixPath(name).name == SAMPLE_LIST for name in names)
    if listed or not (unclear or any(paired.pairs)):
        return names
    if unclear and not skip:
        raise unclear[0].error(lambda name: str(root / name))
    if unclear:
        skipped[UNCLEAR] = len(unclear)
    if alone and not skip:
        missing = "ground-truth file" if is_image(alone[0]) else "picture"
        hint = "Add it, or leave such files out with --skip-errors."
        raise AnnotationError(root / alone[0], f"has no {missing}", hint=hint)
    if alone:
        skipped[UNPAIRED] = len(alone)
    left_out = {*alone, *(name for one in unclear for name in (one.name, *one.candidates))}
    return [name for name in names if name not in left_out]


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o644, 0
    return entry


def pack_folder(
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
    if not any(map(is_image, names)):
        raise InputError(base, "holds no picture to pack")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        size = _write_pack(base, names, temporary, on_progress)
        packed, digest = temporary.stat().st_size, file_sha256(temporary)
        temporary.replace(target)
    except OSError as error:
        problem = f"cannot be written: {error.strerror or error}"
        raise InputError(error.filename or target, problem) from error
    finally:
        if temporary.exists():
            temporary.unlink()
    pictures = sum(map(is_image, names))
    return PackSummary(
        str(target),
        pictures,
        texts=len(names) - pictures,
        bytes=size,
        packed_bytes=packed,
        sha256=digest,
        skipped=skipped,
    )


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
