"""A session's graph as an ONNX file, by tf2onnx, checked against TensorFlow in onnxruntime."""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path
from typing import Any, Dict, Mapping

import numpy as np

from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import MissingExtraError, TrainingError
from ocrdata.reading.exported import Network
from ocrdata.reading.onnx import KEY, OnnxNetwork, import_runtime
from ocrdata.train.compat import v1
from ocrdata.train.export.signatures import Signature
from ocrdata.train.models.layers.lstm import FORGET_BIAS
from ocrdata.train.protocols import Session

OPSET = 13  # onnxruntime 1.8 and newer run it
TOLERANCE = 1e-4


def write_onnx(
    session: Session, place: Path, signature: Signature, description: Mapping[str, Any]
) -> float:
    """Writes a network to an ONNX file, with its description among the file's properties.

    Returns the largest difference of an output between onnxruntime and TensorFlow on a trial batch,
    as `compare` measures it. Raises MissingExtraError, and TrainingError where the graph has no
    ONNX form or the difference is above 1e-4: then nothing is written.
    """
    import_runtime()
    data = convert(session, signature, description)
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "model.onnx"
        trial.write_bytes(data)
        difference = compare(session, signature, OnnxNetwork(trial), description)
    if not difference <= TOLERANCE:
        problem = f"onnxruntime's outputs differ from TensorFlow's by {difference:.2g}."
        raise TrainingError(problem, "Export a SavedModel instead: --format saved_model.")
    write_atomic(place, data)
    return difference


def convert(session: Session, signature: Signature, description: Mapping[str, Any]) -> bytes:
    """Returns the ONNX file of what leads from a signature's inputs to its outputs."""
    tf2onnx = _import_converter()
    names = [tensor.op.name for tensor in signature.outputs.values()]
    frozen = v1.graph_util.convert_variables_to_constants(
        session, session.graph.as_graph_def(), names
    )
    new = {tensor.name: name for part in signature for name, tensor in part.items()}
    model, _ = tf2onnx.convert.from_graph_def(
        frozen,
        input_names=[tensor.name for tensor in signature.inputs.values()],
        output_names=[tensor.name for tensor in signature.outputs.values()],
        opset=OPSET,
        tensors_to_rename=new,
        custom_op_handlers={"BlockLSTM": (_block_lstm, [])},
    )
    _check_supported(model)
    model.producer_name = "ocrdata"
    note = model.metadata_props.add()
    note.key, note.value = KEY, json.dumps(description, ensure_ascii=False, sort_keys=True)
    return bytes(model.SerializeToString())


def _import_converter() -> Any:
    try:
        import tf2onnx
    except ModuleNotFoundError as error:
        raise MissingExtraError("tf2onnx", "onnx", "exporting to ONNX needs it") from error
    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)  # what is wrong is found below
    return tf2onnx


def _check_supported(model: Any) -> None:
    """Raises TrainingError for operations that were passed on as they are."""
    import onnx

    unknown = sorted(
        {
            node.op_type
            for node in model.graph.node
            if not node.domain and not onnx.defs.has(node.op_type)
        }
    )
    if unknown:
        names = ", ".join(unknown)
        raise TrainingError(
            f"the model has no ONNX form: {names} cannot be converted.",
            "Export a SavedModel instead: --format saved_model.",
        )


def _block_lstm(context: Any, node: Any, name: str, _: Any) -> None:
    """Turns TensorFlow's BlockLSTM (gates i, j, f, o) into ONNX's LSTM (i, o, f, j).

    Zeros begin both; the forget bias goes into the bias.
    """
    from tf2onnx.graph_builder import GraphBuilder

    kernel, bias = (_constant(node.inputs[place]) for place in (4, 8))
    units = bias.shape[0] // 4
    order = np.concatenate([np.arange(units) + gate * units for gate in (0, 3, 2, 1)])
    bias = bias + np.repeat([0, 0, FORGET_BIAS, 0], units).astype(np.float32)
    weights = kernel.T[order][None]
    size = kernel.shape[0] - units
    sequence = node.input[1]
    both = np.concatenate([bias[order], np.zeros(4 * units, np.float32)])[None]
    inputs = [
        context.make_const(f"{name}_{kind}", np.ascontiguousarray(values)).output[0]
        for kind, values in (("W", weights[:, :, :size]), ("R", weights[:, :, size:]), ("B", both))
    ]
    layer = context.make_node(
        "LSTM", [sequence, *inputs], attr={"hidden_size": units}, output_count=3
    )
    squeezed = GraphBuilder(context).make_squeeze({"data": layer.output[0], "axes": [1]})
    context.replace_all_inputs(node.output[6], squeezed)
    context.remove_node(name)


def _constant(node: Any) -> np.ndarray:
    while not node.is_const():
        node = node.inputs[0]  # the identity that reads a variable
    return np.asarray(node.get_tensor_value(as_list=False), np.float32)


def compare(
    session: Session, signature: Signature, network: Network, description: Mapping[str, Any]
) -> float:
    """Returns the largest difference between a network's outputs and the session's.

    Relative to the root mean square of the output's channel where that is above one: corners lie
    hundreds of pixels away, and a distance of one among them comes out of a sigmoid times 512,
    which both libraries were seen to miss by 1e-4 of itself (against float64). Boxes that were
    chosen in the network are compared in any order, as equally good ones may change places.
    """
    feeds = trial_batch(signature, description)
    found = network.run(feeds)
    expected = session.run(
        signature.outputs, {signature.inputs[name]: value for name, value in feeds.items()}
    )
    if description.get("outlines", {}).get("kind") == "boxes":
        found, expected = (_rows(values) for values in (found, expected))
        found["rows"] = _nearest(expected["rows"], found["rows"])
    largest = 0.0
    for name, value in expected.items():
        if value.shape != found[name].shape:
            return float("inf")
        apart = np.abs(value.astype(np.float64) - found[name]) / _magnitude(value)
        largest = max(largest, float(apart.max(initial=0.0)))
    return largest


def _magnitude(values: np.ndarray) -> np.ndarray:
    """Returns the root mean square of each channel of [..., C], at least one."""
    channels = values.astype(np.float64).reshape(-1, values.shape[-1])
    return np.maximum(1.0, np.sqrt(np.sum(channels**2, axis=0) / max(1, len(channels))))


def _rows(values: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """Returns boxes with their scores as `rows` [n, 5] of the one picture of the trial."""
    rest = {name: value for name, value in values.items() if name not in ("boxes", "scores")}
    rows = np.concatenate([values["boxes"][0], values["scores"][0][:, None]], axis=1)
    return dict(rest, rows=rows)


def _nearest(expected: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Returns, for each row, the one of the other rows that is most like it."""
    place = [int(np.abs(row - found).max(axis=1).argmin()) for row in expected]
    return found[place]


def trial_batch(signature: Signature, description: Mapping[str, Any]) -> Dict[str, np.ndarray]:
    """Returns images of noise with some structure, of the one size a network takes, if it does.

    Otherwise there are two, the second of which has padding, where there can be any.
    """
    size = description.get("fitting", {}).get("size")
    usual = (1, *size, 3) if size else (2, 100, 150, 3)
    shape = [
        side if side else default
        for side, default in zip(signature.inputs["images"].shape.as_list(), usual)
    ]
    draw = np.random.Generator(np.random.Philox(0))
    coarse = draw.integers(0, 256, [shape[0], -(-shape[1] // 8), -(-shape[2] // 8), shape[3]])
    images = coarse.repeat(8, axis=1).repeat(8, axis=2)[:, : shape[1], : shape[2]]
    feeds = {"images": images.astype(np.uint8)}
    if "widths" in signature.inputs:
        feeds["widths"] = np.array([shape[2], shape[2] // 2], np.int32)
    return feeds
