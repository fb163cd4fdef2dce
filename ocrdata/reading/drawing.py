"""Pictures beside what was read in them, each text in its place."""

from __future__ import annotations

from typing import Any, List, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.reading.words import WordCrop

# Told apart by color-blind eyes too (Okabe and Ito).
COLORS = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 100, 200),
)
_PAPER, _FONT = (252, 252, 250), "NotoSansSC-Regular-GB2312.otf"
_SMALLEST = 8


def draw_words(image: np.ndarray, words: Sequence[WordCrop]) -> Image.Image:
    """Returns a picture, uint8 [h, w, 3] (blue first), with outlines, and the texts beside it."""
    left = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
    sheet = Image.new("RGB", (2 * left.width + 1, left.height), _PAPER)
    sheet.paste(left, (0, 0))
    pen = ImageDraw.Draw(sheet)
    pen.line([(left.width, 0), (left.width, left.height)], (180, 180, 175))
    width = max(2, max(left.size) // 400)
    for number, word in enumerate(words):
        color = COLORS[number % len(COLORS)]
        for shift, thickness in ((0, width), (left.width + 1, 1)):
            points = [(float(x) + shift, float(y)) for x, y in word.polygon.tolist()]
            pen.line([*points, points[0]], color, thickness)
        _write(pen, word, left.width + 1, color)
    return sheet


def _write(pen: Any, word: WordCrop, shift: int, color: Any) -> None:
    """Writes a text into its upright bounds, from top to bottom where they are a column."""
    low, high = word.polygon.min(axis=0), word.polygon.max(axis=0)
    width, height = (high - low).tolist()
    column = height > 1.5 * width and len(word.text) > 1
    rows: List[str] = list(word.text) if column else [word.text]
    font = _fitting(rows, width, height / max(1, len(rows)))
    middle = float(low[0] + width / 2.0) + shift
    for number, text in enumerate(rows):
        y = float(low[1]) + (number + 0.5) * height / len(rows)
        pen.text((middle, y), text, color, font=font, anchor="mm")


def _fitting(rows: Sequence[str], width: float, height: float) -> Any:
    size = max(_SMALLEST, int(height * 0.85))
    face = _face(size)
    widest = max(face.getlength(row) for row in rows)
    if widest > width:
        face = _face(max(_SMALLEST, int(size * width / widest)))
    return face


def _face(size: int) -> Any:
    path = str(asset_dir("fonts") / _FONT)
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
