"""Chinese and curved sets of the ICDAR competitions whose truth is JSON: LSVT, ArT, ReCTS.

LSVT   train_full_labels.json: {"gt_0": [{"transcription": "订单", "illegibility": false,
                                "points": [[x, y], ...]}, ...], ...}; pictures gt_0.jpg
ArT    train_labels.json: the same, with "language"; outlines of any number of points
ReCTS  gt/train_ReCTS_000001.json: {"lines": [{"transcription": "", "points": [x1, y1, ...],
                                "ignore": 0}, ...], "chars": [...]}; pictures in img/
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Iterator, List, Tuple

from ocrdata.base.sample import DETECTION, TRAIN, Region
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.tool_files import AnnotatedImage, ToolImporter, load_json

LINE_LEVEL, CHARS = "lines", "chars"


class LsvtImporter(ToolImporter):
    """One JSON file of many pictures, each by its name without suffix."""

    def is_mine(self, content: bytes) -> bool:
        return b'"transcription"' in content and b'"illegibility"' in content

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        page = load_json(content)
        if not isinstance(page, dict):
            raise ValueError('is not {"gt_0": [...], ...}')
        for name, rows in page.items():
            if not isinstance(rows, list):
                raise ValueError(f"{name} has no list of texts")
            yield AnnotatedImage(f"{name}.jpg", f"entry {name}", partial(self._texts, rows))

    def _texts(self, rows: List[Any]) -> List[Region]:
        return [self._text(f"text {place}", row) for place, row in enumerate(rows, 1)]

    def _text(self, what: str, row: Any) -> Region:
        if not isinstance(row, dict) or "transcription" not in row:
            raise ValueError(f"{what} has no transcription")
        ignored = bool(row.get("illegibility"))
        return self.region(row.get("points"), row["transcription"], ignored, what)


@dataclass(frozen=True)
class RectsImporter(ToolImporter):
    """A JSON file a picture, with lines and characters."""

    level: str = LINE_LEVEL

    def is_mine(self, content: bytes) -> bool:
        return b'"lines"' in content and b'"transcription"' in content

    def images_of(self, name: str, content: bytes) -> Iterator[AnnotatedImage]:
        page = load_json(content)
        rows = page.get(self.level) if isinstance(page, dict) else None
        if not isinstance(rows, list):
            raise ValueError(f'has no list of "{self.level}"')
        stem = name.rpartition("/")[2].rpartition(".")[0]
        what = "the picture of this name"
        yield AnnotatedImage(f"{stem}.jpg", what, partial(self._texts, rows))

    def _texts(self, rows: List[Any]) -> List[Region]:
        return [self._text(f"{self.level} {place}", row) for place, row in enumerate(rows, 1)]

    def _text(self, what: str, row: Any) -> Region:
        values = row.get("points") if isinstance(row, dict) else None
        if not isinstance(values, list) or len(values) % 2:
            raise ValueError(f"{what} has no points [x1, y1, ...]")
        points = list(zip(values[::2], values[1::2]))
        ignored = str(row.get("ignore", 0)) == "1"
        return self.region(points, row.get("transcription"), ignored, what)


def _info(name: str, title: str, page: str, tree: str) -> DatasetInfo:
    licence = "for research only; see the homepage"
    homepage = f"https://rrc.cvc.uab.es/?ch={page}"
    return DatasetInfo(name, title, homepage, licence, (DETECTION,), (TRAIN,), tree)


LSVT = LsvtImporter(
    _info(
        "lsvt",
        "ICDAR 2019 LSVT, fully annotated part",
        "16",
        """
  train_full_labels.json
  train_full_images_0/  train_full_images_1/     gt_0.jpg ...
""",
    ),
    options=("ignore_marks",),
)

ART = LsvtImporter(
    _info(
        "art",
        "ICDAR 2019 ArT, text of arbitrary shape",
        "14",
        """
  train_labels.json
  train_images/     gt_0.jpg ...
""",
    ),
    options=("ignore_marks",),
)

_LEVELS: Tuple[str, ...] = (LINE_LEVEL, CHARS)
RECTS = RectsImporter(
    _info(
        "rects",
        "ICDAR 2019 ReCTS, Chinese signboards",
        "12",
        """
  img/  train_ReCTS_000001.jpg ...
  gt/   train_ReCTS_000001.json ...
""",
    ),
    options=("ignore_marks", "level"),
    choices={"level": _LEVELS},
)
