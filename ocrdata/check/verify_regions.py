"""Checks the regions of pictures: their outlines, wherever they come from."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np

from ocrdata.base.findings import Findings
from ocrdata.base.sample import Region
from ocrdata.geometry.polygons import crosses_itself, signed_area

# Annotations are made on whole pixels, so a corner may lie on the far edge of the last one.
_MARGIN = 1.0
_SMALLEST_AREA = 1.0


def region_problems(region: Region, width: int, height: int) -> List[str]:
    """Returns the kinds of problems of a region in a picture of that many pixels."""
    polygon = np.asarray(region.polygon, np.float64)
    if not np.isfinite(polygon).all():
        return ["polygon-outside"]
    found = []
    area = signed_area(region.polygon)
    if crosses_itself(region.polygon):
        found.append("polygon-crosses-itself")
    elif abs(area) < _SMALLEST_AREA:
        found.append("polygon-without-area")
    elif area < 0:
        found.append("polygon-wrong-order")
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    if low.min() < -_MARGIN or high[0] > width + _MARGIN or high[1] > height + _MARGIN:
        found.append("polygon-outside")
    return found


def check_regions(
    where: str, regions: Sequence[Region], width: int, height: int, found: Findings
) -> None:
    """Notes what is wrong with the regions of one picture."""
    for number, region in enumerate(regions, 1):
        for kind in region_problems(region, width, height):
            corners = ", ".join(f"{x:g} {y:g}" for x, y in region.polygon.tolist())
            what = f"region {number} ({region.text!r}: {corners})"
            found.add(kind, f"{where}: {what} in {width} x {height}")
