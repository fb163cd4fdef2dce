"""Finds the texts of whole pictures with a trained detector, and scores what was found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.geometry import quads as q
from ocrdata.geometry.polygons import to_quads
from ocrdata.metrics.detection import DetectionScore, match_all, total
from ocrdata.metrics.detection_files import Boxes, Format
from ocrdata.train.compat import tf, v1
from ocrdata.train.crops import decode_picture, resize
from ocrdata.train.feeds import Look
from ocrdata.train.inference import restore, run_model
from ocrdata.train.run import Run
from ocrdata.train.scenes import Scenes
from ocrdata.train.targets import Target

PROTOCOL = "icdar2015"
MAX_SIDE = 2400


@dataclass(frozen=True)
class DetectOptions:
    """How boxes are read out of the maps; larger pictures are made `max_side` pixels long."""

    threshold: float = 0.8
    nms_threshold: float = 0.2
    max_side: int = MAX_SIDE


class Detector:
    """A trained network in a session, looking at pictures one by one."""

    def __init__(self, run: Run, target: Target, options: Optional[DetectOptions] = None) -> None:
        self._options = options or DetectOptions()
        self._averaged = bool(run.options.get("ema"))
        self._graph = tf.Graph()
        with self._graph.as_default(), v1.device(target.device):
            self.model = run_model(run)
            self._images = v1.placeholder(tf.uint8, [None, None, None, 3], "images")
            outputs = self.model.build({"images": self._images}, training=False)
            self._maps = self.model.decode(outputs)
            self._session = v1.Session(graph=self._graph, config=target.config)

    def restore(self, checkpoint: str) -> None:
        """Takes the weights of a checkpoint; raises CheckpointError where they do not fit."""
        with self._graph.as_default():
            restore(self._session, checkpoint, self._averaged)

    def detect(self, picture: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Returns the texts in a picture, uint8 [h, w, 3] (blue first).

        Quads float32 [k, 4, 2] in its pixels, clockwise, and scores [k].
        """
        height, width = picture.shape[:2]
        shrink = min(1.0, self._options.max_side / max(height, width))
        size = max(1, int(round(width * shrink))), max(1, int(round(height * shrink)))
        small = picture if size == (width, height) else resize(picture, size)
        maps = self._session.run(self._maps, {self._images: small[None, :, :, ::-1]})
        return self.model.boxes(
            {name: values[0] for name, values in maps.items()},
            self._options.threshold,
            self._options.nms_threshold,
            (width / size[0], height / size[1]),
        )

    def close(self) -> None:
        """Frees the session."""
        self._session.close()


@dataclass(frozen=True)
class Found:
    """What was found in a picture: whole-numbered quads [k, 4, 2], scores [k], and the truth."""

    key: str
    quads: np.ndarray
    scores: np.ndarray
    truth: Boxes
    problem: str = ""


class SceneEvaluator:
    """Looks at the pictures of a split with the weights of one checkpoint after another."""

    def __init__(
        self,
        run: Run,
        scenes: Scenes,
        target: Target,
        options: Optional[DetectOptions] = None,
        limit: int = 0,
    ) -> None:
        self._scenes = scenes
        self._detector = Detector(run, target, options)
        self.samples = min(len(scenes), limit or len(scenes))

    def results(self, checkpoint: str) -> Iterator[Found]:
        """Yields what is found in each picture, in the order of the keys.

        A picture that cannot be decoded counts as one in which nothing was found. Raises
        InputError where the truth cannot be read.
        """
        self._detector.restore(checkpoint)
        for index in range(self.samples):
            sample = self._scenes.load(index)
            truth = Boxes()
            outlines = q.clockwise(to_quads([region.polygon for region in sample.regions]))
            for quad, region in zip(outlines, sample.regions):
                truth.add(quad, region.ignore)
            quads, scores, problem = np.zeros((0, 4, 2), int), np.zeros(0), ""
            try:
                picture = decode_picture(sample.image_bytes())
            except ValueError as error:
                problem = str(error)
            else:
                quads, scores = whole_numbers(*self._detector.detect(picture))
            yield Found(sample.key, quads, scores, truth, problem)

    def look(self, checkpoint: str) -> Look:
        """Returns how many pictures were looked at, and the figures of their score."""
        score = score_of(list(self.results(checkpoint)))
        names = ("hmean", "precision", "recall")
        return Look(score.images, {name: getattr(score, name) for name in names})

    def close(self) -> None:
        """Frees the session and the pictures."""
        self._detector.close()
        self._scenes.close()


def whole_numbers(quads: np.ndarray, scores: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Returns quads as the official scorer takes them; those without area then are left out."""
    rounded = np.round(np.asarray(quads, np.float64)).astype(int)
    good = (q.areas(rounded) > 0) & ~q.crossed(rounded)
    return rounded[good], np.asarray(scores)[good]


def score_of(found: List[Found]) -> DetectionScore:
    """Returns the score of pictures under the protocol of ICDAR 2015."""
    truth = {one.key: one.truth for one in found}
    results = {}
    for one in found:
        results[one.key] = Boxes()
        for quad, score in zip(one.quads, one.scores.tolist()):
            results[one.key].add(quad, score=score)
    return total(match_all(truth, results, PROTOCOL), PROTOCOL, 0, None, Format())


def result_names(keys: List[str]) -> Dict[str, str]:
    """Returns `res_<stem>.txt` for each key; the whole key where two stems are the same."""
    stems = [PurePosixPath(key).stem for key in keys]
    if len(set(stems)) < len(stems):
        stems = [str(PurePosixPath(key).with_suffix("")).replace("/", "_") for key in keys]
    return {key: "res_{}.txt".format(stem) for key, stem in zip(keys, stems)}


def result_lines(quads: np.ndarray) -> str:
    """Returns whole-numbered quads as the competitions take them, CRLF behind each line."""
    rows = quads.reshape(-1, 8).tolist()
    return "".join(",".join(str(value) for value in row) + "\r\n" for row in rows)


def checkpoint_name(path: str) -> str:
    """Returns a checkpoint's name without its folder."""
    return Path(path).name
