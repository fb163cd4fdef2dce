"""The characters a model can read, in class order.

A class is one code point; class i is character i, and the CTC blank is the class behind the last
character. On disk (see docs/formats.md) they are chinese.txt, one character a line (UTF-8, LF), or
the JSON files of a dictionary, which `ocrdata.text.dictionary_maps` knows.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, List, Sequence, Tuple

from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import CharsetError, PathLike
from ocrdata.text.dictionary_maps import (
    CHAR_DICT,
    MAPS,
    ORD_MAP,
    ORD_TO_INDEX,
    REBUILD,
    build_maps,
    read_maps,
)

CHARACTER_LIST = "chinese.txt"
DICTIONARY_DIR = "char_dict"
_BYTE_ORDER_MARK = "\ufeff"


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
        """Returns the content of chinese.txt.

        A first class U+FEFF has one more in front, as readers take the first for a signature.
        """
        text = "".join(character + "\n" for character in self.characters)
        return _BYTE_ORDER_MARK + text if text.startswith(_BYTE_ORDER_MARK) else text

    def missing(self, text: str) -> List[str]:
        """Returns the characters of a text that are not in the dictionary, each once."""
        return [character for character in dict.fromkeys(text) if character not in self._index]

    def encode(self, text: str) -> List[int]:
        """Returns the class indices of a text; raises CharsetError for an unknown character."""
        try:
            return list(map(self._index.__getitem__, text))
        except KeyError:
            unknown = self.missing(text)[0]
        problem = (
            f"{unknown!r} (U+{ord(unknown):04X}) of {text!r} is not in its {len(self)} characters"
        )
        raise CharsetError("dictionary", problem, hint=REBUILD)

    def decode(self, indices: Iterable[int]) -> str:
        """Returns the text of class indices; blanks and padding (-1) are left out.

        Raises CharsetError for an index that is not a class.
        """
        kept = [index for index in indices if index not in (-1, self.blank)]
        if any(not 0 <= index < len(self) for index in kept):
            problem = f"{max(kept, key=abs)} is not a class of {self.num_classes}"
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
        return _charset(source, read_maps([source]))
    return _read_list(source)


def _read_list(path: Path) -> Charset:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CharsetError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CharsetError(path, f"is not UTF-8 ({error.reason})") from error
    lines = {}  # type: Dict[str, int]
    # Only LF and CRLF end a line: splitlines would also cut at characters that may be classes.
    for number, line in enumerate(text.split("\n"), 1):
        character = line[:-1] if line.endswith("\r") else line
        if not character and number == text.count("\n") + 1:
            break
        if len(character) != 1:
            problem = f"holds {len(character)} characters ({character!r}) instead of one"
            raise CharsetError(path, problem, number)
        if character in lines:
            problem = f"repeats {character!r} of line {lines[character]}"
            raise CharsetError(path, problem, number, "Delete one of the two lines.")
        lines[character] = number
    return _charset(path, list(lines))


def _charset(path: PathLike, characters: Sequence[str]) -> Charset:
    if not characters:
        raise CharsetError(path, "holds no characters")
    return Charset(tuple(characters))


def _read_directory(directory: Path) -> Charset:
    files = [directory / name for name in MAPS if (directory / name).is_file()]
    if any(path.name != CHAR_DICT for path in files):
        return _charset(files[-1], read_maps(files))
    if (directory / CHARACTER_LIST).is_file():
        return _read_list(directory / CHARACTER_LIST)
    if (directory / DICTIONARY_DIR).is_dir():  # a data folder
        return _read_directory(directory / DICTIONARY_DIR)
    raise CharsetError(
        directory,
        f"holds no dictionary ({ORD_TO_INDEX} or {ORD_MAP})",
        hint="Make one: ocrdata build-dict.",
    )


def write_characters(path: PathLike, charset: Charset) -> None:
    """Writes chinese.txt."""
    write_atomic(path, charset.as_text().encode("utf-8"))


def write_dictionary(directory: PathLike, charset: Charset, generation: str = "plain") -> List[str]:
    """Writes the dictionary's JSON files as one of GENERATIONS had them; returns their names.

    `directory` is made where it is not there. Raises UnknownNameError for another generation.
    """
    files = build_maps(charset.characters, generation)
    as_path(directory).mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        write_atomic(as_path(directory) / name, data)
    return list(files)
