"""Finds the texts of whole pictures with a trained detector, and scores what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ocrdata.geometry.polygons import bounds, clockwise
from ocrdata.images.decode import decode_image
from ocrdata.metrics.detection import PROTOCOLS, match_all
from ocrdata.metrics.detection_lines import Boxes, Format
from ocrdata.metrics.detection_score import DetectionScore, Match, total_score
from ocrdata.reading.outputs import Outlines, whole_numbers
from ocrdata.reading.pyramid import find_in_pyramid
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.detection import ReadingOptions
from ocrdata.train.data.scene_dataset import Scenes
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.restore import detector_of_run, restore
from ocrdata.train.inference.validation import ValidationResult
from ocrdata.train.inference.worst_samples import worst_scenes
from ocrdata.train.run_dir import RunDirectory

PROTOCOL = "icdar2015"


class Detection:
    """A trained detector in a session, which takes pictures one by one.

    `reading` is that of the model's card; its default values without it.
    """

    def __init__(
        self, run: RunDirectory, device: Device, reading: Optional[ReadingOptions] = None
    ) -> None:
        self._averaged = bool(run.options.get("ema"))
        self._graph = tf.Graph()
        with self._graph.as_default(), v1.device(device.device):
            self.model = detector_of_run(run)
            self.reading = reading if reading is not None else self.model.card.reading()
            self.fitting = self.model.fitting(self.reading)
            self.model.prepare(self.reading)
            self._images = v1.placeholder(tf.uint8, [None, None, None, 3], "images")
            outputs = self.model.build({"images": self._images}, training=False)
            self._maps = self.model.decode(outputs)
            self._session = v1.Session(graph=self._graph, config=device.config)

    def restore(self, checkpoint: str) -> None:
        """Takes the weights of a checkpoint; raises CheckpointError where they do not fit."""
        with self._graph.as_default():
            restore(self._session, checkpoint, self._averaged)

    def find(self, image: np.ndarray) -> Tuple[Sequence[np.ndarray], np.ndarray]:
        """Returns the texts in a picture, uint8 [h, w, 3] (blue first).

        Outlines float32 [n, 2] in its pixels, clockwise, and scores [k].
        """
        return find_in_pyramid(image, self.fitting, self._look)

    def _look(
        self, fitted: np.ndarray, scale: Tuple[float, float]
    ) -> Tuple[Sequence[np.ndarray], np.ndarray]:
        maps = self._session.run(self._maps, {self._images: fitted[None, :, :, ::-1]})
        single = {name: values[0] for name, values in maps.items()}
        polygons, scores = self.model.boxes(single, self.reading, scale)
        return polygons, scores

    def close(self) -> None:
        """Frees the session."""
        self._session.close()


@dataclass(frozen=True)
class FoundTexts:
    """What was found in a picture: outlines int [n, 2], scores [k], and the truth."""

    key: str
    polygons: Outlines
    scores: np.ndarray
    truth: Boxes
    problem: str = ""


class SceneEvaluator:
    """Finds the texts of a split with the weights of one checkpoint after another."""

    def __init__(
        self,
        run: RunDirectory,
        scenes: Scenes,
        *,
        device: Device,
        reading: Optional[ReadingOptions] = None,
        limit: int = 0,
        protocol: str = PROTOCOL,
    ) -> None:
        self._scenes, self._protocol = scenes, protocol
        self._detection = Detection(run, device, reading)
        self.reading, self.fitting = self._detection.reading, self._detection.fitting
        self.samples = min(len(scenes), limit or len(scenes))

    def results(self, checkpoint: str) -> Iterator[FoundTexts]:
        """Yields what is found in each picture, in the order of the keys.

        A picture that cannot be decoded counts as one in which nothing was found. Raises
        InputError where the truth cannot be read.
        """
        self._detection.restore(checkpoint)
        for index in range(self.samples):
            sample = self._scenes.load(index)
            truth = Boxes()
            for region in sample.regions:
                truth.add(clockwise(np.asarray(region.polygon)), region.ignore)
            polygons: Outlines = []
            scores, problem = np.zeros(0), ""
            try:
                image = decode_image(sample.image_bytes())
            except ValueError as error:
                problem = str(error)
            else:
                polygons, scores = whole_numbers(*self._detection.find(image))
            yield FoundTexts(sample.key, polygons, scores, truth, problem)

    def validate(self, checkpoint: str) -> ValidationResult:
        """Returns how many pictures there were, the figures of their score, and the worst."""
        found = list(self.results(checkpoint))
        matches = matches_of(found, self._protocol)
        score = total_score(matches, self._protocol, 0, None, Format())
        figures = {name: getattr(score, name) for name in ("hmean", "precision", "recall")}
        return ValidationResult(
            score.images, figures, worst_scenes(found, matches, self._scenes.load)
        )

    def close(self) -> None:
        """Frees the session and the pictures."""
        self._detection.close()
        self._scenes.close()


def score_of(found: List[FoundTexts], protocol: str = PROTOCOL) -> DetectionScore:
    """Returns the score of pictures under a protocol of `ocrdata.metrics.detection`.

    The overlap protocols take outlines of any number of points as they are; those of upright
    rectangles take their bounds.
    """
    return total_score(matches_of(found, protocol), protocol, 0, None, Format())


def matches_of(found: List[FoundTexts], protocol: str = PROTOCOL) -> Dict[str, Match]:
    """Returns what each picture contributes to the score, by its key."""
    truth = {one.key: one.truth for one in found}
    results = {}
    for one in found:
        results[one.key] = Boxes()
        for polygon, score in zip(one.polygons, one.scores.tolist()):
            results[one.key].add(polygon, score=score)
    return match_all(truth, results, protocol)


def result_names(keys: List[str]) -> Dict[str, str]:
    """Returns `res_<stem>.txt` for each key; the whole key where two stems are the same."""
    stems = [PurePosixPath(key).stem for key in keys]
    if len(set(stems)) < len(stems):
        stems = [str(PurePosixPath(key).with_suffix("")).replace("/", "_") for key in keys]
    return {key: f"res_{stem}.txt" for key, stem in zip(keys, stems)}


def result_lines(polygons: Outlines, protocol: str = PROTOCOL) -> str:
    """Returns whole-numbered outlines as the competitions take them, CRLF behind each line.

    x1,y1,x2,y2,..., or left,top,right,bottom under the protocols of upright rectangles.
    """
    upright = PROTOCOLS[protocol].upright
    rows = [bounds(p) if upright else p.reshape(-1).tolist() for p in polygons]
    return "".join(",".join(str(int(value)) for value in row) + "\r\n" for row in rows)
