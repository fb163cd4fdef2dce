"""LabelMe and X-AnyLabeling: a JSON file beside each picture.

    {"version": "5.5.0", "imagePath": "img_1.jpg", "imageHeight": 480, "imageWidth": 640,
     "shapes": [{"label": "Genaxis", "description": "", "shape_type": "polygon",
                 "points": [[377, 117], [463, 117], [465, 130], [378, 130]], "flags": {}}, ...]}

The text is the label, or the description where there is one (X-AnyLabeling writes it there, beside
a label that names a class); rectangles have two opposite corners.
"""

from __future__ import annotations

from typing import Any, Iterator, List

from ocrdata.base.icdar import to_number
from ocrdata.base.sample import DETECTION
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.tool_files import (
    SPLITS_OF_TOOLS,
    AnnotatedImage,
    ToolImporter,
    is_ignored,
    load_json,
)


class LabelmeImporter(ToolImporter):
    """A JSON file a picture."""

    def is_mine(self, content: bytes) -> bool:
        return b'"shapes"' in content and b'"imagePath"' in content

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        page = load_json(content)
        shapes = page.get("shapes") if isinstance(page, dict) else None
        if not isinstance(shapes, list) or not isinstance(page.get("imagePath"), str):
            raise ValueError("has no imagePath and shapes as LabelMe writes them")
        yield AnnotatedImage(
            page["imagePath"],
            "its imagePath",
            lambda: [self._shape(place, shape) for place, shape in enumerate(shapes, 1)],
        )

    def _shape(self, place: int, shape: Any) -> Any:
        if not isinstance(shape, dict) or "label" not in shape:
            raise ValueError(f"shape {place} has no label")
        points = _corners(shape.get("points"), str(shape.get("shape_type")), place)
        text = shape.get("description") or shape["label"]
        ignored = is_ignored(shape.get("flags"), shape, shape.get("attributes"))
        return self.region(points, text, ignored, f"shape {place}")


def _corners(points: Any, kind: str, place: int) -> Any:
    if kind == "rectangle" and isinstance(points, list) and len(points) == 2:
        (x0, y0), (x1, y1) = ([to_number(str(value)) for value in point] for point in points)
        left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        corners: List[List[float]] = [[left, top], [right, top], [right, bottom], [left, bottom]]
        return corners
    if kind not in ("polygon", "rectangle", "rotation", "quadrilateral"):
        raise ValueError(f"shape {place} is a {kind}, not a polygon or a rectangle")
    return points


LABELME = LabelmeImporter(
    DatasetInfo(
        "labelme",
        "JSON files of LabelMe and X-AnyLabeling",
        homepage="https://github.com/wkentaro/labelme",
        licence="your own",
        tasks=(DETECTION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  img_1.jpg  img_1.json ...       a JSON file with "shapes" beside each picture
  (folders called train, val, test tell splits)
""",
    ),
    options=("ignore_marks",),
)
