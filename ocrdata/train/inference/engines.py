"""Which program computes a trained network: TensorFlow, or onnxruntime with an exported model.

onnxruntime starts in a fraction of the time, and reads faster. Its model is taken only if it is of
the very weights that were asked for. Nothing here imports either.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Optional

from ocrdata.errors import CheckpointError, MissingExtraError, OptionError, UnknownNameError
from ocrdata.reading.exported import ONNX_FILE, Network
from ocrdata.train.run_dir import RunDirectory, weights_hash

ENGINES = ("auto", "onnx", "tensorflow")


class ReadingEngine(NamedTuple):
    """What computes: an open network of onnxruntime, or None for TensorFlow.

    `advice` says what would make it faster, "" if nothing would.
    """

    network: Optional[Network]
    advice: str = ""

    @property
    def name(self) -> str:
        """Its name among ENGINES."""
        return "onnx" if self.network else "tensorflow"


def choose_engine(
    wanted: str, run: RunDirectory, checkpoint: str, tensorflow_for: str
) -> ReadingEngine:
    """Returns what is to compute a run with the weights of a checkpoint.

    `tensorflow_for` is the option that needs TensorFlow, "" if there is none. Raises
    UnknownNameError and, where "onnx" is wanted and cannot be, OptionError, CheckpointError or
    MissingExtraError.
    """
    if wanted not in ENGINES:
        raise UnknownNameError("engine", wanted, ENGINES)
    if wanted == "tensorflow":
        return ReadingEngine(None)
    must = wanted == "onnx"
    if tensorflow_for:
        if must:
            raise OptionError(f"--engine onnx cannot be used with {tensorflow_for}.")
        return ReadingEngine(None)
    if importlib.util.find_spec("onnxruntime") is None:
        if must:
            raise MissingExtraError("onnxruntime", "onnx", "--engine onnx needs it")
        advice = f'pip install "ocrdata[onnx]", then {_export(run)}'
        return ReadingEngine(None, f"Starts in a second with ONNX: {advice}")
    return _exported(run, checkpoint, must)


def _exported(run: RunDirectory, checkpoint: str, must: bool) -> ReadingEngine:
    path = run.directory / ONNX_FILE
    problem = "does not exist"
    if path.is_file():
        network = _open(path, must)
        if network and same_weights(network.description, checkpoint):
            return ReadingEngine(network)
        problem = f"is not of {Path(checkpoint).name} as it is now"
    overwrite = " --overwrite" if path.is_file() else ""
    if must:
        hint = f"Export it: {_export(run)}{overwrite}."
        raise CheckpointError(path, problem, hint=hint)
    said = "" if problem == "does not exist" else f" ({path} {problem})"
    return ReadingEngine(None, f"Starts in a second with ONNX{said}: {_export(run)}{overwrite}")


def _open(path: Path, must: bool) -> Optional[Network]:
    from ocrdata.reading.onnx import OnnxNetwork

    try:
        return OnnxNetwork(path)
    except CheckpointError:
        if must:
            raise
        return None  # of another version, or damaged: TensorFlow reads on


def same_weights(description: Mapping[str, Any], checkpoint: str) -> bool:
    """Returns whether an exported model says that it has the weights of a checkpoint."""
    return bool(description.get("weights") == weights_hash(checkpoint))


def _export(run: RunDirectory) -> str:
    parent = run.directory.parent
    where = "" if parent == Path("output") else f" --output-dir {parent}"
    return f"ocrdata export {run.model} --format onnx{where}"
