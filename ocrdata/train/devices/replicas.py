"""Sums over all replicas of a network: what makes several devices compute what one would.

A batch is shared out to replicas, each on its device, all with the same weights. Whatever is taken
over the whole batch (the statistics of batch normalization, the sums in a loss that is a ratio) is
exchanged between them while a step runs, forwards and backwards. Then the mean of the replicas'
losses is the loss of the batch, and its gradient the batch's gradient, whatever the loss is.
"""

from __future__ import annotations

from typing import Callable, List, Optional, Sequence, Tuple, TypeVar

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.protocols import OpPlacement

Made = TypeVar("Made")


class Replicas:
    """Builds a network once for each device, and joins what the replicas exchange."""

    def __init__(self, devices: Sequence[OpPlacement]) -> None:
        self._devices = list(devices)
        # Of each replica: what it gave and what stands for all that is given, in order.
        self._exchanged: List[List[Tuple[Tensor, Tensor]]] = []

    def build(self, make: Callable[[int], Made]) -> List[Made]:
        """Returns make(0), make(1), ..., each built on its device with the weights of the first.

        Moving averages are updated by the first replica only: all compute the same.
        """
        made = []
        updates = v1.get_collection_ref(v1.GraphKeys.UPDATE_OPS)
        for index, device in enumerate(self._devices):
            known = len(updates)
            self._exchanged.append([])
            with _building(self, index), v1.device(device):
                reuse = True if index else v1.get_variable_scope().reuse
                with v1.variable_scope(v1.get_variable_scope(), reuse=reuse):
                    made.append(make(index))
            if index:
                del updates[known:]
        self._join()
        return made

    def exchange(self, index: int, value: Tensor) -> Tensor:
        """Returns what will be the values of all replicas, [replicas, ...]."""
        # Those of later replicas are not built yet: our own stands in until `_join`.
        gathered = tf.identity(tf.stack([value] * len(self._devices)))
        self._exchanged[index].append((value, gathered))
        return gathered

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self._devices)

    def _join(self) -> None:
        if len({len(exchanged) for exchanged in self._exchanged}) != 1:
            raise AssertionError("the replicas are not built alike")
        with v1.device(self._devices[0]):
            for same in zip(*self._exchanged):
                values = tf.stack([value for value, _ in same])
                for _, gathered in same:
                    # Nothing public of TensorFlow does this; while loops are built so, too.
                    gathered.op._update_input(0, values)


_current: List[Tuple[Replicas, int]] = []


class _building:
    def __init__(self, replicas: Replicas, index: int) -> None:
        self._entry = (replicas, index)

    def __enter__(self) -> None:
        _current.append(self._entry)

    def __exit__(self, *_error: object) -> Optional[bool]:
        _current.pop()
        return None


def count() -> int:
    """Returns how many replicas the network being built has; 1 outside of Replicas.build."""
    return _current[-1][0].size if _current else 1


def index() -> int:
    """Returns which of them is being built, counted from 0."""
    return _current[-1][1] if _current else 0


def gather(value: Tensor) -> Tensor:
    """Returns the value of each replica, [replicas, ...]; its shape must be the same in all."""
    if count() == 1:
        return value[tf.newaxis]
    replicas, number = _current[-1]
    return replicas.exchange(number, value)


def total_over_replicas(value: Tensor) -> Tensor:
    """Returns the sum of a value over all replicas.

    A loss that divides by a sum over the batch needs it: total(sum of a) / total(sum of b).
    """
    return value if count() == 1 else tf.reduce_sum(gather(value), 0)


def mean(value: Tensor) -> Tensor:
    """Returns the mean of a value over all replicas."""
    return total_over_replicas(value) / count()
