"""Texts that need shaping: which faces can draw them, and where their glyphs stand.

A text is cut where its direction, its script or its face changes; each piece is shaped as a whole.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.text.glyph_rasters import GlyphRaster
from ocrdata.render.text.shaping import ShapedRun, Shaper, script_runs
from ocrdata.render.text.type_settings import PLAIN_SETTINGS, TypeSettings
from ocrdata.text.bidi_runs import direction_runs
from ocrdata.text.properties import is_invisible

# Texts come again in each of their variants.
_REMEMBERED = 512


class ShapedFaces(NamedTuple):
    """The face of each character of a text that is to be shaped."""

    faces: Tuple[int, ...]


class PlacedRun(NamedTuple):
    """A shaped run with the face it is drawn with, and the place of its first character."""

    start: int
    text: str
    face: int
    run: ShapedRun


class TextShaper:
    """Shapes texts with the faces of a cache; opens those that are used."""

    def __init__(self, faces: Sequence[FontFace], settings: TypeSettings = PLAIN_SETTINGS) -> None:
        self.faces, self._settings = faces, settings
        self._shapers: Dict[int, Shaper] = {}
        self._rasters: Dict[int, GlyphRaster] = {}
        self._layout: Any = lru_cache(maxsize=_REMEMBERED)(self._shape)

    def raster(self, face: int) -> GlyphRaster:
        """Returns what draws the glyphs of a face."""
        if face not in self._rasters:
            self._rasters[face] = GlyphRaster(self.faces[face])
        return self._rasters[face]

    def layout(self, text: str, faces: ShapedFaces) -> Tuple[PlacedRun, ...]:
        """Returns the runs of a text from left to right."""
        found: Tuple[PlacedRun, ...] = self._layout(text, faces)
        return found

    def draws(self, text: str, faces: ShapedFaces) -> bool:
        """Says whether every character of a text is shown, and nothing else is."""
        return all(item.run.whole and self._shows(item) for item in self.layout(text, faces))

    def lists(self, face: int, text: str) -> bool:
        """Says whether a face's table has what a text needs at least; cheaper than to shape it."""
        return font_characters(self.faces[face]).lists(text)

    def _shape(self, text: str, faces: ShapedFaces) -> Tuple[PlacedRun, ...]:
        found = []
        for start, end, backwards in direction_runs(text):
            pieces = list(_pieces(text, start, end, faces.faces))
            for first, last, script, face in reversed(pieces) if backwards else pieces:
                run = self._shaper(face).shape(text[first:last], backwards, script)
                found.append(PlacedRun(first, text[first:last], face, run))
        return tuple(found)

    def _shaper(self, face: int) -> Shaper:
        if face not in self._shapers:
            self._shapers[face] = Shaper(self.faces[face], self._settings)
        return self._shapers[face]

    def _shows(self, item: PlacedRun) -> bool:
        """Says whether each cluster of a run that is to be seen has a glyph with ink."""
        raster = self.raster(item.face)
        inked = {g.cluster for g in item.run.glyphs if raster.is_drawn(g.number)}
        starts = [cluster for cluster, _ in item.run.advances]
        for cluster, end in zip(starts, [*starts[1:], len(item.text)]):
            part = item.text[cluster:end]
            unseen = all(one.isspace() or is_invisible(one) for one in part)
            if not unseen and cluster not in inked:
                return False
        return True


def _pieces(
    text: str, start: int, end: int, faces: Tuple[int, ...]
) -> List[Tuple[int, int, str, int]]:
    """Cuts a run of one direction by script and face: (start, end, script, face)."""
    found: List[Tuple[int, int, str, int]] = []
    for low, high, script in script_runs(text):
        for place in range(max(low, start), min(high, end)):
            if found and found[-1][1:] == (place, script, faces[place]):
                found[-1] = (found[-1][0], place + 1, script, faces[place])
            else:
                found.append((place, place + 1, script, faces[place]))
    return found
