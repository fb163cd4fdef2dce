"""The figures that the MindSpore DeepText prints, for comparison with them and nothing else.

They are too high: a detection counts as right if it overlaps any text by one half, however many
others do, and the texts of a whole batch of two pictures are looked for in each of them. Recall can
be above one. Pictures of a last batch that is not full are left out.
"""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

import numpy as np

from ocrdata.geometry.boxes import box_overlaps

_BATCH, _LEAST = 2, 0.5


def inflated_matches(
    pictures: Sequence[Tuple[str, np.ndarray, np.ndarray]],
) -> Dict[str, Tuple[List[Tuple[int, int]], int]]:
    """Returns, for each picture that counts, its right detections, and its number of texts.

    `pictures` are (key, truth [n, 4], found [m, 4]). A right detection is (place of the text it
    overlaps most, its own place); texts of the neighbour are counted behind the picture's own.
    """
    result = {}
    for start in range(0, len(pictures) - _BATCH + 1, _BATCH):
        batch = pictures[start : start + _BATCH]
        for number, (key, own, found) in enumerate(batch):
            others = [truth for place, (_, truth, _) in enumerate(batch) if place != number]
            shares = box_overlaps(np.concatenate([own, *others]), found)
            right = np.flatnonzero(shares.max(axis=0, initial=0.0) >= _LEAST)
            pairs = [(int(shares[:, place].argmax()), int(place)) for place in right]
            result[key] = pairs, len(own)
    return result
