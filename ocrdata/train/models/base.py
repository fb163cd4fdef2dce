"""What a model is: its mathematics, and nothing about devices, files, steps or logging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping

Tensor = Any
Inputs = Mapping[str, Tensor]
Outputs = Mapping[str, Tensor]
Labels = Mapping[str, Tensor]


@dataclass(frozen=True)
class Decoded:
    """What was read: int32 [B, L] classes, padded with -1, and float32 [B] probabilities."""

    classes: Tensor
    confidence: Tensor


class Model:
    """The contract between a model and everything that runs it.

    A subclass names its `task` ("recognition") and, in `defaults`, the dataclass of its options,
    whose default values are the published ones. All tensors are TensorFlow graph tensors.
    """

    task = ""
    defaults: Any = type

    def labels(self, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
        """Turns the features of a batch of records into what `loss` needs."""
        raise NotImplementedError

    def build(self, inputs: Inputs, training: bool) -> Dict[str, Tensor]:
        """Builds the network over a batch; a second call with reuse shares the weights."""
        raise NotImplementedError

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the mean loss of a batch, a float32 scalar, without regularisation."""
        raise NotImplementedError

    def decode(self, outputs: Outputs) -> Any:
        """Turns outputs into predictions."""
        raise NotImplementedError
