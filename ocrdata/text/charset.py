"""The characters a model can read, in class order, and the three generations of dictionary files.

A class is one code point; class i is character i, and the CTC blank is the class behind the last
character. On disk (see docs/formats.md):

    chinese.txt                 one character a line, UTF-8, LF
    plain (written by default)  char_dict.json {"21407": "原"}, ord_2_index_map.json
                                {"21407": "0"}, index_2_ord_map.json {"0": "21407"}
    english2017                 char_dict.json {"97": "a"}, ord_map.json {"0": "97"}
    suffixed                    char_dict.json {"97_ord": "a"}, ord_map.json
                                {"0_index": "97", "97_ord": "0"}
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, List, Mapping, Sequence, Tuple

from ocrdata.base.outdir import read_json, write_atomic
from ocrdata.base.remote import as_path
from ocrdata.errors import CharsetError, InputError, PathLike, UnknownNameError

CHARACTER_LIST = "chinese.txt"
DICTIONARY_DIR = "char_dict"
CHAR_DICT = "char_dict.json"
ORD_TO_INDEX = "ord_2_index_map.json"
INDEX_TO_ORD = "index_2_ord_map.json"
ORD_MAP = "ord_map.json"
GENERATIONS = ("plain", "english2017", "suffixed")

_REBUILD = "Build it again: ocrdata gen-chars --overwrite, then ocrdata build-dict --overwrite."


@dataclass(frozen=True)
class Charset:
    """Characters in class order: distinct single code points, none of them a line break."""

    characters: Tuple[str, ...]
    _index: Dict[str, int] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        index = {character: i for i, character in enumerate(self.characters)}
        if len(index) != len(self.characters):
            raise ValueError("characters are repeated")
        if any(len(character) != 1 for character in index) or "\n" in index:
            raise ValueError("each class must be one character, and no line break")
        object.__setattr__(self, "_index", index)

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._index

    @property
    def num_classes(self) -> int:
        """Characters and the blank."""
        return len(self.characters) + 1

    @property
    def blank(self) -> int:
        """The CTC blank: the last class."""
        return len(self.characters)

    @property
    def sha256(self) -> str:
        """The hash of this dictionary's chinese.txt: models and records carry it."""
        return hashlib.sha256(self.as_text().encode("utf-8")).hexdigest()

    def as_text(self) -> str:
        """Returns the content of chinese.txt."""
        return "".join(character + "\n" for character in self.characters)

    def missing(self, text: str) -> List[str]:
        """Returns the characters of a text that are not in the dictionary, each once."""
        return [character for character in dict.fromkeys(text) if character not in self._index]

    def encode(self, text: str) -> List[int]:
        """Returns the class indices of a text; raises CharsetError for an unknown character."""
        try:
            return [self._index[character] for character in text]
        except KeyError:
            unknown = self.missing(text)[0]
        problem = "{!r} (U+{:04X}) of {!r} is not in its {} characters".format(
            unknown, ord(unknown), text, len(self)
        )
        raise CharsetError("dictionary", problem, hint=_REBUILD)

    def decode(self, indices: Iterable[int]) -> str:
        """Returns the text of class indices; blanks and padding (-1) are left out.

        Raises CharsetError for an index that is no class.
        """
        kept = [index for index in indices if index not in (-1, self.blank)]
        if any(not 0 <= index < len(self) for index in kept):
            problem = "{} is no class of {}".format(max(kept, key=abs), self.num_classes)
            raise CharsetError("dictionary", problem, hint="It is another model's dictionary.")
        return "".join(self.characters[index] for index in kept)


def collect_characters(texts: Iterable[str]) -> Charset:
    """Returns the distinct characters of texts, by code point; line breaks are left out."""
    found = set()  # type: set[str]
    for text in texts:
        found.update(text)
    return Charset(tuple(sorted(found - {"\n", "\r"})))


def read_charset(path: PathLike) -> Charset:
    """Reads chinese.txt, a dictionary directory, or one JSON file of any generation.

    Raises CharsetError naming file and line: a line of several characters, an empty or repeated
    one, maps that disagree, gaps in the indices.
    """
    source = as_path(path)
    if source.is_dir():
        return _read_directory(source)
    if source.suffix == ".json":
        return _read_maps([source])
    return _read_list(source)


def _read_list(path: Path) -> Charset:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CharsetError(path, "cannot be read: {}".format(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise CharsetError(path, "is not UTF-8 ({})".format(error.reason)) from error
    lines = {}  # type: Dict[str, int]
    # Only LF and CRLF end a line: splitlines would also cut at characters that may be classes.
    for number, line in enumerate(text.split("\n"), 1):
        character = line[:-1] if line.endswith("\r") else line
        if not character and number == text.count("\n") + 1:
            break
        if len(character) != 1:
            problem = "holds {} characters ({!r}) instead of one".format(len(character), character)
            raise CharsetError(path, problem, number)
        if character in lines:
            problem = "repeats {!r} of line {}".format(character, lines[character])
            raise CharsetError(path, problem, number, "Delete one of the two lines.")
        lines[character] = number
    return _charset(path, list(lines))


def _charset(path: PathLike, characters: Sequence[str]) -> Charset:
    if not characters:
        raise CharsetError(path, "holds no characters")
    return Charset(tuple(characters))


def _read_directory(directory: Path) -> Charset:
    known = (CHAR_DICT, ORD_TO_INDEX, INDEX_TO_ORD, ORD_MAP)
    files = [directory / name for name in known if (directory / name).is_file()]
    if any(path.name != CHAR_DICT for path in files):
        return _read_maps(files)
    if (directory / CHARACTER_LIST).is_file():
        return _read_list(directory / CHARACTER_LIST)
    if (directory / DICTIONARY_DIR).is_dir():  # a data folder
        return _read_directory(directory / DICTIONARY_DIR)
    raise CharsetError(
        directory,
        "holds no dictionary ({} or {})".format(ORD_TO_INDEX, ORD_MAP),
        hint="Make one: ocrdata build-dict.",
    )


def _read_maps(files: Sequence[Path]) -> Charset:
    """Joins what the files say of (index, code point); each file must say the same."""
    merged = {}  # type: Dict[int, int]
    points = set()  # type: set[int]
    for path in files:
        pairs, alone = _parse_map(path)
        for index, point in pairs:
            if merged.setdefault(index, point) != point:
                problem = "gives class {} to U+{:04X}, but another entry to U+{:04X}".format(
                    index, point, merged[index]
                )
                raise CharsetError(path, problem, hint=_REBUILD)
        points.update(alone)
    return _from_pairs(files, merged, points)


def _from_pairs(files: Sequence[Path], merged: Dict[int, int], points: "set[int]") -> Charset:
    where = files[-1]
    if points and not merged:
        hint = "Name the folder, or the {} beside it.".format(ORD_TO_INDEX)
        raise CharsetError(where, "holds characters but no class indices", hint=hint)
    if sorted(merged) != list(range(len(merged))):
        gap = next(i for i in range(len(merged) + 1) if i not in merged)
        raise CharsetError(where, "has no class {}: indices must run from 0".format(gap))
    ordered = [merged[index] for index in range(len(merged))]
    if len(set(ordered)) != len(ordered):
        double = next(point for point in ordered if ordered.count(point) > 1)
        raise CharsetError(where, "gives two classes to U+{:04X}".format(double))
    odd = points.symmetric_difference(ordered) if points else set()
    if odd:
        problem = "the files disagree on U+{:04X}".format(min(odd))
        raise CharsetError(where, problem, hint=_REBUILD)
    return _charset(where, [chr(point) for point in ordered])


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
            problem = "{!r}: {!r} is no entry of a dictionary".format(key, value)
            raise CharsetError(path, problem) from error
    if any(index < 0 or not 0 <= point <= 0x10FFFF for index, point in pairs):
        raise CharsetError(path, "holds a number that is no class or no code point")
    return pairs, points


def _is_map(path: Path) -> bool:
    # By name, because "5": "7" reads as a pair in a map and as a wrong character elsewhere.
    return "map" in path.name


def write_characters(path: PathLike, charset: Charset) -> None:
    """Writes chinese.txt."""
    write_atomic(path, charset.as_text().encode("utf-8"))


def write_dictionary(directory: PathLike, charset: Charset, generation: str = "plain") -> List[str]:
    """Writes the dictionary's JSON files as one of GENERATIONS had them; returns their names.

    Raises UnknownNameError for another generation.
    """
    if generation not in GENERATIONS:
        raise UnknownNameError("dictionary generation", generation, GENERATIONS)
    files = _BUILDERS[generation](charset)
    for name, data in files.items():
        write_atomic(as_path(directory) / name, data)
    return list(files)


def _plain(charset: Charset) -> Dict[str, bytes]:
    points = [str(ord(character)) for character in charset.characters]
    return {
        CHAR_DICT: _dumps(dict(zip(points, charset.characters))),
        ORD_TO_INDEX: _dumps({point: str(i) for i, point in enumerate(points)}),
        INDEX_TO_ORD: _dumps({str(i): point for i, point in enumerate(points)}),
    }


def _english2017(charset: Charset) -> Dict[str, bytes]:
    points = [str(ord(character)) for character in charset.characters]
    return {
        CHAR_DICT: _dumps(dict(zip(points, charset.characters)), indent=2),
        ORD_MAP: _dumps({str(i): point for i, point in enumerate(points)}, indent=2),
    }


def _suffixed(charset: Charset) -> Dict[str, bytes]:
    points = [str(ord(character)) for character in charset.characters]
    characters = {"{}_ord".format(point): chr(int(point)) for point in points}
    maps = {"{}_index".format(i): point for i, point in enumerate(points)}
    maps.update({"{}_ord".format(point): str(i) for i, point in enumerate(points)})
    return {
        CHAR_DICT: _dumps(characters, indent=4, sort_keys=True),
        ORD_MAP: _dumps(maps, indent=4, sort_keys=True),
    }


def _dumps(mapping: Mapping[str, str], **style: object) -> bytes:
    return json.dumps(mapping, **style).encode("ascii")  # type: ignore[arg-type]


_BUILDERS = {"plain": _plain, "english2017": _english2017, "suffixed": _suffixed}
assert tuple(_BUILDERS) == GENERATIONS, "one builder for each generation"
