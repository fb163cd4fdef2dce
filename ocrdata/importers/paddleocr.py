"""Label files of PaddleOCR and PPOCRLabel: a picture a line, a tab, and what is in it.

imgs/img_1.jpg<TAB>[{"transcription": "Genaxis", "points": [[377, 117], ...]}, ...]   detection
crops/word_1.png<TAB>Genaxis                                                        recognition
["crops/a.png", "crops/b.png"]<TAB>Genaxis                   several pictures of the same label
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, List, Optional, Tuple

from ocrdata.base.encodings import lines_of_file
from ocrdata.base.icdar import to_number
from ocrdata.base.sample import (
    DETECTION,
    RECOGNITION,
    SAMPLE_LIST,
    TEST,
    TRAIN,
    VALIDATION,
    Region,
    Sample,
)
from ocrdata.base.skips import REPEATED
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.images.decode import APPLY
from ocrdata.importers.annotation_tools import UNREAD_LABELS, is_side_file
from ocrdata.importers.base import (
    BAD,
    DatasetInfo,
    ImportedSample,
    Importer,
    Inventory,
    OnProblem,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.repeats import ListedBefore
from ocrdata.importers.splits import found_splits, of_split


@dataclass(frozen=True)
class PaddleImporter(Importer):
    """Label files in a folder or archive, or one label file beside its pictures."""

    ignore_marks: Tuple[str, ...] = UNREAD_LABELS
    encoding: str = "utf-8"

    def splits(self, root: PathLike) -> List[str]:
        with self._tree(root) as tree:
            return found_splits(self, self._lists(tree, root), root)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with self._tree(root) as tree:
            files = of_split(self._lists(tree, root), split, root)
            if not files and split:
                raise self.missing(root, f"{split} label file")
            listed = ListedBefore()
            for name in files:
                yield from self._read(tree, name, report, pictures, listed)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def inventory(self, root: PathLike) -> Inventory:
        # One label file that was named says nothing about what else lies in its folder.
        return Inventory((), {}) if _is_lone_list(root) else super().inventory(root)

    def _tree(self, root: PathLike) -> Tree:
        folder = Path(root).absolute().parent if _is_lone_list(root) else root
        return Tree(folder, self.encoding)

    def _lists(self, tree: Tree, root: PathLike) -> List[str]:
        if _is_lone_list(root):
            return [Path(root).name]
        texts = [name for name in tree.names if name.lower().endswith((".txt", ".label"))]
        # Lists of our own data folders have another form.
        lists = [name for name in texts if not is_side_file(name) and _last(name) != SAMPLE_LIST]
        boxes = self.task == DETECTION
        return [name for name in lists if self._is_boxes(tree, name) == boxes]

    def _is_boxes(self, tree: Tree, name: str) -> Optional[bool]:
        """Says whether a label file holds boxes (True) or words (False); None if it is neither."""
        try:
            for _, line in lines_of_file(tree, name, self.encoding):
                path, tab, rest = line.partition("\t")
                if tab and path.strip():
                    return rest.lstrip().startswith("[{") or rest.strip() == "[]"
        except AnnotationError:
            # Which line is wrong is told when it is read.
            return self.task == DETECTION
        return None

    def _read(
        self, tree: Tree, name: str, report: OnProblem, pictures: bool, listed: ListedBefore
    ) -> Iterator[Sample]:
        where, folder = tree.where(name), name.rpartition("/")[0]
        try:
            for number, line in lines_of_file(tree, name, self.encoding):
                try:
                    paths, text, regions = self._parse(line)
                except ValueError as error:
                    report(BAD, AnnotationError(where, str(error), number))
                    continue
                for path in paths:
                    found = _locate(tree, folder, path)
                    try:
                        if listed.again(found or path, where, number, (text, regions)):
                            report(REPEATED, None)
                            continue
                    except AnnotationError as error:
                        report(BAD, error)
                        continue
                    wanted = path + _beside(tree, folder, path)
                    image = find_image(
                        tree,
                        found,
                        where=where,
                        line=number,
                        wanted=wanted,
                        report=report,
                        pictures=pictures,
                    )
                    if image is not None:
                        yield ImportedSample(found or path, image, text, regions, where, number)
        except AnnotationError as error:
            report(BAD, error)

    def _parse(self, line: str) -> Tuple[List[str], Optional[str], Tuple[Region, ...]]:
        path, tab, rest = line.partition("\t")
        if not tab or not path.strip() or not rest.strip():
            raise ValueError("is not a picture, a tab, and its label")
        paths = _paths(path)
        if self.task == RECOGNITION:
            if rest.lstrip().startswith("[{"):
                raise ValueError("holds boxes, unlike the lines before it")
            return paths, rest, ()
        return paths, None, self._regions(_json(rest))

    def _regions(self, rows: Any) -> Tuple[Region, ...]:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("the label is not a list of boxes")
        return tuple(self._region(place, row) for place, row in enumerate(rows, 1))

    def _region(self, place: int, row: Any) -> Region:
        points, text = row.get("points"), row.get("transcription")
        if not isinstance(text, str):
            raise ValueError(f"box {place} has no transcription")
        try:
            corners = [(to_number(str(x)), to_number(str(y))) for x, y in points]
        except (TypeError, ValueError) as error:
            raise ValueError(f"box {place} has no points [[x, y], ...]") from error
        if len(corners) < 3:
            raise ValueError(f"box {place} has {len(corners)} points")
        ignore = text in self.ignore_marks or bool(row.get("difficult"))
        return Region(as_polygon(corners), text, ignore)


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _is_lone_list(root: PathLike) -> bool:
    path = Path(root)
    return path.is_file() and archive_stem(path.name) is None


def _paths(path: str) -> List[str]:
    names = _json(path) if path.lstrip().startswith("[") else [path]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("the part before the tab is not a picture")
    cleaned = [name.strip().replace("\\", "/") for name in names]
    for name in cleaned:
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"{name!r} leads out of the folder")
    return [name[2:] if name.startswith("./") else name for name in cleaned]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error


def _locate(tree: Tree, folder: str, path: str) -> Optional[str]:
    # Paths are relative to the label file, or (PPOCRLabel) to the folder above it, which is out of
    # reach where the labelled folder itself was named.
    own = archive_stem(tree.root.name) or tree.root.absolute().name
    top, _, inside = path.partition("/")
    if top == own and path not in tree:
        for name in (inside, f"{tree.root.name}/{inside}"):
            if name in tree:
                return name
    while True:
        name = f"{folder}/{path}" if folder else path
        if name in tree:
            return name
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def _beside(tree: Tree, folder: str, path: str) -> str:
    """Returns what to say where a renamed folder is why a picture was not found."""
    top, slash, name = path.rpartition("/")
    near = f"{folder}/{name}" if folder else name
    if slash and "/" not in top and near in tree:
        return f" ({name} lies beside the label file: was the folder called {top}?)"
    return ""


PADDLEOCR = PaddleImporter(
    DatasetInfo(
        "paddleocr",
        "label files of PaddleOCR and PPOCRLabel",
        homepage="https://github.com/PaddlePaddle/PaddleOCR",
        licence="your own",
        tasks=(DETECTION, RECOGNITION),
        splits=(TRAIN, VALIDATION, TEST),
        tree="""
  train_label.txt  test_label.txt  Label.txt      picture<TAB>[{"transcription":...,"points":...}]
  rec_gt_train.txt rec_gt_test.txt rec_gt.txt     picture<TAB>text (--task recognition)
  pictures at the paths named, from the label file's folder or one above it
""",
    ),
    exif=APPLY,
    options=("ignore_marks", "encoding"),
)
