"""Blocks of text lines in a scene: how large they come out, and where there is room for them."""

from __future__ import annotations

import math
import re
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.text_effects import apply_text_effects
from ocrdata.render.effects.warp import box_corners, transform
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import Typesetting, set_column, set_line
from ocrdata.render.text.text_bitmap import NO_LINE, CharacterBox

# Masters grow by this step, so that a few sizes serve all heights.
_STEP = 1.25
# Points on each side of a curved line, and its smallest radius in heights of the line.
ARC_POINTS, SHARPEST = 7, 1.5


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


def master_of(em: float) -> int:
    """Returns the em that text of `em` pixels is composed at: 1.5 to 1.9 times as large."""
    steps = math.ceil(math.log(max(em, 6.0) * 1.5 / 12.0, _STEP))
    return int(round(12.0 * _STEP ** max(0, steps)))


Part = Tuple[str, CharacterBox]


class Arrangement(NamedTuple):
    """How lines stand below each other: the gap between them as a share of the em, where they lie
    (0 is left or at the top, 0.5 in the middle), and by how many steps each one is smaller.
    """

    gap: float = 0.35
    align: float = 0.0
    smaller: Tuple[int, ...] = ()

    def size(self, line: int, size: int) -> int:
        """Returns the em of a line, one of the few that masters have."""
        steps = self.smaller[line] if line < len(self.smaller) else 0
        return max(12, int(round(size / _STEP**steps)))


PLAIN = Arrangement()


class _Line(NamedTuple):
    """One line's ink, and its parts with their boxes in it."""

    ink: np.ndarray
    parts: List[Part]


def _set_one(
    text: str, style: LineStyle, size: int, vertical: bool, cache: GlyphCache, words: bool
) -> _Line:
    setting = Typesetting(style.spacing * size, style.word_spacing)
    put = set_column if vertical else set_line
    apart = words and not vertical and " " in text
    face = cache.pick(text, style.face, style.axes)
    bitmap = put(text, face, size, setting, cache, boxes=apart)
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
    size = master_of(em)
    apart = words or [False] * len(texts)
    lines = [
        _set_one(text, style, arrangement.size(place, size), vertical, cache, apart[place])
        for place, text in enumerate(texts)
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

    The line's middle keeps its length and turns by `sweep` radians from end to end: over the circle
    where that is positive, under it where it is negative, and by less where its characters would be
    pressed together. Outlines have 14 points as in CTW1500, 7 above from left to right and 7 below
    from right to left, and hold all of the ink. Lines shorter than two heights stay straight.
    """
    height, width = block.ink.shape
    if width < 2 * height or not sweep:
        return block
    turn = min(abs(sweep), width / (SHARPEST * height))
    radius, over = width / turn, sweep > 0
    outline = _arc((-turn / 2.0, turn / 2.0), *_far_and_near(radius, height, over, (0, height)))
    parts = _arcs(block, radius, over) if len(block.texts) > 1 else outline[None]
    low = np.floor(outline.min(axis=0))
    size = np.ceil(outline.max(axis=0) - low).astype(int).tolist()
    x: Any = np.arange(size[0], dtype=np.float32)[None, :] + np.float32(0.5 + low[0])
    y: Any = np.arange(size[1], dtype=np.float32)[:, None] + np.float32(0.5 + low[1])
    y = -y if over else y
    distance = np.hypot(x, y)
    along = np.arctan2(x, y) * np.float32(radius) + np.float32(width / 2.0 - 0.5)
    across = (radius - distance if over else distance - radius) + np.float32(height / 2.0 - 0.5)
    ink = cv2.remap(block.ink, along, across.astype(np.float32), cv2.INTER_LINEAR)
    box = (0.0, 0.0, float(size[0]), float(size[1]))
    return block._replace(ink=ink, box=box, outlines=parts - low)


def _far_and_near(
    radius: float, height: float, over: bool, rows: Tuple[float, float]
) -> Tuple[float, float, bool]:
    """Returns how far from the centre some rows of a bent line lie, the farther edge first."""
    top, bottom = rows
    if over:
        return radius + height / 2.0 - top, radius + height / 2.0 - bottom, over
    return radius - height / 2.0 + bottom, radius - height / 2.0 + top, over


def _arcs(block: TextBlock, radius: float, over: bool) -> np.ndarray:
    """Returns the outline of each part of a line that is bent, float64 [parts, 14, 2]."""
    height, width = block.ink.shape
    found = []
    for corners in block.outlines:
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        span = (left - width / 2.0) / radius, (right - width / 2.0) / radius
        found.append(_arc(span, *_far_and_near(radius, height, over, (top, bottom))))
    return np.array(found)


def _arc(span: Tuple[float, float], far: float, near: float, over: bool) -> np.ndarray:
    """Returns the outline of a ring's piece, float64 [14, 2], around the ring's centre."""
    angles = np.linspace(span[0], span[1], ARC_POINTS)
    rays = np.stack([np.sin(angles), -np.cos(angles) if over else np.cos(angles)], axis=1)
    # The chords of the far side touch its circle, those of the near side lie within it.
    far = far / math.cos((span[1] - span[0]) / 2.0 / (ARC_POINTS - 1))
    above, below = (far, near) if over else (near, far)
    return np.concatenate([above * rays, below * rays[::-1]])


def grow_quad(quad: np.ndarray, along: float, across: Optional[float] = None) -> np.ndarray:
    """Moves the corners of a quad away from each other along its sides, by margins in pixels.

    `along` is that at both ends, `across` that above and below, the same without it.
    """
    margins = np.array([along, along if across is None else across] * 2)
    sides = np.roll(quad, -1, axis=0) - quad
    lengths = np.maximum(np.hypot(sides[:, 0], sides[:, 1]), 1e-6)
    moves = sides * (margins / lengths)[:, None]
    grown: np.ndarray = quad - moves + np.roll(moves, 1, axis=0)
    return grown


def part_outlines(block: TextBlock, matrix: np.ndarray) -> List[np.ndarray]:
    """Returns the outline of each part, float32 [points, 2], clockwise from where reading begins.

    The first half of the points lies above the part, the second below (for columns, at its sides).
    """
    return list(transform(matrix, block.outlines).astype(np.float32))
