"""A folder of pictures and a labels.json: the data that docTR's training scripts take."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, List, Tuple

from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.exporters.base import SHORT, FormatInfo, Picture
from ocrdata.exporters.files import File, FileExporter, text_file, to_json
from ocrdata.exporters.regions import as_quad

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts


class DoctrExporter(FileExporter):
    """Detection holds quads without texts; regions to ignore cannot be marked and are left out.

    So are pictures without a region: docTR 1.1 stops at them.
    """

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        name = picture.file_name
        label = picture.text if self.task == RECOGNITION else _truth(picture, counts)
        if label is None:
            counts["picture without a region left out"] += 1
            return [], None
        return [(f"{SHORT[split]}/images/{name}", picture.data)], [name, label]

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        with text_file(folder / SHORT[split] / "labels.json") as stream:
            separator = "{\n"
            for name, label in rows:
                stream.write(f"{separator}{to_json(name)}: {to_json(label)}")
                separator = ",\n"
            stream.write("\n}\n" if separator == ",\n" else "{}\n")


def _truth(picture: Picture, counts: Counts) -> Any:
    kept = [region for region in picture.sample.regions if not region.ignore]
    left_out = len(picture.sample.regions) - len(kept)
    if left_out:
        counts["region to ignore left out"] += left_out
    if not kept:
        return None
    return {
        "img_dimensions": [picture.header.height, picture.header.width],
        "img_hash": hashlib.sha256(picture.data).hexdigest(),
        "polygons": [as_quad(region, counts).tolist() for region in kept],
    }


DOCTR = DoctrExporter(
    FormatInfo(
        "doctr",
        "data of docTR's training scripts",
        "https://github.com/mindee/doctr/tree/main/references",
        "docTR: RecognitionDataset, DetectionDataset",
        (RECOGNITION, DETECTION),
        """
  train/images/00000000.jpg ...
  train/labels.json   {"00000000.jpg": "text"}, or the quads of each picture
  val/  test/         the same
""",
    ),
)
