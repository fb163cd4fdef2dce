"""Font files: which characters a face has, and its glyphs as small grey pictures.

A font is named as `FILE`, `FILE:FACE` (a face of a collection, from 0), a folder, or the stem of
a bundled font. Every glyph is drawn once a size and kept: drawing costs a hundred times composing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import FrozenSet, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.errors import FontError, PathLike, UnknownNameError

FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")

# At 32 pixels a glyph takes about 1 kB: 60 MB at the most in a process.
GLYPHS_KEPT = 60_000


@dataclass(frozen=True)
class FontFace:
    """One face of a font file."""

    path: Path
    index: int = 0

    def __str__(self) -> str:
        return "{}:{}".format(self.path, self.index) if self.index else str(self.path)


@dataclass(frozen=True)
class Glyph:
    """A glyph's ink (uint8 [h, w], 255 is full), where it lies, and how far the pen moves.

    `left` and `top` are the offset in pixels of the ink's corner from the pen on the baseline;
    `top` is negative above it.
    """

    ink: np.ndarray
    left: int
    top: int
    advance: float


def find_fonts(names: Sequence[PathLike], face: Optional[int] = None) -> List[FontFace]:
    """Returns the faces that `names` mean, the bundled fonts if there are none.

    `face` is taken where a name does not end in `:FACE`. Raises FontError for a file that is no
    font or has no such face, UnknownNameError for a name that is neither a file nor bundled.
    """
    faces = []  # type: List[FontFace]
    for name in names or [str(path) for path in _bundled()]:
        faces.extend(_faces_of(str(name), face))
    for item in faces:
        font_characters(item)
    return list(dict.fromkeys(faces))


def _bundled() -> List[Path]:
    return _fonts_in(asset_dir("fonts"))


def bundled_names() -> List[str]:
    """Returns the names of the bundled fonts."""
    return [path.stem for path in _bundled()]


def _fonts_in(folder: Path) -> List[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in FONT_SUFFIXES)


def _faces_of(name: str, face: Optional[int]) -> Iterator[FontFace]:
    path, index = Path(name), face or 0
    head, _, tail = name.rpartition(":")
    if not path.exists() and head and tail.isdigit():
        path, index = Path(head), int(tail)
    if path.is_dir():
        inside = _fonts_in(path)
        if not inside:
            raise FontError(path, "holds no font ({})".format(", ".join(FONT_SUFFIXES)))
        for item in inside:
            yield FontFace(item, index)
    elif path.exists():
        yield FontFace(path, index)
    else:
        bundled = {item.stem: item for item in _bundled()}
        if path.suffix.lower() in FONT_SUFFIXES or len(path.parts) > 1:
            raise FontError(path, "does not exist", hint=_bundled_hint(bundled))
        if str(path) not in bundled:
            raise UnknownNameError("font", str(path), bundled)
        yield FontFace(bundled[str(path)], index)


def _bundled_hint(bundled: Iterable[str]) -> str:
    return "Without --font the bundled ones are used: {}.".format(", ".join(sorted(bundled)))


@lru_cache(maxsize=None)
def font_characters(face: FontFace) -> FrozenSet[str]:
    """Returns the characters that a face has glyphs for, from its cmap.

    Raises FontError for a file that neither fontTools nor FreeType can read.
    """
    try:
        # fontTools does not close a file it cannot read.
        with face.path.open("rb") as stream:
            points = TTFont(stream, fontNumber=face.index, lazy=True).getBestCmap()
        ImageFont.truetype(str(face.path), 16, face.index)
    except Exception as error:
        # fontTools lets whatever a damaged table causes through: struct, assertion, key errors.
        raise _unreadable(face, error) from error
    if not points:
        raise FontError(str(face), "has no Unicode character map")
    return frozenset(chr(point) for point in points)


def _unreadable(face: FontFace, error: Exception) -> FontError:
    count = _face_count(face.path)
    if count is not None and face.index >= count:
        problem = "has {} face{}, so there is no face {}".format(
            count, "" if count == 1 else "s", face.index
        )
        return FontError(face.path, problem, hint="Faces are counted from 0.")
    detail = str(error) or type(error).__name__
    return FontError(face.path, "is not a font that can be read ({})".format(detail))


def _face_count(path: Path) -> Optional[int]:
    """Returns how many faces a file has, None where it is no font at all."""
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError:
        return None
    if head[:4] == b"ttcf":
        return int.from_bytes(head[8:12], "big")
    return 1 if head[:4] in (b"\0\1\0\0", b"OTTO", b"true") else None


class GlyphCache:
    """Draws glyphs and keeps them; one to a process."""

    def __init__(self, faces: Sequence[FontFace]) -> None:
        self.faces = list(faces)
        self._fonts = {}  # type: Dict[Tuple[int, int], ImageFont.FreeTypeFont]
        self._glyphs = {}  # type: Dict[Tuple[int, int, str], Glyph]

    def faces_for(self, text: str) -> List[int]:
        """Returns the indices of the faces that have every character of a text."""
        needed = set(text)
        return [i for i, face in enumerate(self.faces) if needed <= font_characters(face)]

    def missing(self, text: str) -> str:
        """Returns a character of a text that the face with the fewest gaps lacks."""
        gaps = (sorted(set(text) - font_characters(face)) for face in self.faces)
        return min(gaps, key=len)[0]

    def font(self, face: int, size: int) -> ImageFont.FreeTypeFont:
        """Returns the Pillow font of a face at `size` pixels an em."""
        key = (face, size)
        if key not in self._fonts:
            chosen = self.faces[face]
            # The basic layout: RAQM's results differ with the version of HarfBuzz.
            self._fonts[key] = ImageFont.truetype(
                str(chosen.path), size, chosen.index, layout_engine=ImageFont.Layout.BASIC
            )
        return self._fonts[key]

    def glyph(self, face: int, size: int, character: str) -> Glyph:
        """Returns a glyph of a face at a size."""
        key = (face, size, character)
        found = self._glyphs.get(key)
        if found is None:
            if len(self._glyphs) >= GLYPHS_KEPT:
                self._glyphs.clear()
            found = self._glyphs[key] = draw_glyph(self.font(face, size), character)
        return found


def draw_glyph(font: ImageFont.FreeTypeFont, character: str) -> Glyph:
    """Rasterises one character."""
    left, top, right, bottom = font.getbbox(character, anchor="ls")
    picture = Image.new("L", (max(1, int(right - left)), max(1, int(bottom - top))))
    ImageDraw.Draw(picture).text((-left, -top), character, fill=255, font=font, anchor="ls")
    ink, left, top = _crop(np.asarray(picture), int(left), int(top))
    return Glyph(ink, left, top, font.getlength(character))


def _crop(ink: np.ndarray, left: int, top: int) -> Tuple[np.ndarray, int, int]:
    """Cuts empty margins off: Pillow's box of a glyph reaches from the baseline to its top."""
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return ink[:0, :0], left, top
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(cut), left + int(columns[0]), top + int(rows[0])
