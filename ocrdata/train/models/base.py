"""What a model is: its mathematics, and nothing about devices, files, steps or logging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Sequence

from ocrdata.train.compat import Tensor
from ocrdata.train.config.cards import ModelCard
from ocrdata.train.data.line_images import ImageSpec, Size
from ocrdata.train.protocols import Batch

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

    A subclass has a `card`: its task, options and their defaults, and what commands say of it. All
    tensors are TensorFlow graph tensors.
    """

    card: ModelCard
    options: Any  # what card.options makes
    partly_pretrained = True  # whether a run of other options may bring what fits

    def other_names(self, name: str) -> Sequence[str]:
        """Returns how a variable's name ends in checkpoints of the programs that are replaced."""
        return ()

    def is_class_layer(self, name: str) -> bool:
        """Says whether the last axis of a variable is that of the dictionary's classes."""
        return False

    def labels(self, features: Mapping[str, Tensor]) -> Batch:
        """Turns the features of a batch of records into what `loss` needs."""
        raise NotImplementedError

    def build(self, inputs: Inputs, training: bool) -> Batch:
        """Builds the network over a batch; a second call with reuse shares the weights."""
        raise NotImplementedError

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the mean loss of a batch, a float32 scalar, without regularization.

        Where a batch is on several devices, the loss is the mean of what each of them returns. For
        a mean over samples that is all; sums that the loss divides by go through
        replicas.total_over_replicas.
        """
        raise NotImplementedError

    def figures(self, outputs: Outputs, labels: Labels) -> Batch:
        """Returns what reports of training show beside the loss, float32 scalars by name."""
        raise NotImplementedError

    def decode(self, outputs: Outputs) -> Any:
        """Turns outputs into predictions."""
        raise NotImplementedError

    def placeholders(self) -> Batch:
        """Returns the inputs of an exported network, as `ocrdata.reading.exported.Network` says."""
        raise NotImplementedError

    def served(self, outputs: Outputs) -> Batch:
        """Returns the outputs of an exported network: plain arrays, for NumPy to go on with."""
        raise NotImplementedError

    def description(self) -> Dict[str, Any]:
        """Returns, in plain values, what must be known to use an exported network."""
        raise NotImplementedError


class Recognizer(Model):
    """The contract between a reader of text lines and what runs it, beside that of a Model.

    Made of (options, num_classes, seed); `num_classes` counts the blank, which is the last class.
    `build` takes `images` uint8 [B, height, W, 1 or 3] and `widths` int32 [B], the columns that
    are image. `options` have `channels` and `image_width` (0: each batch has its own), and may have
    `min_width`, to which narrower pictures are stretched.
    """

    height: int  # of the pictures, in pixels
    auto_lstm = "block"  # the form of an LSTM that is fastest on the device; see `lstm.lstm`
    static = False  # whether all shapes must be fixed, and labels are dense
    align_steps = 0  # first steps with a loss of evenly spaced characters beside CTC's
    skip_long_labels = False  # whether labels without room are left out of the loss
    partly_pretrained = False

    def decode(self, outputs: Outputs, beam_width: int = 0) -> DecodedLines:
        """Returns the likeliest texts: of the best path, or of a beam search of that width."""
        raise NotImplementedError

    def time_steps(self, width: Size) -> Size:
        """Returns in how many classes, blanks included, a picture of that width is read."""
        raise NotImplementedError


def image_spec(model: Recognizer) -> ImageSpec:
    """Returns what pictures a recognizer takes."""
    options = model.options
    least = getattr(options, "min_width", 0)
    return ImageSpec(model.height, options.channels, options.image_width, least)
