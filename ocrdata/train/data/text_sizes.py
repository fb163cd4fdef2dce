"""The sizes of text that a detector learns from, kept with its run for those who read with it."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional

import numpy as np

from ocrdata.errors import CheckpointError, PathLike
from ocrdata.geometry.levels import short_sides
from ocrdata.geometry.polygons import to_quads
from ocrdata.train.data.random_crop import Crop

TEXT_SIZES = "text_sizes"  # what run.json's records call them
MEASURED = 64  # crops, the first ones: some hundred texts
_PERCENTILES = (5, 25, 50, 75, 95)
_USED = ("5", "95")


def measure_texts(
    cut: Callable[[int], Crop], crops: int, side: int, least: float
) -> Dict[str, Any]:
    """Returns the sizes of text in the first crops of training, for run.json.

    `cut` gives a crop by its number, `side` is the longer side of crops in pixels. What is to be
    ignored, or has a side shorter than `least` pixels and is not learned from, does not count.
    Percentiles are those of the shorter sides of texts in pixels; without texts nothing is
    returned.
    """
    found: List[float] = []
    for number in range(crops):
        crop = cut(number)
        seen = [text for text, unread in zip(crop.polygons, crop.ignore) if not unread]
        found += short_sides(to_quads(seen)).tolist()
    sizes = np.array([size for size in found if size >= least and size > 0])
    if not len(sizes):
        return {}
    values = np.percentile(sizes, _PERCENTILES).round(2).tolist()
    percentiles = dict(zip(map(str, _PERCENTILES), values))
    kept = {"crops": crops, "side": side, "texts": len(sizes), "percentiles": percentiles}
    return {TEXT_SIZES: kept}


def trained_sizes(records: Mapping[str, Any], where: PathLike) -> Optional[Dict[str, Any]]:
    """Returns `trained` as `ocrdata.reading.pyramid` takes it, or None for a run without it.

    `records` are those of run.json. The smallest and the largest twentieth of the texts are left
    out: few examples taught them. Raises CheckpointError where run.json is damaged.
    """
    if TEXT_SIZES not in records:
        return None
    try:
        kept = records[TEXT_SIZES]
        least, largest = (float(kept["percentiles"][name]) for name in _USED)
        side = int(kept["side"])
        if not 0 < least <= largest or side <= 0:
            raise ValueError(f"{least} to {largest} in {side}")
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(where, f"says no sizes of text ({error!r})") from error
    return {"side": side, "texts": [least, largest]}
