"""The text's own looks, on its bitmap: weight, bleeding, dots, underline, frame and neighbours."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Tuple

import cv2
import numpy as np

from ocrdata.render.effects.noise import read_texture
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.text_bitmap import CharacterBox, TextBitmap

# A stem's change at the ends of the range of weight, in ems.
_THICKER, _THINNER, _BLEED = 0.08, 0.03, 0.05
# Half of the width of a hollow letter's edge, in ems.
_EDGE = 0.022
# How much of a word beside the text is drawn, in ems.
_NEXT = 0.5


@lru_cache(maxsize=64)
def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def thicken(ink: np.ndarray, radius: float) -> np.ndarray:
    """Grows ink by a radius in pixels, shrinks it for one below 0; parts of a pixel count."""
    step = cv2.dilate if radius > 0 else cv2.erode
    whole = int(abs(radius))
    part = abs(radius) - whole
    grown = step(ink, _disc(whole)) if whole else ink
    if part < 0.02:
        return grown
    return cv2.addWeighted(grown, 1.0 - part, step(ink, _disc(whole + 1)), part, 0.0)


def reach_of(style: LineStyle) -> float:
    """Returns how far the ink and what hangs on it reach beyond the glyphs, in ems."""
    reach = max(0.0, style.weight) * _THICKER / 2 + style.bleed * _BLEED + style.outline
    reach += style.hollow * _EDGE
    if style.shadow:
        reach += max(abs(style.shadow_x), abs(style.shadow_y)) + 0.03
    return reach


def apply_text_effects(
    bitmap: TextBitmap, size: int, style: LineStyle, line: TextBitmap, vertical: bool = False
) -> Tuple[np.ndarray, CharacterBox, int]:
    """Adds weight, bleeding, wear, underline, frame and neighbours to a bitmap of em `size`.

    Returns the ink, the box that must be seen, and by how many pixels everything has moved right
    and down. `line` is what a neighbouring line shows. Of a column, below is on its left.
    """
    beside = style.before or style.after
    extra = style.underline or style.frame or style.above or style.below or beside
    pad = reach_of(style) * size
    if not (pad or extra or style.weight or style.wear or style.dots):
        return bitmap.ink, bitmap.box, 0
    ground = int(math.ceil(pad + (0.35 * size if extra else 1.0)))
    if style.above or style.below:
        ground += line.ink.shape[1 if vertical else 0] + size // 2
    elif beside:
        ground += int((max(style.before, style.after) + _NEXT) * size)
    border = cv2.BORDER_CONSTANT
    ink = cv2.copyMakeBorder(bitmap.ink, ground, ground, ground, ground, border, value=0)
    spread = style.weight * (_THICKER if style.weight > 0 else _THINNER) / 2 * size
    if spread:
        ink = thicken(ink, spread)
    if style.bleed:
        soft = thicken(ink, style.bleed * _BLEED * size)
        ink = cv2.addWeighted(ink, 0.4, cv2.GaussianBlur(soft, (0, 0), 0.03 * size), 0.6, 0.0)
    if style.wear:
        ink = wear(ink, style.wear, style.wear_at)
    if style.hollow:
        ink = hollow(ink, max(0.7, _EDGE * size))
    if style.dots:
        ink = cv2.multiply(ink, _raster(ink.shape, max(3.0, style.dots * size)), scale=1.0 / 255.0)
    x0, y0, x1, y1 = (edge + ground for edge in bitmap.box)
    box = (x0 - pad, y0 - pad, x1 + pad, y1 + pad)
    if extra and vertical:
        # A column that is laid on its side, its left below, is a line.
        width = ink.shape[1]
        top = width - (bitmap.em_left + ground + size)
        laid = _decorate(np.rot90(ink), _laid(box, width), top, size, style, _laid_bitmap(line))
        box = (width - laid[3], laid[0], width - laid[1], laid[2])
    elif extra:
        box = _decorate(ink, box, bitmap.em_top + ground, size, style, line)
    return ink, box, ground


def _laid(box: CharacterBox, width: int) -> CharacterBox:
    """Returns a box of ink of that width when it is turned by a quarter, right side up."""
    return box[1], width - box[2], box[3], width - box[0]


def _laid_bitmap(bitmap: TextBitmap) -> TextBitmap:
    ink = np.rot90(bitmap.ink)
    return bitmap._replace(ink=ink, box=_laid(bitmap.box, bitmap.ink.shape[1]))


def hollow(ink: np.ndarray, radius: float) -> np.ndarray:
    """Returns the edges of letters only, twice `radius` pixels wide; thin strokes stay whole."""
    inside = thicken(ink, -radius)
    return cv2.subtract(thicken(ink, radius), inside)


def _raster(shape: Tuple[int, int], pitch: float) -> np.ndarray:
    """Returns round dots `pitch` pixels apart, uint8 [h, w]."""
    down, across = (np.cos(np.arange(n, dtype=np.float32) * (2 * math.pi / pitch)) for n in shape)
    return np.clip((down[:, None] + across + 0.7) * 300.0, 0, 255).astype(np.uint8)


def wear(ink: np.ndarray, share: float, place: float) -> np.ndarray:
    """Takes the ink off in spots that cover a share of it."""
    texture = np.ascontiguousarray(read_texture("ink", place, ink.shape))
    # A normal field falls below this level in that share of the places.
    level = 128.0 + 32.0 * _normal_quantile(share)
    table = np.clip((np.arange(256) - level) * 6.0 + 128.0, 0, 255).astype(np.uint8)
    return cv2.multiply(ink, cv2.LUT(texture, table), scale=1.0 / 255.0)


def _normal_quantile(share: float) -> float:
    """Winitzki's approximation, right to 0.01."""
    x = 2.0 * min(max(share, 1e-4), 1.0 - 1e-4) - 1.0
    log = math.log(1.0 - x * x)
    inner = 2.0 / (math.pi * 0.147) + log / 2.0
    return math.copysign(math.sqrt(math.sqrt(inner * inner - log / 0.147) - inner), x) * 2**0.5


def _decorate(
    ink: np.ndarray, box: CharacterBox, em_top: float, size: int, style: LineStyle, line: TextBitmap
) -> CharacterBox:
    """Draws what stands below, around and beside the text into its ink; returns the new box."""
    x0, y0, x1, y1 = box
    full = box
    if style.underline:
        thick = max(1.0, style.underline * size)
        top = max(y1 + 0.04 * size, em_top + 0.98 * size)
        _bar(ink, x0, top, x1, top + thick)
        full = (x0, y0, x1, top + thick + 1.0)
    if style.frame:
        thick, gap = max(1.0, style.frame * size), 0.1 * size
        left, top, right, bottom = full[0] - gap, full[1] - gap, full[2] + gap, full[3] + gap
        for edge in (
            (left - thick, top - thick, right + thick, top),
            (left - thick, bottom, right + thick, bottom + thick),
            (left - thick, top, left, bottom),
            (right, top, right + thick, bottom),
        ):
            _bar(ink, *edge)
        # Bars end on whole pixels.
        thick += 1.0
        full = (left - thick, top - thick, right + thick, bottom + thick)
    height = line.box[3] - line.box[1]
    if style.above:
        _stamp(ink, line, x0, full[1] - style.above * size - height)
    if style.below:
        _stamp(ink, line, x0, full[3] + style.below * size)
    if style.before or style.after:
        _stamp_beside(ink, full, em_top, size, style, line)
    return full


def _stamp_beside(
    ink: np.ndarray, box: CharacterBox, em_top: float, size: int, style: LineStyle, line: TextBitmap
) -> None:
    """Draws the end of a word before the text, and the start of one behind it."""
    x0, y0, x1, y1 = (int(round(edge)) for edge in line.box)
    y = em_top - line.em_top + y0
    some = int(_NEXT * size)
    if style.before:
        start = max(x0, x1 - some)
        end = line._replace(box=(start, y0, x1, y1))
        _stamp(ink, end, box[0] - style.before * size - (x1 - start), y)
    if style.after:
        begin = line._replace(box=(x0, y0, min(x1, x0 + some), y1))
        _stamp(ink, begin, box[2] + style.after * size, y)


def _bar(ink: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> None:
    left, top, right, bottom = int(round(x0)), int(round(y0)), int(round(x1)), int(round(y1))
    ink[top : max(bottom, top + 1), left : max(right, left + 1)] = 255


def _stamp(ink: np.ndarray, line: TextBitmap, x: float, y: float) -> None:
    x0, y0, x1, y1 = (int(round(edge)) for edge in line.box)
    piece = line.ink[y0:y1, x0:x1]
    left, top = int(round(x)), int(round(y))
    cut = max(0, -left), max(0, -top)
    piece = piece[cut[1] :, cut[0] :]
    left, top = max(0, left), max(0, top)
    target = ink[top : top + piece.shape[0], left : left + piece.shape[1]]
    np.maximum(target, piece[: target.shape[0], : target.shape[1]], out=target)


def draw_rules(mask: np.ndarray, style: LineStyle, em: float) -> None:
    """Draws the rules of a table along the picture's edges, into the mask itself."""
    if not style.rule:
        return
    thick = max(1, int(round(style.rule * em)))
    mask[:, :thick] = 255
    mask[:, -thick:] = 255
    mask[-thick:] = np.maximum(mask[-thick:], 255)
