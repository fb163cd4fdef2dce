"""Glyphs in bounded memory: the last ones as they are, older ones packed, the oldest not at all.

Drawing a glyph again takes 60 to 200 µs, unpacking it 7 to 15; packed it takes a fifth to a third
of its pixels. What has been packed once stays so, so that letting go of its pixels costs nothing.
"""

from __future__ import annotations

import sys
import zlib
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Dict, Optional, Tuple

import numpy as np

from ocrdata.render.rasters import Glyph

# Bytes in a process, where pictures are kept beside them and where not, and what a glyph takes
# besides its pixels.
KEPT_BYTES, MORE_BYTES = 8 << 20, 20 << 20
PACKED_BYTES = 14 << 20
_OVERHEAD, _PACKED_OVERHEAD = 400, 320
# Higher levels save a tenth, for twice the time.
_LEVEL = 1


def _pixels(glyph: Glyph) -> np.ndarray:
    pixels: Any = glyph.own if glyph.cell is None else glyph.cell
    return pixels


def _pack(glyph: Glyph) -> Glyph:
    """Returns the glyph with (packed bytes, shape) instead of its pixels."""
    pixels = _pixels(glyph)
    small: Any = (zlib.compress(pixels.tobytes(), _LEVEL), pixels.shape)
    return glyph._replace(cell=small) if glyph.own is None else glyph._replace(own=small)


def _unpack(packed: Glyph) -> Glyph:
    data, shape = packed.cell if packed.own is None else packed.own  # type: ignore[misc]
    pixels = np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)
    return packed._replace(cell=pixels) if packed.own is None else packed._replace(own=pixels)


class _Table(Dict[str, Glyph]):
    """The glyphs of a face at a size; what is not there is unpacked, or drawn."""

    def __init__(self, store: GlyphStore, draw: Callable[[str], Glyph]) -> None:
        self.draw = draw
        self.packed: Dict[str, Glyph] = {}
        self._store = store

    def __missing__(self, character: str) -> Glyph:
        # One object for a character in all tables: a glyph's key is as large as a small glyph.
        character = sys.intern(character)
        packed: Optional[Glyph] = self.packed.get(character)
        found = self.draw(character) if packed is None else _unpack(packed)
        self[character] = found
        self._store.note(self, character, found)
        return found


class GlyphStore:
    """The glyphs of all faces and sizes; `draw` makes one of a face, a size and a character.

    The pixels of `kept_bytes` stay as they are.
    """

    def __init__(self, draw: Callable[[int, int, str], Glyph], kept_bytes: int) -> None:
        self._draw, self._room = draw, kept_bytes
        self._tables: Dict[Tuple[int, int], _Table] = {}
        # In the order in which they came: table and character in turns, to save pairs.
        self._kept: Deque[Any] = deque()
        self._packed: Deque[Any] = deque()
        self._kept_bytes = self._packed_bytes = 0

    def table(self, face: int, size: int) -> Dict[str, Glyph]:
        """Returns the glyphs of a face at a size, by character."""
        found = self._tables.get((face, size))
        if found is None:
            draw = partial(self._draw, face, size)
            found = self._tables[face, size] = _Table(self, draw)
        return found

    def note(self, table: _Table, character: str, glyph: Glyph) -> None:
        """Counts a glyph, and lets go of the oldest quarter where there are too many."""
        self._kept += (table, character)
        self._kept_bytes += _pixels(glyph).nbytes + _OVERHEAD
        if self._kept_bytes > self._room:
            for _ in range(len(self._kept) // 8 or 1):
                self._pack(self._kept.popleft(), self._kept.popleft())

    def _pack(self, table: _Table, character: str) -> None:
        glyph = table.pop(character)
        self._kept_bytes -= _pixels(glyph).nbytes + _OVERHEAD
        if character in table.packed:
            return
        packed = table.packed[character] = _pack(glyph)
        self._packed += (table, character)
        self._packed_bytes += _size_of(packed)
        if self._packed_bytes > PACKED_BYTES:
            for _ in range(len(self._packed) // 8 or 1):
                oldest, character = self._packed.popleft(), self._packed.popleft()
                self._packed_bytes -= _size_of(oldest.packed.pop(character))


def _size_of(packed: Glyph) -> int:
    small: Any = packed.cell if packed.own is None else packed.own
    return len(small[0]) + _PACKED_OVERHEAD
