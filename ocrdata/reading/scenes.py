"""Finding texts in whole pictures with an exported detector."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ocrdata.errors import CheckpointError, OptionError
from ocrdata.geometry.outlines import RULES, OutlinesAndScores, find_outlines
from ocrdata.geometry.polygons import clockwise
from ocrdata.images.fitting import Scale
from ocrdata.reading.exported import Network
from ocrdata.reading.pyramid import find_in_pyramid


class SceneReader:
    """Finds texts with a network; `threshold` and `max_side` replace those it was exported with."""

    def __init__(
        self, network: Network, threshold: Optional[float] = None, max_side: Optional[int] = None
    ) -> None:
        self._network = network
        rule: Dict[str, Any] = dict(network.description.get("outlines") or {})
        if rule.get("kind") not in RULES:
            name = network.description.get("model", "model")
            raise CheckpointError(name, "does not say how its outlines are read")
        if threshold is not None:
            rule["threshold"] = threshold
        self._rule = rule
        self._fitting = dict(network.description["fitting"])
        if max_side is not None:
            if "max_side" not in self._fitting:
                size = " x ".join(str(side) for side in reversed(self._fitting["size"]))
                raise OptionError(f"--max-side: the detector takes {size} only.")
            self._fitting = {"max_side": max_side}

    def find(self, image: np.ndarray) -> Tuple[List[np.ndarray], np.ndarray]:
        """Returns the texts in a picture, uint8 [h, w, 3] (blue first).

        Outlines float32 [n, 2] in its pixels, clockwise, and scores [k].
        """
        outlines, scores = find_in_pyramid(image, self._fitting, self._look)
        return [clockwise(np.asarray(outline, np.float32)) for outline in outlines], scores

    def _look(self, fitted: np.ndarray, scale: Scale) -> OutlinesAndScores:
        maps = self._network.run({"images": np.ascontiguousarray(fitted[None, :, :, ::-1])})
        single = {name: values[0] for name, values in maps.items()}
        return find_outlines(single, self._rule, scale)
