"""Lines that are only set and coloured, many at a time: side by side in one picture, then cut up.

What `LinePainter.draw` does for one line costs more in Python than in pixels. Where all lines have
the same style but for the face, most of it is done once for all of them; the pixels are the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.layout import EM_TOP, empty_cell, row_of_cells, spaced
from ocrdata.render.line import Drawn, LinePainter
from ocrdata.render.mixing import mix
from ocrdata.render.placement import exact_place
from ocrdata.render.rasters import cell_rows
from ocrdata.render.recipes import Recipe
from ocrdata.render.style import FIELDS, NEUTRAL, LineStyle

# What may differ from the defaults, by the same for all lines, and what may differ by line. Where
# nothing is read from the banks, their places do not matter.
_SHARED = (
    "size", "spacing", "margin_left", "margin_right", "shift", "align", "ink", "paper", "contrast",
    "opacity",
)  # fmt: skip
_FREE = ("face", "quality")


@lru_cache(maxsize=16)
def only_copies(recipe: Recipe) -> bool:
    """Says whether all lines of a recipe are alike, and no pixel of theirs is ever resampled."""
    if recipe.colour or recipe.backgrounds[0] != sum(recipe.backgrounds):
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

    def __init__(self, height: int) -> None:
        self.height, self.length = height, 0
        self.cells: List[np.ndarray] = []
        self.ends: List[Tuple[int, int]] = []

    def add(self, before: int, cells: List[np.ndarray], behind: int, length: int) -> None:
        if before:
            self.cells.append(empty_cell(self.height, before))
        self.cells += cells
        if behind:
            self.cells.append(empty_cell(self.height, behind))
        self.ends.append((self.length, self.length + length))
        self.length += length


def draw_copies(
    painter: LinePainter, texts: Sequence[str], styles: Sequence[LineStyle]
) -> List[Drawn]:
    """Returns the pictures of lines whose recipe is `only_copies`, as the painter draws them."""
    style, frame, cache = styles[0], painter.frame, painter.cache
    size = painter.master(style)[0]
    gap = int(round(style.spacing * size))
    if frame.vertical or gap < 0 or abs(style.size * frame.height / size - 1.0) >= 0.02:
        return [painter.draw(text, own) for text, own in zip(texts, styles)]
    above, below = cell_rows(size)
    em = (0.0, above - EM_TOP * size, float(size))
    row, drop = _Row(above + below), 0
    joined: List[Optional[int]] = []  # the place in the row, None where a line goes its own way
    for text, own in zip(texts, styles):
        glyphs = cache.glyphs(cache.pick(text, own.face), size, text)
        found = row_of_cells(glyphs, size, gap)
        place = exact_place(found[1], em, style, frame) if found else None
        number = None
        if found and place:
            before, down, length = place
            behind = length - before - found[0]
            same = not row.ends or down == drop
            if before >= 0 <= behind and 0 <= down <= frame.height - row.height and same:
                cells: List[Any] = [glyph.cell for glyph in glyphs]
                number, drop = len(row.ends), down
                row.add(before, spaced(cells, row.height, gap) if gap else cells, behind, length)
        joined.append(number)
    pictures = _cut(row, drop, painter, style)
    return [
        painter.draw(text, own) if number is None else Drawn(pictures[number], None)
        for text, own, number in zip(texts, styles, joined)
    ]


def _cut(row: _Row, drop: int, painter: LinePainter, style: LineStyle) -> List[np.ndarray]:
    """Returns the pictures of the lines in a row, which lies `drop` pixels from the top."""
    if not row.ends:
        return []
    mask = np.zeros((painter.frame.height, row.length), np.uint8)
    mask[drop : drop + row.height] = cv2.hconcat(row.cells)
    picture = mix(mask, None, style, float(style.size * painter.frame.height), False)
    return [picture[:, start:end] for start, end in row.ends]
