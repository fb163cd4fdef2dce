"""What a worker must have in common with the launcher, so that it writes the same bytes."""

from __future__ import annotations

import platform
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

from ocrdata import __version__
from ocrdata.base.assets import asset_dir
from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.staging import write_atomic

_PROBE = b"the launcher was here"


class Facts(NamedTuple):
    """What a process has: versions by name, hashes of files by path, and whether it sees storage.

    `files` has "" for a file that is not there.
    """

    versions: Dict[str, str]
    files: Dict[str, str]
    sees_storage: bool = True


def facts_of(call: Any, probe: Optional[Path] = None) -> Facts:
    """Returns the facts of this process; `call` is what workers get, or files by path."""
    versions = _versions()
    paths = call if isinstance(call, dict) else sorted(set(_files_in(call, set())))
    files = {path: file_sha256(path) if Path(path).is_file() else "" for path in paths}
    seen = probe is None or (probe.is_file() and probe.read_bytes() == _PROBE)
    return Facts(versions, files, seen)


def _versions() -> Dict[str, str]:
    """Returns what decides bytes: our own code, arithmetic, FreeType and the JPEG encoder."""
    import cv2
    import fontTools
    import numpy as np
    import PIL
    from PIL import features

    versions = {
        "Python": platform.python_version(),
        "ocrdata": __version__,
        "NumPy": np.__version__,
        "OpenCV": cv2.__version__,
        "Pillow": PIL.__version__,
        "FreeType": str(features.version("freetype2")),
        "fontTools": fontTools.version,
    }
    for name in ("fonts", "corpora"):
        versions[f"bundled {name}"] = file_sha256(asset_dir(name) / "SOURCES.md")[:12]
    return versions


def write_probe(folder: Path) -> Path:
    """Writes the file by which a worker shows that it sees the folder; returns its path."""
    probe = folder / "probe"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(probe, _PROBE)
    return probe


def describe_difference(expected: Facts, found: Union[Facts, BaseException]) -> List[str]:
    """Returns what is wrong with a worker, in words that follow its address."""
    if isinstance(found, BaseException):
        lines = str(found).split("\n")
        return [f"cannot run ocrdata ({type(found).__name__}: {lines[0]})"]
    problems = [
        f"has {name} {found.versions.get(name)}, not {version}"
        for name, version in expected.versions.items()
        if found.versions.get(name) != version
    ]
    for path, digest in expected.files.items():
        there = found.files.get(path, "")
        if there != digest:
            problems.append(f"has another {path}" if there else f"does not have {path}")
    if not found.sees_storage:
        problems.append("does not see the folder of the unfinished work")
    return problems


def _files_in(value: Any, seen: "set[int]") -> Iterator[str]:
    """Yields the local files that a value names, wherever in it they stand."""
    if isinstance(value, (str, Path)):
        if _is_file(value):
            yield str(value)
        return
    if id(value) in seen:
        return
    seen.add(id(value))
    for part in _parts(value):
        yield from _files_in(part, seen)


def _is_file(value: Union[str, Path]) -> bool:
    try:
        return Path(value).is_absolute() and Path(value).is_file()
    except (OSError, ValueError):  # a text that is too long for a name, or has a NUL in it
        return False


def _parts(value: Any) -> Tuple[Any, ...]:
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, Mapping):
        return tuple(value.values())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return tuple(value)
    if isinstance(value, (list, tuple)) and len(value) <= 10_000:
        return tuple(value)
    return tuple(getattr(value, "args", ())) if callable(value) else ()
