"""YOLO's text files: boxes without texts, as shares of the picture's width and height.

    data.yaml     images/train/img_1.jpg     labels/train/img_1.txt
    0 0.5 0.5 0.2 0.1                     class, centre, width and height
    0 0.1 0.1 0.9 0.1 0.9 0.2 0.1 0.2     class and a polygon of three points or more (OBB)

There are no texts in such files: regions have the text "text", unless `data.yaml` names classes,
which then are the texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Iterable, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.base.encodings import decode_lines
from ocrdata.base.icdar import to_number
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, Region, Sample
from ocrdata.base.storage.disk_map import DiskMap
from ocrdata.base.storage.tree import Tree, natural
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon, clockwise
from ocrdata.images.header import read_header
from ocrdata.importers.annotation_tools import is_side_file
from ocrdata.importers.base import (
    BAD,
    DAMAGED,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.splits import found_splits, of_split, split_of_folder
from ocrdata.importers.tool_files import SPLITS_OF_TOOLS

_NUMBERS = re.compile(rb"\d+( [-+.\de]+){4,}\s*$")
_NAME = re.compile(r"^\s+(\d+):\s*(.+?)\s*$")
_TEXT = "text"
# Of a picture that is not there when only the annotations are read.
_UNIT = (1, 1)


@dataclass(frozen=True)
class YoloImporter(Importer):
    """A text file a picture."""

    task: str = DETECTION

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            return found_splits(self, _labels(tree), root, split_of_folder)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            files = of_split(_labels(tree), split, root, split_of_folder)
            if not files and split:
                raise self.missing(root, f"{split} label file")
            names = _class_names(tree)
            # Once: a walk through all names for each label file is quadratic.
            places: DiskMap[str] = DiskMap()
            for one in filter(is_image, tree.names):
                places[one.rpartition(".")[0]] = one
            for name in files:
                yield from _read(
                    tree, name, places=places, names=names, report=report, pictures=pictures
                )

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)


def _read(
    tree: Tree,
    name: str,
    *,
    places: DiskMap[str],
    names: Dict[int, str],
    report: OnProblem,
    pictures: bool,
) -> Iterator[Sample]:
    where, picture = tree.where(name), _picture_of(places, name)
    image = find_image(
        tree,
        picture,
        where=where,
        line=None,
        wanted="of this name in images/",
        report=report,
        pictures=pictures,
    )
    if image is None:
        return
    try:
        size = _size(Sample("", image).image_bytes()) if image != b"" else _UNIT
    except ValueError as error:
        report(DAMAGED, AnnotationError(where, f"its picture {error}"), picture)
        return
    regions: List[Region] = []
    try:
        for number, line in decode_lines(tree.read(name), where, "utf-8"):
            if line.strip():
                regions.append(_region(where, number, line, size, names))
    except AnnotationError as error:
        report(BAD, error, *([picture] if picture else []))
        return
    yield ImportedSample(picture or name, image, None, tuple(regions), where)


def _size(data: bytes) -> Tuple[int, int]:
    header = read_header(data)
    return header.width, header.height


def _region(
    where: str, number: int, line: str, size: Tuple[int, int], names: Dict[int, str]
) -> Region:
    parts = line.split()
    try:
        values = np.array([to_number(part) for part in parts[1:]])
    except ValueError as error:
        raise AnnotationError(where, str(error), number) from error
    if not parts[0].isdigit() or (len(values) != 4 and (len(values) < 6 or len(values) % 2)):
        problem = "is not a class with a box of four numbers or a polygon of points"
        raise AnnotationError(where, problem, number)
    if len(values) == 4:
        (x, y), (width, height) = values[:2], values[2:] / 2
        values = np.array(
            [
                x - width,
                y - height,
                x + width,
                y - height,
                x + width,
                y + height,
                x - width,
                y + height,
            ]
        )
    polygon = clockwise(as_polygon((values.reshape(-1, 2) * size).tolist()))
    return Region(polygon, names.get(int(parts[0]), _TEXT))


def _labels(tree: Tree) -> Iterable[str]:
    found: DiskMap[int] = DiskMap(natural)
    for name in tree.names:
        text = name.lower().endswith(".txt") and not is_side_file(name)
        if text and _is_labels(tree.read(name)):
            found[name] = 1
    return found


def _is_labels(content: bytes) -> bool:
    lines = content.split(b"\n", 1)
    return not content.strip() or bool(_NUMBERS.match(lines[0]))


def _picture_of(places: DiskMap[str], name: str) -> Optional[str]:
    """Returns the picture of a label file: labels/ becomes images/, or they lie side by side."""
    stem = name.rpartition(".")[0]
    parts = stem.split("/")
    stems = [stem]
    for place, part in enumerate(parts):
        if part == "labels":
            stems.append("/".join([*parts[:place], "images", *parts[place + 1 :]]))
    return next((places[one] for one in stems if one in places), None)


def _class_names(tree: Tree) -> Dict[int, str]:
    """Returns the names of classes in data.yaml, where they are a mapping by number."""
    found: Dict[int, str] = {}
    for name in tree.names:
        if name.rpartition("/")[2].lower() in ("data.yaml", "dataset.yaml"):
            inside = False
            for line in tree.read(name).decode("utf-8", "replace").splitlines():
                inside = line.startswith("names:") or inside and line[:1] in (" ", "")
                match = _NAME.match(line) if inside else None
                if match:
                    found[int(match.group(1))] = match.group(2).strip("'\"")
    return found


YOLO_LABELS = YoloImporter(
    DatasetInfo(
        "yolo",
        "YOLO's text files, upright or oriented boxes",
        homepage="https://docs.ultralytics.com/datasets/",
        licence="your own",
        tasks=(DETECTION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  data.yaml
  images/train/img_1.jpg ...     labels/train/img_1.txt ...     (and val, test)
""",
    ),
)
