"""Finding texts in a picture at the sizes that a detector was trained with."""

from __future__ import annotations

import math
from typing import Any, Callable, List, Mapping, Sequence, Tuple

import numpy as np

from ocrdata.geometry.levels import Level, merge_levels
from ocrdata.images.fitting import Scale, fit_image

_Found = Tuple[Sequence[np.ndarray], np.ndarray]
# Finds texts in a picture as it is read: outlines in pixels of the whole one, by its scale.
Look = Callable[[np.ndarray, Scale], _Found]

_OCTAVE = 2.0  # levels are no nearer to each other


def find_in_pyramid(image: np.ndarray, fitting: Mapping[str, Any], look: Look) -> _Found:
    """Returns the texts in a picture, uint8 [h, w, 3]: outlines float [n, 2] and scores [k].

    `fitting` is that of `fit_image`. Where it holds `trained`, {"side": pixels, "texts": [least,
    largest]}, as a detector's run remembers it, the picture is looked at at several sizes, from
    its own (`max_side` at the most) down to about that of the pictures of training.
    """
    trained = fitting.get("trained")
    if not trained:
        return look(*fit_image(image, fitting))
    longest = max(image.shape[:2])
    texts = (float(trained["texts"][0]), float(trained["texts"][1]))
    sides = level_sides(min(longest, fitting["max_side"]), trained["side"], texts)
    levels = []
    for side in sides:
        outlines, scores = look(*fit_image(image, {"max_side": side}))
        if len(sides) == 1:
            return outlines, scores
        levels.append(Level(outlines, scores, side / longest))
    return merge_levels(levels, texts)


def level_sides(longest: int, trained: float, texts: Tuple[float, float]) -> List[int]:
    """Returns the longest sides, in pixels and rising, at which a picture is looked at.

    They are evenly spaced, by ratios, from about `trained` to `longest`, so far apart that a text
    is of a size of `texts` = (least, largest) at two of them, and twice as large at the least.
    """
    if longest <= trained:
        return [longest]
    step = max(_OCTAVE, math.sqrt(texts[1] / texts[0]))
    count = int(round(math.log(longest / trained) / math.log(step)))
    ratio = (longest / trained) ** (1.0 / max(1, count))
    return [int(round(longest / ratio**place)) for place in range(count, 0, -1)] + [longest]
