"""Which device a run uses: chosen by name, and set up as the options of training ask for."""

from __future__ import annotations

import os

from ocrdata.errors import OptionError
from ocrdata.train import TARGETS
from ocrdata.train.compat import v1
from ocrdata.train.config.training import AUTO, TrainOptions
from ocrdata.train.devices.device import Device, gpu_count
from ocrdata.train.devices.npu import adapter_found, configured
from ocrdata.train.devices.rank_table import DEVICE, TABLE
from ocrdata.train.protocols import SessionConfig


def make_device(
    name: str,
    num_gpus: int = 0,
    *,
    intra_threads: int = 0,
    inter_threads: int = 0,
    precision: str = "float32",
    xla: bool = False,
) -> Device:
    """Returns the device of that name in TARGETS.

    With `num_gpus` a batch is shared out to so many GPUs or, on a machine without any and unless
    `name` is "gpu", to as many logical devices of the processor. Raises UnknownNameError,
    OptionError or DeviceError.
    """
    if num_gpus and name == "cpu" and gpu_count():
        name = "gpu"
    config = v1.ConfigProto(
        allow_soft_placement=True,
        intra_op_parallelism_threads=intra_threads,
        inter_op_parallelism_threads=inter_threads,
    )
    device = TARGETS.load(name)(config, num_gpus)
    assert isinstance(device, Device)
    if precision != "float32":
        _mix_precision(device)
    if xla:
        _compile(device)
    return device


def training_device(options: TrainOptions) -> Device:
    """Returns the device that options of training ask for."""
    name = found_accelerator() if options.target == AUTO else options.target
    if name == "npu":
        return configured(make_device("npu", options.num_gpus), options)
    if options.iterations_per_loop > 1:
        raise OptionError("--iterations-per-loop needs --target npu.")
    return make_device(
        name,
        options.num_gpus,
        intra_threads=options.intra_threads,
        inter_threads=options.inter_threads,
        precision=options.precision,
        xla=options.xla,
    )


def auto(config: SessionConfig, count: int = 0) -> Device:
    """Runs on the accelerator that is there, and on the processors where there is none."""
    device = TARGETS.load(found_accelerator())(config, count)
    assert isinstance(device, Device)
    return device


def found_accelerator() -> str:
    """Returns "npu", "gpu" or "cpu": what this process is to run on, if nobody says so.

    An NPU counts where the environment names one (RANK_TABLE_FILE or DEVICE_ID, as its platform
    sets them) and Huawei's adapter can be used; a GPU where TensorFlow sees one.
    """
    if any(os.environ.get(name) for name in (TABLE, DEVICE)) and adapter_found():
        return "npu"
    return "gpu" if gpu_count() else "cpu"


def _mix_precision(device: Device) -> None:
    if device.name == "cpu":
        raise OptionError("--precision mixed needs GPUs; processors compute with 32 bits.")
    rewrites = device.config.graph_options.rewrite_options
    rewrites.auto_mixed_precision = rewrites.ON


def _compile(device: Device) -> None:
    level = device.config.graph_options.optimizer_options
    level.global_jit_level = level.ON_2
    if device.name == "cpu":  # otherwise only GPUs are compiled for; read at the first session
        flags = os.environ.get("TF_XLA_FLAGS", "")
        os.environ["TF_XLA_FLAGS"] = (flags + " --tf_xla_cpu_global_jit").strip()


def optimised_once(device: Device) -> SessionConfig:
    """Returns how to make a session that trains: on processors its graph is optimised once.

    TensorFlow does it twice, which changes neither what a step of our networks gives nor how long
    it takes, and costs 0.3 s of a start.
    """
    config: SessionConfig = v1.ConfigProto()
    config.CopyFrom(device.config)
    if device.name == "cpu":
        rewrites = config.graph_options.rewrite_options
        rewrites.meta_optimizer_iterations = rewrites.ONE
    return config
