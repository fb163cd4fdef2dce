"""From the matches of single pictures to the figures of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Tuple

import numpy as np

from ocrdata.metrics.detection_lines import Boxes, Format


@dataclass
class Match:
    """What one picture contributes: weighted matches on both sides, and the boxes that count."""

    recalled: float
    precise: float
    truths: int
    detections: int
    pairs: List[Tuple[int, int]]
    ignored_truths: List[int] = field(default_factory=list)
    ignored_detections: List[int] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.recalled / self.truths if self.truths else 1.0

    @property
    def precision(self) -> float:
        if self.detections:
            return self.precise / self.detections if self.truths else 0.0
        return 0.0 if self.truths else 1.0


@dataclass(frozen=True)
class DetectionScore:
    """Precision, recall and their harmonic mean, with the counts behind them."""

    protocol: str
    precision: float
    recall: float
    hmean: float
    images: int
    ground_truth: int
    detections: int
    matched: float
    ignored_ground_truth: int
    ignored_detections: int
    images_without_results: int
    average_precision: Optional[float] = None
    adjusted: Dict[str, int] = field(default_factory=dict)
    notes: List[str] = field(default_factory=list)


def total_score(
    matches: Dict[str, Match],
    protocol: str,
    missing: int,
    precision_curve: Optional[float],
    form: Format,
) -> DetectionScore:
    """Adds up what the pictures contributed."""
    add = _adder(list(matches.values()))
    truths, detections = int(add("truths")), int(add("detections"))
    recall = add("recalled") / truths if truths else 0.0
    precision = add("precise") / detections if detections else 0.0
    both = recall + precision
    return DetectionScore(
        protocol,
        precision,
        recall=recall,
        hmean=2.0 * recall * precision / both if both else 0.0,
        images=len(matches),
        ground_truth=truths,
        detections=detections,
        matched=add("recalled"),
        ignored_ground_truth=sum(len(match.ignored_truths) for match in matches.values()),
        ignored_detections=sum(len(match.ignored_detections) for match in matches.values()),
        images_without_results=missing,
        average_precision=precision_curve,
        adjusted=dict(form.adjusted),
        notes=list(form.notes),
    )


def _adder(matches: List[Match]) -> Callable[[str], float]:
    return lambda name: sum(getattr(match, name) for match in matches)


def average_precision(
    truth: Dict[str, Boxes], results: Dict[str, Boxes], matches: Dict[str, Match]
) -> float:
    """Returns the mean, over the ground truth that counts, of the precision at each match.

    Detections of all pictures are ranked by score; equal scores keep their order.
    """
    scores, hits = [], []  # type: Tuple[List[float], List[bool]]
    for key in truth:
        match = matches[key]
        matched, ignored = {column for _, column in match.pairs}, set(match.ignored_detections)
        for place, score in enumerate(results[key].scores if key in results else ()):
            if place not in ignored:
                scores.append(score)
                hits.append(place in matched)
    order = np.argsort(-np.array(scores), kind="stable")
    ranked = np.array(hits, bool)[order]
    precision = np.cumsum(ranked) / np.arange(1.0, len(ranked) + 1.0)
    truths = sum(match.truths for match in matches.values())
    return float(precision[ranked].sum() / truths) if truths else 0.0
