"""Finds the texts of new pictures with a trained detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional

import numpy as np
from PIL import Image

from ocrdata.base.pairing import find_images
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.images.fitting import decode_image
from ocrdata.reading.outputs import drawing_paths, write_json_lines, write_png
from ocrdata.train.devices.selection import make_device
from ocrdata.train.inference.detect import Detection, checkpoint_name, plain_regions, whole_numbers
from ocrdata.train.inference.line_drawing import draw_outlines
from ocrdata.train.run_dir import read_run


@dataclass(frozen=True)
class ScenePrediction:
    """What was found in a picture: regions with `polygon` [[x, y], ...] and `score`."""

    path: str
    regions: List[Dict[str, Any]]


@dataclass(frozen=True)
class DetectSummary:
    """All detections, the files that could not be read with the reason, and where things lie."""

    checkpoint: str
    images: int
    texts: int
    detections: List[ScenePrediction]
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
    on_detection: Optional[Callable[[ScenePrediction], None]] = None,
) -> DetectSummary:
    """Finds texts in pictures (files, or folders of them) with the run `output_dir`/`model`.

    `draw` names a folder for the pictures with boxes drawn, `json_file` a file for one JSON object
    a picture; `reading` is the model's dataclass of that name. Unreadable pictures are counted
    with their reason. Raises CheckpointError,
    InputError if a path does not exist, OutputExistsError without `overwrite`.
    """
    paths = find_images(images)
    drawings = drawing_paths(paths, draw)
    for output in [*drawings.values(), *([Path(json_file)] if json_file else [])]:
        if output.exists() and not overwrite:
            raise OutputExistsError(output)
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    detection = Detection(run, make_device(target), reading)
    detections: List[ScenePrediction] = []
    unreadable: Dict[str, str] = {}
    try:
        detection.restore(weights)
        for path in paths:
            try:
                image = decode_image(path.read_bytes())
            except (OSError, ValueError) as error:
                unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
                continue
            polygons, scores = whole_numbers(*detection.detect(image))
            detections.append(ScenePrediction(str(path), plain_regions(polygons, scores)))
            if draw is not None:
                shown = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
                write_png(drawings[path], draw_outlines(shown, polygons, scores))
            if on_detection:
                on_detection(detections[-1])
    finally:
        detection.close()
    if json_file is not None:
        write_json_lines(Path(json_file), ((one.path, one.regions) for one in detections))
    return DetectSummary(
        checkpoint_name(weights),
        len(detections),
        sum(len(d.regions) for d in detections),
        detections,
        unreadable,
        None if draw is None else str(draw),
        None if json_file is None else str(json_file),
    )
