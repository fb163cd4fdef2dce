"""Whole pictures as detectors take them, in training as in exported models."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

import cv2
import numpy as np

# The mean of ImageNet's pictures, blue, green and red: networks see it as nothing.
FILL = (104, 117, 124)
SizePair = Tuple[int, int]
Scale = Tuple[float, float]


def resize(image: np.ndarray, size: SizePair) -> np.ndarray:
    """Returns a picture at `size` = (width, height), averaging where it gets smaller."""
    smaller = size[0] < image.shape[1] or size[1] < image.shape[0]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def fit_image(image: np.ndarray, how: Mapping[str, Any]) -> Tuple[np.ndarray, Scale]:
    """Returns a picture [h, w, 3] as a detector takes it, and how many of its pixels (x, y) one is.

    `how` is {"max_side": pixels}: larger pictures are made smaller; or {"size": (height, width),
    "fit": "stretch" or "letterbox"}: a letterboxed picture is in the upper left corner.
    """
    height, width = image.shape[:2]
    if "size" not in how:
        shrink = min(1.0, how["max_side"] / max(height, width))
        tall, wide = (max(1, int(round(side * shrink))) for side in (height, width))
        small = image if (tall, wide) == (height, width) else resize(image, (wide, tall))
        return small, (width / wide, height / tall)
    size = (int(how["size"][0]), int(how["size"][1]))
    tall, wide = fitted_size(height, width, size, how["fit"])
    return pasted(image, (0, 0, wide, tall), size), (width / wide, height / tall)


def fitted_size(height: float, width: float, size: SizePair, fit: str) -> SizePair:
    """Returns the (height, width) of a picture brought to `size`: "stretch" or "letterbox"."""
    if fit == "stretch":
        return size
    zoom = min(size[0] / height, size[1] / width)
    tall, wide = (int(round(length * zoom)) for length in (height, width))
    return min(size[0], max(1, tall)), min(size[1], max(1, wide))


def pasted(image: np.ndarray, place: Tuple[int, int, int, int], size: SizePair) -> np.ndarray:
    """Returns a picture at the place (left, top, right, bottom) of one of `size`."""
    left, top, right, bottom = place
    canvas = np.full((size[0], size[1], 3), FILL, np.uint8)
    canvas[top:bottom, left:right] = resize(image, (right - left, bottom - top))
    return canvas
