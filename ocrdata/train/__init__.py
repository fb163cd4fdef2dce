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
TARGET_TITLES = {
    "auto": "the accelerator that is there, else the processor; the first line of a run says which",
    "cpu": "the processor; --num-gpus N cuts batches into N parts, as N GPUs would",
    "gpu": "one GPU, or --num-gpus N of them; needs a TensorFlow that sees them",
    "npu": "Ascend NPUs; needs Huawei's TF Adapter (npu_bridge) and TensorFlow 1.15",
}
