"""Ascend NPUs, through Huawei's TF Adapter for TensorFlow 1.15 (npu_bridge), in session mode.

One process a device, its graph offloaded as a whole: all shapes fixed, no Python in it. Gradients
are averaged by HCCL; batch normalization and losses that are ratios are each device's own. This
has run against the double of tests/npu_double.py, which checks calls, options and shapes, and not
on hardware.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Tuple

from ocrdata.errors import OptionError
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device, DeviceError
from ocrdata.train.devices.rank_table import Rank, read_rank
from ocrdata.train.protocols import Batch, Optimizer, Session, SessionConfig, Tensor

SCALE = {
    "init_loss_scale": 2.0**16,
    "incr_every_n_steps": 1000,
    "decr_every_n_nan_or_inf": 2,
    "decr_ratio": 0.5,
}
PRECISION = {"float32": "allow_fp32_to_fp16", "mixed": "allow_mix_precision"}


@dataclass(frozen=True)
class NpuDevice(Device):
    """A device and what the adapter needs around a session of training."""

    rank: Rank = field(default_factory=lambda: Rank(0, 1, 0))
    bridge: Any = None
    mixed: bool = False
    loops: int = 1  # steps a call of the device
    _kept: Dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    static = True

    @property
    def part(self) -> Tuple[int, int]:  # type: ignore[override]
        """Which of the processes that share a batch this is, and how many there are."""
        return self.rank.rank, self.rank.size

    @property
    def writes(self) -> bool:  # type: ignore[override]
        """Whether this process writes the run."""
        return self.rank.rank == 0

    def __str__(self) -> str:
        number, size = self.rank.rank, self.rank.size
        rank = f", rank {number} of {size}" if size > 1 else ""
        return f"{self.name}, device {self.rank.device}{rank}"

    def wrap(self, optimizer: Optimizer) -> Optimizer:
        """Returns an optimizer that averages over devices and scales the loss."""
        several = self.rank.size > 1
        if several:
            optimizer = self.bridge.NPUDistributedOptimizer(optimizer)
        if self.mixed:
            manager = self.bridge.ExponentialUpdateLossScaleManager(**SCALE)
            self._kept["manager"] = manager
            optimizer = self.bridge.NPULossScaleOptimizer(
                optimizer, manager, is_distributed=several
            )
        return optimizer

    def finish(self, train_op: Tensor) -> Tensor:
        """Adds what runs once behind the initialization; returns the operation to be run."""
        if self.rank.size > 1:
            self._kept["broadcast"] = self._broadcast()
        if self.loops > 1:
            self._kept["loop"] = self.bridge.util.IterationPerLoop()
            return self._kept["loop"].create_iteration_per_loop_var(train_op)
        return train_op

    def fetches(self) -> Batch:
        """Returns what reports need to know."""
        manager = self._kept.get("manager")
        return {"loss_scale": manager.get_loss_scale()} if manager else {}

    def _broadcast(self) -> Tensor:
        """Gives all ranks the weights, averages and slots of rank 0."""
        given = []
        for variable in v1.global_variables():
            if variable.dtype.base_dtype.is_floating:
                sent = self.bridge.hccl_ops.broadcast(tensor=[variable], root_rank=0)
                given.append(v1.assign(variable, sent[0]))
        return tf.group(*given)

    def start(self, session: Session) -> None:
        """Runs what a new session needs before its first step."""
        if "broadcast" in self._kept:
            session.run(self._kept["broadcast"])
        if "loop" in self._kept:
            self._kept["loop"].load_iteration_per_loop_var(session, self.loops)

    def open(self) -> None:
        """Prepares the device; HCCL needs it before anything else."""
        graph = tf.Graph()
        with graph.as_default():
            begin = self.bridge.npu_ops.initialize_system()
            self._kept["shutdown"] = self.bridge.npu_ops.shutdown_system()
        self._kept["session"] = v1.Session(graph=graph, config=self.config)
        self._kept["session"].run(begin)

    def close(self) -> None:
        """Gives the device back."""
        session = self._kept.pop("session", None)
        if session is not None:
            session.run(self._kept.pop("shutdown"))
            session.close()


def npu(config: SessionConfig, count: int = 0) -> NpuDevice:
    """Runs on an Ascend NPU; raises DeviceError without the adapter, OptionError or InputError."""
    if count > 1:
        raise OptionError(
            "--num-gpus is not for NPUs: each device has a process.",
            f"Start them with: ocrdata launch --target npu --devices {count} train ...",
        )
    bridge = _bridge()
    rank = read_rank()
    rewrites = config.graph_options.rewrite_options
    rewrites.remapping = rewrites.memory_optimization = rewrites.OFF
    optimizer = rewrites.custom_optimizers.add()
    optimizer.name = "NpuOptimizer"
    values = optimizer.parameter_map
    values["use_off_line"].b = True
    values["precision_mode"].s = PRECISION["float32"].encode()
    values["graph_run_mode"].i = 1
    if rank.size > 1:
        values["hcom_parallel"].b = True
    # A graph without branches: the unrolled form has no loop that the compiler must split.
    return NpuDevice("npu", "/device:CPU:0", config, "unrolled", rank=rank, bridge=bridge)


def adapter_found() -> bool:
    """Says whether the adapter is installed beside the TensorFlow that it needs."""
    try:
        _bridge()
    except DeviceError:
        return False
    return True


def _bridge() -> Any:
    try:
        bridge = importlib.import_module("npu_bridge.npu_init")
    except ModuleNotFoundError as error:
        raise DeviceError(
            "npu_bridge is not installed: --target npu needs Huawei's TF Adapter for TensorFlow "
            "1.15, which comes with CANN.",
            "Use its container image, see examples/npu.Dockerfile, or --target cpu.",
        ) from error
    if not tf.__version__.startswith("1.15"):
        problem = f"--target npu needs TensorFlow 1.15, and this is {tf.__version__}."
        raise DeviceError(problem, "See examples/npu.Dockerfile.")
    return bridge


def configured(device: Device, options: TrainOptions) -> NpuDevice:
    """Returns an NPU with the precision and the loop that options ask for."""
    loops = options.iterations_per_loop
    for name in ("save_every", "eval_every", "log_every"):
        if getattr(options, name) % loops:
            flag = "--" + name.replace("_", "-")
            raise OptionError(f"{flag} must be a multiple of --iterations-per-loop {loops}.")
    if options.long_labels == "skip":
        raise OptionError("--long-labels skip: labels have a fixed length on NPUs.")
    values = device.config.graph_options.rewrite_options.custom_optimizers[0].parameter_map
    values["precision_mode"].s = PRECISION[options.precision].encode()
    if loops > 1:
        values["iterations_per_loop"].i = loops
        values["enable_data_pre_proc"].b = True
    mixed = options.precision == "mixed"
    assert isinstance(device, NpuDevice)
    return replace(device, mixed=mixed, loops=loops)
