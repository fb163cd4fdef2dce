"""Exported models: where they lie, what they say about themselves, and running them.

A description, in plain values, goes with each: `model`, `task`, `model_options`, `checkpoint`,
`weights` (a hash that tells them from others), `dictionary` (of what reads), `lines` (height,
channels and width a reader takes) and `outlines` (the rule of `ocrdata.geometry.outlines`, of a
detector).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping

import numpy as np

from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import read_json
from ocrdata.errors import CheckpointError, OptionError, PathLike
from ocrdata.reading import NETWORKS
from ocrdata.records.sources.identify import model_format

ONNX_FILE, SAVED_FOLDER = "model.onnx", "saved_model"
SAVED_EXTRA, SAVED_DESCRIPTION = "assets.extra", "run.json"
DESCRIPTION_FORMAT = 1
_HINT = "Export one: ocrdata export {} --format onnx."
_USUAL = {DETECTION: "east", RECOGNITION: "crnn"}


class Network:
    """An exported network: arrays in, arrays out, by name.

    A detector takes `images` uint8 [B, H, W, 3], red first, and gives maps. A reader takes `images`
    uint8 [B, height, W, channels] and `widths` int32 [B], and gives `scores` float32 [T, B, C],
    logarithms of probabilities with the blank last, and `lengths` int32 [B].
    """

    description: Dict[str, Any]

    def run(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        """Returns the outputs of a batch."""
        raise NotImplementedError

    def close(self) -> None:
        """Frees what is open."""


def open_network(path: PathLike, task: str) -> Network:
    """Opens an exported model, or that in the folder of a run.

    Raises CheckpointError where there is none or it is for another task.
    """
    where = Path(path)
    for place in (where, where / ONNX_FILE, where / SAVED_FOLDER):
        form = model_format(place)
        if form:
            network: Network = NETWORKS.load(form)(place)
            found = network.description
            if found.get("task") != task:
                network.close()
                problem = f"is {found.get('model')} for {found.get('task')}, not for {task}"
                raise CheckpointError(place, problem)
            return network
    problem = "is not an exported model" if where.exists() else "does not exist"
    raise CheckpointError(where, problem, hint=_HINT.format(_USUAL[task]))


def find_network(output_dir: PathLike, task: str) -> Network:
    """Opens the one exported model for a task among the runs in `output_dir`.

    Raises CheckpointError where there is none, and OptionError where there are several.
    """
    root = Path(output_dir)
    found: Dict[str, Network] = {}
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        places = list(filter(model_format, (folder / ONNX_FILE, folder / SAVED_FOLDER)))
        if not places:
            continue
        network = NETWORKS.load(model_format(places[0]))(places[0])
        if network.description.get("task") == task:
            found[str(places[0])] = network
        else:
            network.close()
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        for network in found.values():
            network.close()
        flag = "--detector" if task == DETECTION else "--recogniser"
        hint = f"Name one with {flag}: {', '.join(found)}."
        raise OptionError(f"{root} holds several models for {task}.", hint)
    problem = f"holds no exported model for {task}"
    raise CheckpointError(root, problem, hint=_HINT.format(_USUAL[task]))


def read_description(path: PathLike) -> Dict[str, Any]:
    """Returns what an exported model says of itself; a SavedModel's is read without TensorFlow.

    Raises CheckpointError for one that is not ours, and MissingExtraError.
    """
    place = as_path(path)
    if model_format(place) == "onnx":
        network: Network = NETWORKS.load("onnx")(place)
        return network.description
    found = place / SAVED_EXTRA / SAVED_DESCRIPTION
    return check_description(read_json(found) if found.is_file() else None, place)


def check_description(description: Any, path: PathLike) -> Dict[str, Any]:
    """Returns a description; raises CheckpointError for one that is not ours."""
    if not isinstance(description, dict) or description.get("format") != DESCRIPTION_FORMAT:
        hint = "Export it anew with this version: ocrdata export."
        raise CheckpointError(path, "does not say which model of ocrdata it is", hint=hint)
    return description
