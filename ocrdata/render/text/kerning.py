"""Kerning of Latin pairs, from a font's GPOS or kern table.

FreeType reads only the old kern table, and Chinese fonts keep their pairs in GPOS. Pairs of
Chinese characters are not kerned by any font worth the search.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from fontTools.ttLib import TTFont

from ocrdata.render.fonts.font_face import FontFace, read_tables

# The end of Latin Extended-B: letters, digits and ASCII punctuation.
LATIN_END = "\u0250"


class Kerning:
    """The pair distances of one face, in ems."""

    def __init__(self, face: FontFace) -> None:
        with face.path.open("rb") as stream:
            font = read_tables(stream, face.index)
            self._names = {
                chr(point): name
                for point, name in font.getBestCmap().items()
                if chr(point) < LATIN_END
            }
            self._em = float(font["head"].unitsPerEm)
            self._tables = list(_pair_tables(font)) if "GPOS" in font else []
            self._old: Dict[Tuple[str, str], int] = {}
            if not self._tables and "kern" in font:
                for table in font["kern"].kernTables:
                    self._old.update(getattr(table, "kernTable", {}))
        self._known: Dict[Tuple[str, str], float] = {}

    def __bool__(self) -> bool:
        return bool(self._tables or self._old)

    def between(self, first: str, second: str) -> float:
        """Returns how much farther apart two characters stand, in ems: mostly below 0."""
        key = (first, second)
        if key not in self._known:
            self._known[key] = self._find(first, second) / self._em
        return self._known[key]

    def _find(self, first: str, second: str) -> float:
        left, right = self._names.get(first), self._names.get(second)
        if left is None or right is None:
            return 0.0
        for table in self._tables:
            value = _value(table, left, right)
            if value is not None:
                return float(value)
        return float(self._old.get((left, right), 0))


def _pair_tables(font: TTFont) -> Iterator[Any]:
    """Yields the subtables of the kern feature, in order."""
    gpos = font["GPOS"].table
    if gpos.FeatureList is None:
        return
    lookups: List[int] = []
    for record in gpos.FeatureList.FeatureRecord:
        if record.FeatureTag == "kern":
            lookups += record.Feature.LookupListIndex
    for index in sorted(set(lookups)):
        for table in gpos.LookupList.Lookup[index].SubTable:
            table = getattr(table, "ExtSubTable", table)
            if table.LookupType == 2:
                yield table


def _value(table: Any, left: str, right: str) -> Any:
    """Returns the distance a subtable gives a pair, None where it does not speak of it."""
    if left not in table.Coverage.glyphs:
        return None
    if table.Format == 1:
        pairs = table.PairSet[table.Coverage.glyphs.index(left)].PairValueRecord
        values = [pair.Value1 for pair in pairs if pair.SecondGlyph == right]
        return getattr(values[0], "XAdvance", 0) if values else None
    first = table.ClassDef1.classDefs.get(left, 0)
    second = table.ClassDef2.classDefs.get(right, 0)
    value = table.Class1Record[first].Class2Record[second].Value1
    return getattr(value, "XAdvance", 0)
