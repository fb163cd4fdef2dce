"""chinese.txt and the dictionary folder of a data directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional, Sequence

from ocrdata.base.sample_lists import read_lists
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import staged_output
from ocrdata.errors import CharsetError, OutputExistsError, PathLike
from ocrdata.text.charset import (
    CHARACTER_LIST,
    DICTIONARY_DIR,
    Charset,
    collect_characters,
    read_charset,
    write_characters,
    write_dictionary,
)
from ocrdata.text.corpus import read_corpora
from ocrdata.text.normalization import DEFAULT_NORMALIZATION, normalize_label


@dataclass(frozen=True)
class CharactersSummary:
    """What `write_collected` found."""

    characters: int
    path: str


@dataclass(frozen=True)
class DictionarySummary:
    """What `write_built` wrote; `classes` counts the characters and the blank."""

    characters: int
    classes: int
    sha256: str
    source: str
    files: List[str]


def _texts(data_dir: PathLike, corpora: Sequence[str], how: str) -> Iterator[str]:
    if corpora:
        texts = (phrase.text for phrase in read_corpora(corpora))
    else:
        texts = (row.text for row in read_lists(data_dir))
    return (normalize_label(text, how) for text in texts)


def write_collected(
    data_dir: PathLike,
    corpora: Sequence[str] = (),
    output: Optional[PathLike] = None,
    overwrite: bool = False,
    text_normalization: str = DEFAULT_NORMALIZATION,
) -> CharactersSummary:
    """Writes the distinct characters of corpora, or of the sample lists of `data_dir`.

    `text_normalization` is what is done to the labels before, as when records are written.

    Raises OutputExistsError, and what reading the texts raises.
    """
    path = as_path(output) if output else as_path(data_dir) / CHARACTER_LIST
    if path.exists() and not overwrite:
        raise OutputExistsError(path)
    charset = collect_characters(_texts(data_dir, corpora, text_normalization))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_characters(path, charset)
    return CharactersSummary(len(charset), str(path))


def write_built(
    data_dir: PathLike,
    characters: Optional[PathLike] = None,
    generation: str = "plain",
    output: Optional[PathLike] = None,
    overwrite: bool = False,
    text_normalization: str = DEFAULT_NORMALIZATION,
) -> DictionarySummary:
    """Writes a dictionary folder, `char_dict` of `data_dir` by default.

    The classes come from `characters` (chinese.txt or another dictionary), else from the
    chinese.txt of `data_dir`, which is collected from the sample lists where there is none.
    Raises CharsetError, OutputExistsError, UnknownNameError.
    """
    listed = as_path(data_dir) / CHARACTER_LIST
    target = as_path(output) if output else as_path(data_dir) / DICTIONARY_DIR
    if characters is None and not listed.is_file():
        charset = collect_characters(_texts(data_dir, (), text_normalization))
        source = "sample lists"
    else:
        source = str(characters or listed)
        charset = read_charset(source)
    options = {"generation": generation, "sha256": charset.sha256}
    with staged_output(target.parent, (target.name,), "build-dict", options, overwrite) as staged:
        files = write_dictionary(staged.path(target.name), charset, generation)
        _check_same(target, charset, staged.path(target.name))
        summary = DictionarySummary(
            len(charset), charset.num_classes, charset.sha256, source, files
        )
        staged.summary = dict(vars(summary))
    if characters is None and not listed.is_file():
        write_characters(listed, charset)
    return summary


def _check_same(target: Path, charset: Charset, written: Path) -> None:
    # Reading back costs a millisecond, and a dictionary that changed on its way would be found
    # only after training.
    if read_charset(written) != charset:
        raise CharsetError(target, "does not read back as it was written")
