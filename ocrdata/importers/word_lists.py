"""Small test sets of word pictures with one list: SVT-Perspective and CUTE80.

13_15_0_par.jpg WYNDHAM                SVT-Perspective
timage/001.jpg RONALDO 1 RONALDO       CUTE80: a lexicon, its size first, behind the word
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Tuple

from ocrdata.base.encodings import lines_of_file
from ocrdata.base.pairing import NameLists, by_last_part, is_image
from ocrdata.base.sample import RECOGNITION, TEST, Sample
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.importers.annotation_tools import is_side_file
from ocrdata.importers.base import (
    BAD,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    find_image,
    refuse,
)


@dataclass(frozen=True)
class WordList(Importer):
    """A list with a picture and its word a line, parted by spaces."""

    task: str = RECOGNITION

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            if not _lists(tree):
                raise self.missing(root, "list of words")
        return [TEST]

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            lists = _lists(tree)
            if not lists:
                raise self.missing(root, "list of words")
            places = by_last_part(filter(is_image, tree.names))
            for name in lists:
                yield from _read(tree, name, places, report, pictures)


def _lists(tree: Tree) -> List[str]:
    texts = [name for name in tree.names if name.lower().endswith(".txt")]
    return [name for name in texts if not is_side_file(name) and _is_list(tree.read(name))]


def _is_list(content: bytes) -> bool:
    first = content.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0].split()
    return len(first) > 1 and is_image(first[0].decode("utf-8", "replace"))


def _read(
    tree: Tree, name: str, places: NameLists, report: OnProblem, pictures: bool
) -> Iterator[Sample]:
    where, folder = tree.where(name), name[: -len(name.rpartition("/")[2])]
    try:
        for line, text in lines_of_file(tree, name):
            try:
                path, word = _parse(text)
            except ValueError as error:
                report(BAD, AnnotationError(where, str(error), line))
                continue
            beside = folder + path
            same = places.get(path.rpartition("/")[2]) or []
            found = beside if beside in tree else same[0] if len(same) == 1 else None
            image = find_image(
                tree,
                found,
                where=where,
                line=line,
                wanted=path,
                report=report,
                pictures=pictures,
            )
            if image is not None:
                yield ImportedSample(found or path, image, word, (), where, line)
    except AnnotationError as error:
        report(BAD, error)


def _parse(line: str) -> Tuple[str, str]:
    path, *fields = line.split()
    lexicon = fields[2:] if len(fields) > 1 else []
    if not fields or (len(fields) > 1 and fields[1] != str(len(lexicon))):
        raise ValueError("is not `picture word`, or `picture word 1 word` with a lexicon")
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path!r} leads out of the folder")
    return path, fields[0]


def _info(name: str, title: str, homepage: str, tree: str) -> DatasetInfo:
    licence = "none stated; see the homepage"
    return DatasetInfo(name, title, homepage, licence, (RECOGNITION,), (TEST,), tree)


SVTP = WordList(
    _info(
        "svtp",
        "SVT-Perspective, 645 words",
        "https://openaccess.thecvf.com/content_iccv_2013/html/Phan_Recognizing_Text_with_2013_ICCV_paper.html",
        """
  gt.txt      13_15_0_par.jpg WYNDHAM
  par1/       13_15_0_par.jpg ...
""",
    ),
)

CUTE80 = WordList(
    _info(
        "cute80",
        "CUTE80, 288 curved words",
        "http://cs-chan.com/downloads_CUTE80_dataset.html",
        """
  gt.txt (or test_label.txt)      timage/001.jpg RONALDO 1 RONALDO
  timage/                         001.jpg ...
""",
    ),
)
