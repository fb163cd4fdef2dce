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
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.base.icdar import (
    IGNORE_MARKS,
    corners,
    outline_numbers,
    pair_up,
    signed_area,
    split_numbers,
    to_number,
    unquote,
)
from ocrdata.base.sample import read_lines
from ocrdata.base.split import IMAGE_SUFFIXES
from ocrdata.base.tree import Tree, decode_lines
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.quads import crossed

_NAME = re.compile(r"^(?P<mark>gt_|res_)?(?P<key>.+)\.txt$")
_INTEGER = re.compile(r"^\s*-?[0-9]+\s*$")
_LENIENT = "Pass --lenient to have such lines put right and counted."


@dataclass
class Boxes:
    """The boxes of one picture: outlines (float64 [n, 2]), whether to ignore them, scores."""

    polygons: List[np.ndarray] = field(default_factory=list)
    ignored: List[bool] = field(default_factory=list)
    scores: List[float] = field(default_factory=list)

    def add(self, points: Any, ignored: bool = False, score: float = 1.0) -> None:
        self.polygons.append(np.array(points, np.float64))
        self.ignored.append(ignored)
        self.scores.append(score)


@dataclass
class Format:
    """How lines are read; `adjusted` counts what a lenient reader put right.

    `upright` lines are left, top, right, bottom, others corners; with `script`, one stands before
    the text. `outlines` is set by truth with texts of more than four corners, which results may
    have then.
    """

    upright: bool = False
    script: bool = False
    scores: bool = False
    strict: bool = True
    outlines: bool = False
    adjusted: Dict[str, int] = field(default_factory=dict)
    notes: List[str] = field(default_factory=list)

    def adjust(self, where: str, line: Optional[int], what: str, done: str) -> None:
        """Refuses a line (strict) or counts that it was put right, with the first twenty places."""
        error = AnnotationError(where, what, line, _LENIENT)
        if self.strict:
            raise error
        self.adjusted[done] = self.adjusted.get(done, 0) + 1
        if len(self.notes) < 20:
            self.notes.append(error.message)


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
            truth[key] = _read_boxes(where, decode_lines(tree.read(name), where), form, True)
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
                results[key] = _read_boxes(where, lines, form, False)
    return results


def _text_files(tree: Tree, mark: str) -> Iterator[Tuple[str, str]]:
    found = [(_NAME.match(name.rsplit("/", 1)[-1]), name) for name in tree.names]
    named = [(match, name) for match, name in found if match and match.group("mark") == mark]
    # Files without the prefix count only where none has it: a folder may hold other texts.
    for match, name in named or [(match, name) for match, name in found if match]:
        if match:
            yield match.group("key"), name


def _read_boxes(where: str, lines: Iterator[Tuple[int, str]], form: Format, truth: bool) -> Boxes:
    boxes, places = Boxes(), []
    for number, line in lines:
        try:
            points, text, score = _parse(where, number, line, form, truth)
        except ValueError as error:
            raise AnnotationError(where, str(error), number) from error
        boxes.add(points, truth and text in IGNORE_MARKS, score)
        places.append(number)
    _check_crossing(where, boxes, places, form)
    if form.scores and not truth:
        order = sorted(range(len(places)), key=lambda place: -boxes.scores[place])
        boxes.polygons = [boxes.polygons[place] for place in order]
        boxes.scores = [boxes.scores[place] for place in order]
    return boxes


def _parse(
    where: str, number: int, line: str, form: Format, truth: bool
) -> Tuple[List[Tuple[float, float]], str, float]:
    separator = "," if line.count(",") >= (3 if form.upright else 7) else " "
    count = _numbers(line, form, truth)
    values, rest = split_numbers(line, count, separator)
    score = 1.0
    if truth and form.script:
        rest = rest.partition(",")[2]
    elif not truth:
        parts = line.split(",")
        if separator == " " or not all(map(_INTEGER.match, parts[:count])):
            problem = "holds no {} integers, separated by commas".format(count)
            form.adjust(where, number, problem, "numbers in another form")
        score, rest = _take_score(rest, form)
        if rest or len(parts) > count + form.scores:
            problem = "has something behind its numbers: {!r}".format(rest[:40])
            form.adjust(where, number, problem, "text behind the numbers")
    return _outline(where, number, values, form), unquote(rest), score


def _numbers(line: str, form: Format, truth: bool) -> int:
    """Returns how many numbers a line begins with."""
    if form.upright:
        return 4
    if form.script:
        return 8
    if truth:
        return outline_numbers(line)
    found = line.count(",") + 1 - form.scores
    return found if form.outlines and found > 8 and not found % 2 else 8


def _take_score(rest: str, form: Format) -> Tuple[float, str]:
    if not form.scores:
        return 1.0, rest
    score, _, rest = rest.partition(",")
    if not score.strip():
        raise ValueError("has no score behind its numbers")
    return to_number(score), rest


def _outline(
    where: str, number: int, values: List[float], form: Format
) -> List[Tuple[float, float]]:
    if form.upright:
        left, top, right, bottom = values
        if right < left or bottom < top:
            problem = "is not left, top, right, bottom"
            form.adjust(where, number, problem, "rectangles turned round")
        return corners(min(left, right), min(top, bottom), max(left, right), max(top, bottom))
    points = pair_up(values)
    if signed_area(points) < 0:
        form.adjust(where, number, "its corners are not clockwise", "corners turned clockwise")
        points = points[:1] + points[:0:-1]
    return points


def _check_crossing(where: str, boxes: Boxes, places: List[int], form: Format) -> None:
    quads = [place for place, polygon in enumerate(boxes.polygons) if len(polygon) == 4]
    if quads:
        for place in np.nonzero(crossed(np.stack([boxes.polygons[k] for k in quads])))[0]:
            problem = "its sides cross each other"
            form.adjust(where, places[quads[place]], problem, "boxes that cross themselves")


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
            problem = "is no prediction ({}: {})".format(type(error).__name__, error)
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
