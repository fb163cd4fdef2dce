"""Synth90k (MJSynth): nine million rendered words, each a line number of one lexicon.

    ./2697/6/466_MONIKER_49537.jpg 49537      annotation_train.txt, _val.txt, _test.txt
    ./2697/6/465_Ecclesiastics_24500.jpg 24500
    ./2697/6/464_FIRESTORM_29099.jpg 29099

The number counts the lines of lexicon.txt from 0; which letters are capitals is in the picture's
name. Annotations are streamed and pictures are not looked for here: a missing one shows when it is
read. A tar is read twice from end to end, first for the lists and then for the pictures, which come
in the archive's order.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Iterable, Iterator, List

from ocrdata.base.encodings import decode_lines
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import RECOGNITION, TEST, TRAIN, VALIDATION, Sample
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.importers.base import (
    BAD,
    MISSING,
    DatasetInfo,
    ImportedSample,
    Importer,
    Inventory,
    OnProblem,
    refuse,
)
from ocrdata.importers.synth90k_tar import Wanted, image_keys, images_of, read_annotation_lists

LEXICON_FILE = "lexicon.txt"
ANNOTATION_LISTS = {
    TRAIN: "annotation_train.txt",
    VALIDATION: "annotation_val.txt",
    TEST: "annotation_test.txt",
}
# Where the lists lie in the unpacked archive.
_FOLDERS = ("", "90kDICT32px", "mnt/ramdisk/max/90kDICT32px", "max/90kDICT32px")


@dataclass(frozen=True)
class Synth90k(Importer):
    """The words of one annotation list, spelled as the pictures show them."""

    task: str = RECOGNITION

    def splits(self, root: PathLike) -> List[str]:
        if _is_tar(root):
            lists = read_annotation_lists(Path(root), [LEXICON_FILE, *ANNOTATION_LISTS.values()])
            return [split for split in self.info.splits if ANNOTATION_LISTS[split] in lists]
        base = self._base(root)
        return [split for split in self.info.splits if (base / ANNOTATION_LISTS[split]).is_file()]

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        if _is_tar(root):
            return self._from_tar(Path(root), split, report, pictures)
        return self._from_folder(self._base(root), split, report)

    def inventory(self, root: PathLike) -> Inventory:
        if _is_tar(root):
            return Inventory(image_keys(Path(root)), {})
        base = self._base(root)
        inside = (path.relative_to(base).as_posix() for path in files_below(base))
        return Inventory((name for name in inside if is_image(name)), {})

    def _base(self, root: PathLike) -> Path:
        for folder in _FOLDERS:
            base = Path(root) / folder
            if any((base / name).is_file() for name in ANNOTATION_LISTS.values()):
                return base
        raise self.missing(root, "annotation")

    def _from_folder(self, base: Path, split: str, report: OnProblem) -> Iterator[Sample]:
        path, where = base / ANNOTATION_LISTS[split], base / LEXICON_FILE
        try:
            lexicon = read_lexicon_file(where.read_bytes(), where)
            with path.open("rb") as stream:
                for number, key, place in parse_annotation(stream, str(path), lexicon, report):
                    image = f"{base}/{key}"
                    text = spelled_in(key, lexicon[place])
                    yield ImportedSample(key, image, text, (), str(path), number)
        except OSError as error:
            raise self.missing(base, Path(error.filename or path).name) from error

    def _from_tar(
        self, root: Path, split: str, report: OnProblem, pictures: bool
    ) -> Iterator[Sample]:
        lists = read_annotation_lists(root, [LEXICON_FILE, ANNOTATION_LISTS[split]])
        for name in (LEXICON_FILE, ANNOTATION_LISTS[split]):
            if name not in lists:
                raise self.missing(root, name)
        where = f"{root}/{ANNOTATION_LISTS[split]}"
        lexicon = read_lexicon_file(lists[LEXICON_FILE], f"{root}/{LEXICON_FILE}")

        def rows() -> Iterable["tuple[int, str, int]"]:
            lines = io.BytesIO(lists[ANNOTATION_LISTS[split]])
            return parse_annotation(lines, where, lexicon, report)

        if not pictures:
            for number, key, place in rows():
                yield ImportedSample(key, b"", spelled_in(key, lexicon[place]), (), where, number)
            return
        wanted = Wanted(rows())
        lists.clear()
        for key, number, place, data in images_of(root, wanted):
            yield ImportedSample(key, data, spelled_in(key, lexicon[place]), (), where, number)
        for number in wanted.unseen():
            report(MISSING, AnnotationError(where, "the archive has no such picture", number))


def _is_tar(root: PathLike) -> bool:
    path = Path(root)
    return path.is_file() and archive_stem(path.name) is not None and path.suffix != ".zip"


def read_lexicon_file(data: bytes, where: PathLike) -> List[str]:
    """Returns the words, a line each; raises AnnotationError for a line that is empty."""
    words: List[str] = []
    for number, line in decode_lines(data, where):
        if number != len(words) + 1:
            raise AnnotationError(where, "is empty: line numbers are labels here", len(words) + 1)
        words.append(line.strip())
    return words


def spelled_in(key: str, word: str) -> str:
    """Returns a word of the lexicon as the picture shows it: its name has the capital letters.

    The lexicon has small letters only; of `466_MONIKER_49537.jpg` the label is MONIKER. A name
    without the word leaves it as the lexicon spells it.
    """
    shown = key.rpartition("/")[2].partition("_")[2].rpartition("_")[0]
    return shown if shown.lower() == word.lower() else word


def parse_annotation(
    lines: "IO[bytes] | Iterable[bytes]", where: str, lexicon: List[str], report: OnProblem
) -> Iterator["tuple[int, str, int]"]:
    """Yields (line, key, place in the lexicon); what is wrong goes to `report`."""
    size = len(lexicon)
    for number, raw in enumerate(lines, 1):
        path, _, digits = raw.rstrip().rpartition(b" ")
        if digits.isdigit() and int(digits) < size and path and b".." not in path:
            try:
                key = path.decode("utf-8").lstrip("./")
                yield number, key, int(digits)
                continue
            except UnicodeDecodeError:
                pass
        if raw.strip():
            report(BAD, AnnotationError(where, _wrong(path, digits, size), number))


def _wrong(path: bytes, digits: bytes, size: int) -> str:
    if not path or not digits.isdigit():
        return "is not `picture number`"
    if int(digits) >= size:
        return f"there is no word {int(digits)} in the lexicon of {size:,}"
    return f"{path.decode('utf-8', 'replace')!r} is not the path of a picture in the folder"


SYNTH90K = Synth90k(
    DatasetInfo(
        "synth90k",
        "Synth90k (MJSynth)",
        homepage="https://www.robots.ox.ac.uk/~vgg/data/text/",
        licence="none stated; see the homepage",
        tasks=(RECOGNITION,),
        splits=(TRAIN, VALIDATION, TEST),
        tree="""
  mjsynth.tar.gz, or unpacked (also below mnt/ramdisk/max/90kDICT32px):
    annotation_train.txt  annotation_val.txt  annotation_test.txt  lexicon.txt
    1/1/1_pontifically_58805.jpg ...
""",
    ),
)
