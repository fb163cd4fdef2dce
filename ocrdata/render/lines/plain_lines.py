"""Lines that are only set and colored, many at a time: side by side in one picture, then cut up.

What `LineRenderer.draw` does for one line costs more in Python than in pixels. Where all lines have
the same style but for the face, most of it is done once for all of them; the pixels are the same.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import List, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.compositing import composite
from ocrdata.render.effects.warp import Frame
from ocrdata.render.lines.line import LineRenderer, RenderedLine
from ocrdata.render.lines.line_geometry import exact_room, exact_top, is_plain
from ocrdata.render.style.line_style import FIELDS, NEUTRAL, LineStyle
from ocrdata.render.style.mixtures import AnyRecipe, Mixture
from ocrdata.render.style.recipes import Recipe
from ocrdata.render.text.layout import EM_TOP, empty_cell, spaced
from ocrdata.render.text.rasters import Glyph, cell_rows
from ocrdata.render.text.shaped_text import ShapedFaces

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
        if name not in _FREE and name != "background" and not name.endswith("_at")
    )


def _is_neutral(recipe: Recipe, name: str) -> bool:
    low, high, chance = recipe.spread(name)
    usual = getattr(NEUTRAL, name)
    return low == high and (low == usual or (name in _SHARED and chance >= 1.0))


class _Row:
    """Cells that wait to be put side by side, with what lies between them."""

    def __init__(self, size: int) -> None:
        self.height, self.length = sum(cell_rows(size)), 0
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
    gap, row = int(round(style.spacing * size)), _Row(size)
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
    faces = [cache.pick(text, own.face) for text, own in zip(texts, styles)]
    glyphs = [
        [] if isinstance(face, ShapedFaces) else cache.glyphs(face, size, text)
        for text, face in zip(texts, faces)
    ]
    # Shaped texts have no cells.
    joined = [bool(one) and row.add(one, gap, style, frame) for one in glyphs]
    pictures = iter(_cut(row, drop, renderer, style))
    return [
        RenderedLine(next(pictures), None) if together else renderer.draw(text, own)
        for text, own, together in zip(texts, styles, joined)
    ]


def _cut(row: _Row, drop: int, renderer: LineRenderer, style: LineStyle) -> List[np.ndarray]:
    """Returns the pictures of the lines in a row, which lies `drop` pixels from the top."""
    if not row.ends:
        return []
    mask = np.zeros((renderer.frame.height, row.length), np.uint8)
    mask[drop : drop + row.height] = cv2.hconcat(row.cells)
    image = composite(mask, None, style, float(style.size * renderer.frame.height), False)
    return [image[:, start:end] for start, end in row.ends]
