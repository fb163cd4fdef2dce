"""Pure functions on grey pictures (uint8 [h, w]): shape, tone, blur, noise, encoding."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Tuple

import cv2
import numpy as np

from ocrdata.base import seeds
from ocrdata.errors import OcrdataError

_BANK = 1 << 18


@lru_cache(maxsize=None)
def _uniform_bank(name: str) -> np.ndarray:
    """Uniform float32 numbers drawn once a process; pictures read them from a place of their own.

    Drawing fresh noise costs ten times as much as reading it.
    """
    return seeds.uniform_block(0, name, 0, 1, 2 * _BANK)[0].astype(np.float32)


@lru_cache(maxsize=None)
def _normal_bank() -> np.ndarray:
    """Standard normal float32 numbers, by the transform of Box and Muller."""
    radius, angle = _uniform_bank("noise").reshape(2, _BANK)
    return np.sqrt(-2.0 * np.log1p(-radius)) * np.cos(2.0 * math.pi * angle)


def _read(bank: np.ndarray, place: float, shape: Tuple[int, int]) -> np.ndarray:
    count = shape[0] * shape[1]
    if count > len(bank):
        bank = np.resize(bank, count + 1)
    start = int(place * (len(bank) - count))
    return bank[start : start + count].reshape(shape)


def slant(ink: np.ndarray, rotation: float, shear: float) -> np.ndarray:
    """Rotates (degrees, anticlockwise) and shears ink about its middle; what is new is empty.

    The rotation is bounded so that a line does not leave the picture at its ends, and the picture
    grows sideways by what the shear needs.
    """
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows) or (abs(rotation) < 0.05 and abs(shear) < 0.005):
        return ink
    side = math.ceil(abs(shear) * ink.shape[0] / 2.0)
    ink = cv2.copyMakeBorder(ink, 0, 0, side, side, cv2.BORDER_CONSTANT, value=0)
    height, width = ink.shape
    free = 2 * min(rows[0], height - 1 - rows[-1])
    limit = math.degrees(math.asin(min(1.0, free / width)))
    angle = math.radians(max(-limit, min(limit, rotation)))
    cos, sin = math.cos(angle), math.sin(angle)
    middle_x, middle_y = (width - 1) / 2.0, (height - 1) / 2.0
    a, b = cos, sin - shear * cos
    c, d = -sin, cos + shear * sin
    matrix = np.array(
        [
            [a, b, middle_x - a * middle_x - b * middle_y],
            [c, d, middle_y - c * middle_x - d * middle_y],
        ]
    )
    return cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)


def tone(ink: np.ndarray, ink_level: float, paper_level: float) -> np.ndarray:
    """Mixes the grey levels of text and background by the ink."""
    table = np.linspace(paper_level, ink_level, 256)
    return cv2.LUT(ink, np.rint(table).astype(np.uint8))


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Blurs with a Gaussian of `sigma` pixels."""
    if sigma <= 0:
        return picture
    return cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def add_noise(picture: np.ndarray, sigma: float, place: float) -> np.ndarray:
    """Adds Gaussian noise of `sigma` grey levels, read from the bank at `place` in [0, 1)."""
    if sigma <= 0:
        return picture
    noisy = _read(_normal_bank(), place, picture.shape) * np.float32(sigma)
    noisy += picture
    return np.clip(np.rint(noisy, out=noisy), 0, 255, out=noisy).astype(np.uint8)


def add_specks(picture: np.ndarray, share: float, place: float) -> np.ndarray:
    """Turns a `share` of the pixels black or white, half and half (salt and pepper)."""
    if share <= 0:
        return picture
    chance = _read(_uniform_bank("specks"), place, picture.shape)
    speckled = picture.copy()
    speckled[chance < share / 2] = 0
    speckled[chance > 1 - share / 2] = 255
    return speckled


def encode_jpeg(picture: np.ndarray, quality: int) -> bytes:
    """Returns the bytes of a JPEG file."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OcrdataError("OpenCV could not encode a picture of {}.".format(picture.shape))
    return bytes(data)
