"""Label files of PaddleOCR: a picture a line, a tab, and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, List, Tuple

from ocrdata.base.sample import DETECTION, RECOGNITION, Region
from ocrdata.exporters.base import SHORT, FormatInfo, Picture, one_line
from ocrdata.exporters.files import File, FileExporter, grouped, to_json, write_lines
from ocrdata.exporters.regions import IGNORED, as_points

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts


class PaddleExporter(FileExporter):
    """Paths are relative to the folder, which is what `data_dir` of a configuration names."""

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        path = grouped(split, picture)
        if self.task == RECOGNITION:
            label = one_line(picture.text, counts)
        else:
            label = to_json([_row(region) for region in picture.sample.regions])
        return [(path, picture.data)], f"{path}\t{label}"

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        kind = "rec" if self.task == RECOGNITION else "det"
        write_lines(folder / f"{kind}_gt_{SHORT[split]}.txt", rows)


def _row(region: Region) -> Any:
    numbers = as_points(region.polygon)
    text = IGNORED if region.ignore else region.text
    return {"transcription": text, "points": [list(p) for p in zip(numbers[0::2], numbers[1::2])]}


PADDLEOCR_FORMAT = PaddleExporter(
    FormatInfo(
        "paddleocr",
        "label files of PaddleOCR",
        "https://github.com/PaddlePaddle/PaddleOCR",
        "PaddleOCR (SimpleDataSet), PPOCRLabel",
        (RECOGNITION, DETECTION),
        """
  rec_gt_train.txt  rec_gt_val.txt  rec_gt_test.txt   train/0000/00000000.jpg<TAB>text
  det_gt_train.txt ...                                train/img_1.jpg<TAB>[{"transcription": ...}]
  train/  val/  test/                                 pictures
""",
    ),
)
