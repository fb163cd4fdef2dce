"""Finding texts in whole pictures with an exported detector."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ocrdata.errors import CheckpointError, OptionError
from ocrdata.geometry.outlines import RULES, OutlinesAndScores, find_outlines
from ocrdata.geometry.polygons import clockwise
from ocrdata.images.fitting import Scale
from ocrdata.reading.exported import Network
from ocrdata.reading.pyramid import find_in_pyramid


class SceneReader:
    """Finds texts with a network.

    The parts of a rule of `ocrdata.geometry.outlines` in `rule`, and a `fitting` that is not empty,
    replace what it was exported with.
    """

    def __init__(
        self,
        network: Network,
        rule: Optional[Mapping[str, Any]] = None,
        fitting: Optional[Mapping[str, Any]] = None,
    ) -> None:
        self._network = network
        own: Dict[str, Any] = dict(network.description.get("outlines") or {})
        if own.get("kind") not in RULES:
            name = network.description.get("model", "model")
            raise CheckpointError(name, "does not say how its outlines are read")
        self._rule = {**own, **(rule or {})}
        self._fitting = dict(fitting or network.description["fitting"])

    def find(self, image: np.ndarray) -> Tuple[List[np.ndarray], np.ndarray]:
        """Returns the texts in a picture, uint8 [h, w, 3] (blue first).

        Outlines float32 [n, 2] in its pixels, clockwise, and scores [k].
        """
        outlines, scores = find_in_pyramid(image, self._fitting, self._look)
        return [clockwise(np.asarray(outline, np.float32)) for outline in outlines], scores

    def close(self) -> None:
        """Frees the network."""
        self._network.close()

    def _look(self, fitted: np.ndarray, scale: Scale) -> OutlinesAndScores:
        maps = self._network.run({"images": np.ascontiguousarray(fitted[None, :, :, ::-1])})
        single = {name: values[0] for name, values in maps.items()}
        return find_outlines(single, self._rule, scale)


def scene_reader(
    network: Network, threshold: Optional[float] = None, max_side: Optional[int] = None
) -> SceneReader:
    """Returns a reader in which `threshold` and `max_side`, if given, replace the network's own.

    Raises OptionError for a longest side where the network takes one size only.
    """
    size = network.description.get("fitting", {}).get("size")
    if max_side is not None and size:
        shown = " x ".join(str(side) for side in reversed(size))
        raise OptionError(f"--max-side: the detector takes {shown} only.")
    return SceneReader(
        network,
        rule=None if threshold is None else {"threshold": threshold},
        fitting=None if max_side is None else {"max_side": max_side},
    )
