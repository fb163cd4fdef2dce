"""Chinese punctuation as it stands in columns, and which runs are turned.

Fonts hold such forms behind their `vert` feature, which Pillow reaches only through RAQM; the
rules are the same in every font, so they are applied to the glyph itself: brackets and dashes
turn a quarter, stops and commas move to the cell's right upper corner, small kana a little way
there, and quotation marks become corner brackets where the font has them (GB/T 15834-2011, 5.2).
"""

from __future__ import annotations

import re
from typing import Iterator, Tuple

import numpy as np

from ocrdata.render.text.rasters import Glyph

TURNED = frozenset("（）〈〉《》【】〔〕「」『』〖〗()[]{}<>—–―─…‥～〜-_=|｛｝［］：；:;“”‘’ー〰゠")
CORNER = frozenset("、。，．,.")
SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ")
QUOTES = {"“": "『", "”": "』", "‘": "「", "’": "」"}
_LATIN = re.compile(r"[A-Za-z0-9.,:/%+\-'&@#$¥€\u00c0-\u024f]{2,}")
# Two digits (a day, an hour) stand upright one above the other.
_UPRIGHT = re.compile(r"[0-9]{1,2}")


def turned_runs(text: str) -> Iterator[Tuple[int, int, bool]]:
    """Yields (start, end, turned): words and figures of two characters and more are turned."""
    place = 0
    for match in _LATIN.finditer(text):
        if _UPRIGHT.fullmatch(match.group()):
            continue
        if match.start() > place:
            yield place, match.start(), False
        yield match.start(), match.end(), True
        place = match.end()
    if place < len(text):
        yield place, len(text), False


def vertical_form(character: str, glyph: Glyph, size: int) -> Tuple[np.ndarray, float, float]:
    """Returns a glyph's ink and the place of its corner in a cell of one em, from the top left."""
    x, y = glyph.left + (size - glyph.advance) / 2.0, glyph.top + 0.88 * size
    ink = glyph.ink
    if character in TURNED:
        # A quarter turn clockwise about the cell's middle.
        return np.rot90(ink, -1), size - y - ink.shape[0], x
    if character in CORNER:
        return ink, size - 0.12 * size - ink.shape[1], 0.1 * size
    if character in SMALL_KANA:
        return ink, min(x + 0.1 * size, size - ink.shape[1]), max(y - 0.1 * size, 0.0)
    return ink, x, y
