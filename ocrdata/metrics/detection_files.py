"""Ground truth and results of text detection, as the ICDAR competitions exchange them.

    gt.zip        gt_img_1.txt   377,117,463,117,465,130,378,130,Genaxis Theatre
    results.zip   res_img_1.txt  377,117,463,117,465,130,378,130        (one score more, if asked)
    predictions.jsonl   {"key": "images/test/img_1.jpg", "regions": [{"polygon": [[377, 117], ...],
                         "score": 0.9, "text": "..."}]}

Folders of such files do as well as archives. Strict reading refuses what the official scorers
refuse; lenient reading puts it right and counts it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any, Dict, Iterator, Tuple

import numpy as np

from ocrdata.base.encodings import decode_lines
from ocrdata.base.sample import read_lines
from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.base.storage.tree import Tree, archive_stem
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.metrics.detection_lines import Boxes, Format, read_boxes

_NAME = re.compile(r"^(?P<mark>gt_|res_)?(?P<key>.+)\.txt$")


def read_truth(path: PathLike, form: Format) -> Dict[str, Boxes]:
    """Returns the boxes of each picture, by the name in `gt_<name>.txt`; `###` is to be ignored.

    Where four corners are asked for, lines of more with their text in quotes are outlines. Raises
    AnnotationError naming file and line, and where no such file is found.
    """
    truth: Dict[str, Boxes] = {}
    with Tree(path) as tree:
        for key, name in _text_files(tree, "gt_"):
            if key in truth:
                raise AnnotationError(tree.where(name), "is a second ground truth of " + key)
            where = tree.where(name)
            truth[key] = read_boxes(where, decode_lines(tree.read(name), where), form, True)
    if not truth:
        hint = "Ground truth is a zip or a folder of files such as gt_img_1.txt."
        raise AnnotationError(path, "holds no ground truth", hint=hint)
    form.outlines = any(len(p) != 4 for boxes in truth.values() for p in boxes.polygons)
    return truth


def read_results(path: PathLike, truth: Dict[str, Boxes], form: Format) -> Dict[str, Boxes]:
    """Returns the detections of each picture, by the name in `res_<name>.txt`.

    Raises AnnotationError naming file and line; a strict reader refuses files of no picture.
    """
    if Path(path).suffix.lower() in (".jsonl", ".json"):
        return _read_predictions(Path(path), truth, form)
    results: Dict[str, Boxes] = {}
    with Tree(path) as tree:
        if form.strict:
            _check_names(tree, truth, form)
        files = list(_text_files(tree, "res_"))
        if not files:
            hint = "Results are a zip or a folder of files such as res_img_1.txt."
            raise AnnotationError(path, "holds no results", hint=hint)
        for key, name in files:
            where = tree.where(name)
            if key not in truth:
                form.adjust(
                    where, None, "there is no ground truth of " + key, "files of no picture"
                )
            elif key in results:
                raise AnnotationError(where, "is a second result of " + key)
            else:
                lines = decode_lines(tree.read(name), where)
                results[key] = read_boxes(where, lines, form, False)
    return results


def _check_names(tree: Tree, truth: Dict[str, Boxes], form: Format) -> None:
    """Refuses results that are called otherwise than `res_<picture>.txt`, as official scorers do.

    All files of an archive count; of a folder, which may hold others, only texts.
    """
    archive = archive_stem(tree.root.name) is not None and not tree.root.is_dir()
    for name in tree.names:
        inside = name.partition("/")[2] if archive else name
        if not (archive or inside.endswith(".txt")):
            continue
        match = _NAME.match(inside)
        if not match or match.group("mark") != "res_" or "/" in inside:
            wanted = f"res_{next(iter(truth))}.txt"
            form.adjust(tree.where(name), None, f"is not called as {wanted} is", "other names")


def _text_files(tree: Tree, mark: str) -> Iterator[Tuple[str, str]]:
    found = [(_NAME.match(name.rsplit("/", 1)[-1]), name) for name in tree.names]
    named = [(match, name) for match, name in found if match and match.group("mark") == mark]
    # Files without the prefix count only where none has it: a folder may hold other texts.
    for match, name in named or [(match, name) for match, name in found if match]:
        if match:
            yield match.group("key"), name


def _read_predictions(path: Path, truth: Dict[str, Boxes], form: Format) -> Dict[str, Boxes]:
    results: Dict[str, Boxes] = {}
    for number, line in read_lines(path):
        try:
            row = json.loads(line)
            key = _stem(row["key"])
            boxes = Boxes()
            for region in sorted(row["regions"], key=lambda region: -region.get("score", 1.0)):
                boxes.add(_finite(region["polygon"]), score=float(region.get("score", 1.0)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            problem = f"is not a prediction ({type(error).__name__}: {error})"
            hint = 'A line is {"key": ..., "regions": [{"polygon": [[x, y], ...]}]}.'
            raise AnnotationError(path, problem, number, hint) from error
        if key not in truth:
            form.adjust(str(path), number, "there is no ground truth of " + key, "unknown pictures")
        elif key in results:
            raise AnnotationError(path, "is a second prediction of " + key, number)
        else:
            results[key] = boxes
    return results


def _stem(key: str) -> str:
    path = PurePosixPath(key)
    return path.stem if path.suffix.lower() in IMAGE_SUFFIXES else path.name


def _finite(points: Any) -> np.ndarray:
    polygon = np.array(points, np.float64)
    if polygon.ndim != 2 or polygon.shape[1] != 2 or len(polygon) < 3:
        raise ValueError("a polygon is three or more [x, y]")
    if not np.isfinite(polygon).all():
        raise ValueError("a corner is not finite")
    return polygon
