"""Scores of detection and recognition, from arrays and texts in memory.

The protocols are those of `ocrdata evaluate detection` and `evaluate recognition`, which read
files.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

import numpy as np

from ocrdata.base.sample import Region
from ocrdata.errors import OptionError, UnknownNameError
from ocrdata.metrics.detection import DEFAULT_THRESHOLDS, PROTOCOLS, Thresholds, match_all
from ocrdata.metrics.detection_lines import Boxes, Format
from ocrdata.metrics.detection_score import DetectionScore, average_precision, total_score
from ocrdata.metrics.recognition import RecognitionScore


def score_detection(
    truth: Sequence[Sequence[Region]],
    found: Sequence[Sequence[np.ndarray]],
    scores: Optional[Sequence[Sequence[float]]] = None,
    *,
    protocol: str = "icdar2015",
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> DetectionScore:
    """Scores what a detector found in some pictures by a protocol of the ICDAR competitions.

    Args:
        truth: the regions of each picture; those to ignore count neither way.
        found: for each picture, outlines [n, 2] (n of 4 or more), x and y in its pixels.
        scores: for each picture, how sure each outline is; with them there is an average precision.
        protocol: "icdar2015" and "mlt2017" (intersection over union above one half), "icdar2013"
            and "deteval" (upright rectangles: the bounds of each outline).
        thresholds: other limits for intersection over union.

    Returns precision, recall and their harmonic mean (`hmean`), totals over all pictures.
    Raises OptionError where the sequences differ in length or an outline is none, and
    UnknownNameError.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, PROTOCOLS)
    if not 0.0 < thresholds.iou < 1.0 or not 0.0 < thresholds.ignored_share < 1.0:
        raise OptionError("a threshold must lie between 0 and 1.")
    if len(found) != len(truth) or (scores is not None and len(scores) != len(truth)):
        raise OptionError(f"the truth is of {len(truth)} pictures, and the rest is not.")
    expected: Dict[str, Boxes] = {}
    results: Dict[str, Boxes] = {}
    for place, regions in enumerate(truth):
        key = str(place)
        sure = [1.0] * len(found[place]) if scores is None else scores[place]
        if len(sure) != len(found[place]):
            raise OptionError(f"picture {place} has not as many scores as outlines.")
        expected[key], results[key] = Boxes(), Boxes()
        for region in regions:
            expected[key].add(_outline(region.polygon, place), region.ignore)
        for outline, score in zip(found[place], sure):
            results[key].add(_outline(outline, place), False, float(score))
    matches = match_all(expected, results, protocol, thresholds)
    curve = None if scores is None else average_precision(expected, results, matches)
    return total_score(matches, protocol, 0, curve, Format())


def _outline(points: Any, place: int) -> np.ndarray:
    outline = np.asarray(points, np.float64)
    if outline.ndim != 2 or outline.shape[1] != 2 or len(outline) < 3:
        shape = list(outline.shape)
        raise OptionError(f"an outline of picture {place} has shape {shape}, not [n, 2].")
    if not np.isfinite(outline).all():
        raise OptionError(f"an outline of picture {place} has a corner that is not a number.")
    return outline


def score_recognition(
    truth: Sequence[str], read: Sequence[str], *, protocol: str = "exact"
) -> RecognitionScore:
    """Scores texts that were read.

    Args:
        truth: the label of each line.
        read: what was read in each line.
        protocol: "exact", or "alphanumeric" (lower-case a-z and 0-9 only).

    Returns `accuracy` (full-sequence), `character_error_rate` and `one_minus_ned`, and the counts
    behind them. Raises OptionError where there are not as many texts as labels, and
    UnknownNameError.
    """
    if len(truth) != len(read):
        raise OptionError(f"there are {len(truth)} labels and {len(read)} texts that were read.")
    return RecognitionScore(protocol).add_all(zip(truth, read))
