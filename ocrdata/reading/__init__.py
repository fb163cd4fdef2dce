"""Reading whole pictures with exported models: detection, crops, recognition. No TensorFlow.

A model is an .onnx file (run by onnxruntime) or a SavedModel (run by TensorFlow, if it is there).
"""

from ocrdata.base.registry import Registry

NETWORKS = Registry(
    "format of exported models",
    {
        "onnx": "ocrdata.reading.onnx:OnnxNetwork",
        "saved_model": "ocrdata.train.export.saved_model:SavedNetwork",
    },
)
