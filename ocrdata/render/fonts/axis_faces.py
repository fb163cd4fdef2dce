"""Faces of variable fonts at places on their axes, made when a style first asks for them."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from ocrdata.render.fonts.font_face import Axes, FontFace, font_axes

# Weight, width in per cent of the usual one, slant in degrees; 0 is what a face has of its own.
AxisPlaces = Tuple[float, float, float]
OWN_PLACES: AxisPlaces = (0.0, 0.0, 0.0)
_TAGS = ("wght", "wdth", "slnt")


class AxisFaces:
    """The faces of a run and, behind them, the same at other places on their axes.

    `origins` says of each which of the run's faces it is: that has its characters.
    """

    def __init__(self, faces: Sequence[FontFace]) -> None:
        self.faces: List[FontFace] = list(faces)
        self.origins = list(range(len(faces)))
        self._known: Dict[Tuple[int, AxisPlaces], int] = {}

    def at(self, face: int, places: AxisPlaces) -> int:
        """Returns the index of a face at places on its axes, the same where it has none."""
        found = self._known.get((face, places))
        if found is None:
            found = self._known[face, places] = self._add(face, places)
        return found

    def _add(self, face: int, places: AxisPlaces) -> int:
        own = self.faces[face]
        axes = (*own.axes, *_wanted(own, places))
        if axes == own.axes:
            return face
        moved = FontFace(own.path, own.index, tuple(sorted(axes)), own.share)
        # Places beyond the ends of an axis are all its end.
        if moved not in self.faces:
            self.faces.append(moved)
            self.origins.append(self.origins[face])
        return self.faces.index(moved)


def _wanted(face: FontFace, places: AxisPlaces) -> Axes:
    """Returns the places that a face can take, but for what its own name says."""
    known = {axis.axisTag: axis for axis in font_axes(face.path, face.index)}
    fixed = dict(face.axes)
    return tuple(
        (tag, min(max(place, known[tag].minValue), known[tag].maxValue))
        for tag, place in zip(_TAGS, places)
        if place and tag in known and tag not in fixed
    )
