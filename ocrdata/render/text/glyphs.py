"""Glyphs drawn once and kept, and the choice of a face for a text.

Drawing a glyph costs ten to fifty times as much as composing with one, so a glyph is drawn once a
face and size. Sizes are few: lines are composed from masters and scaled by their one warp.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import reduce
from itertools import accumulate
from operator import and_
from typing import Dict, List, Sequence, Set, Tuple

from PIL import ImageFont

from ocrdata.errors import FontError
from ocrdata.render.text.face_characters import font_characters
from ocrdata.render.text.font_face import FontFace, freetype_error
from ocrdata.render.text.glyph_store import SMALL_CACHE, GlyphStore, MemoryBudget
from ocrdata.render.text.kerning import Kerning
from ocrdata.render.text.rasters import Glyph, draw_glyph
from ocrdata.text.properties import is_invisible, needs_shaping

FONTS_OPEN = 48  # files


class _Masks(Dict[str, int]):
    """The faces that have a character, as bits, looked up when it is first met.

    `everywhere` are those among them that all faces have.
    """

    def __init__(self, faces: Sequence[FontFace]) -> None:
        self.faces = faces
        self.everywhere: Set[str] = set()

    def __missing__(self, character: str) -> int:
        if is_invisible(character) or needs_shaping(character):
            self[character] = 0
            return 0
        able = [character in font_characters(face) for face in self.faces]
        found = self[character] = sum(1 << i for i, has in enumerate(able) if has)
        if all(able):
            self.everywhere.add(character)
        return found


class GlyphCache:
    """Draws glyphs and keeps them; one to a process.

    `latin` are faces for ASCII inside lines of the others. With `fallback` a character that the
    chosen face lacks is drawn by another one. `room` is what the glyphs may take.
    """

    def __init__(
        self,
        faces: Sequence[FontFace],
        latin: Sequence[FontFace] = (),
        fallback: bool = False,
        room: MemoryBudget = SMALL_CACHE,
    ) -> None:
        self.faces = [*faces, *latin]
        self.main = len(faces)
        self.fallback = fallback
        self._fonts: Dict[Tuple[int, int], ImageFont.FreeTypeFont] = {}
        self._store = GlyphStore(self._draw, room)
        self._kerning: Dict[int, Kerning] = {}
        self._masks = _Masks(self.faces)
        self._choices: Dict[int, Tuple[List[int], List[float]]] = {}

    # --- which face

    def _able(self, text: str) -> int:
        every = (1 << self.main) - 1
        if self._masks.everywhere.issuperset(text):
            return every
        if len(self.faces) > self.main:
            text = "".join(c for c in text if not (c.isascii() and self._masks[c] >> self.main))
        return reduce(and_, map(self._masks.__getitem__, text), every)

    def faces_for(self, text: str) -> List[int]:
        """Returns the indices of the faces that have every character of a text."""
        return self._choice(self._able(text))[0]

    def missing(self, text: str) -> str:
        """Returns a character that keeps a text from being drawn, "" where nothing does."""
        if self._able(text):
            return ""
        nowhere = [character for character in text if not self._masks[character]]
        if nowhere:
            return nowhere[0]
        if self.fallback:
            return ""
        gaps = (sorted(set(text) - font_characters(face)) for face in self.faces[: self.main])
        return min(gaps, key=len)[0]

    def has(self, face: int, character: str) -> bool:
        """Says whether a face has a character."""
        return bool(self._masks[character] >> face & 1)

    def _choice(self, mask: int) -> Tuple[List[int], List[float]]:
        found = self._choices.get(mask)
        if found is None:
            able = [i for i in range(len(self.faces)) if mask >> i & 1]
            shares = list(accumulate(self.faces[i].share for i in able))
            found = self._choices[mask] = (able, [share / shares[-1] for share in shares])
        return found

    def _pick(self, mask: int, place: float) -> int:
        able, shares = self._choice(mask)
        return able[min(bisect_right(shares, place), len(able) - 1)]

    def pick(self, text: str, place: float) -> "int | List[int]":
        """Returns the face at `place` in [0, 1) of those that can draw a text, by their shares.

        A list of faces, one a character, where the text needs several.
        """
        mask = self._able(text)
        latin = len(self.faces) > self.main and any(c.isascii() for c in text)
        if mask and not latin:
            return self._pick(mask, place)
        if not mask and self.missing(text):
            raise FontError(", ".join(map(str, self.faces)), f"cannot draw {text!r}")
        base = self._pick(mask or (1 << self.main) - 1, place)
        return [self._face_of(character, base, place) for character in text]

    def _face_of(self, character: str, base: int, place: float) -> int:
        mask = self._masks[character]
        if character.isascii() and mask >> self.main:
            return self._pick(mask >> self.main << self.main, place)
        return base if mask >> base & 1 else self._pick(mask, place)

    # --- what it looks like

    def font(self, face: int, size: int) -> ImageFont.FreeTypeFont:
        """Returns the Pillow font of a face at `size` pixels an em."""
        key = (face, size)
        if key not in self._fonts:
            if len(self._fonts) >= FONTS_OPEN:
                self._fonts.clear()
            self._fonts[key] = self.faces[face].open(size)
        return self._fonts[key]

    def glyph(self, face: int, size: int, character: str) -> Glyph:
        """Returns a glyph of a face at a size."""
        return self._store.table(face, size)[character]

    def _draw(self, face: int, size: int, character: str) -> Glyph:
        try:
            return draw_glyph(self.font(face, size), character, size)
        except OSError as error:
            raise freetype_error(self.faces[face], error, character) from error

    def glyphs(self, face: "int | List[int]", size: int, text: str) -> List[Glyph]:
        """Returns the glyphs of a text."""
        if isinstance(face, int):
            return list(map(self._store.table(face, size).__getitem__, text))
        return [self._store.table(one, size)[character] for one, character in zip(face, text)]

    def kerning(self, face: int) -> Kerning:
        """Returns the kerning of a face."""
        if face not in self._kerning:
            self._kerning[face] = Kerning(self.faces[face])
        return self._kerning[face]
