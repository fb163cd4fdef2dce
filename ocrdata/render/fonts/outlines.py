"""Which glyphs of a font may be blank or a copy of its missing-glyph picture, from sizes alone.

To draw a glyph takes 20 to 500 µs, and a face has tens of thousands. What is far longer than the
shortest outline that shows anything, and not as long as .notdef, can be neither; what is left is
few, and has to be drawn to be known (`face_characters`).
"""

from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np
from fontTools.ttLib import TTFont

# A triangle takes more bytes than this in a glyf table, in a CFF table fewer than a stroke does.
_SHORT_GLYF, _SHORT_CFF = 48, 24
# Copies of an outline may differ in the width before them, or in hints behind them.
_ALIKE = 8


def suspect_glyphs(font: TTFont) -> Optional[np.ndarray]:
    """Returns which glyphs have to be drawn to be known, bool [glyphs].

    None where that cannot be told from the tables: all have to be drawn. Raises whatever a damaged
    table causes.
    """
    if "glyf" in font:
        return _of_glyf(font)
    if "CFF " in font:
        return _short_or_alike(_charstring_lengths(font.reader["CFF "]), _SHORT_CFF)
    return None


def _short_or_alike(lengths: np.ndarray, short: int) -> np.ndarray:
    found: np.ndarray = (lengths < short) | (np.abs(lengths - lengths[0]) <= _ALIKE)
    return found


def _of_glyf(font: TTFont) -> np.ndarray:
    kind = ">u4" if font["head"].indexToLocFormat else ">u2"
    scale = 1 if font["head"].indexToLocFormat else 2
    starts = np.frombuffer(font.reader["loca"], kind).astype(np.int64) * scale
    starts = starts[: font["maxp"].numGlyphs + 1]
    found = _short_or_alike(np.diff(starts), _SHORT_GLYF)
    composite, first = _first_parts(font.reader["glyf"], starts)
    # What is put together shows something if its first part does; parts may have parts.
    for _ in range(3):
        found[composite] = found[first]
    return found


def _first_parts(data: bytes, starts: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the glyphs that are put together of others, and the first one of each."""
    table = np.frombuffer(data + b"\0" * 16, np.uint8)
    full = np.nonzero(np.diff(starts) > 0)[0]
    composite = full[table[starts[full]] > 127]
    at = starts[composite] + 12
    first = table[at].astype(np.int64) * 256 + table[at + 1]
    return composite, np.minimum(first, len(starts) - 2)


def _charstring_lengths(data: bytes) -> np.ndarray:
    """Returns how many bytes the outline of each glyph of a CFF table takes (Adobe TN #5176)."""
    _, place = _index(data, data[2])
    top, _ = _index(data, place)
    start = _operand(data[top[0] : top[1]], 17)
    offsets, _ = _index(data, start)
    return np.diff(offsets)


def _index(data: bytes, start: int) -> Tuple[np.ndarray, int]:
    """Returns where the items of an INDEX start (and the last one ends), and where it ends."""
    count = int.from_bytes(data[start : start + 2], "big")
    if not count:
        return np.zeros(1, np.int64), start + 2
    size = data[start + 2]
    raw: Any = np.frombuffer(data, np.uint8, (count + 1) * size, start + 3).reshape(-1, size)
    base = start + 2 + (count + 1) * size
    offsets = raw.astype(np.int64) @ (256 ** np.arange(size - 1, -1, -1)) + base
    return offsets, int(offsets[-1])


def _operand(data: bytes, wanted: int) -> int:
    """Returns the last operand before an operator of a DICT."""
    place, value = 0, 0
    while place < len(data):
        first = data[place]
        place += 1
        if first <= 21:
            if first == wanted:
                return value
            place += first == 12
        elif first == 28 or first == 29:
            count = 2 if first == 28 else 4
            value = int.from_bytes(data[place : place + count], "big", signed=True)
            place += count
        elif first == 30:
            while data[place] & 15 != 15 and data[place] >> 4 != 15:
                place += 1
            place += 1
        elif first <= 246:
            value = first - 139
        elif first <= 254:
            more = data[place] + 108
            value = (first - 247) * 256 + more if first <= 250 else -(first - 251) * 256 - more
            place += 1
    raise ValueError(f"the table has no operator {wanted}")
