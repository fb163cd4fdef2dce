"""What a detector takes for text and must not: fences, bricks, leaves, wheels, signs without text.

Each is drawn once a process (`distractor_shapes.py`), and put into scenes turned and in
perspective, before any text is.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache

import cv2
import numpy as np

from ocrdata.base import random_streams
from ocrdata.render.effects.quads import covered_box
from ocrdata.render.scenes.distractor_shapes import DRAWERS, SIDE, Canvas

VARIANTS = 4  # pictures of each kind
_COARSE = 2.2 * SIDE


@lru_cache(maxsize=len(DRAWERS) * VARIANTS)
def distractor(number: int) -> np.ndarray:
    """Returns distractor `number` of len(DRAWERS) * VARIANTS, the same in every process.

    It is uint8 [SIDE, SIDE, 4]: blue, green and red where it is there, and how much it is.
    """
    rng = random_streams.stream(0, "distractor", number)
    canvas = Canvas()
    DRAWERS[number % len(DRAWERS)](canvas, rng)
    present = cv2.multiply(canvas.image, cv2.merge([canvas.mask] * 3), scale=1 / 255.0)
    layers: np.ndarray = cv2.merge([*cv2.split(present), canvas.mask])
    return layers


def add_distractors(image: np.ndarray, count: int, rng: random.Random) -> None:
    """Puts distractors into a scene (uint8 BGR [h, w, 3], changed in place)."""
    for _ in range(count):
        _add(image, distractor(rng.randrange(len(DRAWERS) * VARIANTS)), rng)


def _add(image: np.ndarray, one: np.ndarray, rng: random.Random) -> None:
    height, width = image.shape[:2]
    corners = _corners(rng, width, height)
    x0, y0, x1, y1 = covered_box(corners, image.shape)
    if min(x1 - x0, y1 - y0) < 8:
        return
    size = x1 - x0, y1 - y0
    # What is made much larger than it was drawn is as sharp in half of the pixels.
    step = 2 if max(size) > _COARSE else 1
    square = np.array([[0, 0], [SIDE, 0], [SIDE, SIDE], [0, SIDE]], np.float32)
    moved = ((corners - (x0, y0)) / step).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(square, moved)
    # Color and transparency in one warp, which takes most of the time.
    both = cv2.warpPerspective(one, matrix, (-(-size[0] // step), -(-size[1] // step)))
    both = cv2.convertScaleAbs(both, alpha=rng.uniform(0.55, 1.0))
    if step > 1:
        both = cv2.resize(both, size, interpolation=cv2.INTER_LINEAR)
    part = image[y0:y1, x0:x1]
    keep = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(both, 3)), cv2.COLOR_GRAY2BGR)
    ours = cv2.cvtColor(both, cv2.COLOR_BGRA2BGR)
    part[:] = cv2.add(ours, cv2.multiply(part, keep, scale=1 / 255.0))


def _corners(rng: random.Random, width: int, height: int) -> np.ndarray:
    """Returns where the corners of a distractor go, float64 [4, 2]: turned, and seen askew."""
    size = min(width, height) * rng.choice((0.15, 0.25, 0.4, 0.7, 1.1)) * rng.uniform(0.7, 1.3)
    angle = rng.gauss(0.0, 0.15)
    half = 0.5 * size * np.array([rng.uniform(0.6, 1.8), rng.uniform(0.6, 1.2)])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    corners = corners * (1.0 + np.array([[rng.uniform(-0.25, 0.25)] for _ in range(4)]))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = corners @ turn.T + (rng.uniform(0, width), rng.uniform(0, height))
    points: np.ndarray = np.asarray(corners)
    return points
