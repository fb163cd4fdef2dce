"""Sheets of `realscenes.py`: real pictures beside generated ones, and what a detector got wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import List, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.base.icdar import split_numbers
from ocrdata.geometry import polygons as geometry

SIDE, COLUMNS = 400, 5
GREEN, RED, BLUE = (0, 220, 0), (0, 0, 255), (255, 120, 0)


def pictures_of(folder: Path, count: int) -> List[Path]:
    """Returns pictures of a data folder, spread over all of it."""
    found = sorted((folder / "images").rglob("*.[jJpP][pPnN][gG]"))
    return found[:: max(1, len(found) // count)][:count]


def truth_of(picture: Path) -> List[Tuple[np.ndarray, str]]:
    """Returns the boxes beside a picture, float [4, 2], with their texts."""
    lines = picture.with_name(f"gt_{picture.stem}.txt").read_text(encoding="utf-8-sig")
    parts = [split_numbers(line, 8) for line in lines.splitlines() if line]
    return [(np.array(numbers).reshape(4, 2), text) for numbers, text in parts]


def _tile(
    image: np.ndarray, boxes: Sequence[Tuple[np.ndarray, Tuple[int, int, int]]]
) -> np.ndarray:
    scale = SIDE / max(image.shape[:2])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for box, color in boxes:
        cv2.polylines(small, [np.rint(box * scale).astype(np.int32)], True, color, 2, cv2.LINE_AA)
    tile = np.zeros((SIDE, SIDE, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:SIDE, :SIDE]
    return tile


def _page(tiles: List[np.ndarray], path: Path) -> None:
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[at : at + COLUMNS]) for at in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(path), np.vstack(rows))


def look_sheet(real: Path, ours: Path, path: Path) -> None:
    """Writes a sheet: two rows of real pictures, two rows of generated ones, with their boxes."""
    tiles = []
    for folder in (real, ours):
        for picture in pictures_of(folder, 2 * COLUMNS):
            boxes = [(box, GREEN) for box, _ in truth_of(picture)]
            tiles.append(_tile(cv2.imread(str(picture)), boxes))
    _page(tiles, path)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the share of two convex outlines that they have in common."""
    shared = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))[0]
    both = abs(geometry.signed_area(one)) + abs(geometry.signed_area(other)) - shared
    return float(shared / both) if both > 0 else 0.0


def error_sheet(real: Path, predictions: Path, path: Path, count: int = 20) -> None:
    """Writes a sheet of real pictures: what is right in green, wrong in red, missed in blue."""
    rows = map(json.loads, predictions.read_text(encoding="utf-8").splitlines())
    found = {row["key"]: [np.array(part["polygon"]) for part in row["regions"]] for row in rows}
    tiles = []
    for picture in pictures_of(real, count):
        key = next((key for key in found if picture.as_posix().endswith(key)), None)
        truth = [box for box, text in truth_of(picture) if text != "###"]
        ours = found[key] if key else []
        good = [any(overlap(one, box) > 0.5 for box in truth) for one in ours]
        boxes = [(one, GREEN if right else RED) for one, right in zip(ours, good)]
        missed = [box for box in truth if not any(overlap(one, box) > 0.5 for one in ours)]
        tiles.append(_tile(cv2.imread(str(picture)), [*boxes, *((box, BLUE) for box in missed)]))
    _page(tiles, path)
