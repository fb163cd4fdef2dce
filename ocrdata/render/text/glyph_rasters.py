"""Glyphs drawn by their numbers in a face, at quarters of a pixel: what shaped texts consist of.

Pillow draws characters only, and at whole pixels; joined letters need both.
"""

from __future__ import annotations

from typing import Dict, Tuple

import numpy as np

from ocrdata.errors import FontError
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.text.rasters import Glyph

# Places between two pixels, along the line and across it.
PHASES = 4
_FACTOR = 64 // PHASES
# Where the characters begin that stand for numbers of glyphs: behind the surrogates.
_NUMBERED = 0x10000
_PROBE = 48


def glyph_key(number: int, x: int, y: int) -> str:
    """Returns the character that stands for a glyph moved to a place given in quarters of a pixel.

    Only what is left of whole pixels counts.
    """
    return chr(_NUMBERED + (number * PHASES + x % PHASES) * PHASES + y % PHASES)


def glyph_of_key(character: str) -> Tuple[int, Tuple[int, int]]:
    """Returns the number of a glyph, and by how many quarters of a pixel it is moved."""
    place, down = divmod(ord(character) - _NUMBERED, PHASES)
    number, right = divmod(place, PHASES)
    return number, (right, down)


class GlyphRaster:
    """Draws the glyphs of one face; opened when the first one is asked for."""

    def __init__(self, face: FontFace) -> None:
        # Only texts that are shaped need it.
        import freetype

        self._freetype, self._face_of = freetype, face
        try:
            self._face = freetype.Face(str(face.path), face.index)
            if face.axes:
                self._face.set_var_design_coords(face.axis_places())
        except freetype.FT_Exception as error:
            raise FontError(str(face), f"cannot be opened; FreeType says: {error}") from error
        self._size = 0
        self._drawn: Dict[int, bool] = {}
        self._missing = b""

    def draw(self, number: int, size: int, phase: Tuple[int, int] = (0, 0)) -> Glyph:
        """Returns a glyph at `size` pixels an em, moved right and down by quarters of a pixel.

        The pen does not move: where shaped glyphs stand is known from shaping. Raises FontError.
        """
        ink, left, top = self._render(number, size, phase)
        rows, columns = ink.shape
        return Glyph(left, -top, left + columns, rows - top, 0.0, None, -1, ink)

    def _render(
        self, number: int, size: int, phase: Tuple[int, int]
    ) -> Tuple[np.ndarray, int, int]:
        free = self._freetype
        try:
            if size != self._size:
                self._face.set_pixel_sizes(0, size)
                self._size = size
            shift = free.Vector(phase[0] * _FACTOR, -phase[1] * _FACTOR)
            self._face.set_transform(free.Matrix(0x10000, 0, 0, 0x10000), shift)
            self._face.load_glyph(number, free.FT_LOAD_RENDER | free.FT_LOAD_NO_BITMAP)
        except free.FT_Exception as error:
            problem = f"cannot draw glyph {number}; FreeType says: {error}"
            raise FontError(str(self._face_of), problem) from error
        slot = self._face.glyph
        bitmap = slot.bitmap
        if not bitmap.rows or not bitmap.width:
            return np.zeros((0, 0), np.uint8), 0, 0
        rows = np.array(bitmap.buffer, np.uint8).reshape(bitmap.rows, bitmap.pitch)
        return np.ascontiguousarray(rows[:, : bitmap.width]), slot.bitmap_left, slot.bitmap_top

    def is_drawn(self, number: int) -> bool:
        """Says whether a glyph has ink and is not the face's missing-glyph picture."""
        if number not in self._drawn:
            try:
                ink = self._render(number, _PROBE, (0, 0))[0]
            except FontError:
                ink = np.zeros((0, 0), np.uint8)
            if not self._missing:
                self._missing = _picture(self._render(0, _PROBE, (0, 0))[0])
            self._drawn[number] = bool(ink.any()) and _picture(ink) != self._missing
        return self._drawn[number]


def _picture(ink: np.ndarray) -> bytes:
    return b"%d %d " % ink.shape + ink.tobytes()
