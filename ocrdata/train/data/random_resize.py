"""Whole pictures brought to one size, for detectors that look at all of a picture.

Everything random comes from the stream that is handed in.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple, Sequence

import cv2
import numpy as np

from ocrdata.images.fitting import SizePair, fitted_size, pasted
from ocrdata.train.config.deeptext import ResizeOptions
from ocrdata.train.data.random_crop import Crop, CropChoice, PixelBox, choose_box, recolored


class InputSize(NamedTuple):
    """(height, width) of a network's input, and how pictures are brought to it."""

    size: SizePair
    fit: str


def make_whole(
    picture: np.ndarray,
    polygons: Sequence[np.ndarray],
    *,
    ignore: np.ndarray,
    place: InputSize,
    options: ResizeOptions,
    rng: Random,
) -> Crop:
    """Varies a picture [h, w, 3] (blue first) and brings it to the input's size."""
    left, top, right, bottom = _cut(picture, polygons, ignore, options=options, rng=rng)
    box = _box_in_input((bottom - top, right - left), place, options, rng)
    mirrored = rng.random() < options.flip
    inner = recolored(picture[top:bottom, left:right], options.jitter, rng)
    image = pasted(inner[:, ::-1] if mirrored else inner, box, place.size)
    wide, tall = box[2] - box[0], box[3] - box[1]
    factor = np.array([wide / (right - left), tall / (bottom - top)], np.float32)
    moved, keep = [], []
    for number, polygon in enumerate(polygons):
        points = (np.asarray(polygon, np.float32) - (left, top)) * factor
        if (points.max(axis=0) > 0).all() and (points.min(axis=0) < (wide, tall)).all():
            points = points * (-1, 1) + (wide, 0) if mirrored else points
            moved.append(np.clip(points, 0, (wide, tall)) + box[:2])
            keep.append(number)
    chosen = np.asarray(ignore, bool)[np.array(keep, int)]
    return Crop(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), moved, chosen)


def _cut(
    picture: np.ndarray,
    polygons: Sequence[np.ndarray],
    ignore: np.ndarray,
    *,
    options: ResizeOptions,
    rng: Random,
) -> PixelBox:
    height, width = picture.shape[:2]
    if rng.random() >= options.cuts:
        return 0, 0, width, height
    wanted = CropChoice(background=False, min_side=options.min_crop_side)
    return choose_box(polygons, ignore, size=(height, width), wanted=wanted, rng=rng)


def _box_in_input(
    size: SizePair, place: InputSize, options: ResizeOptions, rng: Random
) -> PixelBox:
    """Returns where a picture lies in the input, as if it had been put on a canvas before."""
    ratio = 1.0
    if rng.random() < options.expand:
        ratio += rng.random() * (options.largest - 1.0)
    height, width = size
    tall, wide = fitted_size(height * ratio, width * ratio, place.size, place.fit)
    inner = max(1, int(round(wide / ratio))), max(1, int(round(tall / ratio)))
    left, top = (int(rng.random() * (room - part + 1)) for room, part in zip((wide, tall), inner))
    if ratio == 1.0:
        left = top = 0
    return left, top, left + inner[0], top + inner[1]
