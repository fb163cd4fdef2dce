"""From a detector's maps to outlines, by a rule of plain values that travels with exported models.

{"kind": "rbox", "stride": 4, "threshold": 0.8, ...}    `rbox.detect_rboxes` of score and geometry
{"kind": "kernels", "threshold": 0.9, ...}              `expansion.detect_kernels` of kernels
{"kind": "boxes", "threshold": 0.8, ...}                `voting.vote_boxes` of boxes and scores
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ocrdata.errors import UnknownNameError
from ocrdata.geometry import expansion, rbox, voting

OutlinesAndScores = Tuple[List[np.ndarray], np.ndarray]
OptionalScale = Optional[Tuple[float, float]]


def _rbox(maps: Mapping[str, np.ndarray], scale: OptionalScale, **settings: Any) -> Any:
    return rbox.detect_rboxes(maps["score"], maps["geometry"], scale=scale, **settings)


def _kernels(maps: Mapping[str, np.ndarray], scale: OptionalScale, **settings: Any) -> Any:
    return expansion.detect_kernels(maps["kernels"], scale=scale, **settings)


def _boxes(maps: Mapping[str, np.ndarray], scale: OptionalScale, **settings: Any) -> Any:
    boxes, scores = voting.vote_boxes(maps["boxes"], maps["scores"], **settings)
    return voting.boxes_to_quads(boxes) * np.array(scale or (1.0, 1.0), np.float32), scores


RULES: Dict[str, Callable[..., Any]] = {"boxes": _boxes, "kernels": _kernels, "rbox": _rbox}


def find_outlines(
    maps: Mapping[str, np.ndarray], rule: Mapping[str, Any], scale: OptionalScale = None
) -> OutlinesAndScores:
    """Returns the texts in the maps of one picture: outlines float32 [n, 2], and scores [k].

    `scale` = (x, y) multiplies the coordinates, for pictures that were resized. Raises
    UnknownNameError for a kind of rule that is not known.
    """
    settings = dict(rule)
    kind = settings.pop("kind")
    if kind not in RULES:
        raise UnknownNameError("kind of outlines", kind, RULES)
    outlines, scores = RULES[kind](maps, scale, **settings)
    return list(outlines), np.asarray(scores)
