"""Which device a run uses: chosen by name, and set up as the options of training ask for."""

from __future__ import annotations

import os

from ocrdata.errors import OptionError
from ocrdata.train import TARGETS
from ocrdata.train.compat import v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device, gpu_count
from ocrdata.train.devices.npu import configured


def make_device(
    name: str,
    intra_threads: int = 0,
    inter_threads: int = 0,
    num_gpus: int = 0,
    precision: str = "float32",
    xla: bool = False,
) -> Device:
    """Returns the target of that name; raises UnknownNameError, OptionError or TargetError.

    With `num_gpus` a batch is shared out to so many GPUs or, on a machine without any and unless
    `name` is "gpu", to as many logical devices of the processor.
    """
    if num_gpus and name == "cpu" and gpu_count():
        name = "gpu"
    config = v1.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=intra_threads,
        inter_op_parallelism_threads=inter_threads,
    )
    target = TARGETS.load(name)(config, num_gpus)
    assert isinstance(target, Device)
    if precision != "float32":
        _mix_precision(target)
    if xla:
        _compile(target)
    return target


def training_target(options: TrainOptions) -> Device:
    """Returns the target that options of training ask for."""
    if options.target == "npu":
        return configured(make_device("npu", num_gpus=options.num_gpus), options)
    if options.iterations_per_loop > 1:
        raise OptionError("--iterations-per-loop needs --target npu.")
    return make_device(
        options.target,
        options.intra_threads,
        options.inter_threads,
        options.num_gpus,
        options.precision,
        options.xla,
    )


def _mix_precision(target: Device) -> None:
    if target.name == "cpu":
        raise OptionError("--precision mixed needs GPUs; processors compute with 32 bits.")
    rewrites = target.config.graph_options.rewrite_options
    rewrites.auto_mixed_precision = rewrites.ON


def _compile(target: Device) -> None:
    level = target.config.graph_options.optimizer_options
    level.global_jit_level = level.ON_2
    if target.name == "cpu":  # otherwise only GPUs are compiled for; read at the first session
        flags = os.environ.get("TF_XLA_FLAGS", "")
        os.environ["TF_XLA_FLAGS"] = (flags + " --tf_xla_cpu_global_jit").strip()
