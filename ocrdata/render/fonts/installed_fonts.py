"""Fonts that this machine has: by fontconfig where there is one, else from the usual folders."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Iterable, Iterator, List, NamedTuple, Tuple

from fontTools.ttLib import TTCollection, TTFont

from ocrdata.base.storage.walking import files_below
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.text.properties import script_of

FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_SECONDS = 30
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


def installed_faces(characters: Iterable[str] = ()) -> List[InstalledFace]:
    """Returns the installed scalable faces, by path and number.

    Only those that list all of `characters`; without fontconfig these are not looked at, as each
    face would have to be asked.
    """
    wanted = " ".join(sorted(f"{ord(character):x}" for character in characters))
    rows = _ask_fontconfig(":scalable=true" + (f":charset={wanted}" if wanted else ""))
    if rows is None:
        return sorted(face for path in _installed_files() for face in _faces_in(path))
    faces = set()
    for row in rows:
        file, _, rest = row.partition("\t")
        number, _, family = rest.partition("\t")
        # Behind 65,535 faces come the named instances of variable fonts.
        if Path(file).suffix.lower() in FONT_SUFFIXES and number.isdigit() and int(number) < 65536:
            faces.add(InstalledFace(Path(file), int(number), family or Path(file).stem))
    return sorted(faces)


@lru_cache(maxsize=64)
def _ask_fontconfig(pattern: str) -> "Tuple[str, ...] | None":
    command = ["fc-list", "--format", "%{file}\t%{index}\t%{family[0]}\n", pattern]
    try:
        made = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(made.stdout.decode("utf-8", "surrogateescape").splitlines())


def _installed_files() -> Iterator[Path]:
    for folder in _FOLDERS.get(sys.platform, _UNIX):
        place = Path(os.path.expandvars(folder)).expanduser()
        for path in files_below(place) if place.is_dir() else ():
            if path.suffix.lower() in FONT_SUFFIXES:
                yield path


def _faces_in(path: Path) -> Iterator[InstalledFace]:
    try:
        with path.open("rb") as stream:
            head = stream.read(4)
        fonts = TTCollection(str(path), lazy=True).fonts if head == b"ttcf" else [TTFont(str(path))]
        for number, font in enumerate(fonts):
            yield InstalledFace(path, number, str(font["name"].getDebugName(1) or path.stem))
    except Exception:  # fontTools lets whatever a damaged table causes through
        return


def fonts_for(characters: Iterable[str]) -> List[FontFace]:
    """Returns a few installed faces that together list characters, as far as any does."""
    left = set(characters)
    by_script = {}  # type: dict[str, set[str]]
    for character in left:
        by_script.setdefault(script_of(character), set()).add(character)
    # All at once, script by script, one by one.
    groups = [left, *by_script.values(), *({character} for character in sorted(left)[:_ALONE])]
    found: List[FontFace] = []
    for group in groups:
        if group & left:
            faces = [FontFace(face.path, face.number) for face in installed_faces(group)]
            if faces:
                found.append(_plainest(faces))
                left -= group
    return found


_ALONE = 16
_ODD = ("Bold", "Italic", "Black", "Thin", "Light", "Condensed")


def _plainest(faces: List[FontFace]) -> FontFace:
    """Returns a face for captions: upright, of usual weight, and the same each time."""

    def rank(face: FontFace) -> Tuple[int, int, str, int]:
        name = face.path.stem
        odd = sum(word in name for word in _ODD)
        return odd, "Regular" not in name, str(face.path), face.index

    return min(faces, key=rank)
