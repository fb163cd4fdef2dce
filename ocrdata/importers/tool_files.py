"""What files of annotation tools have in common: pictures named in them, and outlines with texts.

One file may name one picture (LabelMe) or many (COCO, VIA, CVAT, Label Studio). A tool's importer
says which files are its own and what they hold; finding the pictures, splits and errors are here.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)
from urllib.parse import unquote

import numpy as np

from ocrdata.base.icdar import to_number
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, TEST, TRAIN, VALIDATION, Region, Sample
from ocrdata.base.skips import REPEATED
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon, clockwise
from ocrdata.importers.annotation_tools import UNREAD_LABELS
from ocrdata.importers.base import (
    BAD,
    ImportedSample,
    Importer,
    OnProblem,
    about,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.repeats import ListedBefore
from ocrdata.importers.splits import found_splits, images_of_split, of_split

SPLITS_OF_TOOLS = (TRAIN, VALIDATION, TEST)
# Where tools and people keep what a box reads, the usual name first.
TEXT_NAMES = ("text", "transcription", "utf8_string", "ocr", "value", "label_text", "content")
_IGNORE_NAMES = ("ignore", "difficult", "illegible", "iscrowd", "dont_care")
_TRUE = (True, 1, "1", "true", "True", "yes")


class AnnotatedImage(NamedTuple):
    """A picture as a file names it, how to call it in an error, and what makes its regions.

    `regions()` raises ValueError for what is wrong with this picture and leaves the others alone.
    """

    name: str
    what: str
    regions: Callable[[], Iterable[Region]]


@dataclass(frozen=True)
class ToolImporter(Importer):
    """Files of one annotation tool, in a folder or archive with their pictures.

    `text_attribute` names the attributes that hold the text, the first one that is there counts.
    """

    ignore_marks: Tuple[str, ...] = UNREAD_LABELS
    text_attribute: Tuple[str, ...] = TEXT_NAMES
    task: str = DETECTION

    suffix = ".json"

    def is_mine(self, content: bytes) -> bool:
        """Says whether the beginning of a file looks like this tool's."""
        raise NotImplementedError

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        """Yields what a file says of pictures; raises ValueError saying what is wrong."""
        raise NotImplementedError

    def images_of(self, name: str, content: bytes) -> Iterator[AnnotatedImage]:
        """Yields what a file of this name says of pictures."""
        return self.images(content)

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            return found_splits(self, self._files(tree), root)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            files = of_split(self._files(tree), split, root)
            if not files and split:
                raise self.missing(root, f"{split} annotation")
            places, listed = _Places(tree, split), ListedBefore()
            for name in files:
                yield from self._read(tree, name, places, listed, report, pictures)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def _files(self, tree: Tree) -> List[str]:
        named = [name for name in tree.names if name.lower().endswith(self.suffix)]
        return [name for name in named if self.is_mine(tree.read(name))]

    def _read(
        self,
        tree: Tree,
        name: str,
        places: "_Places",
        listed: ListedBefore,
        report: OnProblem,
        pictures: bool,
    ) -> Iterator[Sample]:
        where = tree.where(name)
        try:
            for number, one in enumerate(self.images_of(name, tree.read(name)), 1):
                found = places.find(name, one.name)
                told = about(found, report)
                try:
                    regions = tuple(one.regions())
                except ValueError as error:
                    told(BAD, AnnotationError(where, f"{one.what}: {error}"))
                    continue
                if listed.again(found or one.name, where, number, (None, regions)):
                    report(REPEATED, None)
                    continue
                image = find_image(
                    tree,
                    found,
                    where=where,
                    line=None,
                    wanted=f"{one.name} ({one.what})",
                    report=report,
                    pictures=pictures,
                )
                if image is not None:
                    yield ImportedSample(found or one.name, image, None, regions, where)
        except AnnotationError as error:
            report(BAD, error)
        except ValueError as error:
            report(BAD, AnnotationError(where, str(error)))

    # --- for the tools

    def region(self, points: Any, text: Any, ignored: bool = False, what: str = "region") -> Region:
        """Returns a region; raises ValueError for points that are none, or fewer than three."""
        try:
            corners = [(to_number(str(x)), to_number(str(y))) for x, y in points]
        except TypeError as error:
            raise ValueError(f"{what} has no points [[x, y], ...]") from error
        if len(corners) < 3:
            raise ValueError(f"{what} has {len(corners)} points")
        read = "" if text is None else str(text)
        polygon = clockwise(as_polygon(corners))
        return Region(polygon, read, ignored or read in self.ignore_marks or not read.strip())

    def text_in(self, *attributes: Any) -> Optional[str]:
        """Returns the text that dictionaries of attributes hold, None where none does."""
        for name in self.text_attribute:
            for values in attributes:
                value = values.get(name) if isinstance(values, Mapping) else None
                if isinstance(value, (list, tuple)):
                    value = " ".join(map(str, value))
                if value is not None and not isinstance(value, (dict, bool)):
                    return str(value)
        return None


def is_ignored(*attributes: Any) -> bool:
    """Says whether attributes mark a region as not to be read, by one of the usual names."""
    return any(
        values.get(name) in _TRUE
        for values in attributes
        if isinstance(values, Mapping)
        for name in _IGNORE_NAMES
    )


def rectangle(x: float, y: float, width: float, height: float, turn: float = 0.0) -> np.ndarray:
    """Returns the corners of a rectangle, float64 [4, 2], turned by degrees around its corner."""
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    return corners @ turned(turn) + (x, y)


def turned(degrees: float) -> np.ndarray:
    """Returns the matrix that turns rows (x, y) clockwise on the screen."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[cos, sin], [-sin, cos]])


def load_json(content: bytes) -> Any:
    """Returns what a JSON file holds; raises ValueError with the line of what is wrong."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error


def numbers_of(values: Any, names: Sequence[str], what: str) -> List[float]:
    """Returns named numbers of a dictionary; raises ValueError naming what is not there."""
    if not isinstance(values, Mapping):
        raise ValueError(f"{what} is not an object")
    missing = [name for name in names if name not in values]
    if missing:
        raise ValueError(f"{what} has no {missing[0]}")
    return [to_number(str(values[name])) for name in names]


class _Places:
    """Where the pictures of a tree lie, by their paths and by their names."""

    def __init__(self, tree: Tree, split: str) -> None:
        self._tree, self._split = tree, split
        self._by_name: Dict[str, List[str]] = {}
        for name in filter(is_image, tree.names):
            self._by_name.setdefault(name.rpartition("/")[2], []).append(name)

    def find(self, file: str, wanted: str) -> Optional[str]:
        """Returns a picture's place; a path is from the file's folder or one above it.

        Tools also write paths of the machine they ran on: the name alone counts then, where only
        one picture is called so.
        """
        path = wanted.replace("\\", "/")
        path = unquote(path.partition("?d=")[2] or path)
        folder = file.rpartition("/")[0]
        for start in (*_upwards(folder), f"{folder}/images".strip("/"), "images"):
            name = f"{start}/{path}" if start else path
            if name in self._tree:
                return name
        same = self._by_name.get(path.rpartition("/")[2], [])
        # Never a picture of another split.
        same = images_of_split(same, self._split, self._tree.root)
        return same[0] if len(same) == 1 else _nearest(same, file)


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _nearest(names: Iterable[str], file: str) -> Optional[str]:
    """Returns the only picture of several that lies in the file's own folder or below it."""
    folder = file.rpartition("/")[0]
    below = [name for name in names if folder and name.startswith(folder + "/")]
    return below[0] if len(below) == 1 else None
