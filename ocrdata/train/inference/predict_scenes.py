"""Finds the texts of new pictures with a trained detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional

import numpy as np
from PIL import Image

from ocrdata.base.pairing import find_images
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.images.decode import APPLY, decode_image
from ocrdata.reading.outputs import drawing_paths, write_json_lines, write_png
from ocrdata.train.config.detection import ReadingOptions
from ocrdata.train.inference.detect import Detection, plain_regions, whole_numbers
from ocrdata.train.inference.line_drawing import draw_outlines
from ocrdata.train.inference.settings import NEWEST, RunSettings


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


class SceneOutputs(NamedTuple):
    """Where else detections go: a folder of pictures with boxes, a file with a JSON object each."""

    drawings: Optional[PathLike] = None
    json_file: Optional[PathLike] = None
    overwrite: bool = False


NO_FILES = SceneOutputs()


def predict_scenes(
    images: Iterable[PathLike],
    model: str = "east",
    *,
    run: RunSettings = NEWEST,
    reading: Optional[ReadingOptions] = None,
    outputs: SceneOutputs = NO_FILES,
    on_detection: Optional[Callable[[ScenePrediction], None]] = None,
    exif: str = APPLY,
) -> DetectSummary:
    """Finds texts in pictures (files, or folders of them) with a run.

    `reading` is that of the model's card; `exif` is one of EXIF_WAYS, and corners are those of the
    picture as it was turned. Unreadable pictures are counted with their
    reason. Raises CheckpointError, InputError if a path does not exist, OutputExistsError for an
    output that is there.
    """
    paths = find_images(images)
    drawings = drawing_paths(paths, outputs.drawings)
    json_file = outputs.json_file
    for output in [*drawings.values(), *([Path(json_file)] if json_file else [])]:
        if output.exists() and not outputs.overwrite:
            raise OutputExistsError(output)
    opened = run.open(model)
    detection = Detection(opened.directory, run.device(), reading)
    detections: List[ScenePrediction] = []
    unreadable: Dict[str, str] = {}
    try:
        detection.restore(opened.weights)
        for path in paths:
            try:
                image = decode_image(path.read_bytes(), exif)
            except (OSError, ValueError) as error:
                unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
                continue
            polygons, scores = whole_numbers(*detection.detect(image))
            detections.append(ScenePrediction(str(path), plain_regions(polygons, scores)))
            if drawings:
                shown = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
                write_png(drawings[path], draw_outlines(shown, polygons, scores))
            if on_detection:
                on_detection(detections[-1])
    finally:
        detection.close()
    if json_file is not None:
        write_json_lines(Path(json_file), ((one.path, one.regions) for one in detections))
    return DetectSummary(
        checkpoint=opened.checkpoint,
        images=len(detections),
        texts=sum(len(one.regions) for one in detections),
        detections=detections,
        unreadable=unreadable,
        drawings=None if outputs.drawings is None else str(outputs.drawings),
        json_file=None if json_file is None else str(json_file),
    )
