"""Exported networks in ONNX, run by onnxruntime on the processor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Mapping

import numpy as np

from ocrdata.errors import CheckpointError, MissingExtraError
from ocrdata.reading.exported import Network, check_description

KEY = "ocrdata"  # of our description among the file's properties


def import_runtime() -> Any:
    """Returns the module onnxruntime; raises MissingExtraError."""
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtraError("onnxruntime", "onnx", "running ONNX models needs it") from error
    return onnxruntime


class OnnxNetwork(Network):
    """A network in a session of onnxruntime; raises CheckpointError for a file it cannot run."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        runtime = import_runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions share no base class
            why = str(error).split("\n")[0]
            problem = f"is not a model that onnxruntime can run ({why})"
            raise CheckpointError(path, problem) from error
        found = self._session.get_modelmeta().custom_metadata_map.get(KEY, "null")
        self.description = check_description(json.loads(found), path)
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._outputs = [one.name for one in self._session.get_outputs()]

    def run(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        values = self._session.run(self._outputs, {name: feeds[name] for name in self._inputs})
        return dict(zip(self._outputs, values))
