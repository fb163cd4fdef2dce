"""Finds the texts of new pictures with a trained detector."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Union

import numpy as np
from PIL import Image

from ocrdata.base.pairing import find_images
from ocrdata.base.sample import DETECTION
from ocrdata.errors import CheckpointError, OutputExistsError, PathLike
from ocrdata.images.decode import APPLY, decode_image
from ocrdata.reading.outputs import (
    drawing_paths,
    plain_regions,
    whole_numbers,
    write_json_lines,
    write_png,
)
from ocrdata.reading.scenes import SceneReader
from ocrdata.records.sources.identify import RUN_FILE
from ocrdata.train.config.detection import ReadingOptions
from ocrdata.train.data.text_sizes import trained_sizes
from ocrdata.train.inference.engines import ReadingEngine, choose_engine
from ocrdata.train.inference.line_drawing import draw_outlines
from ocrdata.train.inference.settings import NEWEST, OpenedRun, RunSettings
from ocrdata.train.models import model_card

if TYPE_CHECKING:  # with an exported model no TensorFlow is imported
    from ocrdata.train.inference.detect import Detection


@dataclass(frozen=True)
class ScenePrediction:
    """What was found in a picture: regions with `polygon` [[x, y], ...] and `score`."""

    path: str
    regions: List[Dict[str, Any]]


@dataclass(frozen=True)
class DetectSummary:
    """All detections, the files that could not be read with the reason, and where things lie.

    `engine` is what computed, "onnx" or "tensorflow"; `advice` what would make it faster.
    """

    checkpoint: str
    engine: str
    images: int
    texts: int
    detections: List[ScenePrediction]
    unreadable: Dict[str, str] = field(default_factory=dict)
    drawings: Optional[str] = None
    json_file: Optional[str] = None
    advice: str = ""


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
    picture as it was turned. Unreadable pictures are counted with their reason. Raises
    CheckpointError, InputError if a path does not exist, OutputExistsError for an output that is
    there, and what `choose_engine` raises.
    """
    paths = find_images(images)
    drawings = drawing_paths(paths, outputs.drawings)
    json_file = outputs.json_file
    for output in [*drawings.values(), *([Path(json_file)] if json_file else [])]:
        if output.exists() and not outputs.overwrite:
            raise OutputExistsError(output)
    opened = run.open(model)
    if model_card(model).task != DETECTION:
        raise CheckpointError(opened.directory.directory, "is a run of a model that finds no texts")
    how = reading if reading is not None else model_card(model).reading()
    unexported = how.beyond_exports() or run.beyond_exports()
    chosen = choose_engine(run.engine, *opened, tensorflow_for=unexported)
    finder = _open_finder(chosen, opened, run, how)
    detections: List[ScenePrediction] = []
    unreadable: Dict[str, str] = {}
    try:
        for path in paths:
            try:
                image = decode_image(path.read_bytes(), exif)
            except (OSError, ValueError) as error:
                unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
                continue
            polygons, scores = whole_numbers(*finder.find(image))
            detections.append(ScenePrediction(str(path), plain_regions(polygons, scores)))
            if drawings:
                shown = Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
                write_png(drawings[path], draw_outlines(shown, polygons, scores))
            if on_detection:
                on_detection(detections[-1])
    finally:
        finder.close()
    if json_file is not None:
        write_json_lines(Path(json_file), ((one.path, one.regions) for one in detections))
    return DetectSummary(
        checkpoint=opened.checkpoint,
        engine=chosen.name,
        images=len(detections),
        texts=sum(len(one.regions) for one in detections),
        detections=detections,
        unreadable=unreadable,
        drawings=None if outputs.drawings is None else str(outputs.drawings),
        json_file=None if json_file is None else str(json_file),
        advice=chosen.advice,
    )


def _open_finder(
    engine: ReadingEngine, opened: OpenedRun, run: RunSettings, reading: ReadingOptions
) -> Union[Detection, SceneReader]:
    directory = opened.directory
    if engine.network:
        trained = trained_sizes(directory.records, directory.directory / RUN_FILE)
        return SceneReader(engine.network, reading.rule(), reading.fitting(trained))
    from ocrdata.train.inference.detect import Detection

    detection = Detection(directory, run.device(), reading)
    detection.restore(opened.weights)
    return detection
