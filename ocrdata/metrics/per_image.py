"""The figures of each picture, as a JSON file."""

from __future__ import annotations

from typing import Dict

from ocrdata.base.storage.staging import dump_json, write_atomic
from ocrdata.errors import OcrdataError, PathLike
from ocrdata.metrics.detection_score import Match


def write_per_image(path: PathLike, matches: Dict[str, Match]) -> None:
    """Writes precision, recall, hmean and the matched boxes (counted from 0) of each picture."""
    rows = {key: _row(match) for key, match in matches.items()}
    try:
        write_atomic(path, dump_json(rows))
    except OSError as error:
        raise OcrdataError(f"cannot write {path}: {error.strerror}.") from error


def _row(match: Match) -> Dict[str, object]:
    both = match.precision + match.recall
    return {
        "precision": match.precision,
        "recall": match.recall,
        "hmean": 2.0 * match.precision * match.recall / both if both else 0.0,
        "pairs": match.pairs,
        "ground_truth": match.truths,
        "detections": match.detections,
        "ignored_ground_truth": match.ignored_truths,
        "ignored_detections": match.ignored_detections,
    }
