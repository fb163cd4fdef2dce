"""Where a model runs: devices, where the weights are kept, and the configuration of a session.

The loop asks only a Device, so that several devices, clusters and other kinds of processors are
more kinds of it and no other loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, Tuple

from ocrdata.errors import OcrdataError, OptionError
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.protocols import Batch, OpPlacement, Optimizer, Session, SessionConfig, Tensor

_VARIABLES = ("VarHandleOp", "VariableV2")


class DeviceError(OcrdataError):
    """A kind of device exists, but not on this machine."""


@dataclass(frozen=True)
class Device:
    """Where a model runs, for the loop and for evaluation.

    `device` ("/device:CPU:0") keeps the weights and evaluates; `config` is the ConfigProto of a
    session and `lstm` the form of the LSTM that trains fastest. A batch is shared out to `devices`.
    """

    name: str
    device: str
    config: SessionConfig
    lstm: str
    devices: Tuple[str, ...] = ()
    weight_devices: Tuple[str, ...] = ()  # where weights are kept, if not on `device`
    # How many values are kept on each of them.
    _load: Dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    static = False  # whether all shapes must be fixed, and the graph hold no Python
    part = (0, 1)  # which of how many processes that share a batch, each with its own weights
    writes = True  # whether this process writes the run

    def __str__(self) -> str:
        many = len(self.devices) > 1
        return f"{self.name}, {len(self.devices)} devices" if many else self.name

    def wrap(self, optimizer: Optimizer) -> Optimizer:
        """Returns the optimizer as the device needs it."""
        return optimizer

    def finish(self, train_op: Tensor) -> Tensor:
        """Returns the operation that takes a step, when the graph is complete but for it."""
        return train_op

    def fetches(self) -> Batch:
        """Returns what reports need to know of the device."""
        return {}

    def open(self) -> None:
        """Prepares the devices before the first session."""

    def start(self, session: Session) -> None:
        """Runs what a new session needs before its first step."""

    def close(self) -> None:
        """Gives the devices back."""

    @property
    def replicas(self) -> Tuple[str, ...]:
        """The devices that work on a batch together."""
        return self.devices or (self.device,)

    def place(self, device: str) -> OpPlacement:
        """Returns the device, or the device function, of a replica."""
        if len(self.replicas) == 1 and not self.weight_devices:
            return device
        return _ReplicaPlacement(device, self._least_loaded)

    def _least_loaded(self, op: Tensor) -> str:
        """Returns where a new variable is kept: where the least is kept yet."""
        known = self.weight_devices or (self.device,)
        chosen = min(known, key=lambda name: (self._load.get(name, 0), known.index(name)))
        size = 1
        for dimension in op.get_attr("shape").dim:
            size *= max(1, dimension.size)
        self._load[chosen] = self._load.get(chosen, 0) + size
        return chosen

    def shares(self, options: TrainOptions) -> int:
        """Returns into how many parts a batch is cut; raises OptionError if that cannot be."""
        devices = len(self.replicas) * self.part[1]
        parts = devices * options.accumulate
        if options.batch_size % parts:
            raise OptionError(
                f"--batch-size {options.batch_size} cannot be shared out evenly to "
                f"{devices} devices times --accumulate "
                f"{options.accumulate}.",
                f"It is the batch of all devices together; take a multiple of {parts}.",
            )
        return parts


class _ReplicaPlacement:
    """A device function: variables to where weights are kept, all else to a replica's device."""

    def __init__(self, device: str, of_weights: Callable[[Tensor], str]) -> None:
        self._device, self._of_weights = device, of_weights

    def __call__(self, op: Tensor) -> str:
        name = self._of_weights(op) if op.type in _VARIABLES else self._device
        spec = v1.DeviceSpec.from_string(name)
        spec.merge_from(v1.DeviceSpec.from_string(op.device or ""))
        return str(spec.to_string())


def gpu_count() -> int:
    """Returns how many GPUs TensorFlow sees."""
    return len(tf.config.experimental.list_physical_devices("GPU"))


def cpu(config: SessionConfig, count: int = 0) -> Device:
    """Runs on the processors, as `count` logical devices, and leaves GPUs alone."""
    config.device_count["GPU"] = 0
    config.device_count["CPU"] = max(1, count)
    # The loop multiplies all inputs at once: a quarter less work than the fused operation.
    devices = _numbered("CPU", count)
    return Device("cpu", "/device:CPU:0", config, "loop", devices)


def gpu(config: SessionConfig, count: int = 0) -> Device:
    """Runs on the first GPU or `count` of them; raises DeviceError if there are not so many."""
    found = gpu_count()
    if not found:
        raise DeviceError(
            f"TensorFlow {tf.__version__} sees no GPU here.",
            "Use --target cpu, or install a TensorFlow with GPU support: "
            'pip install "tensorflow[and-cuda]".',
        )
    if count > found:
        raise DeviceError(f"TensorFlow sees {found} GPUs here, not {count}.")
    config.gpu_options.allow_growth = True
    devices = _numbered("GPU", count)
    kept = ("/device:CPU:0",) if len(devices) > 1 else ()
    return Device("gpu", "/device:GPU:0", config, "block", devices, weight_devices=kept)


def _numbered(kind: str, count: int) -> Tuple[str, ...]:
    return tuple(f"/device:{kind}:{number}" for number in range(count))
