"""The folders of ICDAR 2015, challenge 4: a text file of quads for each picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, List, Tuple

from ocrdata.base.icdar import format_box
from ocrdata.base.sample import DETECTION, TEST, TRAIN, VALIDATION
from ocrdata.exporters.base import FormatInfo, Picture, one_line
from ocrdata.exporters.files import File, FileExporter
from ocrdata.exporters.regions import IGNORED, as_quad

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

_FOLDERS = {
    TRAIN: ("ch4_training_images", "ch4_training_localization_transcription_gt"),
    VALIDATION: ("ch4_validation_images", "ch4_validation_localization_transcription_gt"),
    TEST: ("ch4_test_images", "Challenge4_Test_Task1_GT"),
}


class IcdarExporter(FileExporter):
    """Pictures are called img_1, img_2, ... as the official evaluation expects."""

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        images, truths = _FOLDERS[split]
        name = f"img_{picture.number + 1}"
        suffix = picture.file_name.rpartition(".")[2]
        lines = []
        for region in picture.sample.regions:
            text = IGNORED if region.ignore else one_line(region.text, counts)
            lines.append(format_box(as_quad(region, counts).tolist(), text) + "\n")
        truth = "".join(lines).encode("utf-8")
        files = [(f"{images}/{name}.{suffix}", picture.data), (f"{truths}/gt_{name}.txt", truth)]
        return files, [name, picture.sample.key]

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        """Nothing but the files is needed."""


ICDAR_2015_FORMAT = IcdarExporter(
    FormatInfo(
        "icdar2015",
        "the folders of ICDAR 2015, challenge 4",
        "https://rrc.cvc.uab.es/?ch=4",
        "most detectors' own scripts, the official evaluation",
        (DETECTION,),
        """
  ch4_training_images/img_1.jpg   ch4_training_localization_transcription_gt/gt_img_1.txt
  ch4_test_images/img_1.jpg       Challenge4_Test_Task1_GT/gt_img_1.txt
  ch4_validation_images/  ch4_validation_localization_transcription_gt/
""",
    ),
    task=DETECTION,
)
