"""Runs of text to numbered glyphs with their places, by HarfBuzz."""

from __future__ import annotations

from functools import lru_cache
from typing import Dict, List, NamedTuple, Optional, Tuple

from ocrdata.errors import FontError
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.text.type_settings import PLAIN_SETTINGS, TypeSettings
from ocrdata.text.properties import script_of

# What HarfBuzz puts below a mark that has no letter.
_DOTTED_CIRCLE = "\u25cc"
_SHARED = ("Zyyy", "Zinh", "Zzzz")


class PlacedGlyph(NamedTuple):
    """A glyph by its number, the first character it stands for, and its place in ems.

    `x` runs to the right and `y` down from the run's start on the baseline.
    """

    number: int
    cluster: int
    x: float
    y: float


class ShapedRun(NamedTuple):
    """Glyphs from left to right, how far the pen moves, and whether all of the text is shown.

    `advances` are those of clusters, by their first character, in ems.
    """

    glyphs: Tuple[PlacedGlyph, ...]
    advance: float
    advances: Tuple[Tuple[int, float], ...]
    whole: bool


class Shaper:
    """Shapes runs of one direction and one script with one face."""

    def __init__(self, face: FontFace, settings: TypeSettings = PLAIN_SETTINGS) -> None:
        # Only texts that are shaped need it.
        import uharfbuzz

        self._harfbuzz, self._settings = uharfbuzz, settings
        blob = uharfbuzz.Blob.from_file_path(str(face.path))
        opened = uharfbuzz.Face(blob, face.index)
        if not opened.upem:
            raise FontError(str(face), "cannot be shaped with")
        self._em = float(opened.upem)
        self._font = uharfbuzz.Font(opened)
        self._font.scale = (opened.upem, opened.upem)
        if face.axes:
            self._font.set_variations(dict(face.axes))
        self._circle: Optional[int] = self._font.get_nominal_glyph(ord(_DOTTED_CIRCLE))
        self._features = dict(settings.features)

    def shape(self, text: str, backwards: bool, script: str) -> ShapedRun:
        """Returns the glyphs of a run; `backwards` runs from right to left."""
        buffer = self._harfbuzz.Buffer()
        buffer.add_codepoints(list(map(ord, text)))
        buffer.direction = "rtl" if backwards else "ltr"
        buffer.script = script
        if self._settings.language:
            buffer.language = self._settings.language
        self._harfbuzz.shape(self._font, buffer, self._features)
        glyphs: List[PlacedGlyph] = []
        advances: Dict[int, float] = {}
        pen, em = 0.0, self._em
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions):
            dx, dy, advance, _ = position.position
            cluster = info.cluster
            place = PlacedGlyph(info.codepoint, cluster, (pen + dx) / em, -dy / em)
            glyphs.append(place)
            advances[cluster] = advances.get(cluster, 0.0) + advance / em
            pen += advance
        numbers = {glyph.number for glyph in glyphs}
        whole = 0 not in numbers and (self._circle not in numbers or _DOTTED_CIRCLE in text)
        return ShapedRun(tuple(glyphs), pen / em, tuple(sorted(advances.items())), whole)


@lru_cache(maxsize=8192)
def script_runs(text: str) -> Tuple[Tuple[int, int, str], ...]:
    """Returns runs of one script; what all scripts share goes with what stands before it."""
    scripts = [script_of(character) for character in text]
    known = [script for script in scripts if script not in _SHARED]
    current = known[0] if known else "Zyyy"
    runs: List[Tuple[int, int, str]] = []
    for place, script in enumerate(scripts):
        current = current if script in _SHARED else script
        if runs and runs[-1][2] == current:
            runs[-1] = (runs[-1][0], place + 1, current)
        else:
            runs.append((place, place + 1, current))
    return tuple(runs)
