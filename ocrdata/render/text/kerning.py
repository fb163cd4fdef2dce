"""Kerning of Latin pairs, from a font's GPOS or kern table.

FreeType reads only the old kern table, and Chinese fonts keep their pairs in GPOS. Pairs of
Chinese characters are not kerned by any font worth the search. Of a font's tables only what Latin
pairs need is kept: some kilobytes, where the tables of a large font take megabytes.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from fontTools.ttLib import TTFont

from ocrdata.render.fonts.font_face import FontFace, read_tables

# The end of Latin Extended-B: letters, digits and ASCII punctuation.
LATIN_END = "\u0250"


class _Pairs(NamedTuple):
    """One subtable, of Latin glyphs: their classes as first and second of a pair, and distances.

    Where pairs are `listed` one by one, a glyph's class is its name.
    """

    first: Dict[str, Any]
    second: Dict[str, Any]
    values: Dict[Tuple[Any, Any], int]
    listed: bool

    def value(self, left: str, right: str) -> Optional[int]:
        """Returns the distance of a pair, None where the subtable does not speak of it."""
        if left not in self.first:
            return None
        other = right if self.listed else self.second.get(right, 0)
        return self.values.get((self.first[left], other), None if self.listed else 0)


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
            latin = frozenset(self._names.values())
            tables = _pair_tables(font) if "GPOS" in font else ()
            self._tables = [_pairs_of(table, latin) for table in tables]
            if not self._tables and "kern" in font:
                for table in font["kern"].kernTables:
                    self._tables.append(_old_pairs(getattr(table, "kernTable", {}), latin))
                # A later table has the last word there.
                self._tables.reverse()
        self._known: Dict[Tuple[str, str], float] = {}

    def __bool__(self) -> bool:
        return bool(self._tables)

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
            value = table.value(left, right)
            if value is not None:
                return float(value)
        return 0.0


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


def _pairs_of(table: Any, latin: "frozenset[str]") -> _Pairs:
    """Returns what a subtable of GPOS says of Latin pairs."""
    values: Dict[Tuple[Any, Any], int] = {}
    glyphs = table.Coverage.glyphs
    if table.Format == 1:
        first = {name: name for name in glyphs if name in latin}
        for name, pairs in zip(glyphs, table.PairSet):
            for pair in pairs.PairValueRecord if name in latin else ():
                if pair.SecondGlyph in latin:
                    # The first of two records of a pair counts.
                    values.setdefault((name, pair.SecondGlyph), _advance(pair.Value1))
        return _Pairs(first, {}, values, listed=True)
    left, right = table.ClassDef1.classDefs, table.ClassDef2.classDefs
    first = {name: left.get(name, 0) for name in glyphs if name in latin}
    second = {name: right[name] for name in latin if name in right}
    for one in set(first.values()):
        row = table.Class1Record[one].Class2Record
        for other in {0, *second.values()}:
            value = _advance(row[other].Value1)
            if value:
                values[one, other] = value
    return _Pairs(first, second, values, listed=False)


def _advance(value: Any) -> int:
    return getattr(value, "XAdvance", 0) or 0


def _old_pairs(pairs: Dict[Tuple[str, str], int], latin: "frozenset[str]") -> _Pairs:
    kept = {pair: value for pair, value in pairs.items() if latin.issuperset(pair)}
    return _Pairs({left: left for left, _ in kept}, {}, kept, listed=True)
