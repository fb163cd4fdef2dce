"""Noise and texture drawn once a process; pictures read them from places of their own.

Drawing fresh noise for each picture costs ten times as much as reading it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Tuple

import cv2
import numpy as np

from ocrdata.base import random_streams

_BANK = 1 << 18
# Rows and columns of the textures: no picture of a line repeats its own.
_TEXTURE = (384, 1536)
# Standard deviation of the grain in its uint8 form: finer would lose the tails.
GRAIN_SIGMA = 30.0
# A texture's standard deviation in its uint8 form, around 128.
TEXTURE_SIGMA = 32.0


def _uniform(name: str, parts: int) -> np.ndarray:
    return _knots(name, 64 * parts, _BANK // 256).reshape(-1)


@lru_cache(maxsize=None)
def uniform_bank(name: str) -> np.ndarray:
    """Returns 2**18 uniform float32 numbers."""
    return _uniform(name, 4)


@lru_cache(maxsize=None)
def normal_bank() -> np.ndarray:
    """Returns 2**18 standard normal float32 numbers, by the transform of Box and Muller."""
    radius, angle = _uniform("noise", 8).reshape(2, _BANK)
    for part in np.split(radius, 16):
        part[:] = np.sqrt(-2.0 * np.log1p(-part))
    for part, turn in zip(np.split(radius, 16), np.split(angle, 16)):
        part *= np.cos(np.float32(2.0 * math.pi) * turn)
    return radius.copy()


@lru_cache(maxsize=None)
def grain_bank() -> np.ndarray:
    """Returns the same normal numbers in bytes: 128 is none, GRAIN_SIGMA one deviation."""
    return np.clip(np.rint(128.0 + GRAIN_SIGMA * normal_bank()), 0, 255).astype(np.uint8)


def _bank(name: str) -> np.ndarray:
    if name == "grain":
        return grain_bank()
    return normal_bank() if name == "noise" else uniform_bank(name)


@lru_cache(maxsize=8)
def _longer(name: str, rounds: int) -> np.ndarray:
    return np.tile(_bank(name), rounds)


def read_bank(name: str, place: float, count: int) -> np.ndarray:
    """Returns `count` numbers from a place in [0, 1): "noise", "grain", or uniform ones."""
    bank = _bank(name)
    if count > len(bank) // 2:
        # A picture larger than the bank sees it again.
        bank = _longer(name, 2 * count // len(bank) + 2)
    start = int(place * (len(bank) - count))
    return bank[start : start + count]


@lru_cache(maxsize=None)
def texture_bank(kind: str) -> np.ndarray:
    """Returns a grey texture, uint8, mean 128: "paper" (fibres, stains) or "ink" (blotches)."""
    rows, columns = _TEXTURE
    steps = {"paper": ((1, 0.5), (4, 0.5), (40, 1.0)), "ink": ((2, 0.8), (5, 1.0), (14, 0.6))}[kind]
    total: Any = np.zeros(_TEXTURE, np.float32)
    for step, weight in steps:
        small = _knots(f"texture-{kind}-{step}", rows // step + 2, columns // step + 2)
        size = ((columns // step + 2) * step, (rows // step + 2) * step)
        layer: Any = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)[:rows, :columns]
        layer -= layer.mean()
        layer *= np.float32(weight / layer.std())
        total += layer
    if kind == "paper":
        # Fibres run along the sheet.
        total = cv2.addWeighted(total, 0.6, cv2.blur(total, (9, 1)), 0.6, 0.0)
    mean, spread = cv2.meanStdDev(total)
    factor = TEXTURE_SIGMA / float(spread[0, 0])
    offset = 128.0 - factor * float(mean[0, 0])
    return cv2.addWeighted(total, factor, total, 0.0, offset, dtype=cv2.CV_8U)


def _knots(name: str, rows: int, columns: int) -> np.ndarray:
    """Uniform numbers, float32 [rows, columns], made a few rows at a time.

    Memory that was taken in one large piece is not given back to the system.
    """
    knots = np.empty((rows, columns), np.float32)
    for part, first in enumerate(range(0, rows, 16)):
        count = min(16, rows - first)
        knots[first : first + count] = random_streams.uniform_block(0, name, part, count, columns)
    return knots


def read_texture(kind: str, place: float, shape: Tuple[int, int]) -> np.ndarray:
    """Returns a piece of a texture, uint8 [h, w]; one larger than the bank is mirrored."""
    bank = texture_bank(kind)
    more = [max(0, wanted - there) for wanted, there in zip(shape, bank.shape)]
    if any(more):
        bank = cv2.copyMakeBorder(bank, 0, more[0], 0, more[1], cv2.BORDER_REFLECT)
    free = bank.shape[0] - shape[0] + 1, bank.shape[1] - shape[1] + 1
    spot = int(place * free[0] * free[1])
    y, x = divmod(spot, free[1])
    return bank[y : y + shape[0], x : x + shape[1]]


@lru_cache(maxsize=None)
def _coarse_field() -> np.ndarray:
    return (random_streams.uniform_block(0, "elastic", 0, 128, 256) * 2.0 - 1.0).astype(np.float32)


def smooth_field(
    place: float, shape: Tuple[int, int], cell: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns two smooth random fields in [-1, 1], float32 [h, w], that vary over `cell` pixels."""
    rows = min(62, int(shape[0] / cell) + 3)
    columns = min(254, int(shape[1] / cell) + 3)
    bank = _coarse_field()
    spot = int(place * (64 - rows + 1) * (256 - columns + 1))
    y, x = divmod(spot, 256 - columns + 1)
    fields = []
    for base in (0, 64):
        coarse = bank[base + y : base + y + rows, x : x + columns]
        # Linear between the knots: cubic would leave [-1, 1].
        fields.append(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))
    return fields[0], fields[1]
