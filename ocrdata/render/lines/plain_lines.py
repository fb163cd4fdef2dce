"""Lines that are only set and colored, many at a time: side by side in one picture, then cut up.

What `LineRenderer.draw` does for one line costs more in Python than in pixels. Where all lines have
the same style but for the face, most of it is done once for all of them; the pixels are the same.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import List, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.compositing import composite
from ocrdata.render.effects.warp import Frame
from ocrdata.render.lines.line import LineRenderer, RenderedLine
from ocrdata.render.lines.line_geometry import exact_room, exact_top, is_plain
from ocrdata.render.style.line_style import CHOICES, FIELDS, NEUTRAL, LineStyle
from ocrdata.render.style.mixtures import AnyRecipe, Mixture
from ocrdata.render.style.recipes import Recipe
from ocrdata.render.text.layout import EM_TOP, empty_cell, spaced
from ocrdata.render.text.rasters import Glyph, cell_rows
from ocrdata.render.text.shaped_layout import PlacedInk, place_inks
from ocrdata.render.text.shaped_text import ShapedFaces
from ocrdata.render.text.text_bitmap import paste_inks

# What may differ from the defaults, by the same for all lines, and what may differ by line. Where
# nothing is read from the banks, their places do not matter.
_SHARED = (
    "size",
    "spacing",
    "margin_left",
    "margin_right",
    "shift",
    "align",
    "ink",
    "paper",
    "contrast",
    "opacity",
)
_FREE = ("face", "quality")


@lru_cache(maxsize=16)
def is_plain_recipe(recipe: AnyRecipe) -> bool:
    """Says whether all lines of a recipe are alike, and no pixel of theirs is ever resampled."""
    if isinstance(recipe, Mixture):
        return False
    if recipe.color or recipe.backgrounds[0] != sum(recipe.backgrounds):
        return False
    return all(
        _is_neutral(recipe, name)
        for name in FIELDS
        if name not in _FREE and name not in CHOICES and not name.endswith("_at")
    )


def _is_neutral(recipe: Recipe, name: str) -> bool:
    low, high, chance = recipe.spread(name)
    usual = getattr(NEUTRAL, name)
    return low == high and (low == usual or (name in _SHARED and chance >= 1.0))


class _Row:
    """Cells that wait to be put side by side, with what lies between them."""

    def __init__(self, height: int) -> None:
        self.height, self.length = height, 0
        self.cells: List[np.ndarray] = []
        self.ends: List[Tuple[int, int]] = []

    def add(self, glyphs: List[Glyph], gap: int, style: LineStyle, frame: Frame) -> bool:
        """Adds a line; False where it does not consist of whole cells, or goes another way."""
        first, last = glyphs[0].left, glyphs[-1].right
        _, _, _, _, advances, cells, rows, _ = zip(*glyphs)
        if not last or not glyphs[0].right or min(rows) < 0:
            return False
        width = int(sum(advances)) + gap * (len(glyphs) - 1)
        room = exact_room(width - int(advances[-1]) + last - first, style, frame)
        if room is None or room[0] < first or room[1] - room[0] + first < width:
            return False
        before, length = room[0] - first, room[1]
        if before:
            self.cells.append(empty_cell(self.height, before))
        self.cells += spaced(list(cells), self.height, gap) if gap else cells
        if length > before + width:
            self.cells.append(empty_cell(self.height, length - before - width))
        self.ends.append((self.length, self.length + length))
        self.length += length
        return True


def draw_plain_lines(
    renderer: LineRenderer, texts: Sequence[str], styles: Sequence[LineStyle]
) -> List[RenderedLine]:
    """Returns the pictures of lines of a plain recipe, as the renderer draws them."""
    style, frame, cache = styles[0], renderer.frame, renderer.cache
    size = renderer.master(style)[0]
    gap, row = int(round(style.spacing * size)), _Row(sum(cell_rows(size)))
    em = (0.0, cell_rows(size)[0] - EM_TOP * size, float(size))
    # Where whole cells fit, no ink reaches an edge, and all lines stand alike.
    drop = math.floor(exact_top(em, style, frame) + 0.5)
    fits = 0 <= drop <= frame.height - row.height
    if (
        frame.vertical
        or gap < 0
        or not fits
        or not is_plain(style, style.size * frame.height / size)
    ):
        return renderer.draw_all(texts, styles)
    # What is shaped may be higher than a cell: it has a row as high as the picture.
    tall, rows = _Row(frame.height), []
    for text, own in zip(texts, styles):
        face = cache.pick(text, own.face)
        if isinstance(face, ShapedFaces):
            cell = _shaped_cell(text, face, size, drop + cell_rows(size)[0], renderer, style)
            rows.append(tall if cell and tall.add([cell], 0, style, frame) else None)
        else:
            glyphs = cache.glyphs(face, size, text)
            rows.append(row if row.add(glyphs, gap, style, frame) else None)
    pictures = {
        id(row): iter(_cut(row, drop, renderer, style)),
        id(tall): iter(_cut(tall, 0, renderer, style)),
    }
    return [
        renderer.draw(text, own) if one is None else RenderedLine(next(pictures[id(one)]), None)
        for text, own, one in zip(texts, styles, rows)
    ]


def _shaped_cell(
    text: str,
    faces: ShapedFaces,
    size: int,
    baseline: int,
    renderer: LineRenderer,
    style: LineStyle,
) -> Optional[Glyph]:
    """Returns a shaped line as one cell as high as the picture; None where it goes another way."""
    height = renderer.frame.height
    if style.spacing:
        return None
    inks = place_inks(text, faces, size, renderer.cache)
    top, bottom = _rows_of(inks)
    if not inks or bottom - top > height:
        return None
    # Ink that would leave the picture is moved into it.
    corner = min(max(baseline + top, 0), height - bottom + top)
    left = min(int(x) for _, x, _ in inks)
    width = max(int(x) + ink.shape[1] for ink, x, _ in inks) - left
    cell = np.zeros((height, width), np.uint8)
    paste_inks(cell, inks, left, top - corner)
    return Glyph(0, top, width, bottom, float(width), cell, corner)


def _rows_of(inks: Sequence[PlacedInk]) -> Tuple[int, int]:
    """Returns where inks start and end across the line."""
    if not inks:
        return 0, 0
    return min(int(y) for _, _, y in inks), max(int(y) + ink.shape[0] for ink, _, y in inks)


def _cut(row: _Row, drop: int, renderer: LineRenderer, style: LineStyle) -> List[np.ndarray]:
    """Returns the pictures of the lines in a row, which lies `drop` pixels from the top."""
    if not row.ends:
        return []
    mask = np.zeros((renderer.frame.height, row.length), np.uint8)
    mask[drop : drop + row.height] = cv2.hconcat(row.cells)
    image = composite(mask, None, style, float(style.size * renderer.frame.height), False)
    return [image[:, start:end] for start, end in row.ends]
