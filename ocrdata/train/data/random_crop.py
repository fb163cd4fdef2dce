"""Square crops of pictures for detectors, at random scales and places, that cut no text.

Everything random comes from the stream that is handed in, so a crop is a function of its number.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from random import Random
from typing import List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.images.fitting import FILL, resize
from ocrdata.train.config.sources import SceneOptions

_TRIES = 50
PixelBox = Tuple[int, int, int, int]


@dataclass(frozen=True)
class Crop:
    """A crop: uint8 [S, S, 3] (red first), and the outlines in it, those to ignore marked."""

    image: np.ndarray
    polygons: List[np.ndarray]
    ignore: np.ndarray


class CropChoice(NamedTuple):
    """The part of a picture to choose: with or without text, and its shortest side, a share."""

    background: bool
    min_side: float


def make_crop(
    picture: np.ndarray,
    polygons: Sequence[np.ndarray],
    *,
    ignore: np.ndarray,
    options: SceneOptions,
    rng: Random,
) -> Crop:
    """Cuts a crop of `options.input_size` pixels out of a picture [h, w, 3] (blue first).

    A region of the picture is chosen, magnified by a drawn scale at the most or made smaller so
    that it fits, and put into the upper left corner.
    """
    scales = options.scale_values()
    scale = scales[int(rng.random() * len(scales))]
    background = rng.random() < options.background
    turn = _turned(picture.shape[:2], math.radians(options.rotate) * (2 * rng.random() - 1))
    size = turn.size if turn else (picture.shape[0], picture.shape[1])
    placed = [turn.move(polygon) for polygon in polygons] if turn else list(polygons)
    wanted = CropChoice(background, options.min_crop_side)
    box = choose_box(placed, ignore, size=size, wanted=wanted, rng=rng)
    left, top, right, bottom = box
    side = options.input_size
    zoom = min(scale, side / max(right - left, bottom - top))
    width, height = (
        min(side, max(1, int(round(length * zoom)))) for length in (right - left, bottom - top)
    )
    if turn:
        inner = turn.cut(picture, box, (width, height))
    else:
        inner = resize(picture[top:bottom, left:right], (width, height))
    image = _empty(side).copy()
    image[:height, :width] = recolored(inner, options.jitter, rng)
    factor = np.array([width / (right - left), height / (bottom - top)], np.float32)
    corner = np.array([left, top], np.float32)
    moved = [(np.asarray(polygon, np.float32) - corner) * factor for polygon in placed]
    limits = np.array([width, height], np.float32)
    inside = [(p.max(axis=0) > 0).all() and (p.min(axis=0) < limits).all() for p in moved]
    keep = np.flatnonzero(np.array(inside, bool))
    return Crop(
        cv2.cvtColor(image, cv2.COLOR_BGR2RGB), [moved[place] for place in keep], ignore[keep]
    )


@functools.lru_cache(4)
def _empty(side: int) -> np.ndarray:
    return np.full((side, side, 3), FILL, np.uint8)


def choose_box(
    polygons: Sequence[np.ndarray],
    ignore: np.ndarray,
    *,
    size: Tuple[int, int],
    wanted: CropChoice,
    rng: Random,
) -> PixelBox:
    """Returns left, top, right and bottom of a part of a picture of `size` = (height, width).

    No text is cut, but those to be ignored may be. Where no part as `wanted` is found, it is
    the whole picture.
    """
    height, width = size
    boxes = [np.concatenate([p.min(axis=0), p.max(axis=0)]) for p in polygons]
    texts = np.array(boxes, np.float64).reshape(-1, 4)[~ignore]
    least = max(1.0, width * wanted.min_side), max(1.0, height * wanted.min_side)
    for _ in range(_TRIES):
        first = rng.random() < 0.5  # which direction is chosen first
        one, other = (0, 1) if first else (1, 0)
        extent = (width, height)
        span = _span(texts, one, extent=extent[one], least=least[one], rng=rng)
        if span is None:
            continue
        among = texts[(texts[:, one] < span[1]) & (texts[:, one + 2] > span[0])]
        across = _span(among, other, extent=extent[other], least=least[other], rng=rng)
        if across is None:
            continue
        inside = ((among[:, other] < across[1]) & (among[:, other + 2] > across[0])).any()
        if bool(inside) != wanted.background or not len(texts):
            (left, right), (top, bottom) = (span, across) if first else (across, span)
            return left, top, right, bottom
    return 0, 0, width, height


def _span(
    texts: np.ndarray, axis: int, *, extent: int, least: float, rng: Random
) -> Optional[Tuple[int, int]]:
    """Draws two places along an axis between which every text is whole or absent."""
    free = np.ones(extent + 1, bool)
    starts = np.clip(np.floor(texts[:, axis]) + 1, 1, extent).astype(int)
    ends = np.clip(np.ceil(texts[:, axis + 2]), 1, extent).astype(int)
    for start, end in zip(starts.tolist(), ends.tolist()):
        free[start:end] = False
    places = np.flatnonzero(free)
    first, last = (int(places[int(rng.random() * len(places))]) for _ in range(2))
    low, high = min(first, last), max(first, last)
    return (low, high) if high - low >= least else None


@dataclass(frozen=True)
class _Turn:
    """A rotation [2, 3] of a picture, and the (height, width) that it needs then."""

    matrix: np.ndarray
    size: Tuple[int, int]

    def move(self, polygon: np.ndarray) -> np.ndarray:
        points: np.ndarray = polygon @ self.matrix[:, :2].T + self.matrix[:, 2]
        return points

    def cut(self, picture: np.ndarray, box: PixelBox, size: Tuple[int, int]) -> np.ndarray:
        """Returns the part `box` of the turned picture at `size` = (width, height)."""
        factor = np.array([size[0] / (box[2] - box[0]), size[1] / (box[3] - box[1])])
        matrix = self.matrix.copy()
        matrix[:, 2] -= box[:2]
        zoom = float(factor.min())
        if zoom < 1:  # warping takes single pixels; what gets smaller is averaged before
            height, width = picture.shape[:2]
            small = max(1, int(round(width * zoom))), max(1, int(round(height * zoom)))
            matrix[:, :2] = matrix[:, :2] @ np.diag([width / small[0], height / small[1]])
            picture = resize(picture, small)
        matrix = factor[:, None] * matrix
        return cv2.warpAffine(picture, matrix, size, borderValue=FILL)


def _turned(size: Tuple[int, int], angle: float) -> Optional[_Turn]:
    if not angle:
        return None
    height, width = size
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    extent = np.ceil(high - low).astype(int)
    return _Turn(np.concatenate([turn, -low[:, None]], axis=1), (int(extent[1]), int(extent[0])))


def recolored(picture: np.ndarray, jitter: float, rng: Random) -> np.ndarray:
    """Changes contrast and brightness of each channel by up to `jitter`."""
    if not jitter:
        return picture
    gains = [1 + jitter * (2 * rng.random() - 1) for _ in range(3)]
    shift = 128 * jitter * (2 * rng.random() - 1)
    levels = np.arange(256)[:, None] * np.array(gains) + shift
    table = np.clip(np.round(levels), 0, 255).astype(np.uint8)
    return cv2.LUT(picture, table[None])
