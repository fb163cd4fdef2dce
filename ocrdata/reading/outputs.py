"""Where drawings and predictions of pictures are written, and how."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from PIL import Image

from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OptionError, PathLike


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
