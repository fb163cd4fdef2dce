"""What a training run needs of its task: batches, what was found in the data, and validation.

The loop knows nothing about lines or scenes; each task has one TrainingTask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from PIL import Image

from ocrdata.base.registry import Registry
from ocrdata.base.run_options import OnProgress
from ocrdata.errors import OcrdataError, PathLike
from ocrdata.text.charset import Charset
from ocrdata.train.compat import Tensor, tf, untuned, v1
from ocrdata.train.config.sources import InputOptions
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.validation import Evaluator
from ocrdata.train.models.base import Model
from ocrdata.train.protocols import Batch, Dataset, FetchedArrays
from ocrdata.train.run_dir import RunDirectory, plain_options

Share = Tuple[int, int]  # which of how many
WHOLE = (0, 1)
WAITED = "input_wait"  # what a step fetches of the time it waited for its batch

TRAINING_TASKS = Registry(
    "task",
    {
        "detection": "ocrdata.train.tasks.detection:DetectionTask",
        "recognition": "ocrdata.train.tasks.recognition:RecognitionTask",
    },
)


@dataclass(frozen=True)
class TaskRequest:
    """What a task is made from: a model, data, and where and how it will be trained.

    `kind` is the model's class and `model_options` what it is built with; `data_options` say how
    input is made of the data (None for the model's own).
    """

    kind: Callable[..., Model]
    model_options: object
    data_dir: PathLike
    options: TrainOptions
    data_options: Optional[InputOptions]
    device: Device
    on_check: Optional[OnProgress]


class TrainingTask:
    """Training data in an order that is a function of the step; made from a TaskRequest.

    `net` is the model to be trained, `samples` how many there are in an epoch, `charset` the
    dictionary (None where there is none), `records` a hash of the data ("sha256"), and the two
    kinds of options those that it is made with.
    """

    net: Model
    charset: Optional[Charset]
    samples: int
    records: Dict[str, Any]
    train_options: TrainOptions
    input_options: InputOptions
    ranked: Tuple[str, ...] = ()  # figures of a validation, that which decides first
    problem: Optional[OcrdataError] = None  # what stopped the input, if something of ours did

    def options(self) -> Dict[str, Any]:
        """Returns the options of the data, for run.json."""
        return plain_options(self.input_options)

    def check(self) -> Dict[str, Any]:
        """Checks all training data before a run begins; returns what was found, for run.json."""
        raise NotImplementedError

    def start(self, step: int) -> List[int]:
        """Returns where a step begins, for `batches`."""
        raise NotImplementedError

    def batches(self, start: Tensor, share: Share = WHOLE) -> Dataset:
        """Returns the endless dataset of batches (a dictionary of tensors) from `start` on.

        Of each batch, share (i, n) has the samples i, i + n, i + 2n, ...
        """
        raise NotImplementedError

    def evaluators(self, run: RunDirectory, device: Device) -> Dict[str, Evaluator]:
        """Returns what scores each validation set, by its name; none where nothing is scored."""
        found: Dict[str, Evaluator] = {}
        if not self.train_options.eval_every:
            return found
        own = self.evaluator(run, device)
        if own is not None:
            found["validation"] = own
        for name, folder in self.input_options.validation_sets():
            made = self.evaluator(run, device, folder)
            assert made is not None  # of a folder that was named it is required
            found[name] = made
        return found

    def evaluator(self, run: RunDirectory, device: Device, folder: str = "") -> Optional[Evaluator]:
        """Returns what scores the data's validation split, None where it has none.

        Of a `folder` it is its validation split, or what it has instead: test, else everything.
        Raises InputError where there is nothing to score.
        """
        raise NotImplementedError

    def picture_fetches(self, batch: Batch, decoded: Tensor) -> Batch:
        """Returns the tensors that `draw` needs."""
        raise NotImplementedError

    def draw(self, values: FetchedArrays) -> Image.Image:
        """Returns a picture of what the model makes of the first samples of a batch."""
        raise NotImplementedError

    def skipped(self, found: Dict[str, Any]) -> Dict[str, int]:
        """Returns what is left out of training, by reason, from what `check` found."""
        raise NotImplementedError

    def close(self) -> None:
        """Frees what is open."""


def read_shares(
    task: TrainingTask, start: Tensor, mine: Iterable[int], shares: int
) -> Tuple[List[Batch], Tensor, Tensor]:
    """Returns the next batch of some of `shares` shares, and what begins them at `start`.

    And for how many seconds a step waits for them, float64.
    """
    iterators = [
        v1.data.make_initializable_iterator(untuned(task.batches(start, (share, shares))))
        for share in mine
    ]
    begin = tf.group(*(iterator.initializer for iterator in iterators))
    begun = tf.timestamp()
    with tf.control_dependencies([begun]):
        batches = [iterator.get_next() for iterator in iterators]
    with tf.control_dependencies(tf.nest.flatten(batches, expand_composites=True)):
        waited = tf.timestamp() - begun
    return batches, begin, waited
