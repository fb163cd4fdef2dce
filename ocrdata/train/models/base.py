"""What a model is: its mathematics, and nothing about devices, files, steps or logging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping

from ocrdata.train.compat import Tensor

Inputs = Mapping[str, Tensor]
Outputs = Mapping[str, Tensor]
Labels = Mapping[str, Tensor]


@dataclass(frozen=True)
class DecodedLines:
    """What was read: int32 [B, L] classes, padded with -1, and float32 [B] probabilities."""

    classes: Tensor
    confidence: Tensor


class Model:
    """The contract between a model and everything that runs it.

    A subclass names its `task` ("recognition" or "detection"), the dataclass of its options in
    `defaults`, whose default values are the published ones, and in `training` the TrainOptions it
    is trained with by default. All tensors are TensorFlow graph tensors.
    """

    task = ""
    defaults: Any = type
    training: Any = None

    def labels(self, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
        """Turns the features of a batch of records into what `loss` needs."""
        raise NotImplementedError

    def build(self, inputs: Inputs, training: bool) -> Dict[str, Tensor]:
        """Builds the network over a batch; a second call with reuse shares the weights."""
        raise NotImplementedError

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the mean loss of a batch, a float32 scalar, without regularisation.

        Where a batch is on several devices, the loss is the mean of what each of them returns. For
        a mean over samples that is all; sums that the loss divides by go through replicas.total.
        """
        raise NotImplementedError

    def figures(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns what reports of training show beside the loss, float32 scalars by name."""
        raise NotImplementedError

    def decode(self, outputs: Outputs) -> Any:
        """Turns outputs into predictions."""
        raise NotImplementedError

    def placeholders(self) -> Dict[str, Tensor]:
        """Returns the inputs of an exported network, as `ocrdata.reading.exported.Network` says."""
        raise NotImplementedError

    def served(self, outputs: Outputs) -> Dict[str, Tensor]:
        """Returns the outputs of an exported network: plain arrays, for NumPy to go on with."""
        raise NotImplementedError

    def description(self) -> Dict[str, Any]:
        """Returns, in plain values, what must be known to use an exported network."""
        raise NotImplementedError
