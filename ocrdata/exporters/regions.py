"""Regions of a picture in the forms that other tools take."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

import numpy as np

from ocrdata.base.sample import Region
from ocrdata.geometry.polygons import bounds, smallest_quad

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

# How lists of text say that a region counts neither way.
IGNORED = "###"


def as_quad(region: Region, counts: Counts) -> np.ndarray:
    """Returns a region's outline as float32 [4, 2]; counts outlines that have another shape."""
    if len(region.polygon) == 4:
        return region.polygon
    counts["outline made the smallest quad around it"] += 1
    return smallest_quad(region.polygon)


def as_box(region: Region) -> List[float]:
    """Returns left, top, width and height in pixels."""
    left, top, right, bottom = bounds(region.polygon)
    return [left, top, right - left, bottom - top]


def as_points(polygon: np.ndarray) -> List[float]:
    """Returns x1, y1, x2, y2, ... as plain numbers, whole ones where they are."""
    return [plain_number(value) for value in polygon.ravel().tolist()]


def plain_number(value: float) -> float:
    """Returns a coordinate as JSON shows it best: 12 instead of 12.0, and float32's own digits."""
    return int(value) if value == int(value) else float(str(np.float32(value)))
