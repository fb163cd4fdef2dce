"""A line's ink set along a circle, with outlines of 14 points as CTW1500 has them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Optional, Tuple

import cv2
import numpy as np

# Points on each side of a curved line, and its smallest radius in heights of the line.
ARC_POINTS, SHARPEST = 7, 1.5


class Ring(NamedTuple):
    """Ink (uint8 [h, w]) of a bent line, and the outlines (float64 [n, 14, 2]) of its parts."""

    ink: np.ndarray
    outlines: np.ndarray


def bend_to_ring(ink: np.ndarray, parts: np.ndarray, sweep: float) -> Optional[Ring]:
    """Bends a line's ink, and its parts (boxes' corners, float64 [n, 4, 2]), by `sweep` radians.

    It runs over the circle where that is positive, under it where it is negative, and is bent by
    less where its characters would be pressed together. None for a line shorter than two heights.
    """
    height, width = ink.shape
    if width < 2 * height or not sweep:
        return None
    turn = min(abs(sweep), width / (SHARPEST * height))
    radius, over = width / turn, sweep > 0
    outline = _arc((-turn / 2.0, turn / 2.0), *_far_and_near(radius, height, over, (0, height)))
    found = _arcs(parts, (height, width), radius, over) if len(parts) > 1 else outline[None]
    low = np.floor(outline.min(axis=0))
    size = np.ceil(outline.max(axis=0) - low).astype(int).tolist()
    x: Any = np.arange(size[0], dtype=np.float32)[None, :] + np.float32(0.5 + low[0])
    y: Any = np.arange(size[1], dtype=np.float32)[:, None] + np.float32(0.5 + low[1])
    y = -y if over else y
    distance = np.hypot(x, y)
    along = np.arctan2(x, y) * np.float32(radius) + np.float32(width / 2.0 - 0.5)
    across = (radius - distance if over else distance - radius) + np.float32(height / 2.0 - 0.5)
    bent = cv2.remap(ink, along, across.astype(np.float32), cv2.INTER_LINEAR)
    return Ring(bent, found - low)


def _far_and_near(
    radius: float, height: float, over: bool, rows: Tuple[float, float]
) -> Tuple[float, float, bool]:
    """Returns how far from the centre some rows of a bent line lie, the farther edge first."""
    top, bottom = rows
    if over:
        return radius + height / 2.0 - top, radius + height / 2.0 - bottom, over
    return radius - height / 2.0 + bottom, radius - height / 2.0 + top, over


def _arcs(outlines: np.ndarray, shape: Tuple[int, int], radius: float, over: bool) -> np.ndarray:
    """Returns the outline of each part of a line that is bent, float64 [parts, 14, 2]."""
    height, width = shape
    found = []
    for corners in outlines:
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
