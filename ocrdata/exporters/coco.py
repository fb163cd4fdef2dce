"""COCO's JSON: boxes and outlines, with the texts as attributes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Tuple

import numpy as np

from ocrdata.base.sample import DETECTION, Region
from ocrdata.exporters.base import SHORT, FormatInfo, Picture
from ocrdata.exporters.files import File, FileExporter, text_file, write_json_list
from ocrdata.exporters.regions import as_box, as_points, plain_number
from ocrdata.geometry.polygons import signed_area

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

_HEAD = '{"info": {}, "licenses": [],\n"categories": [{"id": 1, "name": "text"}],\n"images": '


class CocoExporter(FileExporter):
    """Regions to ignore are crowds, which COCO's evaluation counts neither way."""

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        number = picture.number + 1
        image = {
            "id": number,
            "file_name": picture.file_name,
            "height": picture.header.height,
            "width": picture.header.width,
        }
        regions = [_annotation(region, number) for region in picture.sample.regions]
        return [(f"{SHORT[split]}/{picture.file_name}", picture.data)], [image, regions]

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        with text_file(folder / "annotations" / f"instances_{SHORT[split]}.json") as stream:
            stream.write(_HEAD)
            write_json_list(stream, (image for image, _ in rows))
            stream.write(',\n"annotations": ')
            write_json_list(stream, _numbered(rows))
            stream.write("}\n")


def _numbered(rows: Iterable[Any]) -> Iterator[Dict[str, Any]]:
    number = 0
    for _, regions in rows:
        for region in regions:
            number += 1
            yield {"id": number, **region}


def _annotation(region: Region, image: int) -> Dict[str, Any]:
    area = abs(signed_area(region.polygon))
    return {
        "image_id": image,
        "category_id": 1,
        "bbox": [plain_number(value) for value in as_box(region)],
        "segmentation": [as_points(region.polygon)],
        "area": plain_number(float(np.float32(area))),
        "iscrowd": int(region.ignore),
        "text": region.text,
        # Where CVAT and Datumaro look.
        "attributes": {"text": region.text},
    }


COCO = CocoExporter(
    FormatInfo(
        "coco",
        "COCO's JSON with boxes, outlines and texts",
        "https://cocodataset.org/#format-data",
        "pycocotools, Detectron2, MMDetection, FiftyOne, CVAT, Datumaro",
        (DETECTION,),
        """
  annotations/instances_train.json  instances_val.json  instances_test.json
  train/  val/  test/               pictures
""",
    ),
    task=DETECTION,
)
