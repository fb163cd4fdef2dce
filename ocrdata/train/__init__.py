"""Training, evaluation, prediction and export, on TensorFlow 1.15 and 2.x with one code base.

Importing this package imports no TensorFlow: `compat` does, and every module that needs it.
"""

from ocrdata.base.registry import Registry

TARGETS = Registry(
    "target",
    {
        "auto": "ocrdata.train.devices.selection:auto",
        "cpu": "ocrdata.train.devices.device:cpu",
        "gpu": "ocrdata.train.devices.device:gpu",
        "npu": "ocrdata.train.devices.npu:npu",
    },
)
