"""Text detection scored by the protocols of the ICDAR Robust Reading Competitions.

    icdar2015   intersection over union of four-cornered boxes, above one half (Karatzas et al.,
                ICDAR 2015); mlt2017 is the same with the script before each transcription
    deteval     Wolf and Jolion, "Object count/area graphs for the evaluation of object detection
                and segmentation algorithms", IJDAR 2006, with the competition's settings
    icdar2013   the competition's own variant of deteval
    deeptext-mindspore   what the MindSpore DeepText prints: inflated, see `deeptext_original`

Figures are totals over all pictures, not means of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.errors import OptionError, PathLike, UnknownNameError
from ocrdata.metrics.deeptext_original import inflated_matches
from ocrdata.metrics.detection_files import read_results, read_truth
from ocrdata.metrics.detection_lines import Boxes, Format
from ocrdata.metrics.detection_score import (
    DetectionScore,
    Match,
    average_precision,
    total_score,
)
from ocrdata.metrics.deteval import match_rectangles
from ocrdata.metrics.overlap import shared_areas


class Protocol(NamedTuple):
    """Whether a protocol is of upright rectangles, and whether its truth names scripts."""

    upright: bool = False
    script: bool = False


_UPRIGHT = Protocol(upright=True)
PROTOCOLS = {
    "deeptext-mindspore": _UPRIGHT,
    "deteval": _UPRIGHT,
    "icdar2013": _UPRIGHT,
    "icdar2015": Protocol(),
    "mlt2017": Protocol(script=True),
}


@dataclass(frozen=True)
class Thresholds:
    """The settings of the IoU protocol; a box matches above `iou`, strictly."""

    iou: float = 0.5
    ignored_share: float = 0.5


DEFAULT_THRESHOLDS = Thresholds()


def evaluate_detection(
    truth: PathLike,
    results: PathLike,
    protocol: str = "icdar2015",
    lenient: bool = False,
    scores: bool = False,
    rectangles: bool = False,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Tuple[DetectionScore, Dict[str, Match]]:
    """Reads and scores results; returns the totals and what each picture contributed.

    `scores` reads a confidence behind the numbers and adds average precision; `rectangles` reads
    left, top, right, bottom, which the 2013 protocols always do. Raises AnnotationError naming
    file and line, UnknownNameError and OptionError.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, PROTOCOLS)
    files = PROTOCOLS[protocol]
    if not 0.0 < thresholds.iou < 1.0 or not 0.0 < thresholds.ignored_share < 1.0:
        raise OptionError("a threshold must lie between 0 and 1.")
    form = Format(rectangles or files.upright, files.script, scores, not lenient)
    expected = read_truth(truth, form)
    found = read_results(results, expected, form)
    matches = match_all(expected, found, protocol, thresholds)
    missing = sum(key not in found for key in expected)
    precision_curve = average_precision(expected, found, matches) if scores else None
    return total_score(matches, protocol, missing, precision_curve, form), matches


def match_all(
    truth: Dict[str, Boxes],
    results: Dict[str, Boxes],
    protocol: str = "icdar2015",
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Dict[str, Match]:
    """Matches the boxes of every picture; a picture without results has no detections."""
    keys = list(truth)
    found = [results.get(key, Boxes()) for key in keys]
    if protocol == "deeptext-mindspore":
        return _match_inflated(truth, found)
    if PROTOCOLS[protocol].upright:
        pictures = [_match_upright(truth[key], boxes, protocol) for key, boxes in zip(keys, found)]
        return dict(zip(keys, pictures))
    areas = shared_areas([truth[key].polygons for key in keys], [boxes.polygons for boxes in found])
    return {
        key: match_quads(truth[key].ignored, *parts, thresholds=thresholds)
        for key, parts in zip(keys, zip(*areas))
    }


def match_quads(
    ignored: Sequence[bool],
    truth_areas: np.ndarray,
    areas: np.ndarray,
    shared: np.ndarray,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> Match:
    """Matches one picture by intersection over union: in order of the ground truth, one to one.

    `ignored` marks ground truth [n] not to be counted; areas are float64 [n], [m], [n, m]. A
    detection is not counted if a box to be ignored covers more than `ignored_share` of it.
    """
    skip = np.asarray(ignored, bool)
    covered = shared[skip] > thresholds.ignored_share * np.maximum(areas, 1e-300)
    free = ~covered.any(axis=0)
    pairs = []
    union = truth_areas[:, None] + areas[None] - shared
    good = shared > thresholds.iou * np.maximum(union, 1e-300)
    left = free.copy()
    for row in np.nonzero(~skip & good.any(axis=1))[0]:
        candidates = np.nonzero(good[row] & left)[0]
        if len(candidates):
            pairs.append((int(row), int(candidates[0])))
            left[candidates[0]] = False
    return _match(pairs, len(pairs), len(pairs), skip, free)


def _match(
    pairs: List[Tuple[int, int]], recalled: float, precise: float, skip: Any, free: Any
) -> Match:
    return Match(
        recalled,
        precise,
        truths=int((~skip).sum()),
        detections=int(free.sum()),
        pairs=pairs,
        ignored_truths=np.nonzero(skip)[0].tolist(),
        ignored_detections=np.nonzero(~free)[0].tolist(),
    )


def _match_upright(truth: Boxes, found: Boxes, protocol: str) -> Match:
    skip = np.asarray(truth.ignored, bool)
    pairs, recalled, precise, free = match_rectangles(
        _sides(truth), _sides(found), skip, protocol == "deteval"
    )
    return _match(pairs, recalled, precise, skip, free)


def _match_inflated(truth: Dict[str, Boxes], found: List[Boxes]) -> Dict[str, Match]:
    pictures = [(key, _sides(truth[key]), _sides(boxes)) for key, boxes in zip(truth, found)]
    detections = dict(zip(truth, (len(boxes.polygons) for boxes in found)))
    return {
        key: Match(len(pairs), len(pairs), texts, detections[key], pairs)
        for key, (pairs, texts) in inflated_matches(pictures).items()
    }


def _sides(boxes: Boxes) -> np.ndarray:
    if not boxes.polygons:
        return np.empty((0, 4))
    return np.array([[*box.min(axis=0), *box.max(axis=0)] for box in boxes.polygons])
