"""ICDAR 2003 and the Street View Text data set: words with boxes in one XML file a split.

    <image>
      <imageName>img/14_03.jpg</imageName>
      <lex>LIVING,ROOM,THEATERS,...</lex>                                        (SVT only)
      <taggedRectangles>
        <taggedRectangle height="75" width="236" x="375" y="253"><tag>LIVING</tag>

ICDAR 2003 has the same with `resolution`, fractions, `offset`, `rotation`, `userName`, and
`<segmentation><xOff>` behind each tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple
from xml.parsers import expat

from ocrdata.base.icdar import corners, to_number
from ocrdata.base.sample import DETECTION, TEST, TRAIN, Region, Sample
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.base import (
    BAD,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.splits import found_splits, of_split, split_of


class XmlRectangle(NamedTuple):
    """A tagged rectangle as written: its attributes, its tag, its line."""

    attributes: Dict[str, str]
    tag: str
    line: int


class XmlImage(NamedTuple):
    """One `image` of the file."""

    name: str
    lexicon: str
    rectangles: List[XmlRectangle]
    line: int


class _Reader:
    """Collects the pictures of one file; expat tells the line of each element."""

    def __init__(self, where: str) -> None:
        self.where, self.pictures = where, []  # type: str, List[XmlImage]
        self._texts: Dict[str, str] = {}
        self._rectangles: List[XmlRectangle] = []
        self._open: Tuple[Dict[str, str], int] = ({}, 0)
        self._line, self._text = 0, ""
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity

    def read(self, data: bytes) -> List[XmlImage]:
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            problem = f"is not XML: {expat.errors.messages.get(error.code, error)}"
            raise AnnotationError(self.where, problem, error.lineno) from error
        except (LookupError, ValueError) as error:
            problem = f"is in an encoding that cannot be read: {error}"
            raise AnnotationError(self.where, problem, 1) from error
        return self.pictures

    def _entity(self, name: str, *_: object) -> None:
        # Nested entities can grow a small file without bound.
        line = self.parser.CurrentLineNumber
        raise AnnotationError(self.where, f"declares the entity {name!r}", line)

    def _start(self, name: str, attributes: Dict[str, str]) -> None:
        self._text = ""
        if name == "image":
            self._texts, self._rectangles = {}, []
            self._line = self.parser.CurrentLineNumber
        elif name == "taggedRectangle":
            self._open = (attributes, self.parser.CurrentLineNumber)
            self._texts.pop("tag", None)

    def _characters(self, text: str) -> None:
        self._text += text

    def _end(self, name: str) -> None:
        if name == "taggedRectangle":
            attributes, line = self._open
            self._rectangles.append(XmlRectangle(attributes, self._texts.get("tag", ""), line))
        elif name == "image":
            texts = self._texts
            self.pictures.append(
                XmlImage(
                    texts.get("imageName", ""), texts.get("lex", ""), self._rectangles, self._line
                )
            )
        else:
            self._texts[name] = self._text.strip()


@dataclass(frozen=True)
class WordsXml(Importer):
    """A data set with one XML file a split, called `file` or after the split."""

    file: Optional[str] = None
    lexicon: str = ""

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            return found_splits(self, self._annotations(tree), root)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            files = of_split(self._annotations(tree), split, root)
            if not files and split:
                raise self.missing(root, f"{split} annotation")
            for name in files:
                where, folder = tree.where(name), name[: -len(name.rpartition("/")[2])]
                for row in _Reader(where).read(tree.read(name)):
                    sample = self._sample(tree, where, folder, row, report, pictures)
                    if sample is not None:
                        yield sample

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def _annotations(self, tree: Tree) -> List[str]:
        names = [name for name in tree.names if name.lower().endswith(".xml")]
        if self.file:
            return [name for name in names if name.rpartition("/")[2].lower() == self.file]
        return [name for name in names if split_of(name.rpartition("/")[2])]

    def _sample(
        self, tree: Tree, where: str, folder: str, row: XmlImage, report: OnProblem, pictures: bool
    ) -> Optional[Sample]:
        try:
            if not row.name:
                raise AnnotationError(where, "an image has no imageName", row.line)
            regions = tuple(self._region(where, rectangle) for rectangle in row.rectangles)
        except AnnotationError as error:
            report(BAD, error)
            return None
        name = folder + row.name
        image = find_image(
            tree,
            name,
            where=where,
            line=row.line,
            wanted=row.name,
            report=report,
            pictures=pictures,
        )
        if image is None:
            return None
        words = tuple(word.strip() for word in row.lexicon.split(",") if word.strip())
        lexicons = ((self.lexicon, words),) if words and self.lexicon else ()
        return ImportedSample(name, image, None, regions, where, row.line, lexicons)

    def _region(self, where: str, rectangle: XmlRectangle) -> Region:
        try:
            left, top, width, height = (
                to_number(rectangle.attributes[name]) for name in ("x", "y", "width", "height")
            )
        except KeyError as error:
            problem = f"a taggedRectangle has no {error.args[0]}"
            raise AnnotationError(where, problem, rectangle.line) from error
        except ValueError as error:
            raise AnnotationError(where, str(error), rectangle.line) from error
        box = corners(left, top, left + width, top + height)
        return Region(as_polygon(box), rectangle.tag, not rectangle.tag)


ICDAR_2003 = WordsXml(
    DatasetInfo(
        "icdar2003",
        "ICDAR 2003 Robust Reading",
        homepage="http://www.iapr-tc11.org/mediawiki/index.php/ICDAR_2003_Robust_Reading_Competitions",
        licence="none stated; see the homepage",
        tasks=(DETECTION,),
        splits=(TRAIN, TEST),
        tree="""
  SceneTrialTrain(.zip)   words.xml and the pictures it names
  SceneTrialTest(.zip)    words.xml and the pictures it names
""",
    ),
    file="words.xml",
)

SVT = WordsXml(
    DatasetInfo(
        "svt",
        "Street View Text",
        homepage="http://www.iapr-tc11.org/mediawiki/index.php/The_Street_View_Text_Dataset",
        licence="none stated; see the homepage",
        tasks=(DETECTION,),
        splits=(TRAIN, TEST),
        tree="""
  svt1/ (or svt.zip)   train.xml  test.xml  img/00_00.jpg ...
""",
    ),
    lexicon="50",
)
