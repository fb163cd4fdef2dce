"""Line pictures with a text file each, as Tesseract, kraken and Calamari train on them.

line_1.png   line_1.gt.txt      one line of text, UTF-8; also line_1.bin.png, line_1.nrm.png
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Iterator, List, Tuple

from ocrdata.base.encodings import decode_lines
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import RECOGNITION, Sample
from ocrdata.base.storage.disk_map import Chosen, DiskMap
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.importers.base import (
    BAD,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    about,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.splits import found_splits, of_split, split_of_folder
from ocrdata.importers.tool_files import SPLITS_OF_TOOLS

_SUFFIX = ".gt.txt"


@dataclass(frozen=True)
class TesseractImporter(Importer):
    """A text file a picture."""

    task: str = RECOGNITION
    encoding: str = "utf-8"

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root, self.encoding) as tree:
            return found_splits(self, _texts(tree), root, split_of_folder)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root, self.encoding) as tree:
            files = of_split(_texts(tree), split, root, split_of_folder)
            if not files and split:
                raise self.missing(root, f"{split} text")
            places = _pictures(tree)
            for name in files:
                yield from self._line(tree, name, places, report, pictures)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def _line(
        self, tree: Tree, name: str, places: DiskMap[str], report: OnProblem, pictures: bool
    ) -> Iterator[Sample]:
        where, stem = tree.where(name), name[: -len(_SUFFIX)]
        picture = places.get(stem)
        told = about(picture, report)
        try:
            lines = [
                (number, line)
                for number, line in decode_lines(tree.read(name), where, self.encoding)
                if line.strip()
            ]
            if len(lines) != 1:
                problem = f"holds {len(lines)} lines of text, not one"
                raise AnnotationError(where, problem, lines[1][0] if len(lines) > 1 else None)
        except AnnotationError as error:
            told(BAD, error)
            return
        number, text = lines[0]
        wanted = f"{stem}.png (or another kind of picture)"
        image = find_image(
            tree,
            picture,
            where=where,
            line=None,
            wanted=wanted,
            report=report,
            pictures=pictures,
        )
        if image is not None:
            yield ImportedSample(picture or stem + ".png", image, text.strip(), (), where, number)


def _texts(tree: Tree) -> Iterable[str]:
    return Chosen(tree.names, lambda name: name.lower().endswith(_SUFFIX))


def _pictures(tree: Tree) -> DiskMap[str]:
    """Returns pictures by what stands before the first dot of their name, the plainest of each."""
    found: DiskMap[str] = DiskMap()
    for name in filter(is_image, tree.names):
        folder, slash, file = name.rpartition("/")
        for stem in (name.rpartition(".")[0], folder + slash + file.partition(".")[0]):
            if _plainness(name) <= _plainness(found.get(stem) or name):
                found[stem] = name
    return found


def _plainness(name: str) -> Tuple[int, str]:
    return name.count("."), name


TESSERACT = TesseractImporter(
    DatasetInfo(
        "tesseract",
        "line pictures with .gt.txt files",
        homepage="https://github.com/tesseract-ocr/tesstrain",
        licence="your own",
        tasks=(RECOGNITION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  line_1.png  line_1.gt.txt ...     one line of text a file (also of kraken, Calamari, OCRopus)
  (folders called train, val, test tell splits)
""",
    ),
    options=("encoding",),
)
