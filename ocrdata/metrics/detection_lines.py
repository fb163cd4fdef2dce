"""One picture's boxes, and the lines that the ICDAR competitions write them in.

Strict reading refuses what the official scorers refuse; lenient reading puts it right and counts
it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.base.icdar import (
    IGNORE_MARKS,
    corners,
    outline_numbers,
    pair_coordinates,
    signed_area_of_points,
    split_numbers,
    to_number,
    unquote,
)
from ocrdata.errors import AnnotationError

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


def read_boxes(where: str, lines: Iterator[Tuple[int, str]], form: Format, truth: bool) -> Boxes:
    """Returns the boxes in numbered lines of the file `where`, the surest first if they are scored.

    Boxes whose sides cross are taken as they are, as the official scorers do. Raises
    AnnotationError naming file and line.
    """
    boxes, places = Boxes(), []
    for number, line in lines:
        try:
            points, text, score = _parse(where, number, line, form, truth)
        except ValueError as error:
            raise AnnotationError(where, str(error), number) from error
        boxes.add(points, truth and text in IGNORE_MARKS, score)
        places.append(number)
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
            problem = f"holds no {count} integers, separated by commas"
            form.adjust(where, number, problem, "numbers in another form")
        score, rest = _take_score(rest, form)
        if rest or len(parts) > count + form.scores:
            problem = f"has something behind its numbers: {rest[:40]!r}"
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
    points = pair_coordinates(values)
    if signed_area_of_points(points) < 0:
        form.adjust(where, number, "its corners are not clockwise", "corners turned clockwise")
        points = points[:1] + points[:0:-1]
    return points
