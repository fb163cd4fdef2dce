"""YOLO's text files: a class and coordinates as shares of the picture's width and height."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, List, Tuple

from ocrdata.base.sample import DETECTION, Region
from ocrdata.exporters.base import SHORT, FormatInfo, Picture
from ocrdata.exporters.files import File, FileExporter, write_lines
from ocrdata.exporters.regions import as_box, as_quad
from ocrdata.images.header import ImageHeader

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

_LIST = "data.yaml"


@dataclass(frozen=True)
class YoloExporter(FileExporter):
    """Upright boxes, or (`oriented`) quads. There is room for neither texts nor don't-cares."""

    oriented: bool = False

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        short, lines = SHORT[split], []
        for region in picture.sample.regions:
            if region.ignore:
                counts["region to ignore left out"] += 1
                continue
            numbers = self._numbers(region, picture.header, counts)
            lines.append(" ".join(["0", *(f"{number:.6f}" for number in numbers)]) + "\n")
        truth = "".join(lines).encode("ascii")
        files = [
            (f"images/{short}/{picture.file_name}", picture.data),
            (f"labels/{short}/{picture.name}.txt", truth),
        ]
        return files, 0

    def _numbers(self, region: Region, header: ImageHeader, counts: Counts) -> List[float]:
        size = (header.width, header.height)
        if self.oriented:
            return [value / size[n % 2] for n, value in enumerate(as_quad(region, counts).flat)]
        left, top, width, height = as_box(region)
        box = (left + width / 2, top + height / 2, width, height)
        return [value / size[n % 2] for n, value in enumerate(box)]

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        present = [short for short in SHORT.values() if (folder / "images" / short).is_dir()]
        lines = {short: f"{short}: images/{short}" for short in present}
        # Trainers insist on one to validate by.
        lines.setdefault("val", f"val: images/{present[-1]}")
        write_lines(folder / _LIST, [*lines.values(), "names:", "  0: text"])


def _tree(numbers: str) -> str:
    return f"""
  data.yaml                     what to give to `yolo train data=...`
  images/train/img_1.jpg ...    labels/train/img_1.txt: `0 {numbers}`, shares of the size
  images/val/  labels/val/      the same; and test
"""


YOLO_FORMAT = YoloExporter(
    FormatInfo(
        "yolo",
        "YOLO's text files, upright boxes",
        "https://docs.ultralytics.com/datasets/detect/",
        "Ultralytics and other YOLO trainers",
        (DETECTION,),
        _tree("x y width height"),
    ),
    task=DETECTION,
)

YOLO_OBB = YoloExporter(
    FormatInfo(
        "yolo-obb",
        "YOLO's text files, oriented boxes",
        "https://docs.ultralytics.com/datasets/obb/",
        "Ultralytics' OBB models",
        (DETECTION,),
        _tree("x1 y1 x2 y2 x3 y3 x4 y4"),
    ),
    task=DETECTION,
    oriented=True,
)
