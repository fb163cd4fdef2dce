"""The text files of the ICDAR competitions: one box a line, coordinates first, text last.

    377,117,463,117,465,130,378,130,Genaxis Theatre     2015: four corners, clockwise from top-left
    38, 43, 920, 215, "Tiredness"                       2013: left, top, right, bottom
    158 128 411 181 "Footpath"                          2013, training set
    1,2,9,2,9,8,1,8,Latin,"###"                         2017 (MLT): the script before the text
    1,2,5,1,9,2,9,8,5,7,1,8,"text"                      outlines of five points and more

The text is everything behind the coordinates, so it may hold commas and spaces. Quotes around all
of it are taken off, with their escapes, as the official scorer does. Behind five points and more
there must be quotes: without, nobody knew where the numbers end and the text begins.
"""

from __future__ import annotations

import math
import re
from typing import List, Sequence, Tuple

IGNORE_MARKS = ("###",)
# Trainers have always passed these over as well; the official scorers know the first one only.
UNREAD_MARKS = (*IGNORE_MARKS, "*")
_QUOTED = re.compile(r'^\s*"(.*)"\s*$', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_OUTLINE = re.compile(r'^((?:\s*[-+]?[\d.]+\s*,)*)\s*(".*")\s*$', re.DOTALL)

PointList = List[Tuple[float, float]]


def split_numbers(line: str, count: int, separator: str = ",") -> Tuple[List[float], str]:
    """Splits `count` numbers off a line and returns them with the text behind; ValueError if not.

    With the separator " ", the numbers are parted by white space, with or without commas.
    """
    parts = line.split(None, count) if separator == " " else line.split(separator, count)
    numbers = [to_number(part.strip(", ") if separator == " " else part) for part in parts[:count]]
    if len(numbers) < count:
        raise ValueError(f"has {len(numbers)} numbers instead of {count}")
    return numbers, parts[count] if len(parts) > count else ""


def to_number(text: str) -> float:
    """Returns a finite number; raises ValueError saying what stands there instead."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text.strip()[:40]!r} is not a number") from None
    if not math.isfinite(value) or abs(value) > 1e6:
        raise ValueError(f"{text.strip()[:40]!r} is not a coordinate")
    return value


def unquote(text: str) -> str:
    r"""Returns a transcription without the quotes around it: `"a \"b\""` reads `a "b"`."""
    match = _QUOTED.match(text)
    return _ESCAPED.sub(r"\1", match.group(1)) if match else text


def quote(text: str) -> str:
    """Returns a transcription that `unquote` turns back: quoted only where it has to be."""
    # `5,6,"x"` behind four corners would look like a fifth point and a text.
    return _quoted(text) if _OUTLINE.match(text) else text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def outline_numbers(line: str) -> int:
    """Returns how many coordinates a line has: all before a text in quotes, or 8.

    Raises ValueError for half a point.
    """
    match = _OUTLINE.match(line)
    count = match.group(1).count(",") if match else 0
    if count > 9 and count % 2:
        raise ValueError(f"has {count} numbers before its text, an odd number")
    return count if count > 9 else 8


def split_outline(line: str) -> Tuple[PointList, str]:
    """Splits the corners off a line: as many as there are before a text in quotes, or four.

    Raises ValueError for anything but numbers, and for half a point.
    """
    numbers, rest = split_numbers(line, outline_numbers(line))
    return pair_coordinates(numbers), rest


def corners(left: float, top: float, right: float, bottom: float) -> PointList:
    """Returns the corners of an upright rectangle, clockwise from top-left."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def pair_coordinates(numbers: Sequence[float]) -> PointList:
    """Returns x1, y1, x2, y2, ... as points."""
    return list(zip(numbers[0::2], numbers[1::2]))


def signed_area_of_points(points: PointList) -> float:
    """Returns the area inside a polygon: positive if it runs clockwise on the screen (y down)."""
    total = 0.0
    for (x, y), (next_x, next_y) in zip(points, points[1:] + points[:1]):
        total += x * next_y - next_x * y
    return total / 2.0


def format_box(points: Sequence[Sequence[float]], text: str) -> str:
    """Returns a line of an ICDAR-2015 ground-truth file, without its line feed."""
    numbers = [_shortest(float(value)) for point in points for value in point]
    return ",".join(numbers + [quote(text) if len(points) == 4 else _quoted(text)])


def _shortest(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.2f}"
