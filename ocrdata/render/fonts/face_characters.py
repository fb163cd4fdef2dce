"""Which characters a face has: those that its glyphs draw, not those that its table lists.

Fonts list thousands of characters whose glyph is empty, or is the face's missing-glyph picture
once more. Where the sizes of the outlines leave that open, the glyph is drawn, once a process.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Set as AbstractSet
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Tuple

import numpy as np
from PIL import Image, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.errors import FontError
from ocrdata.render.fonts.font_face import FontFace, read_tables, unreadable
from ocrdata.render.fonts.outlines import suspect_glyphs
from ocrdata.text.properties import is_invisible

# Pixels an em: enough to tell any character from a box.
_PROBE = 48
_ABSENT, _PRESENT, _OPEN, _UNDRAWN = 0, 1, 2, 3
# Never in a font's table: what stands for them is the missing-glyph picture.
_NOWHERE = "\uffff\ufffe\U0010ffff\U0010fffe"
_Picture = Optional[Tuple[Tuple[int, int], bytes]]


class FaceCharacters(AbstractSet):
    """The characters that a face draws, a set; `listed` is how many its table has."""

    def __init__(self, path: Path, index: int, table: Dict[int, str], suspects: Any) -> None:
        self._path, self._index = path, index
        codes = np.fromiter(table, np.int64, len(table))
        glyphs = np.fromiter((int(name) for name in table.values()), np.int64, len(table))
        states = np.zeros(int(codes.max()) + 1, np.uint8)
        states[codes] = np.where(suspects[glyphs], _OPEN, _PRESENT)
        states[[code for code in table if is_invisible(chr(code))]] = _UNDRAWN
        # A byte a code point: 64 KB where a set of strings takes a megabyte.
        self._states = bytearray(states.tobytes())
        self.listed = len(table)
        self._font: Any = None
        self._missing: _Picture = None

    def __contains__(self, character: object) -> bool:
        code = ord(str(character))
        state = self._states[code] if code < len(self._states) else _ABSENT
        if state == _OPEN:
            state = self._states[code] = _PRESENT if self._is_drawn(chr(code)) else _UNDRAWN
        return state == _PRESENT

    def lists(self, text: str) -> bool:
        """Says whether the table has a text's letters and digits, drawn or not.

        Marks, signs that are not seen, and what can be taken apart may do without an entry.
        """
        states, length = self._states, len(self._states)
        return all(
            (ord(c) < length and states[ord(c)] != _ABSENT)
            or unicodedata.category(c)[0] not in "LN"
            or bool(unicodedata.decomposition(c))
            for c in text
        )

    def __iter__(self) -> Iterator[str]:
        codes = np.nonzero(np.frombuffer(bytes(self._states), np.uint8))[0]
        return (character for character in map(chr, codes.tolist()) if character in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    _from_iterable = frozenset

    def _is_drawn(self, character: str) -> bool:
        if character.isspace():
            return True
        if self._font is None:
            layout = ImageFont.Layout.BASIC
            self._font = ImageFont.truetype(
                str(self._path), _PROBE, self._index, layout_engine=layout
            )
            free = [one for one in _NOWHERE if ord(one) >= len(self._states)]
            self._missing = self._picture((free or _NOWHERE)[0])
        picture = self._picture(character)
        return picture is not None and picture != self._missing

    def _picture(self, character: str) -> _Picture:
        """Returns a glyph's ink, None where it has none or FreeType cannot draw it."""
        try:
            mask, _ = self._font.getmask2(character, mode="L")
        except OSError:
            return None
        box = mask.getbbox()
        if not box:
            return None
        ink = _as_image(mask).crop(box)
        return ink.size, ink.tobytes()


_as_image: Any = Image.Image()._new


@lru_cache(maxsize=None)
def _characters(path: Path, index: int, _stamp: Tuple[int, int]) -> FaceCharacters:
    try:
        with path.open("rb") as stream:
            font = read_tables(stream, index)
            table = font.getBestCmap()
            suspects = _suspects(path, font)
        outlines = {"glyf", "CFF ", "CFF2"} & set(font.keys())
        if outlines:
            ImageFont.truetype(str(path), 16, index)
    except Exception as error:
        # fontTools lets whatever a damaged table causes through: struct, assertion, key errors.
        raise unreadable(FontFace(path, index), error) from error
    if not outlines:
        hint = "Use a font with outlines (TrueType or CFF)."
        raise FontError(path, "holds bitmaps of fixed sizes and no outlines", hint=hint)
    if not table:
        raise FontError(str(path), "has no Unicode character map")
    return FaceCharacters(path, index, table, suspects)


def _suspects(path: Path, font: Any) -> np.ndarray:
    count = font["maxp"].numGlyphs
    if path.parent == asset_dir("fonts"):
        # All glyphs of the bundled fonts are drawn in the tests.
        return np.zeros(count, bool)
    try:
        found = suspect_glyphs(font)
    except (ValueError, IndexError):
        found = None
    return np.ones(count, bool) if found is None or len(found) != count else found


def font_characters(face: FontFace) -> FaceCharacters:
    """Returns the characters that a face draws with ink of their own, and its white space.

    Raises FontError for a file that neither fontTools nor FreeType can read, and for faces of
    bitmaps.
    """
    return _characters(face.path, face.index, face.stamp)
