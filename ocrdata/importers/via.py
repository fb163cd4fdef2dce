"""The VGG Image Annotator's JSON: a project, or the annotations it exports.

    {"img_1.jpg48213": {"filename": "img_1.jpg", "size": 48213, "file_attributes": {}, "regions": [
       {"shape_attributes": {"name": "polygon", "all_points_x": [377, ...], "all_points_y": [...]},
        "region_attributes": {"text": "Genaxis"}}, ...]}, ...}

A project has the same below "_via_img_metadata".
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Iterator, List, Tuple

from ocrdata.base.sample import DETECTION, Region
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.shapes import rectangle
from ocrdata.importers.tool_files import (
    SPLITS_OF_TOOLS,
    AnnotatedImage,
    ToolImporter,
    is_ignored,
    load_json,
    numbers_of,
)

_POINTS_OF_AN_ELLIPSE = 16


class ViaImporter(ToolImporter):
    """A JSON file of VIA 2."""

    def is_mine(self, content: bytes) -> bool:
        return b'"shape_attributes"' in content or b'"_via_img_metadata"' in content

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        page = load_json(content)
        rows = page.get("_via_img_metadata", page) if isinstance(page, dict) else None
        if not isinstance(rows, dict):
            raise ValueError("has no pictures as VIA writes them")
        for key, row in rows.items():
            if not isinstance(row, dict) or not isinstance(row.get("filename"), str):
                raise ValueError(f"{key!r} has no filename")
            regions = row.get("regions", [])
            # VIA 1 numbers them.
            values = list(regions.values()) if isinstance(regions, dict) else regions
            yield AnnotatedImage(row["filename"], key, partial(self._regions, values))

    def _regions(self, rows: Any) -> List[Region]:
        return [self._region(place, row) for place, row in enumerate(rows, 1)]

    def _region(self, place: int, row: Any) -> Region:
        named = f"region {place}"
        shape = row.get("shape_attributes") if isinstance(row, dict) else None
        if not isinstance(shape, dict):
            raise ValueError(f"{named} has no shape_attributes")
        attributes = row.get("region_attributes")
        text = self.text_in(attributes)
        return self.region(_points(shape, named), text, is_ignored(attributes), named)


def _points(shape: Any, what: str) -> List[Tuple[float, float]]:
    kind = shape.get("name")
    if kind in ("polygon", "polyline"):
        xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
        if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
            raise ValueError(f"{what} has no all_points_x and all_points_y of one length")
        return list(zip(xs, ys))
    if kind == "rect":
        x, y, width, height = numbers_of(shape, ("x", "y", "width", "height"), what)
        return [(a, b) for a, b in rectangle(x, y, width, height).tolist()]
    if kind in ("circle", "ellipse"):
        names = ("cx", "cy", "r", "r") if kind == "circle" else ("cx", "cy", "rx", "ry")
        cx, cy, rx, ry = numbers_of(shape, names, what)
        angles = [2 * math.pi * n / _POINTS_OF_AN_ELLIPSE for n in range(_POINTS_OF_AN_ELLIPSE)]
        return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]
    raise ValueError(f"{what} is a {kind}, which has no area")


VIA = ViaImporter(
    DatasetInfo(
        "via",
        "VGG Image Annotator's JSON",
        homepage="https://www.robots.ox.ac.uk/~vgg/software/via/",
        licence="your own",
        tasks=(DETECTION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  via_project.json or via_export_json.json     region_attributes: {"text": ...}
  pictures beside it, or in a folder of images
""",
    ),
    options=("ignore_marks", "text_attribute"),
)
