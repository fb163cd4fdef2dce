"""Annotation files of mmocr 1.x: one JSON file a split and task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Tuple

from ocrdata.base.sample import DETECTION, RECOGNITION, Region
from ocrdata.exporters.base import SHORT, FormatInfo, Picture
from ocrdata.exporters.files import (
    File,
    FileExporter,
    grouped,
    text_file,
    to_json,
    write_json_list,
)
from ocrdata.exporters.regions import as_points, plain_number
from ocrdata.geometry.polygons import bounds

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

_META: Dict[str, Dict[str, Any]] = {
    RECOGNITION: {"dataset_type": "TextRecogDataset", "task_name": "textrecog"},
    DETECTION: {
        "dataset_type": "TextDetDataset",
        "task_name": "textdet",
        "category": [{"id": 0, "name": "text"}],
    },
}


class MmocrExporter(FileExporter):
    """Instances of detection hold their texts too, so the file serves text spotting as well."""

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        path = grouped(split, picture)
        row: Dict[str, Any] = {"img_path": path}
        if self.task == RECOGNITION:
            row["instances"] = [{"text": picture.text}]
        else:
            row["height"], row["width"] = picture.header.height, picture.header.width
            row["instances"] = [_instance(region) for region in picture.sample.regions]
        return [(path, picture.data)], row

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        meta = _META[self.task]
        with text_file(folder / f"{meta['task_name']}_{SHORT[split]}.json") as stream:
            stream.write(f'{{"metainfo": {to_json(meta)},\n"data_list": ')
            write_json_list(stream, rows)
            stream.write("}\n")


def _instance(region: Region) -> Dict[str, Any]:
    return {
        "polygon": as_points(region.polygon),
        "bbox": [plain_number(value) for value in bounds(region.polygon)],
        "bbox_label": 0,
        "ignore": region.ignore,
        "text": region.text,
    }


MMOCR = MmocrExporter(
    FormatInfo(
        "mmocr",
        "annotation files of mmocr 1.x",
        "https://github.com/open-mmlab/mmocr",
        "mmocr 1.x: OCRDataset, with the folder as its data_root",
        (RECOGNITION, DETECTION),
        """
  textrecog_train.json  textrecog_val.json  textrecog_test.json
  textdet_train.json ...                  polygons, boxes and texts
  train/  val/  test/                     pictures
""",
    ),
)
