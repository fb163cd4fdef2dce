"""Texts that photographs hold already, as a detector found them, for the renderer to avoid.

A file of them is what `ocrdata predict MODEL PICTURES --json-file` writes: for each picture a line
with its `key` (the path) and its `regions`, each with a `polygon` in pixels of the upright picture.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from ocrdata.errors import InputError, PathLike
from ocrdata.images.plain_header import orientation_of

Polygons = List[List[List[float]]]


def read_found_texts(path: PathLike) -> Dict[str, Polygons]:
    """Returns the polygons of each picture of a file of predictions, by the picture's path.

    Raises InputError with the line that is not one.
    """
    found: Dict[str, Polygons] = {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read as text: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            polygons = [_polygon(region["polygon"]) for region in row["regions"]]
            found[os.path.realpath(row["key"])] = polygons
        except (ValueError, KeyError, TypeError) as error:
            hint = "It must come from: ocrdata predict MODEL PICTURES --json-file FILE"
            raise InputError(path, "is not a prediction", line=number, hint=hint) from error
    return found


def _polygon(points: Any) -> List[List[float]]:
    array = np.array(points, np.float64)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) < 3 or not np.isfinite(array).all():
        raise ValueError("not an outline")
    outline: List[List[float]] = array.tolist()
    return outline


def outlines_of(
    pictures: Sequence[Path], found: Dict[str, Polygons]
) -> Tuple[Tuple[Tuple[Tuple[float, float], ...], ...], ...]:
    """Returns the outlines of each picture in shares of its sides, as it is seen upright.

    Raises InputError for a picture that was not looked at.
    """
    outlines = []
    for picture in pictures:
        polygons = found.get(os.path.realpath(str(picture)))
        if polygons is None:
            hint = "Run ocrdata predict on all of the pictures that --background names."
            raise InputError(picture, "is not among the pictures of --avoid-text", hint=hint)
        outlines.append(_upright(picture, polygons) if polygons else ())
    return tuple(outlines)


def _upright(picture: Path, polygons: Polygons) -> Tuple[Tuple[Tuple[float, float], ...], ...]:
    from PIL import Image

    with Image.open(str(picture)) as image:
        width, height = image.size
    if orientation_of(picture.read_bytes()) > 4:  # EXIF's marks for quarters of a turn
        width, height = height, width
    return tuple(tuple((x / width, y / height) for x, y in polygon) for polygon in polygons)
