"""Glyphs in bounded memory: some as they are, more of them packed, the rest not at all.

Drawing a glyph again takes 60 to 200 µs, unpacking it 5 to 10; packed it takes a fifth to a third
of its pixels. What has been packed once stays so, so that letting go of its pixels costs nothing.

Who is asked for again and again comes back often, and what has come back most often stays longest:
with text, where few characters make most of a page, a third fewer are missed than by age alone.
Nothing has to be noted where a glyph is found.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Tuple

import numpy as np

from ocrdata.render.text.rasters import Glyph


class MemoryBudget(NamedTuple):
    """How many bytes of glyphs a process holds, as they are and packed."""

    kept: int
    packed: int


# Where pictures are kept beside them, and where not. Three fonts' glyphs at the masters of `word`
# take 12 to 16 MB packed: where those do not fit, a seventh of its time goes into drawing again.
SMALL_CACHE, LARGE_CACHE = MemoryBudget(4 << 20, 15 << 20), MemoryBudget(18 << 20, 14 << 20)
# What a glyph takes besides its pixels.
_OVERHEAD, _PACKED_OVERHEAD = 400, 200
# How they are packed: with fixed codes, which saves a table a glyph, 5 µs are enough to unpack one
# (9 with codes of its own), in no more bytes. Higher levels save a twentieth, for twice the time.
_LEVEL, _WINDOW, _MEMORY = 3, -12, 5
# So much of the room is made free at once, and so many returns are told apart.
_FREED, _RANKS = 0.1, 16
_MOST_RETURNS = 255


# Of a packed glyph: how often it has come back, left, top, right, bottom, row, the pixels' height
# and width, whether they are a cell, and the advance. One string of bytes takes a third of what a
# tuple of them would.
_HEAD = struct.Struct("<B5h2H?d")


def _pixels(glyph: Glyph) -> np.ndarray:
    pixels: Any = glyph.own if glyph.cell is None else glyph.cell
    return pixels


def _pack(glyph: Glyph) -> bytearray:
    pixels = _pixels(glyph)
    left, top, right, bottom, advance, cell, row, _ = glyph
    head = _HEAD.pack(0, left, top, right, bottom, row, *pixels.shape, cell is not None, advance)
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_FIXED)
    return bytearray(head + packer.compress(pixels.tobytes()) + packer.flush())


def _unpack(packed: bytearray) -> Glyph:
    """Returns a packed glyph, and counts that it has come back."""
    packed[0] = min(packed[0] + 1, _MOST_RETURNS)
    _, left, top, right, bottom, row, height, width, in_cell, advance = _HEAD.unpack_from(packed)
    data = zlib.decompress(packed[_HEAD.size :], _WINDOW, height * width or 1)
    pixels = np.frombuffer(data, np.uint8).reshape(height, width)
    cell, own = (pixels, None) if in_cell else (None, pixels)
    return Glyph(left, top, right, bottom, advance, cell, row, own)


class _Table(Dict[str, Glyph]):
    """The glyphs of a face at a size; what is not there is unpacked, or drawn."""

    def __init__(self, store: GlyphStore, draw: Callable[[str], Glyph]) -> None:
        self.draw = draw
        self.packed: Dict[str, bytearray] = {}
        self._store = store

    def __missing__(self, character: str) -> Glyph:
        # One object for a character in all tables: a glyph's key is as large as a small glyph.
        character = sys.intern(character)
        packed = self.packed.get(character)
        found = self.draw(character) if packed is None else _unpack(packed)
        self[character] = found
        self._store.note(self, character, found, packed[0] if packed else 0)
        return found


class GlyphStore:
    """The glyphs of all faces and sizes; `draw` makes one of a face, a size and a character."""

    def __init__(self, draw: Callable[[int, int, str], Glyph], room: MemoryBudget) -> None:
        self._draw, self._room = draw, room
        self._tables: Dict[Tuple[int, int], _Table] = {}
        # By how often they came back, then in the order in which they came: table and character
        # in turns, to save pairs.
        self._kept: List[Deque[Any]] = [deque() for _ in range(_RANKS)]
        self._packed: Deque[Any] = deque()
        self._kept_bytes = self._packed_bytes = 0

    def table(self, face: int, size: int) -> Dict[str, Glyph]:
        """Returns the glyphs of a face at a size, by character."""
        found = self._tables.get((face, size))
        if found is None:
            draw = partial(self._draw, face, size)
            found = self._tables[face, size] = _Table(self, draw)
        return found

    def note(self, table: _Table, character: str, glyph: Glyph, returns: int) -> None:
        """Counts a glyph, and lets go of others where there are too many."""
        self._kept[min(returns, _RANKS - 1)] += (table, character)
        self._kept_bytes += _pixels(glyph).nbytes + _OVERHEAD
        if self._kept_bytes > self._room.kept:
            while self._kept_bytes > self._room.kept * (1.0 - _FREED):
                rank = next(filter(None, self._kept))
                self._pack(rank.popleft(), rank.popleft())

    def _pack(self, table: _Table, character: str) -> None:
        glyph = table.pop(character)
        self._kept_bytes -= _pixels(glyph).nbytes + _OVERHEAD
        if character in table.packed:
            return
        packed = table.packed[character] = _pack(glyph)
        self._packed += (table, character)
        self._packed_bytes += len(packed) + _PACKED_OVERHEAD
        if self._packed_bytes > self._room.packed:
            while self._packed_bytes > self._room.packed * (1.0 - _FREED):
                self._drop(self._packed.popleft(), self._packed.popleft())

    def _drop(self, table: _Table, character: str) -> None:
        """Forgets a packed glyph, or gives it another round for half of its returns."""
        packed = table.packed[character]
        if packed[0]:
            packed[0] //= 2
            self._packed += (table, character)
            return
        del table.packed[character]
        self._packed_bytes -= len(packed) + _PACKED_OVERHEAD
