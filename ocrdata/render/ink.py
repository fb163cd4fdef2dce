"""The text's own looks: weight, wear, underline and frame on the strip; the mix with the ground."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Optional, Tuple

import cv2
import numpy as np

from ocrdata.render.banks import read_texture
from ocrdata.render.colours import Colour, levels_of, separate, tinted
from ocrdata.render.layout import Box, Strip
from ocrdata.render.style import LineStyle

# The most that text and ground can be kept apart whatever the ground.
MOST_CONTRAST = 125.0
# A stem's change at the ends of the range of weight, in ems.
_THICKER, _THINNER, _BLEED = 0.08, 0.03, 0.05


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
    if style.shadow:
        reach += max(abs(style.shadow_x), abs(style.shadow_y)) + 0.03
    return reach


def dress(strip: Strip, size: int, style: LineStyle, line: Strip) -> Tuple[np.ndarray, Box, int]:
    """Adds weight, bleeding, wear, underline, frame and neighbours to a strip of em `size`.

    Returns the ink, the box that must be seen, and by how many pixels everything has moved right
    and down. `line` is what a neighbouring line shows.
    """
    extra = style.underline or style.frame or style.above or style.below
    pad = reach_of(style) * size
    if not (pad or extra or style.weight or style.wear):
        return strip.ink, strip.box, 0
    ground = int(math.ceil(pad + (0.35 * size if extra else 1.0)))
    if style.above or style.below:
        ground += line.ink.shape[0] + size // 2
    border = cv2.BORDER_CONSTANT
    ink = cv2.copyMakeBorder(strip.ink, ground, ground, ground, ground, border, value=0)
    spread = style.weight * (_THICKER if style.weight > 0 else _THINNER) / 2 * size
    if spread:
        ink = thicken(ink, spread)
    if style.bleed:
        soft = thicken(ink, style.bleed * _BLEED * size)
        ink = cv2.addWeighted(ink, 0.4, cv2.GaussianBlur(soft, (0, 0), 0.03 * size), 0.6, 0.0)
    if style.wear:
        ink = wear(ink, style.wear, style.wear_at)
    x0, y0, x1, y1 = (edge + ground for edge in strip.box)
    box = (x0 - pad, y0 - pad, x1 + pad, y1 + pad)
    if extra:
        box = _decorate(ink, box, strip, ground, size, style, line)
    return ink, box, ground


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
    ink: np.ndarray, box: Box, strip: Strip, ground: int, size: int, style: LineStyle, line: Strip
) -> Box:
    x0, y0, x1, y1 = box
    full = box
    if style.underline:
        thick = max(1.0, style.underline * size)
        top = max(y1 + 0.04 * size, strip.em_top + ground + 0.98 * size)
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
    return full


def _bar(ink: np.ndarray, x0: float, y0: float, x1: float, y1: float) -> None:
    ends = (int(round(x0)), int(round(y0))), (int(round(x1)) - 1, int(round(y1)) - 1)
    cv2.rectangle(ink, ends[0], (max(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])), 255, -1)


def _stamp(ink: np.ndarray, line: Strip, x: float, y: float) -> None:
    x0, y0, x1, y1 = (int(round(edge)) for edge in line.box)
    piece = line.ink[y0:y1, x0:x1]
    left, top = int(round(x)), int(round(y))
    cut = max(0, -left), max(0, -top)
    piece = piece[cut[1] :, cut[0] :]
    left, top = max(0, left), max(0, top)
    target = ink[top : top + piece.shape[0], left : left + piece.shape[1]]
    np.maximum(target, piece[: target.shape[0], : target.shape[1]], out=target)


# --- the mix of ink and ground


def blend(ground: np.ndarray, mask: np.ndarray, colour: Colour, opacity: float) -> np.ndarray:
    """Mixes a colour into a picture by a mask (uint8 [h, w])."""
    keep = cv2.bitwise_not(mask if opacity >= 1.0 else cv2.convertScaleAbs(mask, alpha=opacity))
    if ground.ndim == 2:
        left = cv2.multiply(ground, keep, scale=1.0 / 255.0)
        return cv2.add(left, cv2.convertScaleAbs(mask, alpha=opacity * colour[0] / 255.0))
    left = cv2.multiply(ground, cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR), scale=1.0 / 255.0)
    parts = [cv2.convertScaleAbs(mask, alpha=opacity * part / 255.0) for part in colour]
    return cv2.add(left, cv2.merge(parts))


@lru_cache(maxsize=256)
def _grades(ink: float, paper: float, opacity: float) -> np.ndarray:
    mixed = paper + (ink - paper) * (opacity / 255.0) * np.arange(256.0)
    return np.rint(mixed).astype(np.uint8)


def _tables(ink: Colour, paper: Colour, opacity: float) -> np.ndarray:
    pairs = zip(ink, paper)
    return np.stack([_grades(one, other, opacity) for one, other in pairs], axis=-1)


def mix(
    mask: np.ndarray, ground: Optional[np.ndarray], style: LineStyle, em: float, colour: bool
) -> np.ndarray:
    """Returns the picture: text in its colour over its ground, uint8 [h, w] or BGR [h, w, 3].

    `em` is in pixels. Text and ground keep `style.contrast` grey levels apart.
    """
    # Half of the grey scale is what every ground can be kept away from.
    style = style._replace(opacity=max(style.opacity, style.contrast / MOST_CONTRAST))
    paper, ink, need = style.paper, style.ink, style.contrast / style.opacity
    if ground is None:
        level, _ = separate(ink, paper, paper, need)
        return _on_flat(mask, style, em, level, colour)
    low, high = levels_of(ground)
    level, shrink = separate(ink, low, high, need)
    if shrink < 1.0:
        middle = (low + high) / 2.0
        table = np.clip((np.arange(256) - middle) * shrink + middle, 0, 255)
        ground = cv2.LUT(ground, np.rint(table).astype(np.uint8))
    if colour and ground.ndim == 2:
        ground = _tint(ground, style)
    shade = tinted(level, style.ink_hue, style.ink_tint) if colour else (level,) * 3
    ground = _hang(ground, mask, style, em, level)
    return _raise(blend(ground, mask, shade, style.opacity), mask, style)


def _on_flat(
    mask: np.ndarray, style: LineStyle, em: float, level: float, colour: bool
) -> np.ndarray:
    if colour:
        shades = (
            tinted(level, style.ink_hue, style.ink_tint),
            tinted(style.paper, style.paper_hue, style.paper_tint),
        )
    else:
        shades = ((level,) * 3, (style.paper,) * 3)
    if not (style.outline or style.shadow or style.emboss):
        if not colour:
            return cv2.LUT(mask, _grades(level, style.paper, style.opacity))
        tables = _tables(shades[0], shades[1], style.opacity)
        return cv2.LUT(cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR), tables.reshape(1, 256, 3))
    shape = (*mask.shape, 3) if colour else mask.shape
    ground = np.empty(shape, np.uint8)
    ground[:] = np.rint(shades[1] if colour else shades[1][0])
    ground = _hang(ground, mask, style, em, level)
    return _raise(blend(ground, mask, shades[0], style.opacity), mask, style)


def _tint(ground: np.ndarray, style: LineStyle) -> np.ndarray:
    """Gives a grey ground the paper's hue, level by level."""
    shade = tinted(style.paper, style.paper_hue, style.paper_tint)
    offsets: Any = (*(part - style.paper for part in shade), 0.0)
    return cv2.add(cv2.cvtColor(ground, cv2.COLOR_GRAY2BGR), offsets)


def _hang(
    ground: np.ndarray, mask: np.ndarray, style: LineStyle, em: float, level: float
) -> np.ndarray:
    """Draws what lies under the text: its shadow and its outline."""
    if style.shadow:
        x, y = style.shadow_x * em, style.shadow_y * em
        size = (mask.shape[1], mask.shape[0])
        moved = cv2.warpAffine(mask, np.array([[1.0, 0, x], [0, 1.0, y]]), size)
        moved = cv2.GaussianBlur(moved, (0, 0), max(0.5, 0.03 * em))
        # Dark text throws a pale glow: a dark one would swallow it.
        dark = 0.0 if level > 110 else 255.0
        ground = blend(ground, moved, (dark,) * 3, style.shadow * 0.7)
    if style.outline:
        edge = style.outline_level
        if abs(edge - level) < style.contrast:
            edge = 0.0 if level > 127.5 else 255.0
        ring = thicken(mask, max(0.7, style.outline * em))
        ground = blend(ground, ring, (edge,) * 3, 1.0)
    return ground


_RELIEF = np.array([[-1.0, 0, 0], [0, 0, 0], [0, 0, 1.0]], np.float32)


def _raise(picture: np.ndarray, mask: np.ndarray, style: LineStyle) -> np.ndarray:
    """Lights the text's upper left edges and darkens its lower right ones."""
    if not style.emboss:
        return picture
    relief = cv2.filter2D(mask, cv2.CV_16S, _RELIEF, borderType=cv2.BORDER_REPLICATE)
    relief = (relief.astype(np.float32) * (0.25 * style.emboss)).astype(np.int16)
    if picture.ndim == 3:
        relief = relief[..., None]
    return np.clip(picture + relief, 0, 255).astype(np.uint8)


def draw_rules(mask: np.ndarray, style: LineStyle, em: float) -> None:
    """Draws the rules of a table along the picture's edges, into the mask itself."""
    if not style.rule:
        return
    thick = max(1, int(round(style.rule * em)))
    mask[:, :thick] = 255
    mask[:, -thick:] = 255
    mask[-thick:] = np.maximum(mask[-thick:], 255)
