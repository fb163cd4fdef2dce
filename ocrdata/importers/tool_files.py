"""What files of annotation tools have in common: pictures named in them, and outlines with texts.

One file may name one picture (LabelMe) or many (COCO, VIA, CVAT, Label Studio). A tool's importer
says which files are its own and what they hold; finding the pictures, splits and errors are here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from ocrdata.base.icdar import to_number
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
from ocrdata.importers.picture_places import PicturePlaces
from ocrdata.importers.repeats import ListedBefore
from ocrdata.importers.splits import split_of

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
    # Whether the pictures of a split lie apart from those of the others.
    beside = True

    def is_mine(self, content: bytes) -> bool:
        """Says whether the beginning of a file looks like this tool's."""
        raise NotImplementedError

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        """Yields what a file says of pictures; raises ValueError saying what is wrong."""
        raise NotImplementedError

    def images_of(self, name: str, content: bytes) -> Iterator[AnnotatedImage]:
        """Yields what a file of this name says of pictures."""
        return self.images(content)

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        """Returns the split that the name of a file tells."""
        return split_of(name, root)

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            found = set(self._marked(tree))
            if not found and not self._holds_any(tree, None):
                raise self.missing(root, "annotation")
        return [split for split in self.info.splits if split in found] or [self.info.splits[0]]

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            places = PicturePlaces(tree, split if self.beside else "")
            listed, found = ListedBefore(), False
            for name, content in self._contents(tree, split):
                found = True
                yield from self._read(
                    tree,
                    name,
                    content,
                    places=places,
                    listed=listed,
                    report=report,
                    pictures=pictures,
                )
            if split and not found:
                raise self.missing(root, f"{split} annotation")

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def _marked(self, tree: Tree) -> Iterator[str]:
        """Yields the splits whose names some of this tool's files bear."""
        return (split for split in SPLITS_OF_TOOLS if self._holds_any(tree, split))

    def _holds_any(self, tree: Tree, split: Optional[str]) -> bool:
        return any(True for _ in self._own(tree, split))

    def _contents(self, tree: Tree, split: str) -> Iterator[Tuple[str, bytes]]:
        """Yields this tool's files of a split, each read once: the marked ones, else all others."""
        found = False
        for name, content in self._own(tree, split):
            found = True
            yield name, content
        if not found and any(True for _ in self._marked(tree)) == (not split):
            yield from self._own(tree, None)

    def _own(self, tree: Tree, split: Optional[str]) -> Iterator[Tuple[str, bytes]]:
        """Yields this tool's files whose names tell a split, or (None) tell none."""
        for name in tree.names:
            if name.lower().endswith(self.suffix) and self.tell(name, tree.root) == split:
                content = tree.read(name)
                if self.is_mine(content):
                    yield name, content

    def _read(
        self,
        tree: Tree,
        name: str,
        content: bytes,
        *,
        places: PicturePlaces,
        listed: ListedBefore,
        report: OnProblem,
        pictures: bool,
    ) -> Iterator[Sample]:
        where = tree.where(name)
        try:
            for number, one in enumerate(self.images_of(name, content), 1):
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
