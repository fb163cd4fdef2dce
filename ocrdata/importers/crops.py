"""Recognition pictures cut out of scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Tuple, Union

import cv2
import numpy as np

from ocrdata.base.sample import Region
from ocrdata.errors import OptionError
from ocrdata.geometry.polygons import clockwise, crosses_itself, cut_box, rectify, smallest_quad
from ocrdata.importers.filters import TextFilter

BOX, RECTIFY = "box", "rectify"
KEEP_DIRECTION, ROTATE, SKIP = "keep", "rotate", "skip"
_VERTICAL_RATIO = 1.5


@dataclass(frozen=True)
class CropOptions:
    """How text is cut out.

    `mode`: the upright bounds (box), or the four corners made a rectangle by perspective
    (rectify). `margin`: added around, as a share of the shorter side. `vertical`: what becomes of
    crops of two or more characters, half as high again as wide: turned to the left, kept, or
    skipped. `min_size`: the shortest side in pixels.
    """

    mode: str = RECTIFY
    margin: float = 0.0
    vertical: str = ROTATE
    min_size: int = 4

    def __post_init__(self) -> None:
        if not 0.0 <= self.margin <= 1.0:
            raise OptionError(f"--margin must lie between 0 and 1, not {self.margin}.")


def cut_regions(
    image: np.ndarray, regions: Tuple[Region, ...], options: CropOptions, rules: TextFilter
) -> Iterator[Tuple[int, str, Union[np.ndarray, str]]]:
    """Yields (place, text, crop [h, w, c]) of each region, or a reason instead of the crop."""
    for place, region in enumerate(regions):
        reason = "to be ignored" if region.ignore else rules.reason(region.text)
        yield place, rules.label(region.text), reason or _cut(image, region, options)


def _cut(image: np.ndarray, region: Region, options: CropOptions) -> Union[np.ndarray, str]:
    polygon = region.polygon
    if options.mode == BOX:
        crop = cut_box(image, polygon, options.margin)
    else:
        if len(polygon) == 4 and crosses_itself(polygon):
            return "sides cross each other"
        quad = clockwise(polygon) if len(polygon) == 4 else smallest_quad(polygon)
        crop = rectify(image, quad, options.margin)
    height, width = crop.shape[:2]
    if min(height, width) < options.min_size:
        return f"smaller than {options.min_size} pixels"
    if len(region.text) > 1 and height > _VERTICAL_RATIO * width:
        if options.vertical == SKIP:
            return "vertical"
        if options.vertical == ROTATE:
            crop = np.ascontiguousarray(np.rot90(crop))
    return crop


def encode_crop(image: np.ndarray) -> bytes:
    """Returns an image, uint8 [h, w, 3] with blue first, as PNG: larger than Pillow's, but fast."""
    done, data = cv2.imencode(".png", image)
    if not done:
        raise ValueError("cannot be encoded")
    return bytes(data.tobytes())
