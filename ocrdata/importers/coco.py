"""COCO's JSON, as many tools write it: one file a split, boxes and outlines by number.

    {"images": [{"id": 1, "file_name": "img_1.jpg", "width": 640, "height": 480}, ...],
     "annotations": [{"image_id": 1, "bbox": [x, y, width, height], "segmentation": [[x, y, ...]],
                      "iscrowd": 0, "text": "Genaxis", "attributes": {"text": "Genaxis"}}, ...],
     "categories": [{"id": 1, "name": "text"}]}

The text is an attribute (`--text-attribute`), in "attributes" or beside them; TextOCR's
"utf8_string" and a caption are known too. A crowd is to be ignored.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, Iterator, List

from ocrdata.base.sample import DETECTION, Region
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.shapes import rectangle
from ocrdata.importers.tool_files import (
    SPLITS_OF_TOOLS,
    AnnotatedImage,
    ToolImporter,
    is_ignored,
    load_json,
)


class CocoImporter(ToolImporter):
    """A JSON file with lists of images and annotations."""

    def is_mine(self, content: bytes) -> bool:
        return all(key in content for key in (b'"images"', b'"annotations"', b'"file_name"'))

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        page = load_json(content)
        images, rows = page.get("images"), page.get("annotations")
        if not isinstance(images, list) or not isinstance(rows, list):
            raise ValueError("has no lists of images and annotations as COCO has them")
        found: Dict[Any, List[Any]] = {}
        for place, row in enumerate(rows, 1):
            if not isinstance(row, dict) or "image_id" not in row:
                raise ValueError(f"annotation {place} has no image_id")
            found.setdefault(row["image_id"], []).append(row)
        for place, image in enumerate(images, 1):
            if not isinstance(image, dict) or not isinstance(image.get("file_name"), str):
                raise ValueError(f"image {place} has no file_name")
        lost = set(found) - {image.get("id") for image in images}
        if lost:
            raise ValueError(f"has annotations of image {min(map(str, lost))}, which is not listed")
        for image in images:
            own = found.get(image.get("id"), [])
            what = f"image {image.get('id')}"
            yield AnnotatedImage(image["file_name"], what, partial(self._annotations, own))

    def _annotations(self, rows: List[Any]) -> List[Region]:
        return [self._annotation(row) for row in rows]

    def _annotation(self, row: Dict[str, Any]) -> Region:
        what, outline = f"annotation {row.get('id')}", row.get("segmentation")
        if isinstance(outline, list) and outline and isinstance(outline[0], list):
            values = outline[0]
            points: Any = list(zip(values[::2], values[1::2]))
        elif isinstance(row.get("bbox"), list) and len(row["bbox"]) == 4:
            points = rectangle(*map(float, row["bbox"])).tolist()
        else:
            raise ValueError(f"{what} has neither a bbox nor an outline of points")
        text = self.text_in(row, row.get("attributes"))
        if text is None and isinstance(row.get("caption"), str):
            text = row["caption"]
        return self.region(points, text, is_ignored(row, row.get("attributes")), what)


COCO_JSON = CocoImporter(
    DatasetInfo(
        "coco",
        "COCO's JSON with texts, of any tool",
        homepage="https://cocodataset.org/#format-data",
        licence="your own",
        tasks=(DETECTION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  annotations/instances_train.json ...   {"images": [...], "annotations": [{"text": ...}, ...]}
  pictures at their file_name, from the file's folder, one above it, or images/
""",
    ),
    options=("ignore_marks", "text_attribute"),
)
