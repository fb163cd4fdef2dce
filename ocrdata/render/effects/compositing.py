"""Ink and ground to one picture: colors that stay apart, transparency, shadow, outline, relief."""

from __future__ import annotations

from typing import Any, Optional, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.backgrounds import scale_levels
from ocrdata.render.effects.colors import Color, levels_of, separate, tinted
from ocrdata.render.effects.text_effects import thicken
from ocrdata.render.style.line_style import LineStyle

# The most that text and ground can be kept apart whatever the ground.
MOST_CONTRAST = 125.0
_STEPS = np.arange(256.0)


def with_strength(style: LineStyle) -> LineStyle:
    """Returns a style whose levels of text and ground are swapped and moved as it asks for.

    A strength above 0 moves them apart, to black and white at 1; one below 0 brings the text to
    the ground, which it then leaves by the contrast asked for and no more.
    """
    ink, paper = (style.paper, style.ink) if style.invert else (style.ink, style.paper)
    strength = style.strength
    if strength < 0.0:
        ink = paper + (ink - paper) * (1.0 + strength)
    elif strength > 0.0:
        dark, light = min(ink, paper) * (1.0 - strength), max(ink, paper)
        light += (255.0 - light) * strength
        ink, paper = (dark, light) if ink < paper else (light, dark)
    return style._replace(ink=ink, paper=paper)


def composite(
    mask: np.ndarray, ground: Optional[np.ndarray], style: LineStyle, em: float, color: bool
) -> np.ndarray:
    """Returns the picture: text in its color over its ground, uint8 [h, w] or BGR [h, w, 3].

    `em` is in pixels. Text and ground keep `style.contrast` grey levels apart.
    """
    # Half of the grey scale is what every ground can be kept away from.
    opacity = max(style.opacity, style.contrast / MOST_CONTRAST)
    need = style.contrast / opacity
    if ground is None:
        reach = style.paper, style.paper
        level, _ = separate(style.ink, style.paper, style.paper, need)
    else:
        ground, level, reach = _apart(ground, style.ink, need)
    shade = tinted(level, style.ink_hue, style.ink_tint) if color else (level,) * 3
    hung = bool(style.outline or style.shadow or style.emboss or style.glow or style.two_tone)
    if color and (ground is None or ground.ndim == 2):
        paper = tinted(style.paper, style.paper_hue, style.paper_tint)
        if not hung:
            return _colored(mask, ground, paper, shade, opacity, style.paper)
        ground = _sheet(mask.shape, paper) if ground is None else _tint(ground, paper, style.paper)
    elif ground is None:
        if not hung:
            return _graded(mask, style.paper, level, opacity)
        ground = np.full(mask.shape, np.rint(style.paper), np.uint8)
    if not hung:
        return blend(ground, mask, shade, opacity)
    ground = _hang(ground, mask, style, em, level)
    if style.glow:
        ground = blend(ground, _halo(mask, em), shade, 0.5 * style.glow)
    image = blend(ground, mask, shade, opacity)
    if style.two_tone:
        image = _two_tone(image, mask, _other_level(level, reach, style.two_tone, need) * opacity)
    return _raise(image, mask, style)


def _halo(mask: np.ndarray, em: float) -> np.ndarray:
    return cv2.GaussianBlur(thicken(mask, 0.05 * em), (0, 0), max(0.7, 0.07 * em))


def _other_level(level: float, reach: Tuple[float, float], levels: float, need: float) -> float:
    """Returns by how much the text's other end differs from `level`, as far as contrast allows."""
    low, high = (-level, reach[0] - need - level) if level < reach[0] else (0.0, 0.0)
    if level > reach[1]:
        low, high = reach[1] + need - level, 255.0 - level
    change = min(max(levels, low), high)
    other = min(max(-levels, low), high)
    return change if abs(change) >= abs(other) else other


def _two_tone(image: np.ndarray, mask: np.ndarray, change: float) -> np.ndarray:
    """Shades text from its top, which stays, to its foot, which changes by so many levels."""
    rows = np.flatnonzero(mask.max(axis=1) > 127)
    if not len(rows) or abs(change) < 1.0:
        return image
    ramp = np.clip((np.arange(len(mask)) - rows[0]) / max(1, rows[-1] - rows[0]), 0.0, 1.0)
    levels = np.rint(mask * (ramp[:, None] * (change / 255.0))).astype(np.int16)
    return np.clip(image + (levels[..., None] if image.ndim == 3 else levels), 0, 255).astype(
        np.uint8
    )


_Levels = Tuple[float, float]


def _apart(ground: np.ndarray, ink: float, need: float) -> Tuple[np.ndarray, float, _Levels]:
    """Returns the ground, squeezed where text has no room in it, the text's and its own levels."""
    low, high = levels_of(ground)
    level, shrink = separate(ink, low, high, need)
    if shrink < 1.0:
        middle = (low + high) / 2.0
        table = np.clip((_STEPS - middle) * shrink + middle, 0, 255)
        ground = cv2.LUT(ground, np.rint(table).astype(np.uint8))
        low, high = ((end - middle) * shrink + middle for end in (low, high))
    return ground, level, (low, high)


def blend(ground: np.ndarray, mask: np.ndarray, color: Color, opacity: float) -> np.ndarray:
    """Mixes a color into a picture by a mask (uint8 [h, w])."""
    keep = cv2.bitwise_not(mask if opacity >= 1.0 else cv2.convertScaleAbs(mask, alpha=opacity))
    if ground.ndim == 2:
        left = cv2.multiply(ground, keep, scale=1.0 / 255.0)
        return cv2.add(left, cv2.convertScaleAbs(mask, alpha=opacity * color[0] / 255.0))
    left = cv2.multiply(ground, cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR), scale=1.0 / 255.0)
    parts = [cv2.convertScaleAbs(mask, alpha=opacity * part / 255.0) for part in color]
    return cv2.add(left, cv2.merge(parts))


def _graded(mask: np.ndarray, empty: float, full: float, opacity: float) -> np.ndarray:
    """Returns levels that run from `empty` to `full` as the ink does."""
    return cv2.convertScaleAbs(mask, alpha=(full - empty) * opacity / 255.0, beta=empty)


def _colored(
    mask: np.ndarray,
    ground: Optional[np.ndarray],
    paper: Color,
    ink: Color,
    opacity: float,
    level: float,
) -> np.ndarray:
    """Mixes ink and a grey ground of the paper's hue (or a flat one), a channel at a time."""
    if ground is None:
        return cv2.merge([_graded(mask, *ends, opacity) for ends in zip(paper, ink)])
    # The ground's own hue is laid on in steps upward: bytes know nothing below zero.
    drop = level - min(paper)
    if drop >= 0.5:
        ground = scale_levels(ground, 1.0, -drop)
    keep = cv2.bitwise_not(mask if opacity >= 1.0 else cv2.convertScaleAbs(mask, alpha=opacity))
    left = cv2.multiply(ground, keep, scale=1.0 / 255.0)
    rest = level - drop
    return cv2.merge(
        [
            cv2.add(left, _graded(mask, *ends, opacity))
            for ends in zip([part - rest for part in paper], ink)
        ]
    )


def _sheet(shape: Tuple[int, ...], color: Color) -> np.ndarray:
    sheet = np.empty((*shape, 3), np.uint8)
    sheet[:] = np.rint(color)
    return sheet


def _tint(ground: np.ndarray, paper: Color, level: float) -> np.ndarray:
    """Gives a grey ground the paper's hue, level by level."""
    offsets: Any = (*(part - level for part in paper), 0.0)
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


def _raise(image: np.ndarray, mask: np.ndarray, style: LineStyle) -> np.ndarray:
    """Lights the text's upper left edges and darkens its lower right ones."""
    if not style.emboss:
        return image
    relief = cv2.filter2D(mask, cv2.CV_16S, _RELIEF, borderType=cv2.BORDER_REPLICATE)
    relief = (relief.astype(np.float32) * (0.25 * style.emboss)).astype(np.int16)
    if image.ndim == 3:
        relief = relief[..., None]
    return np.clip(image + relief, 0, 255).astype(np.uint8)
