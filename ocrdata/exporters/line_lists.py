"""Pictures of text lines beside one label file: EasyOCR's trainer, TextRecognitionDataGenerator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, List, Tuple

from ocrdata.base.sample import RECOGNITION
from ocrdata.exporters.base import SHORT, FormatInfo, Picture, one_line
from ocrdata.exporters.files import File, FileExporter, write_lines

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts


@dataclass(frozen=True)
class LineListExporter(FileExporter):
    """A folder a split: pictures, and a label file of `name<separator>text` lines."""

    list_name: str = "labels.txt"
    separator: str = " "
    head: Tuple[str, ...] = ()

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        name = picture.file_name
        text = one_line(picture.text, counts)
        return [(f"{SHORT[split]}/{name}", picture.data)], f"{name}{self.separator}{text}"

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        write_lines(folder / SHORT[split] / self.list_name, (*self.head, *rows))


EASYOCR = LineListExporter(
    FormatInfo(
        "easyocr",
        "data of EasyOCR's trainer",
        "https://github.com/JaidedAI/EasyOCR/tree/master/trainer",
        "EasyOCR's trainer, which splits a line at its first comma and knows no quotes",
        (RECOGNITION,),
        """
  train/labels.csv    filename,words and a line `00000000.jpg,text` for each picture beside it
  val/  test/         the same
""",
    ),
    list_name="labels.csv",
    separator=",",
    head=("filename,words",),
)

TRDG = LineListExporter(
    FormatInfo(
        "trdg",
        "folders as TextRecognitionDataGenerator makes them",
        "https://github.com/Belval/TextRecognitionDataGenerator",
        "what was written for its `--name_format 2`",
        (RECOGNITION,),
        """
  train/labels.txt    a line `00000000.jpg text` for each picture beside it
  val/  test/         the same
""",
    ),
)
