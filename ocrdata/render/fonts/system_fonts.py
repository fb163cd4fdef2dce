"""What `--font system` and `--font-list` mean: all families that are installed, and lists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Dict, Iterable, List, Set, Tuple

from ocrdata.base.storage.digest import file_sha256
from ocrdata.errors import FontError
from ocrdata.render.fonts.installed_fonts import InstalledFace, installed_faces


def faces_of_all_families() -> List[Tuple[InstalledFace, float]]:
    """Returns each installed face once, with its share: families are drawn alike.

    A family of seventy weights gets no more lines than one of one. Faces are told apart by the
    content of their files. Raises FontError where there is none.
    """
    faces = _different(installed_faces())
    if not faces:
        hint = "Install some, or name files and folders with --font."
        raise FontError("system", "has no font that is installed", hint=hint)
    sizes = Counter(face.family for face in faces)
    return [(face, 1.0 / sizes[face.family]) for face in faces]


def _different(faces: Iterable[InstalledFace]) -> List[InstalledFace]:
    """Returns the faces without those whose file is a copy of an earlier one."""
    digests: Dict[Path, str] = {}
    seen: Set[Tuple[str, int]] = set()
    kept = []
    for face in faces:
        if face.path not in digests:
            digests[face.path] = file_sha256(face.path) if face.path.is_file() else ""
        key = digests[face.path], face.number
        if key[0] and key not in seen:
            seen.add(key)
            kept.append(face)
    return kept


def read_font_list(path: Path) -> List[str]:
    """Returns the fonts that a file names, one a line, as --font takes them.

    Relative paths start at the file's folder; lines that begin with # are for people. Raises
    FontError for a file that names none.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    names = [name for name in map(str.strip, lines) if name and not name.startswith("#")]
    if not names:
        raise FontError(path, "names no font", hint="Write one a line, as --font takes them.")
    return [str(path.parent / name) if _lies_in(path.parent, name) else name for name in names]


def _lies_in(folder: Path, name: str) -> bool:
    """Says whether a folder has a font's file, whatever face, axes or share it is named with."""
    file = re.split(r"[*@]|:[0-9]", name)[0]
    return bool(file) and (folder / file).exists()
