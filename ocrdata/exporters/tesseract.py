"""A text file beside the picture of each line: tesstrain, kraken, Calamari."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Tuple

from ocrdata.base.sample import RECOGNITION
from ocrdata.exporters.base import SHORT, FormatInfo, Picture, one_line
from ocrdata.exporters.files import File, FileExporter
from ocrdata.exporters.pictures import as_png

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts


class TesseractExporter(FileExporter):
    """Pictures become PNG: tesstrain takes PNG and TIFF only."""

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        stem = f"{SHORT[split]}/{picture.name}"
        if picture.header.format != "png":
            counts[f"{picture.header.format} to png"] += 1
        text = one_line(picture.text, counts) + "\n"
        data = as_png(picture.data, picture.header.format)
        return [(stem + ".png", data), (stem + ".gt.txt", text.encode("utf-8"))], 0


TESSERACT_FORMAT = TesseractExporter(
    FormatInfo(
        "tesseract",
        "line pictures with .gt.txt files",
        "https://github.com/tesseract-ocr/tesstrain",
        "tesstrain, kraken (`ketos train -f path`), Calamari",
        (RECOGNITION,),
        """
  train/00000000.png  train/00000000.gt.txt ...
  val/  test/         the same
""",
    ),
)
