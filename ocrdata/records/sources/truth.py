"""Ground-truth text files of pictures: their boxes as regions."""

from __future__ import annotations

import re
from typing import Callable, List, Tuple

import numpy as np

from ocrdata.base.encodings import decode_lines
from ocrdata.base.icdar import (
    UNREAD_MARKS,
    PointList,
    corners,
    split_numbers,
    split_outline,
    unquote,
)
from ocrdata.base.other_layouts import refuse_other_layout
from ocrdata.base.sample import Region
from ocrdata.errors import AnnotationError, PathLike

# Quotes around the text of a rectangle keep numbers in it from looking like coordinates.
_MORE_NUMBERS = re.compile(r"^\s*[-+.\d]+\s*,")

Lines = List[Tuple[int, str]]
Form = Callable[[str], Tuple[PointList, str]]


def _rectangle(line: str) -> Tuple[PointList, str]:
    (left, top, right, bottom), rest = split_numbers(line, 4)
    if _MORE_NUMBERS.match(rest):
        raise ValueError("has neither eight numbers nor four and a text")
    if right < left or bottom < top:
        raise ValueError("ends left of or above where it begins")
    return corners(left, top, right, bottom), rest


def _spaced(line: str) -> Tuple[PointList, str]:
    (left, top, right, bottom), rest = split_numbers(line, 4, " ")
    return corners(left, top, right, bottom), rest


def _parse(where: PathLike, lines: Lines, form: Form) -> Tuple[Region, ...]:
    regions = []
    for number, line in lines:
        try:
            points, rest = form(line)
        except ValueError as error:
            raise AnnotationError(where, str(error), number) from error
        text = unquote(rest).strip()
        polygon = np.array(points, np.float32)
        regions.append(Region(polygon, text, text in UNREAD_MARKS))
    return tuple(regions)


def _fits(form: Form, line: str) -> bool:
    try:
        form(line)
    except ValueError:
        return False
    return True


def parse_regions(data: bytes, where: PathLike) -> Tuple[Region, ...]:
    """Returns the regions of a ground-truth file: corners, or two of them where all have two.

    Raises AnnotationError naming the line; `where` is what messages call the file.
    """
    lines = list(decode_lines(data, where))
    refuse_other_layout(lines, where)
    # A damaged quad still begins like a rectangle, so one sound quad decides for the whole file.
    for form in (split_outline, _rectangle, _spaced):
        if any(_fits(form, line) for _, line in lines):
            return _parse(where, lines, form)
    return _parse(where, lines, split_outline)
