"""What was found in pictures as plain values, and where drawings and predictions are written."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
from PIL import Image

from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OptionError, PathLike
from ocrdata.geometry import quads as q
from ocrdata.geometry.polygons import signed_area

Outlines = List[np.ndarray]


def drawing_paths(paths: List[Path], folder: Optional[PathLike]) -> Dict[Path, Path]:
    """Returns where each picture is drawn: its name as PNG; a number where two are the same."""
    if folder is None:
        return {}
    if Path(folder).is_file():
        raise OptionError(f"--draw names a folder, and {folder} is a file.")
    found: Dict[Path, Path] = {}
    taken = set()  # type: set[str]
    for path in paths:
        name, count = path.stem, 1
        while name in taken:
            count += 1
            name = f"{path.stem}_{count}"
        taken.add(name)
        found[path] = Path(folder) / (name + ".png")
    return found


def write_json_lines(path: Path, rows: Iterable[Tuple[str, List[Dict[str, Any]]]]) -> None:
    """Writes one JSON object a picture: its `key` and its `regions`."""
    lines = [
        json.dumps({"key": key, "regions": regions}, ensure_ascii=False) + "\n"
        for key, regions in rows
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, "".join(lines).encode("utf-8"))


def write_png(path: Path, image: Image.Image) -> None:
    """Writes a picture, and the folder it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    write_atomic(path, stream.getvalue())


def whole_numbers(
    polygons: Sequence[np.ndarray], scores: np.ndarray
) -> Tuple[Outlines, np.ndarray]:
    """Returns outlines as the official scorer takes them; those without area then are left out."""
    rounded = [np.round(np.asarray(polygon, np.float64)).astype(int) for polygon in polygons]
    good = [place for place, polygon in enumerate(rounded) if _counts(polygon)]
    return [rounded[place] for place in good], np.asarray(scores)[good]


def _counts(polygon: np.ndarray) -> bool:
    crossed = len(polygon) == 4 and bool(q.crossed(polygon[None])[0])
    return signed_area(polygon) > 0 and not crossed


def plain_regions(polygons: Outlines, scores: np.ndarray) -> List[Dict[str, Any]]:
    """Returns what was found in a picture as plain values: `polygon` [[x, y], ...] and `score`."""
    return [
        {"polygon": polygon.tolist(), "score": round(float(score), 6)}
        for polygon, score in zip(polygons, scores)
    ]
