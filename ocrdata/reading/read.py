"""Reads whole pictures end to end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.base.pairing import find_images
from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.images.decode import decode_image
from ocrdata.reading.drawing import draw_words
from ocrdata.reading.exported import find_network, open_network
from ocrdata.reading.lines import LineReader
from ocrdata.reading.outputs import drawing_paths, write_json_lines, write_png
from ocrdata.reading.scenes import SceneReader, scene_reader
from ocrdata.reading.words import ReadOptions, WordCrop, read_word_crops


class Models(NamedTuple):
    """Which exported models read: paths, or "" for the only one below `output_dir`.

    `threshold` and `max_side` replace the detector's own.
    """

    detector: str = ""
    recogniser: str = ""
    output_dir: PathLike = "output"
    threshold: Optional[float] = None
    max_side: Optional[int] = None


class ImageReader:
    """A detector and a reader, open; `describe` names them."""

    def __init__(self, scenes: SceneReader, lines: LineReader, options: ReadOptions) -> None:
        self._scenes, self._lines, self._options = scenes, lines, options

    def read(self, data: bytes) -> Tuple[np.ndarray, List[WordCrop]]:
        """Returns an encoded picture's pixels, and its words; raises ValueError if damaged."""
        image = decode_image(data, self._options.exif)
        return image, read_word_crops(image, self._scenes, self._lines, self._options)


@contextmanager
def opened(models: Models, options: ReadOptions) -> Iterator[ImageReader]:
    """Opens the models; raises CheckpointError, MissingExtraError and OptionError."""
    networks: List[Any] = []
    try:
        for path, task in ((models.detector, DETECTION), (models.recogniser, RECOGNITION)):
            found = open_network(path, task) if path else find_network(models.output_dir, task)
            networks.append(found)
        scenes = scene_reader(networks[0], models.threshold, models.max_side)
        yield ImageReader(scenes, LineReader(networks[1]), options)
    finally:
        for network in networks:
            network.close()


@dataclass(frozen=True)
class PageReading:
    """What was read in a picture: regions with `polygon`, `score`, `text` and `confidence`."""

    path: str
    regions: List[Dict[str, Any]]


@dataclass(frozen=True)
class ReadSummary:
    """All that was read, and the files that could not be, with the reason."""

    images: int
    texts: int
    readings: List[PageReading]
    unreadable: Dict[str, str] = field(default_factory=dict)
    drawings: Optional[str] = None
    json_file: Optional[str] = None


def read_images(
    images: Iterable[PathLike],
    models: Models = Models(),  # noqa: B008 - it cannot change
    options: ReadOptions = ReadOptions(),  # noqa: B008
    draw: Optional[PathLike] = None,
    json_file: Optional[PathLike] = None,
    overwrite: bool = False,
    on_reading: Optional[Callable[[PageReading], None]] = None,
) -> ReadSummary:
    """Reads all texts of pictures (files, or folders of them), in reading order.

    `draw` names a folder for the pictures with what was read beside them, `json_file` a file for
    one JSON object a picture. Raises CheckpointError, InputError if a path does not exist,
    OutputExistsError without `overwrite`.
    """
    paths = find_images(images)
    drawings = drawing_paths(paths, draw)
    for output in [*drawings.values(), *([Path(json_file)] if json_file else [])]:
        if output.exists() and not overwrite:
            raise OutputExistsError(output)
    readings: List[PageReading] = []
    unreadable: Dict[str, str] = {}
    with opened(models, options) as reader:
        for path in paths:
            try:
                image, words = reader.read(path.read_bytes())
            except (OSError, ValueError) as error:
                unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
                continue
            readings.append(PageReading(str(path), [word.as_dict() for word in words]))
            if draw is not None:
                write_png(drawings[path], draw_words(image, words))
            if on_reading:
                on_reading(readings[-1])
    if json_file is not None:
        write_json_lines(Path(json_file), ((one.path, one.regions) for one in readings))
    return ReadSummary(
        len(readings),
        sum(len(one.regions) for one in readings),
        readings,
        unreadable,
        None if draw is None else str(draw),
        None if json_file is None else str(json_file),
    )
