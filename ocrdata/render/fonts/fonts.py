"""Font files: which faces are meant by a name.

A font is named as `FILE[:FACE][@AXES][*SHARE]`, a folder, or the stem of a bundled font:

    MSYHL.TTC:1              face 1 of a collection (from 0)
    Sans-VF.ttf@wght=700     a variable font at one weight
    Sans-VF.ttf@wght=200..900    at five weights from 200 to 900
    fonts/*3                 every font of a folder, drawn three times as often as others
    latin                    the bundled Latin faces
    system                   all that are installed, each family as often as another
    faces.txt                what a file names, one a line
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ocrdata.base.assets import asset_dir
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import FontError, OptionError, PathLike, UnknownNameError
from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import Axes, FontFace, font_axes
from ocrdata.render.fonts.installed_fonts import FONT_SUFFIXES
from ocrdata.render.fonts.system_fonts import faces_of_all_families, read_font_list
from ocrdata.text.corpus import LATIN_CORPORA

# Of the bundled fonts, and by which name they are all meant.
LATIN = "latin"
# All fonts that are installed.
SYSTEM = "system"
# A range of an axis is drawn at this many values.
STEPS = 5
_SHARE = re.compile(r"^(.*)\*([0-9]*\.?[0-9]+)$")
_AXES = re.compile(r"^(.*)@((?:[A-Za-z]{4}=[-0-9.]+,?)+)$")
_AXIS = re.compile(r"^([A-Za-z]{4})=(-?[0-9.]+?)(?:\.\.(-?[0-9.]+))?$")


def find_fonts(
    names: Sequence[PathLike],
    face: Optional[int] = None,
    skips: Optional[Dict[str, int]] = None,
) -> List[FontFace]:
    """Returns the faces that `names` mean, the bundled fonts if there are none.

    `face` is taken where a name does not end in `:FACE`. Fonts of a folder that cannot be read
    are counted in `skips` by what is wrong; without it, or where they are named themselves, they
    raise FontError. Raises UnknownNameError for a name that is neither a file nor bundled.
    """
    faces: List[FontFace] = []
    for name in names or [str(path) for path in _bundled()]:
        found = list(_faces_of(str(name), face))
        lenient = skips is not None and len(found) > 1
        faces.extend(item for item in found if _usable(item, skips if lenient else None))
    if not faces:
        reason = "; ".join(skips or {})
        raise FontError(", ".join(str(name) for name in names), "none can be used: " + reason)
    return list(dict.fromkeys(faces))


def _usable(face: FontFace, skips: Optional[Dict[str, int]]) -> bool:
    try:
        font_characters(face)
    except FontError as error:
        if skips is None:
            raise
        reason = f"{Path(str(error.path)).name}: {error.problem}"
        skips[reason] = skips.get(reason, 0) + 1
        return False
    return True


def _bundled() -> List[Path]:
    """Returns the bundled Chinese fonts, which have Latin letters too."""
    return [path for path in _fonts_in(asset_dir("fonts")) if path.parent.name != LATIN]


def _bundled_latin() -> List[Path]:
    return _fonts_in(asset_dir("fonts") / LATIN)


def bundled_names() -> List[str]:
    """Returns the names of the bundled fonts, Chinese ones first."""
    return [path.stem for path in (*_bundled(), *_bundled_latin())]


def default_fonts(corpora: Sequence[PathLike]) -> Tuple[str, ...]:
    """Returns what `find_fonts` takes where no font is named: Latin faces for Latin corpora."""
    latin = bool(corpora) and all(str(name) in LATIN_CORPORA for name in corpora)
    return (LATIN,) if latin else ()


def _fonts_in(folder: Path) -> List[Path]:
    return sorted(path for path in files_below(folder) if path.suffix.lower() in FONT_SUFFIXES)


def _split_name(name: str) -> Tuple[str, List[Axes], float]:
    """Takes the share and the axes off a name; a file that is called so wins."""
    share, axes = 1.0, ""
    match = _SHARE.match(name)
    if match and not Path(name).exists():
        name, share = match.group(1), float(match.group(2))
        if share <= 0:
            raise OptionError(f"the share of font {name} must be above 0.")
    match = _AXES.match(name)
    if match and not Path(name).exists():
        name, axes = match.groups()
    return name, _places(axes), share


def _places(axes: str) -> List[Axes]:
    """Returns the places on the axes that "wght=100..900,wdth=80" means."""
    places: List[Axes] = [()]
    for word in filter(None, axes.split(",")):
        match = _AXIS.match(word)
        if not match:
            raise OptionError(f"{word!r} is not an axis.", "Write wght=700 or wght=1..9.")
        tag, low, high = match.groups()
        low, high = float(low), float(high or low)
        count = STEPS if high != low else 1
        values = [low + (high - low) * i / max(1, count - 1) for i in range(count)]
        places = [(*place, (tag, value)) for place in places for value in values]
    return places


def _faces_of(name: str, face: Optional[int]) -> Iterator[FontFace]:
    name, places, share = _split_name(name)
    path, index = Path(name), face or 0
    head, _, tail = name.rpartition(":")
    if not path.exists() and head and tail.isdigit():
        path, index = Path(head), int(tail)
    if name == SYSTEM and not path.exists():
        for one, part in faces_of_all_families():
            yield FontFace(one.path, one.number, (), share * part)
        return
    if path.suffix.lower() == ".txt" and path.is_file():
        for line in read_font_list(path):
            yield from (replace(one, share=one.share * share) for one in _faces_of(line, face))
        return
    for item in _files_of(path):
        for axes in places:
            _check_axes(item, index, axes)
            yield FontFace(item, index, axes, share)


def _files_of(path: Path) -> List[Path]:
    if path.is_dir():
        inside = _fonts_in(path)
        if not inside:
            raise FontError(path, f"holds no font ({', '.join(FONT_SUFFIXES)})")
        return inside
    if path.exists():
        return [path]
    if str(path) == LATIN:
        return _bundled_latin()
    bundled = {item.stem: item for item in (*_bundled(), *_bundled_latin())}
    if path.suffix.lower() in FONT_SUFFIXES or len(path.parts) > 1:
        raise FontError(path, "does not exist", hint=_bundled_hint(bundled))
    if str(path) not in bundled:
        raise UnknownNameError("font", str(path), bundled)
    return [bundled[str(path)]]


def _check_axes(path: Path, index: int, axes: Axes) -> None:
    if not axes:
        return
    known = {axis.axisTag: axis for axis in font_axes(path, index)}
    for tag, value in axes:
        if tag not in known:
            has = ", ".join(sorted(known)) or "none"
            raise FontError(path, f"has no axis {tag}; its axes: {has}")
        low, high = known[tag].minValue, known[tag].maxValue
        if not low <= value <= high:
            text = f"has {tag} from {low:g} to {high:g}, not {value:g}"
            raise FontError(path, text)


def _bundled_hint(bundled: Iterable[str]) -> str:
    return f"Without --font the bundled ones are used: {', '.join(sorted(bundled))}."
