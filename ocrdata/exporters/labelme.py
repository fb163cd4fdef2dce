"""LabelMe's JSON beside each picture: an outline and a label a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from ocrdata.base.sample import DETECTION, Region
from ocrdata.exporters.base import SHORT, FormatInfo, Picture
from ocrdata.exporters.files import File, FileExporter, json_bytes
from ocrdata.exporters.regions import IGNORED, as_points

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

_VERSION = "5.5.0"


class LabelmeExporter(FileExporter):
    """The label is the text, so that it shows; of a region to ignore it is the description."""

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        truth: Dict[str, Any] = {
            "version": _VERSION,
            "flags": {},
            "shapes": [_shape(region) for region in picture.sample.regions],
            "imagePath": picture.file_name,
            "imageData": None,
            "imageHeight": picture.header.height,
            "imageWidth": picture.header.width,
        }
        stem = f"{SHORT[split]}/{picture.name}"
        files = [
            (f"{SHORT[split]}/{picture.file_name}", picture.data),
            (stem + ".json", json_bytes(truth)),
        ]
        return files, 0


def _shape(region: Region) -> Dict[str, Any]:
    numbers = as_points(region.polygon)
    return {
        "label": IGNORED if region.ignore else region.text,
        "points": [list(point) for point in zip(numbers[0::2], numbers[1::2])],
        "group_id": None,
        "description": region.text if region.ignore else "",
        "shape_type": "polygon",
        "flags": {"ignore": True} if region.ignore else {},
        "mask": None,
    }


LABELME_FORMAT = LabelmeExporter(
    FormatInfo(
        "labelme",
        "LabelMe's JSON files",
        "https://github.com/wkentaro/labelme",
        "LabelMe, X-AnyLabeling",
        (DETECTION,),
        """
  train/img_1.jpg  train/img_1.json ...
  val/  test/      the same
""",
    ),
    task=DETECTION,
)
