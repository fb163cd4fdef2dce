"""Glyphs drawn once and kept, and the choice of a face for a text.

Drawing a glyph costs ten to fifty times as much as composing with one, so a glyph is drawn once a
face and size. Sizes are few: lines are composed from masters and scaled by their one warp.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache, reduce
from itertools import accumulate
from operator import and_
from typing import Any, Dict, Iterable, List, Sequence, Tuple

from PIL import ImageFont

from ocrdata.errors import FontError
from ocrdata.render.fonts.axis_faces import OWN_PLACES, AxisFaces, AxisPlaces
from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import FontFace, freetype_error
from ocrdata.render.text.face_masks import FaceMasks
from ocrdata.render.text.glyph_rasters import glyph_of_key
from ocrdata.render.text.glyph_store import SMALL_CACHE, GlyphStore, MemoryBudget
from ocrdata.render.text.kerning import Kerning
from ocrdata.render.text.rasters import Glyph, draw_glyph
from ocrdata.render.text.shaped_text import ShapedFaces, TextShaper
from ocrdata.render.text.shaping import script_runs
from ocrdata.render.text.type_settings import PLAIN_SETTINGS, TypeSettings
from ocrdata.text.properties import invisible_in

FONTS_OPEN = 48  # files
# Of how many texts it is remembered which faces can shape them.
_SHAPED_TEXTS = 4096


class GlyphCache:
    """Draws glyphs and keeps them; one to a process.

    `latin` are faces for ASCII inside lines of the others. With `fallback` a character that the
    chosen face lacks is drawn by another one. `room` is what the glyphs may take. With `settings`
    every text is shaped.
    """

    def __init__(
        self,
        faces: Sequence[FontFace],
        latin: Sequence[FontFace] = (),
        fallback: bool = False,
        room: MemoryBudget = SMALL_CACHE,
        settings: TypeSettings = PLAIN_SETTINGS,
    ) -> None:
        self.faces = [*faces, *latin]
        self.main = len(faces)
        self.mains = range(self.main)
        self.fallback = fallback
        self._fonts: Dict[Tuple[int, int], ImageFont.FreeTypeFont] = {}
        self._store = GlyphStore(self._draw, room)
        self._kerning: Dict[int, Kerning] = {}
        self._masks = FaceMasks(self.faces, settings != PLAIN_SETTINGS)
        self._choices: Dict[int, Tuple[List[int], List[float]]] = {}
        self._drawn = AxisFaces(self.faces)
        self.shaper = TextShaper(self._drawn.faces, settings)
        self._shaped: Any = lru_cache(maxsize=_SHAPED_TEXTS)(self._able_shaped)

    # --- which face

    def _able(self, text: str) -> int:
        every = (1 << self.main) - 1
        if self._masks.everywhere.issuperset(text):
            return every
        whole, shaped = text, self._masks.shaped
        if shaped and not shaped.isdisjoint(text):
            return int(self._shaped(whole))
        if len(self.faces) > self.main:
            text = "".join(c for c in text if not (c.isascii() and self._masks[c] >> self.main))
        found = reduce(and_, map(self._masks.__getitem__, text), every)
        # Characters that were met only now.
        return found if shaped.isdisjoint(whole) else int(self._shaped(whole))

    def _able_shaped(self, text: str) -> int:
        """Returns the faces, as bits, that draw all of a text when it is shaped."""
        if invisible_in(text):
            return 0
        found = 0
        for face in range(self.main):
            faces = self._with_latin(text, face, 0.0)
            own = "".join(c for c, one in zip(text, faces.faces) if one == face)
            if self.shaper.lists(face, own) and self.shaper.draws(text, faces):
                found |= 1 << face
        return found

    def _with_latin(self, text: str, face: int, place: float) -> ShapedFaces:
        if len(self.faces) == self.main:
            return ShapedFaces((face,) * len(text))
        return ShapedFaces(tuple(self._latin_or(character, face, place) for character in text))

    def _latin_or(self, character: str, face: int, place: float) -> int:
        latin = self._masks[character] >> self.main if character.isascii() else 0
        return self._pick(latin << self.main, place) if latin else face

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
        shaped = [character for character in text if character in self._masks.shaped]
        if self.fallback:
            return "" if not shaped or self._in_parts(text, 0.0) else shaped[0]
        if shaped:
            unlisted = (c for c in text if not any(self._masks[c] >> i & 1 for i in self.mains))
            return invisible_in(text) or next(unlisted, shaped[0])
        gaps = (sorted(set(text) - font_characters(face)) for face in self.faces[: self.main])
        return min(gaps, key=len)[0]

    def has(self, face: int, character: str) -> bool:
        """Says whether a face has a character."""
        return bool(self._masks[character] >> self._drawn.origins[face] & 1)

    def is_listed(self, character: str) -> bool:
        """Says whether any face has a character, be it only as a part of shaped texts."""
        return bool(self._masks[character])

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

    def pick(
        self, text: str, place: float, axes: AxisPlaces = OWN_PLACES
    ) -> "int | List[int] | ShapedFaces":
        """Returns the face at `place` in [0, 1) of those that can draw a text, by their shares.

        A list of faces, one a character, where the text needs several; ShapedFaces where it is to
        be shaped. Of a variable font it is the face at places on its axes.
        """
        found = self._pick_faces(text, place)
        if axes == OWN_PLACES:
            return found
        if isinstance(found, int):
            return self._drawn.at(found, axes)
        shaped = isinstance(found, ShapedFaces)
        faces: Iterable[int] = found.faces if isinstance(found, ShapedFaces) else found
        moved = [self._drawn.at(one, axes) for one in faces]
        return ShapedFaces(tuple(moved)) if shaped else moved

    def _pick_faces(self, text: str, place: float) -> "int | List[int] | ShapedFaces":
        mask = self._able(text)
        if self._masks.shaped and not self._masks.shaped.isdisjoint(text):
            return self._pick_shaped(text, mask, place)
        latin = len(self.faces) > self.main and any(c.isascii() for c in text)
        if mask and not latin:
            return self._pick(mask, place)
        if not mask and self.missing(text):
            raise FontError(", ".join(map(str, self.faces)), f"cannot draw {text!r}")
        base = self._pick(mask or (1 << self.main) - 1, place)
        return [self._face_of(character, base, place) for character in text]

    def _pick_shaped(self, text: str, mask: int, place: float) -> ShapedFaces:
        if mask:
            return self._with_latin(text, self._pick(mask, place), place)
        found = self._in_parts(text, place) if self.fallback else ()
        if not found:
            raise FontError(", ".join(map(str, self.faces)), f"cannot draw {text!r}")
        return ShapedFaces(found)

    def _in_parts(self, text: str, place: float) -> Tuple[int, ...]:
        """Returns a face for each character, one a script; () where a script has none."""
        found: List[int] = []
        for start, end, _ in script_runs(text):
            part = text[start:end]
            mask = self._able(part)
            if mask:
                base = self._pick(mask, place)
                found += (self._latin_or(character, base, place) for character in part)
            elif self._masks.shaped.isdisjoint(part) and all(map(self._masks.get, part)):
                found += (self._face_of(character, 0, place) for character in part)
            else:
                return ()
        return tuple(found)

    def _face_of(self, character: str, base: int, place: float) -> int:
        mask = self._masks[character]
        if character.isascii() and mask >> self.main:
            return self._pick(mask >> self.main << self.main, place)
        return base if mask >> base & 1 else self._pick(mask, place)

    # --- what it looks like

    def font(self, face: int, size: int) -> ImageFont.FreeTypeFont:
        """Returns the Pillow font of a face at `size` pixels an em."""
        key = (face, size)
        # The one that was asked for last comes last.
        font = self._fonts.pop(key, None) or self._drawn.faces[face].open(size)
        if len(self._fonts) >= FONTS_OPEN:
            del self._fonts[next(iter(self._fonts))]
        self._fonts[key] = font
        return font

    def glyph(self, face: int, size: int, character: str) -> Glyph:
        """Returns a glyph of a face at a size."""
        return self._store.table(face, size)[character]

    def numbered_glyphs(self, face: int, size: int) -> Dict[str, Glyph]:
        """Returns the glyphs of a face at a size by `glyph_key`: those of shaped texts."""
        # Kept beside the characters' glyphs: of a negative face.
        return self._store.table(~face, size)

    def _draw(self, face: int, size: int, character: str) -> Glyph:
        if face < 0:
            number, phase = glyph_of_key(character)
            return self.shaper.raster(~face).draw(number, size, phase)
        try:
            return draw_glyph(self.font(face, size), character, size)
        except OSError as error:
            raise freetype_error(self._drawn.faces[face], error, character) from error

    def glyphs(self, face: "int | List[int]", size: int, text: str) -> List[Glyph]:
        """Returns the glyphs of a text."""
        if isinstance(face, int):
            return list(map(self._store.table(face, size).__getitem__, text))
        return [self._store.table(one, size)[character] for one, character in zip(face, text)]

    def kerning(self, face: int) -> Kerning:
        """Returns the kerning of a face, that of its own place on its axes."""
        face = self._drawn.origins[face]
        if face not in self._kerning:
            self._kerning[face] = Kerning(self.faces[face])
        return self._kerning[face]
