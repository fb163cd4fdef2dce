"""The fonts that are installed on this machine, and lists of fonts in files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Set, Tuple

from fontTools.ttLib import TTCollection, TTFont

from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import FontError

_QUERY = ("fc-list", ":scalable=true", "--format", "%{file}\t%{index}\t%{family[0]}\n")
# fontconfig numbers the named instances of variable fonts from here on.
_INSTANCES = 1 << 16
_FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": ("%WINDIR%/Fonts", "%LOCALAPPDATA%/Microsoft/Windows/Fonts"),
}
_UNIX = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


class InstalledFace(NamedTuple):
    """A face that is installed: its file, its number in it, and what its family is called."""

    path: Path
    number: int
    family: str


def installed_faces(suffixes: Tuple[str, ...]) -> List[Tuple[InstalledFace, float]]:
    """Returns each installed face once, with its share: families are drawn alike.

    A family of seventy weights gets no more lines than one of one. Faces are told apart by the
    content of their files; fontconfig names them where it is installed, else the folders of the
    platform are looked through. Raises FontError where there is none.
    """
    listed = _from_fontconfig() if shutil.which(_QUERY[0]) else _from_folders(suffixes)
    faces = _different(face for face in sorted(listed) if face.path.suffix.lower() in suffixes)
    if not faces:
        hint = "Install some, or name files and folders with --font."
        raise FontError("system", "has no font that is installed", hint=hint)
    sizes = Counter(face.family for face in faces)
    return [(face, 1.0 / sizes[face.family]) for face in faces]


def _from_fontconfig() -> Iterator[InstalledFace]:
    done = subprocess.run(_QUERY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        name, _, rest = line.partition("\t")
        index, _, family = rest.partition("\t")
        if index.isdigit() and int(index) < _INSTANCES:
            yield InstalledFace(Path(name), int(index), family or Path(name).stem)


def _from_folders(suffixes: Tuple[str, ...]) -> Iterator[InstalledFace]:
    for folder in _FOLDERS.get(sys.platform, _UNIX):
        place = Path(os.path.expandvars(folder)).expanduser()
        for path in files_below(place) if place.is_dir() else ():
            if path.suffix.lower() in suffixes:
                yield from _faces_in(path)


def _faces_in(path: Path) -> Iterator[InstalledFace]:
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        fonts = TTCollection(str(path), lazy=True).fonts if head == b"ttcf" else [TTFont(str(path))]
        for index, font in enumerate(fonts):
            yield InstalledFace(path, index, str(font["name"].getDebugName(1) or path.stem))
    except Exception:  # fontTools lets whatever a damaged table causes through
        return


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
