"""TextOCR: words in pictures of Open Images, outlined, in one JSON file a split.

    {"imgs": {"a4ea": {"id": "a4ea", "set": "train", "file_name": "train/a4ea.jpg", ...}, ...},
     "anns": {"a4ea_1": {"id": "a4ea_1", "image_id": "a4ea", "bbox": [x, y, width, height],
                         "points": [x1, y1, x2, y2, ...], "utf8_string": "STOP"}, ...},
     "imgToAnns": {"a4ea": ["a4ea_1", ...], ...}}

Words that nobody can read have the text ".". Both splits have their pictures in train_images/.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Dict, Iterator, List, Optional

from ocrdata.base.sample import DETECTION, TRAIN, VALIDATION, Region
from ocrdata.errors import PathLike
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.tool_files import AnnotatedImage, ToolImporter, load_json

_SPLIT = re.compile(r"_(train|val)\.json$", re.IGNORECASE)
_SPLITS = {"train": TRAIN, "val": VALIDATION}
_UNREADABLE = "."


class TextOcrImporter(ToolImporter):
    """Three mappings: pictures, words, and which words are in which picture."""

    beside = False

    def is_mine(self, content: bytes) -> bool:
        return b'"imgs"' in content and b'"anns"' in content and b'"utf8_string"' in content

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        match = _SPLIT.search(name)
        return _SPLITS[match.group(1).lower()] if match else None

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        page = load_json(content)
        values = page if isinstance(page, dict) else {}
        found = values.get("imgToAnns", values.get("img2Anns"))
        images, words = values.get("imgs"), values.get("anns")
        if not (isinstance(images, dict) and isinstance(words, dict) and isinstance(found, dict)):
            raise ValueError("has no mappings imgs, anns and imgToAnns")
        for number, row in images.items():
            name = row.get("file_name", row.get("filename")) if isinstance(row, dict) else None
            if not isinstance(name, str):
                raise ValueError(f"picture {number} has no file_name")
            own = found.get(number, ())
            yield AnnotatedImage(name, f"picture {number}", partial(self._words, words, own))

    def _words(self, rows: Dict[str, Any], names: List[Any]) -> List[Region]:
        return [self._word(f"word {name}", rows.get(str(name))) for name in names]

    def _word(self, what: str, row: Any) -> Region:
        if not isinstance(row, dict) or not isinstance(row.get("utf8_string"), str):
            raise ValueError(f"{what} has no utf8_string, or does not exist")
        values = row.get("points")
        if not isinstance(values, list) or len(values) % 2:
            raise ValueError(f"{what} has no points [x1, y1, ...]")
        text = row["utf8_string"]
        points = list(zip(values[::2], values[1::2]))
        return self.region(points, text, text == _UNREADABLE, what)


TEXT_OCR = TextOcrImporter(
    DatasetInfo(
        "textocr",
        "TextOCR, words in pictures of Open Images",
        homepage="https://textvqa.org/textocr/",
        licence="CC BY 4.0",
        tasks=(DETECTION,),
        splits=(TRAIN, VALIDATION),
        tree="""
  TextOCR_0.1_train.json  TextOCR_0.1_val.json
  train_images/   a4ea732cd3d5948a.jpg ...      (or train_val_images.zip)
""",
    ),
    options=("ignore_marks",),
)
