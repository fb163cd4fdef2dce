"""Finds the texts of new pictures with a trained detector."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional

from PIL import Image

from ocrdata.base.outdir import write_atomic
from ocrdata.errors import OptionError, OutputExistsError, PathLike
from ocrdata.train.crops import decode_picture
from ocrdata.train.detect import Detection, checkpoint_name, plain_regions, whole_numbers
from ocrdata.train.drawing import draw_outlines
from ocrdata.train.predict import find_images
from ocrdata.train.run import read_run
from ocrdata.train.targets import make_target


@dataclass(frozen=True)
class Prediction:
    """What was found in a picture: regions with `polygon` [[x, y], ...] and `score`."""

    path: str
    regions: List[Dict[str, Any]]


@dataclass(frozen=True)
class DetectSummary:
    """All detections, the files that could not be read with the reason, and where things lie."""

    checkpoint: str
    images: int
    texts: int
    detections: List[Prediction]
    unreadable: Dict[str, str] = field(default_factory=dict)
    drawings: Optional[str] = None
    json_file: Optional[str] = None


def predict_scenes(
    images: Iterable[PathLike],
    model: str = "east",
    output_dir: PathLike = "output",
    checkpoint: str = "",
    reading: Any = None,
    target: str = "cpu",
    draw: Optional[PathLike] = None,
    json_file: Optional[PathLike] = None,
    overwrite: bool = False,
    on_detection: Optional[Callable[[Prediction], None]] = None,
) -> DetectSummary:
    """Finds texts in pictures (files, or folders of them) with the run `output_dir`/`model`.

    `draw` names a folder for the pictures with boxes drawn, `json_file` a file for one JSON object
    a picture; `reading` is the model's dataclass of that name. Unreadable pictures are counted
    with their reason. Raises CheckpointError,
    InputError if a path does not exist, OutputExistsError without `overwrite`.
    """
    paths = find_images(images)
    drawings = _drawing_paths(paths, draw)
    for output in [*drawings.values(), *([Path(json_file)] if json_file else [])]:
        if output.exists() and not overwrite:
            raise OutputExistsError(output)
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    detection = Detection(run, make_target(target), reading)
    detections: List[Prediction] = []
    unreadable: Dict[str, str] = {}
    try:
        detection.restore(weights)
        for path in paths:
            try:
                picture = decode_picture(path.read_bytes())
            except (OSError, ValueError) as error:
                unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
                continue
            polygons, scores = whole_numbers(*detection.detect(picture))
            detections.append(Prediction(str(path), plain_regions(polygons, scores)))
            if draw is not None:
                _draw(drawings[path], picture, polygons, scores)
            if on_detection:
                on_detection(detections[-1])
    finally:
        detection.close()
    if json_file is not None:
        _write_json(Path(json_file), detections)
    return DetectSummary(
        checkpoint_name(weights), len(detections), sum(len(d.regions) for d in detections),
        detections, unreadable, None if draw is None else str(draw),
        None if json_file is None else str(json_file),
    )  # fmt: skip


def _drawing_paths(paths: List[Path], folder: Optional[PathLike]) -> Dict[Path, Path]:
    """Returns where each picture is drawn: its name as PNG; a number where two are the same."""
    if folder is None:
        return {}
    if Path(folder).is_file():
        raise OptionError("--draw names a folder, and {} is a file.".format(folder))
    found: Dict[Path, Path] = {}
    taken = set()  # type: set[str]
    for path in paths:
        name, count = path.stem, 1
        while name in taken:
            count += 1
            name = "{}_{}".format(path.stem, count)
        taken.add(name)
        found[path] = Path(folder) / (name + ".png")
    return found


def _draw(path: Path, picture: Any, polygons: Any, scores: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    draw_outlines(Image.fromarray(picture[:, :, ::-1]), polygons, scores).save(stream, "PNG")
    write_atomic(path, stream.getvalue())


def _write_json(path: Path, detections: List[Prediction]) -> None:
    lines = [
        json.dumps({"key": found.path, "regions": found.regions}, ensure_ascii=False) + "\n"
        for found in detections
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, "".join(lines).encode("utf-8"))
