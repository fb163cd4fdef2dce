"""Blocks of text lines in a scene: how large they come out, and where there is room for them."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.render.effects.ring import bend_to_ring
from ocrdata.render.effects.text_effects import apply_text_effects, reach_of
from ocrdata.render.effects.warp import box_corners, transform
from ocrdata.render.fonts.axis_faces import AxisPlaces
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import Typesetting, set_column, set_line
from ocrdata.render.text.text_bitmap import NO_LINE, CharacterBox, TextBitmap

# Masters of pages grow by this step, so that a few sizes serve all heights.
_STEP = 1.25
# How much larger than text a block is composed. Small text is drawn on a canvas twice as fine.
_FINER, _LARGER, FINE_BELOW = 1.5, 1.15, 40.0
# Glyphs are drawn at these ems and shrunk: the same few serve all sizes, as shrinking costs a
# tenth of drawing. Beyond them they are drawn as they are.
_DRAWN, _NEARLY = (60, 138), 1.3


class TextBlock(NamedTuple):
    """Lines set together at a master size: ink, its outer box, and an outline for each part.

    A part is a line or a word; `texts` says what each reads, `outlines` are float64 [parts, points,
    2]; `scale` takes the master to the picture.
    """

    ink: np.ndarray
    box: Tuple[float, float, float, float]
    outlines: np.ndarray
    scale: float
    em: float
    texts: Tuple[str, ...]

    def within(self, other: TextBlock) -> TextBlock:
        """Returns the block, a little smaller where it came out larger than another one."""
        pairs = zip(other.ink.shape, self.ink.shape)
        factor = min(1.0, min(a * other.scale / (b * self.scale) for a, b in pairs))
        return self._replace(scale=self.scale * factor, em=self.em * factor)


def master_of(em: float) -> int:
    """Returns the em that text of `em` pixels is drawn at on pages: 1.5 to 1.9 times as large."""
    steps = math.ceil(math.log(max(em, 6.0) * 1.5 / 12.0, _STEP))
    return int(round(12.0 * _STEP ** max(0, steps)))


def composed_at(em: float) -> int:
    """Returns the em that a block of `em` pixels is composed at."""
    least = max(12, int(math.ceil(em * (_FINER if em < FINE_BELOW else _LARGER))))
    return next((drawn for drawn in _DRAWN if least <= drawn <= _NEARLY * least), least)


Part = Tuple[str, CharacterBox]


class Arrangement(NamedTuple):
    """How lines stand below each other: the gap between them as a share of the em, where they lie
    (0 is left or at the top, 0.5 in the middle), and by how many steps each one is smaller. Blank
    lines are only measured.
    """

    gap: float = 0.35
    align: float = 0.0
    smaller: Tuple[int, ...] = ()
    blank: bool = False

    def size(self, line: int, size: int) -> int:
        """Returns the em of a line."""
        steps = self.smaller[line] if line < len(self.smaller) else 0
        return max(12, int(round(size / _STEP**steps)))


PLAIN = Arrangement()


class _Line(NamedTuple):
    """One line's ink, and its parts with their boxes in it."""

    ink: np.ndarray
    parts: List[Part]


class _Wanted(NamedTuple):
    """A line as its glyphs are put beside each other, at an em of `size` pixels."""

    text: str
    face: float
    axes: AxisPlaces
    size: int
    setting: Typesetting
    vertical: bool
    boxes: bool


# A block is measured, then set.
@lru_cache(maxsize=8)
def _put(wanted: _Wanted, cache: GlyphCache) -> TextBitmap:
    face = cache.pick(wanted.text, wanted.face, wanted.axes)
    put = set_column if wanted.vertical else set_line
    return put(wanted.text, face, wanted.size, wanted.setting, cache, boxes=wanted.boxes)


def _wanted(text: str, style: LineStyle, size: int, vertical: bool, words: bool) -> _Wanted:
    drawn = next((em for em in _DRAWN if em >= size), size)
    spaced = " " in text
    setting = Typesetting(style.spacing * drawn, style.word_spacing if spaced else 1.0)
    return _Wanted(
        text=text,
        face=style.face,
        axes=style.axes,
        size=drawn,
        setting=setting,
        vertical=vertical,
        boxes=words and not vertical and spaced,
    )


def _blank(wanted: _Wanted, style: LineStyle, size: int, cache: GlyphCache) -> _Line:
    """Returns a line that is as large as it will be, or a pixel larger, without its ink."""
    left, top, right, bottom = _put(wanted, cache).box
    factor, pad = size / wanted.size, 2.0 * reach_of(style) * size + 2.0
    width, height = (right - left) * factor + pad, (bottom - top) * factor + pad
    ink = np.zeros((math.ceil(height), math.ceil(width)), np.uint8)
    return _Line(ink, [(wanted.text, (0.0, 0.0, float(ink.shape[1]), float(ink.shape[0])))])


def _set_one(wanted: _Wanted, style: LineStyle, size: int, cache: GlyphCache) -> _Line:
    text, apart = wanted.text, wanted.boxes
    bitmap = _put(wanted, cache)
    if wanted.size > size:
        bitmap = bitmap.shrunk(size / wanted.size)
    ink, box, moved = apply_text_effects(bitmap, size, style, NO_LINE)
    x0, y0 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    ink = ink[y0 : math.ceil(box[3]), x0 : math.ceil(box[2])]
    whole = (0.0, 0.0, float(ink.shape[1]), float(ink.shape[0]))
    if not apart:
        return _Line(ink, [(text, whole)])
    # As far as the ink of the line goes beyond that of its glyphs, so does that of its words.
    pads = max(0.0, bitmap.box[0] + moved - x0), max(0.0, bitmap.box[1] + moved - y0)
    parts, at = words_of(text, bitmap.boxes), (moved - x0, moved - y0)
    return _Line(ink, [(word, _placed(one, at, pads, whole)) for word, one in parts])


def words_of(text: str, boxes: Sequence[CharacterBox]) -> List[Part]:
    """Returns the words of a line, as spaces part them, with the box of each one's ink."""
    parts: List[Part] = []
    for found in re.finditer(r"[^ \u3000]+", text):
        inside = np.array(boxes[found.start() : found.end()], np.float64)
        low, high = inside[:, :2].min(axis=0), inside[:, 2:].max(axis=0)
        parts.append((found.group(), (low[0], low[1], high[0], high[1])))
    return parts


def _placed(
    box: CharacterBox, at: Tuple[float, float], pads: Tuple[float, float], whole: CharacterBox
) -> CharacterBox:
    (x, y), (wide, high) = at, pads
    return (
        max(whole[0], box[0] + x - wide),
        max(whole[1], box[1] + y - high),
        min(whole[2], box[2] + x + wide),
        min(whole[3], box[3] + y + high),
    )


def set_block(
    texts: Sequence[str],
    style: LineStyle,
    em: float,
    vertical: bool,
    cache: GlyphCache,
    words: Sequence[bool] = (),
    arrangement: Arrangement = PLAIN,
) -> TextBlock:
    """Sets lines below each other (columns from right to left) at `em` pixels.

    `words` says of each text whether its words are parts of their own; none are without it.
    """
    size = composed_at(em)
    apart = words or [False] * len(texts)
    one = _blank if arrangement.blank else _set_one
    sizes = [arrangement.size(place, size) for place in range(len(texts))]
    lines = [
        one(_wanted(text, style, own, vertical, parted), style, own, cache)
        for text, own, parted in zip(texts, sizes, apart)
    ]
    inks = [line.ink for line in lines]
    gap = int(round(arrangement.gap * size))
    canvas, corners = _stacked(inks, gap, vertical, arrangement.align)
    parts = [
        (text, (x + left, y + top, x + right, y + bottom))
        for (x, y), line in zip(corners, lines)
        for text, (left, top, right, bottom) in line.parts
    ]
    box = (0.0, 0.0, float(canvas.shape[1]), float(canvas.shape[0]))
    outlines = box_corners(np.array([one for _, one in parts], np.float64))
    return TextBlock(canvas, box, outlines, em / size, em, tuple(text for text, _ in parts))


def _stacked(
    inks: Sequence[np.ndarray], gap: int, vertical: bool, align: float
) -> Tuple[np.ndarray, List[Tuple[int, int]]]:
    """Returns lines below each other, or columns from right to left, and each one's corner."""
    along, across = (0, 1) if vertical else (1, 0)
    length = max(ink.shape[along] for ink in inks)
    thick = sum(ink.shape[across] for ink in inks) + gap * (len(inks) - 1)
    canvas = np.zeros((length, thick) if vertical else (thick, length), np.uint8)
    corners, at = [], 0
    for ink in inks[::-1] if vertical else inks:
        height, width = ink.shape
        start = int(align * (length - ink.shape[along]))
        x, y = (at, start) if vertical else (start, at)
        canvas[y : y + height, x : x + width] = ink
        corners.append((x, y))
        at += ink.shape[across] + gap
    return canvas, corners[::-1] if vertical else corners


def bend(block: TextBlock, sweep: float) -> TextBlock:
    """Returns a block of one line set along a circle instead of a straight line.

    The line's middle keeps its length and turns by `sweep` radians from end to end. Outlines have
    14 points as in CTW1500, 7 above from left to right and 7 below from right to left, and hold all
    of the ink. Lines shorter than two heights stay straight.
    """
    ring = bend_to_ring(block.ink, block.outlines, sweep)
    if ring is None:
        return block
    height, width = ring.ink.shape
    box = (0.0, 0.0, float(width), float(height))
    return block._replace(ink=ring.ink, box=box, outlines=ring.outlines)


def part_outlines(block: TextBlock, matrix: np.ndarray) -> List[np.ndarray]:
    """Returns the outline of each part, float32 [points, 2], clockwise from where reading begins.

    The first half of the points lies above the part, the second below (for columns, at its sides).
    """
    return list(transform(matrix, block.outlines).astype(np.float32))
