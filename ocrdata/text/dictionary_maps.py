"""The three generations of a dictionary's JSON files.

    plain (written by default)  char_dict.json {"21407": "原"}, ord_2_index_map.json
                                {"21407": "0"}, index_2_ord_map.json {"0": "21407"}
    english2017                 char_dict.json {"97": "a"}, ord_map.json {"0": "97"}
    suffixed                    char_dict.json {"97_ord": "a"}, ord_map.json
                                {"0_index": "97", "97_ord": "0"}

What each holds is in docs/formats.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, List, Mapping, Sequence, Tuple

from ocrdata.base.storage.staging import read_json
from ocrdata.errors import CharsetError, InputError, UnknownNameError

CHAR_DICT = "char_dict.json"
ORD_TO_INDEX = "ord_2_index_map.json"
INDEX_TO_ORD = "index_2_ord_map.json"
ORD_MAP = "ord_map.json"
MAPS = (CHAR_DICT, ORD_TO_INDEX, INDEX_TO_ORD, ORD_MAP)
GENERATIONS = ("plain", "english2017", "suffixed")

REBUILD = "Build it again: ocrdata gen-chars --overwrite, then ocrdata build-dict --overwrite."


def read_maps(files: Sequence[Path]) -> List[str]:
    """Returns the characters that JSON files of any generation give classes, in class order.

    Raises CharsetError naming the file: entries that are none, files that disagree, gaps in the
    indices.
    """
    merged = {}  # type: Dict[int, int]
    points = set()  # type: set[int]
    for path in files:
        pairs, alone = _parse_map(path)
        for index, point in pairs:
            if merged.setdefault(index, point) != point:
                problem = (
                    f"gives class {index} to U+{point:04X}, but another entry to "
                    f"U+{merged[index]:04X}"
                )
                raise CharsetError(path, problem, hint=REBUILD)
        points.update(alone)
    return _from_pairs(files, merged, points)


def _from_pairs(files: Sequence[Path], merged: Dict[int, int], points: "set[int]") -> List[str]:
    where = files[-1]
    if points and not merged:
        hint = f"Name the folder, or the {ORD_TO_INDEX} beside it."
        raise CharsetError(where, "holds characters but no class indices", hint=hint)
    if sorted(merged) != list(range(len(merged))):
        gap = next(i for i in range(len(merged) + 1) if i not in merged)
        raise CharsetError(where, f"has no class {gap}: indices must run from 0")
    ordered = [merged[index] for index in range(len(merged))]
    if len(set(ordered)) != len(ordered):
        double = next(point for point in ordered if ordered.count(point) > 1)
        raise CharsetError(where, f"gives two classes to U+{double:04X}")
    odd = points.symmetric_difference(ordered) if points else set()
    if odd:
        problem = f"the files disagree on U+{min(odd):04X}"
        raise CharsetError(where, problem, hint=REBUILD)
    return [chr(point) for point in ordered]


def _parse_map(path: Path) -> Tuple[List[Tuple[int, int]], List[int]]:
    """Returns the (index, code point) pairs of one JSON file, or the code points it lists."""
    try:
        content = read_json(path)
    except InputError as error:
        raise CharsetError(path, error.problem, error.line) from error
    if not isinstance(content, dict) or not all(isinstance(v, str) for v in content.values()):
        raise CharsetError(path, "is not an object of strings")
    pairs, points = [], []
    for key, value in content.items():
        number, _, suffix = key.partition("_")
        try:
            if len(value) == 1 and suffix in ("", "ord") and not _is_map(path):
                if ord(value) != int(number):
                    raise ValueError("another code point")
                points.append(int(number))
            elif suffix == "ord" or (not suffix and path.name == ORD_TO_INDEX):
                pairs.append((int(value), int(number)))
            elif suffix in ("", "index"):
                pairs.append((int(number), int(value)))
            else:
                raise ValueError("unknown suffix")
        except ValueError as error:
            problem = f"{key!r}: {value!r} is not an entry of a dictionary"
            raise CharsetError(path, problem) from error
    if any(index < 0 or not 0 <= point <= 0x10FFFF for index, point in pairs):
        raise CharsetError(path, "holds a number that is neither a class nor a code point")
    return pairs, points


def _is_map(path: Path) -> bool:
    # By name, because "5": "7" reads as a pair in a map and as a wrong character elsewhere.
    return "map" in path.name


def build_maps(characters: Sequence[str], generation: str = "plain") -> Dict[str, bytes]:
    """Returns the JSON files by name as one of GENERATIONS had them; raises UnknownNameError."""
    if generation not in GENERATIONS:
        raise UnknownNameError("dictionary generation", generation, GENERATIONS)
    return _BUILDERS[generation](characters)


def _plain(characters: Sequence[str]) -> Dict[str, bytes]:
    points = [str(ord(character)) for character in characters]
    return {
        CHAR_DICT: _dumps(dict(zip(points, characters))),
        ORD_TO_INDEX: _dumps({point: str(i) for i, point in enumerate(points)}),
        INDEX_TO_ORD: _dumps({str(i): point for i, point in enumerate(points)}),
    }


def _english2017(characters: Sequence[str]) -> Dict[str, bytes]:
    points = [str(ord(character)) for character in characters]
    return {
        CHAR_DICT: _dumps(dict(zip(points, characters)), indent=2),
        ORD_MAP: _dumps({str(i): point for i, point in enumerate(points)}, indent=2),
    }


def _suffixed(characters: Sequence[str]) -> Dict[str, bytes]:
    points = [str(ord(character)) for character in characters]
    names = {f"{point}_ord": chr(int(point)) for point in points}
    maps = {f"{i}_index": point for i, point in enumerate(points)}
    maps.update({f"{point}_ord": str(i) for i, point in enumerate(points)})
    return {
        CHAR_DICT: _dumps(names, indent=4, sort_keys=True),
        ORD_MAP: _dumps(maps, indent=4, sort_keys=True),
    }


def _dumps(mapping: Mapping[str, str], **style: object) -> bytes:
    return json.dumps(mapping, **style).encode("ascii")  # type: ignore[arg-type]


_BUILDERS = {"plain": _plain, "english2017": _english2017, "suffixed": _suffixed}
assert tuple(_BUILDERS) == GENERATIONS, "one builder for each generation"
