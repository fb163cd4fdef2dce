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

from ocrdata.base.icdar import to_number
from ocrdata.base.sample import Region, Sample
from ocrdata.base.storage.tree import Tree, archive_stem, decode_lines
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.base import (
    BAD,
    DETECTION,
    RECOGNITION,
    TEST,
    TRAIN,
    VALIDATION,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    find_image,
    found_splits,
    of_split,
    refuse,
)

_HEAD = 1 << 16


@dataclass(frozen=True)
class PaddleImporter(Importer):
    """Label files in a folder or archive, or one label file beside its pictures."""

    ignore_marks: Tuple[str, ...] = ("###", "*")
    encoding: str = "utf-8"

    def splits(self, root: PathLike) -> List[str]:
        with _tree(root) as tree:
            return found_splits(self, self._lists(tree, root), root)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with _tree(root) as tree:
            files = of_split(self._lists(tree, root), split, root)
            if not files:
                raise self.missing(root, f"{split} label file")
            for name in files:
                yield from self._read(tree, name, report, pictures)

    def _lists(self, tree: Tree, root: PathLike) -> List[str]:
        if Path(root).is_file() and archive_stem(Path(root).name) is None:
            return [Path(root).name]
        texts = [name for name in tree.names if name.lower().endswith((".txt", ".label"))]
        return [name for name in texts if _is_boxes(tree.read(name)) == (self.task == DETECTION)]

    def _read(self, tree: Tree, name: str, report: OnProblem, pictures: bool) -> Iterator[Sample]:
        where, folder = tree.where(name), name.rpartition("/")[0]
        try:
            for number, line in decode_lines(tree.read(name), where, self.encoding):
                try:
                    paths, text, regions = self._parse(line)
                except ValueError as error:
                    report(BAD, AnnotationError(where, str(error), number))
                    continue
                for path in paths:
                    found = _locate(tree, folder, path)
                    image = find_image(tree, found, where, number, path, report, pictures)
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


def _tree(root: PathLike) -> Tree:
    path = Path(root)
    lone = path.is_file() and archive_stem(path.name) is None
    return Tree(path.absolute().parent if lone else path)


def _is_boxes(data: bytes) -> Optional[bool]:
    """Says whether a label file holds boxes (True) or words (False); None where it is neither."""
    for line in data[:_HEAD].splitlines():
        path, tab, rest = line.partition(b"\t")
        if tab and path.strip():
            return rest.lstrip().startswith(b"[{") or rest.strip() == b"[]"
    return None


def _paths(path: str) -> List[str]:
    names = _json(path) if path.lstrip().startswith("[") else [path]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("the part before the tab is no picture")
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
    # Paths are relative to the label file, or (PPOCRLabel) to the folder above it.
    while True:
        name = f"{folder}/{path}" if folder else path
        if name in tree:
            return name
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


PADDLEOCR = PaddleImporter(
    DatasetInfo(
        "paddleocr",
        "label files of PaddleOCR and PPOCRLabel",
        "https://github.com/PaddlePaddle/PaddleOCR",
        "your own",
        (DETECTION, RECOGNITION),
        (TRAIN, VALIDATION, TEST),
        """
  train_label.txt  test_label.txt  Label.txt      picture<TAB>[{"transcription":...,"points":...}]
  rec_gt_train.txt rec_gt_test.txt rec_gt.txt     picture<TAB>text (--task recognition)
  pictures at the paths named, from the label file's folder or one above it
""",
    ),
    options=("ignore_marks", "encoding"),
)
