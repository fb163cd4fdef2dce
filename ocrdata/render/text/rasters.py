"""One glyph as a small grey picture, on a cell of its own where it fits one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image, ImageFont

# A cell reaches this far above and below the baseline, in ems: as far as Chinese characters do.
ABOVE, BELOW = 0.90, 0.14


class Glyph(NamedTuple):
    """A glyph's place, how far the pen moves, and its ink (uint8 [h, w], 255 is full).

    `left`, `top`, `right` and `bottom` are the ink's edges in pixels from the pen on the baseline;
    `top` is negative above it. In a `cell` the ink lies from row `row` on a ground as wide as the
    advance and as high as every other cell of the size. Where the ink leaves it, or the advance is
    broken, there is only `own`: the ink itself, and `row` is -1.
    """

    left: int
    top: int
    right: int
    bottom: int
    advance: float
    cell: Optional[np.ndarray]
    row: int = 0
    own: Optional[np.ndarray] = None

    @property
    def ink(self) -> np.ndarray:
        """The ink without any ground."""
        if self.own is not None:
            return self.own
        cell: Any = self.cell
        return cell[self.row : self.row + self.bottom - self.top, self.left : self.right]


@lru_cache(maxsize=256)
def cell_rows(size: int) -> Tuple[int, int]:
    """Returns how many rows a cell has above and below the baseline."""
    return int(np.ceil(ABOVE * size)), int(np.ceil(BELOW * size))


def draw_glyph(font: ImageFont.FreeTypeFont, character: str, size: int) -> Glyph:
    """Rasterises one character."""
    mask, (left, top) = font.getmask2(character, mode="L", anchor="ls")
    advance = font.getlength(character)
    # Pillow's box of a glyph reaches from the baseline to its top: cut the empty margins off.
    box = mask.getbbox()
    if not box:
        return _blank(advance, size)
    # bytes(mask) asks for one pixel after the other, and takes three times as long as drawing.
    data = np.frombuffer(_as_image(mask).tobytes(), np.uint8)
    ink = data.reshape(mask.size[::-1])[box[1] : box[3], box[0] : box[2]]
    left, top = int(left) + box[0], int(top) + box[1]
    right, bottom = left + ink.shape[1], top + ink.shape[0]
    above, below = cell_rows(size)
    fits = left >= 0 and right <= advance and top >= -above and bottom <= below
    if not fits or advance != int(advance):
        return Glyph(left, top, right, bottom, advance, None, -1, np.ascontiguousarray(ink))
    cell = np.zeros((above + below, int(advance)), np.uint8)
    cell[above + top : above + bottom, left:right] = ink
    return Glyph(left, top, right, bottom, advance, cell, above + top)


_as_image: Any = Image.Image()._new


def _blank(advance: float, size: int) -> Glyph:
    if advance != int(advance):
        return Glyph(0, 0, 0, 0, advance, None, -1, np.zeros((0, 0), np.uint8))
    return Glyph(0, 0, 0, 0, advance, np.zeros((sum(cell_rows(size)), int(advance)), np.uint8))
