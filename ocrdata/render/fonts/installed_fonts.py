"""Fonts that this machine has: by fontconfig where there is one, else from the usual folders."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Iterable, List, Tuple

from ocrdata.render.fonts.font_face import FontFace
from ocrdata.text.properties import script_of

FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_SECONDS = 30


def installed_fonts(characters: Iterable[str] = ()) -> List[FontFace]:
    """Returns the installed faces, by path and number; only those that list all of `characters`.

    Without fontconfig, `characters` are not looked at: each face has to be asked.
    """
    wanted = " ".join(sorted(f"{ord(character):x}" for character in characters))
    rows = _ask_fontconfig(f":charset={wanted}" if wanted else ":")
    if rows is None:
        return [FontFace(path) for folder in _folders() for path in _fonts_below(folder)]
    faces = set()
    for row in rows:
        file, _, number = row.partition("\t")
        # Behind 65,535 faces come the named instances of variable fonts.
        if Path(file).suffix.lower() in FONT_SUFFIXES and number.isdigit() and int(number) < 65536:
            faces.add((file, int(number)))
    return [FontFace(Path(file), number) for file, number in sorted(faces)]


@lru_cache(maxsize=64)
def _ask_fontconfig(pattern: str) -> "Tuple[str, ...] | None":
    command = ["fc-list", "--format", "%{file}\t%{index}\n", pattern]
    try:
        made = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(made.stdout.decode("utf-8", "replace").splitlines())


def _folders() -> List[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    if os.name == "nt":
        own = Path(os.environ.get("LOCALAPPDATA", str(home))) / "Microsoft/Windows/Fonts"
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts", own]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"]


def _fonts_below(folder: Path) -> List[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in FONT_SUFFIXES)


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
            faces = installed_fonts(group)
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
        odd = sum(
            word in name for word in ("Bold", "Italic", "Black", "Thin", "Light", "Condensed")
        )
        return odd, "Regular" not in name, str(face.path), face.index

    return min(faces, key=rank)
