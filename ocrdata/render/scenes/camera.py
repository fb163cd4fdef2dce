"""What light and a camera make of a whole scene: shadows, exposure, dark corners."""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import List

import cv2
import numpy as np


def light_scene(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Returns a scene, uint8 BGR [h, w, 3], under another light: shadows and exposure.

    Text and what is behind it are darkened alike, so text keeps its share of contrast.
    """
    if rng.random() < 0.3:
        image = _shadow(image, rng)
    if rng.random() < 0.25:
        corners = _corner_light(image.shape[0], image.shape[1], int(rng.uniform(1, 5)))
        image = cv2.multiply(image, corners, scale=1 / 255.0)
    if rng.random() < 0.5:
        image = cv2.LUT(image, _exposure(round(math.exp(rng.gauss(0.0, 0.25)), 1)))
    return image


def _shadow(image: np.ndarray, rng: random.Random) -> np.ndarray:
    """Darkens one side of a soft edge, by a third to a half."""
    height, width = image.shape[:2]
    small = np.full((height // 8 + 1, width // 8 + 1), 255, np.uint8)
    angle, middle = rng.uniform(0, 2 * math.pi), (rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.8))
    along = np.array([math.cos(angle), math.sin(angle)]) * max(small.shape) * 2.0
    start = np.array(middle) * (small.shape[1], small.shape[0])
    across = np.array([-along[1], along[0]])
    points: List[np.ndarray] = [start - along, start + along, start + along + across]
    points.append(start - along + across)
    cv2.fillConvexPoly(small, np.rint(points).astype(np.int32), int(rng.uniform(120, 200)))
    soft = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.5, 4.0))
    grown = cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.multiply(image, cv2.merge([grown] * 3), scale=1 / 255.0)


@lru_cache(maxsize=8)
def _corner_light(height: int, width: int, strength: int) -> np.ndarray:
    """Returns a lens's fall of light towards the corners, uint8 [h, w, 3]."""
    y = np.linspace(-1, 1, height)[:, None] ** 2
    x = np.linspace(-1, 1, width)[None, :] ** 2
    field = 255.0 * (1.0 - 0.06 * strength * (x + y))
    grey = np.clip(np.rint(field), 0, 255).astype(np.uint8)
    merged: np.ndarray = cv2.merge([grey] * 3)
    return merged


@lru_cache(maxsize=64)
def _exposure(gamma: float) -> np.ndarray:
    table = 255.0 * (np.arange(256) / 255.0) ** gamma
    rounded: np.ndarray = np.rint(table).astype(np.uint8)
    return rounded
