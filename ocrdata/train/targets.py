"""Where a model runs: the device of its operations and the configuration of its session.

The loop asks only a Target, so that several devices, clusters and other kinds of processors become
more targets and no other loop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ocrdata.errors import OcrdataError
from ocrdata.train import TARGETS
from ocrdata.train.compat import tf, v1


class TargetError(OcrdataError):
    """A target exists, but not on this machine."""


@dataclass(frozen=True)
class Target:
    """A device ("/device:CPU:0"), the session configuration (a ConfigProto) for it, and the form
    of the LSTM that trains fastest there.
    """

    name: str
    device: str
    config: Any
    lstm: str


def make_target(name: str, intra_threads: int = 0, inter_threads: int = 0) -> Target:
    """Returns the target of that name; raises UnknownNameError or TargetError."""
    config = v1.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=intra_threads,
        inter_op_parallelism_threads=inter_threads,
    )
    target = TARGETS.load(name)(config)
    assert isinstance(target, Target)
    return target


def cpu(config: Any) -> Target:
    """Runs on the processors, and leaves GPUs alone."""
    config.device_count["GPU"] = 0
    # The loop multiplies all inputs at once: a quarter less work than the fused operation.
    return Target("cpu", "/device:CPU:0", config, lstm="loop")


def gpu(config: Any) -> Target:
    """Runs on the first GPU that TensorFlow sees; raises TargetError if there is none."""
    if not tf.config.experimental.list_physical_devices("GPU"):
        raise TargetError(
            "TensorFlow {} sees no GPU here.".format(tf.__version__),
            "Use --target cpu, or install a TensorFlow with GPU support: "
            'pip install "tensorflow[and-cuda]".',
        )
    config.gpu_options.allow_growth = True
    return Target("gpu", "/device:GPU:0", config, lstm="block")
