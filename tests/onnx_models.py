"""Small exported models whose answers are known, made without TensorFlow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ocrdata.geometry import rbox

onnx = pytest.importorskip("onnx")
helper = onnx.helper
# Old enough for the onnxruntime of Python 3.7.
OPSET, IR_VERSION = 11, 6


def save(path, nodes, inputs, outputs, description):
    graph = helper.make_graph(nodes, "known", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    entry = model.metadata_props.add()
    entry.key, entry.value = "ocrdata", json.dumps({"format": 1, **description})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    return helper.make_node(
        "Constant", [], [name], value=onnx.numpy_helper.from_array(np.asarray(array))
    )


def write_reader(path):
    """Writes a recogniser that reads "a" on dark pictures and "b" on bright ones."""
    nodes = [
        helper.make_node("Cast", ["images"], ["pixels"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], axes=[1, 2, 3], keepdims=0),
        constant("axes", np.array([128.0], np.float32)),
        helper.make_node("Sub", ["mean", "axes"], ["bright"]),
        helper.make_node("Neg", ["bright"], ["dark"]),
        constant("never", np.array([-1000.0], np.float32)),
        helper.make_node("Min", ["bright", "never"], ["blank"]),
        helper.make_node("Unsqueeze", ["dark"], ["one"], axes=[1]),
        helper.make_node("Unsqueeze", ["bright"], ["two"], axes=[1]),
        helper.make_node("Unsqueeze", ["blank"], ["three"], axes=[1]),
        helper.make_node("Concat", ["one", "two", "three"], ["logits"], axis=1),
        helper.make_node("LogSoftmax", ["logits"], ["sure"], axis=1),
        helper.make_node("Unsqueeze", ["sure"], ["scores"], axes=[0]),
        constant("zero", np.array(0, np.int32)),
        constant("first", np.array(1, np.int32)),
        helper.make_node("Mul", ["widths", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "first"], ["lengths"]),
    ]
    lines = {"height": 32, "channels": 1, "width": 0}
    save(
        path,
        nodes,
        [
            value("images", onnx.TensorProto.UINT8, ["batch", 32, "width", 1]),
            value("widths", onnx.TensorProto.INT32, ["batch"]),
        ],
        [
            value("scores", onnx.TensorProto.FLOAT, [1, "batch", 3]),
            value("lengths", onnx.TensorProto.INT32, ["batch"]),
        ],
        {
            "model": "crnn",
            "task": "recognition",
            "dictionary": {"characters": ["a", "b"]},
            "lines": lines,
        },
    )


def write_finder(path, quads, size):
    """Writes a detector that finds the same quads in every picture of a size (height, width)."""
    maps = rbox.encode_rboxes(np.asarray(quads, np.float32), np.zeros(len(quads), bool), size)
    nodes = [
        constant("score", (maps.score[None] * 0.9).astype(np.float32)),
        constant("geometry", maps.geometry[None].astype(np.float32)),
        helper.make_node("Identity", ["images"], ["unused"]),
    ]
    save(
        path,
        nodes,
        [value("images", onnx.TensorProto.UINT8, [1, "height", "width", 3])],
        [
            value("score", onnx.TensorProto.FLOAT, maps.score[None].shape),
            value("geometry", onnx.TensorProto.FLOAT, maps.geometry[None].shape),
        ],
        {
            "model": "east",
            "task": "detection",
            "outlines": {"kind": "rbox"},
            "fitting": {"max_side": 500},
        },
    )
