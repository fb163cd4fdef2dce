"""Glyphs to one bitmap of ink, along a line or down a column, with a box for each character."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import cv2
import numpy as np

from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.kerning import LATIN_END
from ocrdata.render.text.rasters import Glyph, cell_rows
from ocrdata.render.text.shaped_layout import PlacedInk, Spacing, place_inks, place_shaped
from ocrdata.render.text.shaped_text import ShapedFaces
from ocrdata.render.text.text_bitmap import (
    NO_LINE,
    CharacterBox,
    TextBitmap,
    paste_bitmap,
)
from ocrdata.render.text.vertical import QUOTES, turned_runs, vertical_form
from ocrdata.text.properties import needs_shaping

# From the baseline to the top of the em box, in ems.
EM_TOP = 0.88
Face = Union[int, List[int], ShapedFaces]


class Typesetting(NamedTuple):
    """How characters are set: distances in pixels, jitters one a character."""

    spacing: float = 0.0
    word_spacing: float = 1.0
    jitters: Optional[Sequence[float]] = None


NO_SPACING = Typesetting()


def set_line(
    text: str, face: Face, size: int, setting: Typesetting, cache: GlyphCache, boxes: bool = False
) -> TextBitmap:
    """Sets a line on a common baseline; boxes of characters only where they are asked for."""
    if isinstance(face, ShapedFaces):
        return _set_shaped(text, face, size, setting, cache, boxes)
    glyphs = cache.glyphs(face, size, text)
    if not glyphs:
        return NO_LINE
    if setting.jitters is None and setting.word_spacing == 1.0:
        gap = int(round(setting.spacing))
        bitmap = _join(glyphs, size, gap, boxes) if gap >= 0 else None
        if bitmap is not None:
            return bitmap
    return paste_bitmap(*_along(text, face, glyphs, size, setting, cache), size)


def _set_shaped(
    text: str,
    faces: ShapedFaces,
    size: int,
    setting: Typesetting,
    cache: GlyphCache,
    boxes: bool,
) -> TextBitmap:
    if not boxes and setting == NO_SPACING:
        placed = place_inks(text, faces, size, cache)
        if placed:
            return paste_bitmap(placed, [], -EM_TOP * size, 0.0, size)
    spacing = Spacing(setting.spacing, setting.word_spacing, setting.jitters)
    strip = place_shaped(text, faces, size, spacing, cache)
    pasted = paste_bitmap(strip.placed, strip.boxes, -EM_TOP * size, 0.0, size)
    return pasted._replace(clusters=strip.clusters)


def _join(glyphs: List[Glyph], size: int, gap: int, boxes: bool) -> Optional[TextBitmap]:
    """Puts whole cells side by side: five times as fast as pasting. None where that cannot be."""
    found = row_of_cells(glyphs, size, gap)
    if found is None:
        return None
    above, below = cell_rows(size)
    cells: List[Any] = [glyph.cell for glyph in glyphs]
    if gap:
        cells = spaced(cells, above + below, gap)
    ink = cv2.hconcat(cells) if len(cells) > 1 else cells[0]
    own = _cell_boxes(glyphs, above, gap) if boxes else ()
    return TextBitmap(ink, found[1], above - EM_TOP * size, 0.0, own)


def row_of_cells(
    glyphs: Sequence[Glyph], size: int, gap: int
) -> Optional[Tuple[int, CharacterBox]]:
    """Returns how wide whole cells side by side are, and the box of their ink.

    None where a glyph has no cell, or none has ink.
    """
    lefts, tops, rights, bottoms, advances, _, rows, _ = zip(*glyphs)
    if min(rows) < 0:
        return None
    if not all(rights):  # what has no ink has no edges
        tops, bottoms = zip(*[glyph[1:4:2] for glyph in glyphs if glyph.right] or [(0, 0)])
        if not any(rights):
            return None
    above = cell_rows(size)[0]
    width = int(sum(advances)) + gap * (len(rows) - 1)
    end = width - int(advances[-1]) + rights[-1] if rights[-1] else width
    return width, (float(lefts[0]), float(above + min(tops)), float(end), above + max(bottoms))


def spaced(cells: List[np.ndarray], height: int, gap: int) -> List[np.ndarray]:
    """Returns cells with empty ones of `gap` pixels between them."""
    apart = [empty_cell(height, gap)] * (2 * len(cells) - 1)
    apart[::2] = cells
    return apart


@lru_cache(maxsize=1024)
def empty_cell(height: int, width: int) -> np.ndarray:
    """Returns a cell without ink."""
    return np.zeros((height, width), np.uint8)


def _cell_boxes(glyphs: List[Glyph], above: int, gap: int) -> List[CharacterBox]:
    boxes, pen = [], 0.0
    for glyph in glyphs:
        boxes.append(_box(glyph, pen, above))
        pen += glyph.advance + gap
    return boxes


def _box(glyph: Glyph, x: float, y: float) -> CharacterBox:
    if glyph.right:
        return x + glyph.left, y + glyph.top, x + glyph.right, y + glyph.bottom
    # A space: from pen to pen, as high as a small letter.
    return x, y - 0.5 * glyph.advance, x + max(1.0, glyph.advance), y


_Placed = List[PlacedInk]


def _along(
    text: str,
    face: "int | List[int]",
    glyphs: List[Glyph],
    size: int,
    setting: Typesetting,
    cache: GlyphCache,
) -> Tuple[_Placed, List[CharacterBox], float, float]:
    """Returns inks with their places, and boxes, for a pen that runs along the line."""
    placed: _Placed = []
    boxes: List[CharacterBox] = []
    pen = 0.0
    before, before_face = "", -1
    for place, (character, glyph) in enumerate(zip(text, glyphs)):
        own = face if isinstance(face, int) else face[place]
        if before and before < LATIN_END > character and own == before_face:
            pen += cache.kerning(own).between(before, character) * size
        y = setting.jitters[place] if setting.jitters else 0.0
        x = int(round(pen))
        boxes.append(_box(glyph, x, int(round(y))))
        if glyph.right > glyph.left:
            placed.append((glyph.ink, x + glyph.left, int(round(y)) + glyph.top))
        stretch = setting.word_spacing if character in " \u3000" else 1.0
        pen += glyph.advance * stretch + setting.spacing
        before, before_face = character, own
    return placed, boxes, -EM_TOP * size, 0.0


class _Column:
    """Characters put one below the other: their inks with places, their boxes, and the pen."""

    def __init__(self, size: int, setting: Typesetting) -> None:
        self.size, self.setting, self.pen = size, setting, 0.0
        self.placed: _Placed = []
        self.boxes: List[CharacterBox] = []

    def add_upright(self, character: str, glyph: Glyph, jitter: float) -> None:
        """Puts a character below the others."""
        size, pen = self.size, self.pen
        if not glyph.right:
            height = max(1.0, glyph.advance * self.setting.word_spacing)
            self.boxes.append((0.25 * size, pen, 0.75 * size, pen + height))
            self.pen = pen + height + self.setting.spacing
            return
        ink, x, y = vertical_form(character, glyph, size)
        x, y = int(round(x + jitter)), int(round(pen + y))
        self.placed.append((ink, x, y))
        self.boxes.append((x, y, x + ink.shape[1], y + ink.shape[0]))
        self.pen = pen + size + self.setting.spacing

    def add_turned(self, line: TextBitmap) -> None:
        """Puts a line below the others, turned clockwise."""
        size, height = self.size, line.ink.shape[0]
        # (x, y) becomes (height - y, x); the x-height's middle goes to the centre.
        shift = int(round(0.5 * size - height + line.em_top + EM_TOP * size - 0.36 * size))
        y = int(round(self.pen))
        self.placed.append((np.rot90(line.ink, -1), shift, y))
        for left, top, right, bottom in line.boxes:
            box = (shift + height - bottom, y + left, shift + height - top, y + right)
            self.boxes.append(box)
        self.pen = self.pen + line.ink.shape[1] + self.setting.spacing


def set_column(
    text: str, face: Face, size: int, setting: Typesetting, cache: GlyphCache, boxes: bool = False
) -> TextBitmap:
    """Sets a text from top to bottom, with vertical punctuation and turned Latin runs."""
    column = _Column(size, setting)
    level = setting._replace(jitters=None)
    if isinstance(face, ShapedFaces) and not any(map(needs_shaping, text)):
        # Shaped for the sake of a feature: upright characters stand without.
        face = list(face.faces)
    if isinstance(face, ShapedFaces):
        line = set_line(text, face, size, level, cache, boxes)
        column.add_turned(line)
        pasted = paste_bitmap(column.placed, column.boxes, 0.0, 0.0, size)
        return pasted._replace(clusters=line.clusters)
    for start, end, turned in turned_runs(text):
        run = text[start:end]
        own: "int | List[int]" = face if isinstance(face, int) else face[start:end]
        if turned:
            column.add_turned(set_line(run, own, size, level, cache, boxes=True))
            continue
        for place, character in enumerate(run, start):
            one = own if isinstance(own, int) else own[place - start]
            if character in QUOTES and cache.has(one, QUOTES[character]):
                character = QUOTES[character]
            jitter = setting.jitters[place] if setting.jitters else 0.0
            column.add_upright(character, cache.glyph(one, size, character), jitter)
    return paste_bitmap(column.placed, column.boxes, 0.0, 0.0, size)
