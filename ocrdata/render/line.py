"""One line of text to one picture: set the glyphs, slant, tone, degrade, encode."""

from __future__ import annotations

from typing import List, Tuple

import numpy as np

from ocrdata.render import effects
from ocrdata.render.fonts import Glyph, GlyphCache
from ocrdata.render.style import LineStyle

# A line may not be drawn smaller than this many pixels an em to fit its height.
MIN_SIZE = 8


def set_line(glyphs: List[Glyph], spacing: float) -> Tuple[np.ndarray, int]:
    """Puts glyphs on a common baseline.

    Returns the ink (uint8 [h, w], cut to the ink's box) and the row of the baseline in it, which
    may lie outside. `spacing` is in pixels between characters.
    """
    pens, pen = [], 0.0
    for glyph in glyphs:
        pens.append(int(round(pen)) + glyph.left)
        pen += glyph.advance + spacing
    inked = [(left, glyph) for left, glyph in zip(pens, glyphs) if glyph.ink.size]
    if not inked:
        return np.zeros((0, 0), np.uint8), 0
    first = min(left for left, _ in inked)
    top = min(glyph.top for _, glyph in inked)
    width = max(left + glyph.ink.shape[1] for left, glyph in inked) - first
    height = max(glyph.top + glyph.ink.shape[0] for _, glyph in inked) - top
    line = np.zeros((height, width), np.uint8)
    for left, glyph in inked:
        y, x = glyph.top - top, left - first
        h, w = glyph.ink.shape
        # Neighbours may overlap: the darker ink of the two stays.
        np.maximum(line[y : y + h, x : x + w], glyph.ink, out=line[y : y + h, x : x + w])
    return line, -top


def draw_ink(text: str, style: LineStyle, height: int, face: int, cache: GlyphCache) -> np.ndarray:
    """Returns the ink of a line, uint8 [height, w], with its margins; full ink is 255.

    The em is made smaller where the line would not fit the height.
    """
    size = max(MIN_SIZE, int(round(style.size * height)))
    while True:
        glyphs = [cache.glyph(face, size, character) for character in text]
        line, baseline = set_line(glyphs, style.spacing * size)
        if line.shape[0] <= height or size <= MIN_SIZE:
            break
        size = max(MIN_SIZE, min(size - 1, size * height // line.shape[0]))
    line = line[:height]
    left, right = (int(round(m * height)) for m in (style.margin_left, style.margin_right))
    ink = np.zeros((height, left + line.shape[1] + right), np.uint8)
    row = _place(height, line.shape[0], baseline, size, style.shift)
    ink[row : row + line.shape[0], left : left + line.shape[1]] = line
    return ink


def _place(height: int, line: int, baseline: int, size: int, shift: float) -> int:
    """Returns the top row of a line: its em box in the middle, moved by `shift` of what is free."""
    # The em box of a Chinese face reaches 0.88 em above the baseline: a line of small marks
    # stays at the marks' own height instead of moving to the middle.
    top = (height - size) / 2.0 + 0.88 * size - baseline
    top += shift * (height - size) / 2.0
    return int(min(max(round(top), 0), height - line))


def draw_line(text: str, style: LineStyle, height: int, cache: GlyphCache) -> np.ndarray:
    """Returns the picture of a line, uint8 [height, w]; a face of `cache` must have each glyph."""
    able = cache.faces_for(text)
    face = able[int(style.face * len(able))]
    ink = draw_ink(text, style, height, face, cache)
    ink = effects.slant(ink, style.rotation, style.shear)
    picture = effects.tone(ink, style.ink, style.paper)
    picture = effects.blur(picture, style.blur)
    picture = effects.add_noise(picture, style.noise, style.noise_at)
    return effects.add_specks(picture, style.specks, style.specks_at)


def draw_jpeg(text: str, style: LineStyle, height: int, cache: GlyphCache) -> bytes:
    """Returns the JPEG file of a line."""
    return effects.encode_jpeg(draw_line(text, style, height, cache), style.quality)
