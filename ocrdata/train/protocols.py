"""What code here expects of TensorFlow's objects, which have no types of their own for checkers."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

if sys.version_info >= (3, 8):
    from typing import Protocol
else:  # the classes below are for type checkers only, which look at newer versions

    class Protocol:
        """Stands in for typing.Protocol, which came with Python 3.8."""


# A value of a graph: a tensor, a variable or an operation. TensorFlow has no types for checkers.
Tensor = Any
Batch = Dict[str, Tensor]
DType = Any  # of the values of a tensor
Gradients = List[Tuple[Tensor, Tensor]]  # of each variable, and the variable
FetchedArrays = Dict[str, np.ndarray]  # what a session gave for tensors by name
# Where operations are put: "/device:GPU:0", or a function that says it of each operation.
OpPlacement = Union[str, Callable[[Tensor], str]]


class Session(Protocol):
    """A session of a graph, or what a hook is given for one."""

    @property
    def graph(self) -> Any:
        """The graph whose tensors it computes."""

    def run(self, fetches: Any, feed_dict: Optional[Mapping[Tensor, Any]] = None) -> Any:
        """Returns the values of tensors, in the structure of `fetches`."""

    def close(self) -> None:
        """Frees what it holds."""


class Optimizer(Protocol):
    """An optimizer of TensorFlow 1, or what wraps one."""

    def compute_gradients(
        self, loss: Tensor, *, colocate_gradients_with_ops: bool = False
    ) -> Gradients:
        """Returns the gradient of each trainable variable."""

    def apply_gradients(self, gradients: Gradients, step: Optional[Tensor] = None) -> Tensor:
        """Returns the operation that changes the variables, and counts a step."""

    def _create_slots(self, variables: Sequence[Tensor]) -> None: ...


class Dataset(Protocol):
    """A tf.data.Dataset."""

    def map(
        self, function: Callable[..., Any], num_parallel_calls: Optional[int] = None
    ) -> "Dataset":
        """Returns the dataset of what a function makes of each element."""

    def flat_map(self, function: Callable[..., "Dataset"]) -> "Dataset":
        """Returns the elements of the datasets that a function makes of each element."""

    def batch(self, batch_size: int, drop_remainder: bool = False) -> "Dataset":
        """Returns so many elements as one."""

    def skip(self, count: Union[int, Tensor]) -> "Dataset":
        """Returns all elements but the first."""

    def prefetch(self, size: int) -> "Dataset":
        """Returns the same elements, some made before they are asked for."""

    def with_options(self, options: Any) -> "Dataset":
        """Returns the same elements, made with options."""


class SessionConfig(Protocol):
    """A ConfigProto."""

    device_count: Dict[str, int]
    gpu_options: Any
    graph_options: Any
    operation_timeout_in_ms: int

    def CopyFrom(self, other: "SessionConfig") -> None:  # noqa: N802 - the name it has
        """Takes all values of another one."""


class FetchedValues(Protocol):
    """What a hook is given of a step: the values of its fetches."""

    results: Any


class RunContext(Protocol):
    """What a hook is given of the session that takes a step."""

    session: Session

    def request_stop(self) -> None:
        """Has the loop end after this step."""


class Saver(Protocol):
    """Writes and reads checkpoints of a graph's variables."""

    def save(
        self, session: Session, prefix: str, *, global_step: int, write_meta_graph: bool
    ) -> str:
        """Writes a checkpoint; returns its path."""

    def restore(self, session: Session, path: str) -> None:
        """Takes the values of a checkpoint."""
