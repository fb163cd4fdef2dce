"""Invented surroundings that behave like photographed ones: surfaces, edges, things in front.

A picture of a street or a room is a few surfaces of one material each, with hard edges between
them, light that falls off along them, and things before them. None of it has letters.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Any, Tuple

import cv2
import numpy as np

from ocrdata.base import random_streams
from ocrdata.render.effects.colors import Color, tinted
from ocrdata.render.effects.quads import covered_box

_LEVELS = np.arange(256.0)[:, None]
_PLAIN_BELOW = 16.0  # pixels
TILE = 512  # side of a material's pattern
_VARIANTS = 3
# Walls and metal, wood and brick, leaves, sky, painted things: hue and largest tint, how often.
_PALETTE = ((0, 0.08), (0, 0.08), (0, 0.08), (30, 0.35), (15, 0.5), (100, 0.5), (215, 0.5))


def natural_color(rng: random.Random, low: float = 10, high: float = 245) -> Color:
    """Returns a color as most of a photograph has: near grey, brown, green, blue; seldom strong."""
    if rng.random() < 0.15:
        return tinted(rng.uniform(low, high), rng.uniform(0, 360), rng.uniform(0.3, 1.0))
    hue, tint = rng.choice(_PALETTE)
    return tinted(rng.uniform(low, high), (hue + rng.gauss(0, 12)) % 360, rng.random() * tint)


def invent_surroundings(rng: random.Random, width: int, height: int) -> np.ndarray:
    """Returns a picture without text, uint8 BGR [height, width, 3]."""
    image = _material(rng, width, height)
    for _ in range(rng.choice((0, 1, 2, 3, 4, 6))):
        _cut(image, rng)
    for _ in range(int(rng.choice((0, 2, 5, 10, 25)) * rng.uniform(0.5, 1.5))):
        _thing(image, rng)
    return image


def _material(rng: random.Random, width: int, height: int) -> np.ndarray:
    """Returns a surface: a color, a pattern of its own strength and scale, and a fall of light."""
    color = natural_color(rng)
    # Most of what is photographed is smooth.
    strength = rng.choice((0.0, 0.05, 0.1, 0.25, 0.6, 1.0)) * rng.uniform(0.6, 1.2)
    piece = slope = None
    if strength:
        zoom = rng.choice((0.4, 0.7, 1.0, 1.0, 1.6, 3.0))
        piece = _piece(rng, width, height, zoom)
    if rng.random() < 0.7:
        slope, share = _slope(rng), rng.uniform(0.1, 0.9)
    # The pattern makes the color darker and lighter, as light does: 128 leaves it.
    if piece is not None and slope is not None:
        lit = cv2.resize(slope, (width, height), interpolation=cv2.INTER_LINEAR)
        field = cv2.addWeighted(piece, strength, lit, share, 128 * (0.5 - strength), lit)
        return _toned(field, color, 1.0, 0.0)
    if slope is not None:
        small = _toned(slope, color, share, 64.0)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if piece is not None:
        return _toned(piece, color, strength, 128 * (1.0 - strength))
    flat = np.full((1, 1, 3), np.rint(color), np.uint8)
    return cv2.resize(flat, (width, height), interpolation=cv2.INTER_NEAREST)


def _toned(field: np.ndarray, color: Color, factor: float, offset: float) -> np.ndarray:
    """Returns a color as dark and light as factor x field + offset says, where 128 leaves it."""
    levels = (_LEVELS * factor + offset) / 128.0 * np.array(color)
    table = np.rint(np.minimum(np.maximum(levels, 0.0), 255.0)).astype(np.uint8)
    return cv2.applyColorMap(field, table[:, None])


def _slope(rng: random.Random) -> np.ndarray:
    """Returns a fall of light, uint8 [25, 33], to be made as large as it falls on."""
    knots = np.array([[rng.uniform(0, 255) for _ in range(3)] for _ in range(2)], np.float32)
    return cv2.resize(knots, (33, 25), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _piece(rng: random.Random, width: int, height: int, zoom: float) -> np.ndarray:
    """Returns a piece of a pattern, uint8 [height, width] around 128; mirrored where too small."""
    tile = pattern(rng.randrange(len(_PATTERNS) * _VARIANTS))
    if rng.random() < 0.5:
        tile = cv2.flip(tile, rng.choice((-1, 0, 1)))
    if rng.random() < 0.3:
        tile = cv2.transpose(tile)
    wide, high = min(TILE, int(width / zoom) + 1), min(TILE, int(height / zoom) + 1)
    x, y = rng.randrange(TILE - wide + 1), rng.randrange(TILE - high + 1)
    part = cv2.resize(tile[y : y + high, x : x + wide], None, fx=zoom, fy=zoom)
    more = max(0, width - part.shape[1]), max(0, height - part.shape[0])
    if any(more):
        part = cv2.copyMakeBorder(part, 0, more[1], 0, more[0], cv2.BORDER_REFLECT)
    return np.ascontiguousarray(part[:height, :width])


def _cut(image: np.ndarray, rng: random.Random) -> None:
    """Gives one side of a line another surface; often with an edge along the line."""
    height, width = image.shape[:2]
    upright = rng.random() < 0.5
    angle = (math.pi / 2 if upright else 0.0) + rng.gauss(0, 0.12 if rng.random() < 0.7 else 0.5)
    middle = np.array([rng.uniform(0.05, 0.95) * width, rng.uniform(0.05, 0.95) * height])
    along = 2.0 * (width + height) * np.array([math.cos(angle), math.sin(angle)])
    across = np.array([-along[1], along[0]]) * rng.choice((-1, 1))
    far = across if rng.random() < 0.5 else across * rng.uniform(0.01, 0.06)
    corners = [middle - along, middle + along, middle + along + far, middle - along + far]
    # Within 16 bits, as OpenCV wants them.
    points = np.rint(np.clip(np.array(corners), -16000, 16000)).astype(np.int32)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, points, 255, cv2.LINE_AA)
    left, top, wide, high = cv2.boundingRect(mask)
    if not wide:
        return
    area = slice(top, top + high), slice(left, left + wide)
    cv2.copyTo(_material(rng, wide, high), mask[area], image[area])
    if rng.random() < 0.5:
        ends = (tuple(points[0].tolist()), tuple(points[1].tolist()))
        cv2.line(image, ends[0], ends[1], natural_color(rng), rng.randint(1, 9), cv2.LINE_AA)


def _thing(image: np.ndarray, rng: random.Random) -> None:
    """Puts a plain or patterned thing with a sharp outline into a picture, lit from a side."""
    height, width = image.shape[:2]
    size = min(width, height) * math.exp(rng.uniform(math.log(0.01), math.log(0.5)))
    middle = rng.uniform(0, width), rng.uniform(0, height)
    points = _outline(rng, size) + middle
    if size < _PLAIN_BELOW:
        # Too small for a pattern to be seen.
        fixed = np.rint(np.clip(points, -1000, 1000 + max(width, height)) * 16).astype(np.int32)
        cv2.fillPoly(image, [fixed], natural_color(rng), cv2.LINE_AA, 4)
        return
    x0, y0, x1, y1 = covered_box(points, image.shape, 1)
    if min(x1 - x0, y1 - y0) < 3:
        return
    part = image[y0:y1, x0:x1]
    mask = np.zeros(part.shape[:2], np.uint8)
    inner = np.rint(points - (x0, y0)).astype(np.int32)
    cv2.fillPoly(mask, [inner], 255, cv2.LINE_AA)
    cv2.copyTo(_material(rng, part.shape[1], part.shape[0]), mask, part)
    if rng.random() < 0.5:
        thick = max(1, int(size * rng.uniform(0.01, 0.06)))
        cv2.polylines(part, [inner], True, natural_color(rng), thick, cv2.LINE_AA)


def _outline(rng: random.Random, size: float) -> np.ndarray:
    """Returns the outline of a thing around 0: a box, an ellipse, or something uneven."""
    kind = rng.randrange(3)
    if kind == 0:
        half = 0.5 * size * np.array([rng.uniform(0.15, 2.2), rng.uniform(0.3, 1.0)])
        points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        points = points * (1.0 + np.array([[rng.uniform(-0.15, 0.15)] for _ in range(4)]))
    else:
        count = 24 if kind == 1 else rng.randint(3, 9)
        angles = np.sort([rng.uniform(0, 2 * math.pi) for _ in range(count)])
        angles = np.linspace(0, 2 * math.pi, count, endpoint=False) if kind == 1 else angles
        reach = np.array([1.0 if kind == 1 else rng.uniform(0.4, 1.0) for _ in range(count)])
        points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None] * size * 0.5
        points = points * (rng.uniform(0.4, 1.8), 1.0)
    turn = rng.gauss(0, 0.15) if rng.random() < 0.7 else rng.uniform(0, math.pi)
    cosine, sine = math.cos(turn), math.sin(turn)
    turned: np.ndarray = points @ np.array([[cosine, sine], [-sine, cosine]])
    return turned


@lru_cache(maxsize=None)
def pattern(number: int) -> np.ndarray:
    """Returns pattern `number`, uint8 [TILE, TILE] around 128, the same in every process."""
    rng = random_streams.stream(0, "surface-pattern", number)
    field = _PATTERNS[number % len(_PATTERNS)](rng, number)
    mean, spread = float(field.mean()), max(float(field.std()), 1e-6)
    return np.clip(np.rint(128.0 + (field - mean) * (45.0 / spread)), 0, 255).astype(np.uint8)


def _octaves(number: int, steps: Tuple[Tuple[int, float], ...], lean: int = 1) -> np.ndarray:
    """Returns a sum of noises, float32 [TILE, TILE]: a step of pixels and a weight each."""
    total: Any = np.zeros((TILE, TILE), np.float32)
    for step, weight in steps:
        rows, columns = TILE // step + 2, TILE // (step * lean) + 2
        name = f"surface-{number}-{step}"
        knots = random_streams.uniform_block(0, name, 0, rows, columns).astype(np.float32)
        size = (columns * step * lean, rows * step)
        layer = cv2.resize(knots, size, interpolation=cv2.INTER_CUBIC)[:TILE, :TILE]
        total += layer * np.float32(weight)
    return total


def _clouded(rng: random.Random, number: int) -> np.ndarray:
    return _octaves(number, ((2, 0.2), (8, 0.4), (32, 0.8), (96, 1.2)))


def _grained(rng: random.Random, number: int) -> np.ndarray:
    return _octaves(number, ((1, 1.0), (2, 0.8), (5, 0.5)))


def _streaked(rng: random.Random, number: int) -> np.ndarray:
    return _octaves(number, ((1, 0.5), (3, 0.8), (9, 1.0)), lean=16)


def _leafy(rng: random.Random, number: int) -> np.ndarray:
    """Leaves, gravel, rough stone: patches with sharp edges and dark gaps, in two sizes."""
    fine = _octaves(number, ((4, 1.0), (11, 1.0), (30, 0.6)))
    steps = np.floor((fine - fine.min()) * 5.0)
    light = _octaves(number + 1000, ((2, 0.3), (40, 1.0)))
    mixed: np.ndarray = steps.astype(np.float32) * 0.4 + light
    return mixed


def _tiled(rng: random.Random, number: int) -> np.ndarray:
    """Slabs and cobbles: cells around scattered points, each of its own grey, with dark joints."""
    count = rng.choice((60, 200, 700))
    seeds = np.full((TILE, TILE), 255, np.uint8)
    for _ in range(count):
        seeds[rng.randrange(TILE), rng.randrange(TILE)] = 0
    kind = cv2.DIST_LABEL_PIXEL
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=kind)
    greys = random_streams.uniform_block(0, f"surface-cells-{number}", 0, 1, int(labels.max()) + 1)
    field = greys.reshape(-1)[labels].astype(np.float32)
    joints = (labels[:-1, :-1] != labels[1:, :-1]) | (labels[:-1, :-1] != labels[:-1, 1:])
    wide = cv2.dilate(joints.astype(np.uint8), np.ones((2, 2), np.uint8))
    field[:-1, :-1][wide > 0] -= 1.0
    return field


_PATTERNS = (_clouded, _grained, _streaked, _leafy, _tiled)
