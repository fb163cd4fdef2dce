"""Which faces have which characters, looked up when a character is first met."""

from __future__ import annotations

from typing import Dict, Sequence, Set

from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.text.properties import JOINERS, is_invisible, needs_shaping


class FaceMasks(Dict[str, int]):
    """The faces that have a character, as bits, looked up when it is first met.

    `everywhere` are those that all faces have and that stand as they are; `shaped` are those of
    which only shaping tells whether, and as which glyphs, a face draws them.
    """

    def __init__(self, faces: Sequence[FontFace], shape_all: bool) -> None:
        self.faces, self._shape_all = faces, shape_all
        self.everywhere: Set[str] = set()
        self.shaped: Set[str] = set()

    def __missing__(self, character: str) -> int:
        shaped = self._shape_all or needs_shaping(character)
        if shaped:
            self.shaped.add(character)
        known = map(font_characters, self.faces)
        if is_invisible(character) and character not in JOINERS:
            able = [False] * len(self.faces)
        else:
            able = [one.lists(character) if shaped else character in one for one in known]
        found = self[character] = sum(1 << i for i, has in enumerate(able) if has)
        if all(able) and not shaped:
            self.everywhere.add(character)
        return found
