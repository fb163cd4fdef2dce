"""Label Studio's JSON export of its OCR template: shapes in per cent, texts by the shape's id.

    [{"id": 1, "data": {"ocr": "/data/upload/1/ab12-img_1.jpg"}, "annotations": [{"result": [
       {"id": "a", "type": "rectangle", "original_width": 640, "original_height": 480,
        "value": {"x": 10, "y": 20, "width": 30, "height": 5, "rotation": 0}},
       {"id": "a", "type": "textarea", "value": {"text": ["Genaxis"], ...}},
       {"id": "a", "type": "labels", "value": {"labels": ["Text"], ...}}]}]}, ...]

The newest annotation that was not cancelled counts. Uploads get eight characters and a dash before
their names; a picture is found with and without them.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Dict, Iterator, List, Optional

from ocrdata.base.sample import DETECTION, Region
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.shapes import rectangle
from ocrdata.importers.tool_files import (
    SPLITS_OF_TOOLS,
    AnnotatedImage,
    ToolImporter,
    load_json,
    numbers_of,
)

_UPLOAD = re.compile(r"^[0-9a-f]{8}-")
_IGNORED_LABELS = ("ignore", "illegible", "dont_care", "###")


class LabelStudioImporter(ToolImporter):
    """A JSON file of tasks."""

    def is_mine(self, content: bytes) -> bool:
        return b'"annotations"' in content and b'"result"' in content and b'"data"' in content

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        tasks = load_json(content)
        if not isinstance(tasks, list):
            raise ValueError("is not a list of tasks: export JSON, not JSON-MIN")
        for place, task in enumerate(tasks, 1):
            what = f"task {task.get('id', place) if isinstance(task, dict) else place}"
            name = _picture(task, what)
            yield AnnotatedImage(name, what, partial(self._regions, _newest(task)))

    def _regions(self, result: List[Any]) -> Iterator[Region]:
        shapes: Dict[str, Any] = {}
        texts: Dict[str, str] = {}
        labels: Dict[str, List[str]] = {}
        for row in result:
            if not isinstance(row, dict) or not isinstance(row.get("value"), dict):
                raise ValueError("has a result without a value")
            key, value = str(row.get("id")), row["value"]
            if "points" in value or "width" in value:
                shapes.setdefault(key, row)
            if isinstance(value.get("text"), (list, str)):
                text = value["text"]
                texts[key] = text if isinstance(text, str) else " ".join(map(str, text))
            for name in ("labels", "rectanglelabels", "polygonlabels", "choices"):
                labels.setdefault(key, []).extend(map(str, value.get(name, ())))
        for key, row in shapes.items():
            ignored = any(label.lower() in _IGNORED_LABELS for label in labels.get(key, ()))
            named = f"shape {key}"
            yield self.region(_points(row, named), texts.get(key), ignored, named)


def _picture(task: Any, what: str) -> str:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict):
        raise ValueError(f"{what} has no data")
    for name in ("ocr", "image", *data):
        if isinstance(data.get(name), str):
            path = str(data[name]).replace("\\", "/")
            folder, _, file = path.rpartition("/")
            return _UPLOAD.sub("", file) if "/upload/" in folder + "/" else path
    raise ValueError(f"{what} names no picture in its data")


def _newest(task: Any) -> List[Any]:
    given = [one for one in task.get("annotations", ()) if isinstance(one, dict)]
    kept = [one for one in given if not one.get("was_cancelled")]
    newest: Optional[Any] = max(kept, key=lambda one: str(one.get("updated_at", "")), default=None)
    result = newest.get("result") if newest else None
    return result if isinstance(result, list) else []


def _points(row: Dict[str, Any], what: str) -> Any:
    size = numbers_of(row, ("original_width", "original_height"), what)
    scale, value = [side / 100.0 for side in size], row["value"]
    if isinstance(value.get("points"), list):
        return [(x * scale[0], y * scale[1]) for x, y in value["points"]]
    x, y, width, height = numbers_of(value, ("x", "y", "width", "height"), what)
    turn = float(value.get("rotation") or 0.0)
    corners = rectangle(0, 0, width * scale[0], height * scale[1], turn)
    return (corners + (x * scale[0], y * scale[1])).tolist()


LABEL_STUDIO = LabelStudioImporter(
    DatasetInfo(
        "labelstudio",
        "Label Studio's JSON export",
        homepage="https://labelstud.io/guide/export",
        licence="your own",
        tasks=(DETECTION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  project-1-at-....json      exported as JSON (not JSON-MIN), OCR template
  the pictures, with or without the eight characters that uploads get before their names
""",
    ),
    options=("ignore_marks",),
)
