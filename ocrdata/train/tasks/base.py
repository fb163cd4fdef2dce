"""What a training run needs of its task: batches, what was found in the data, and a look back.

The loop knows nothing about lines or scenes; each task has one Feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ocrdata.base.progress import OnProgress
from ocrdata.base.registry import Registry
from ocrdata.errors import OcrdataError, PathLike
from ocrdata.text.charset import Charset
from ocrdata.train.compat import tf, untuned, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device

Share = Tuple[int, int]  # which of how many
WHOLE = (0, 1)

TRAINING_TASKS = Registry(
    "task",
    {
        "detection": "ocrdata.train.tasks.detection:DetectionTask",
        "recognition": "ocrdata.train.tasks.recognition:RecognitionTask",
    },
)


@dataclass(frozen=True)
class TaskRequest:
    """What a feed is made from: a model, data, and where and how it will be trained.

    `kind` is the model's class and `model_options` what it is built with; `data_options` say how
    input is made of the data, where the task has such options (None for the model's own).
    """

    kind: Any
    model_options: Any
    data_dir: PathLike
    options: TrainOptions
    data_options: Any
    target: Device
    on_check: Optional[OnProgress]


class TrainingTask:
    """Training data in an order that is a function of the step; made from a FeedRequest.

    `net` is the model to be trained, `samples` how many there are in an epoch, `charset` the
    dictionary (None where there is none), `records` a hash of the data ("sha256").
    """

    net: Any
    charset: Optional[Charset]
    samples: int
    records: Dict[str, Any]
    pretrained = ""  # a checkpoint to take first weights from
    problem: Optional[OcrdataError] = None  # what stopped the input, if something of ours did

    def options(self) -> Dict[str, Any]:
        """Returns the options of the data, for run.json."""
        return {}

    def check(self) -> Dict[str, Any]:
        """Looks at all training data before a run begins; returns what was found, for run.json."""
        raise NotImplementedError

    def start(self, step: int) -> List[int]:
        """Returns where a step begins, for `batches`."""
        raise NotImplementedError

    def batches(self, start: Any, share: Share = WHOLE) -> Any:
        """Returns the endless dataset of batches (a dictionary of tensors) from `start` on.

        Of each batch, share (i, n) has the samples i, i + n, i + 2n, ...
        """
        raise NotImplementedError

    def evaluator(self, run: Any, target: Any) -> Any:
        """Returns what looks at the validation split (`look(checkpoint)`, `close()`), or None."""
        raise NotImplementedError

    def picture_fetches(self, batch: Dict[str, Any], decoded: Any) -> Dict[str, Any]:
        """Returns the tensors that `draw` needs."""
        raise NotImplementedError

    def draw(self, values: Dict[str, Any]) -> Any:
        """Returns a picture of what the model makes of the first samples of a batch."""
        raise NotImplementedError

    def skipped(self, found: Dict[str, Any]) -> Dict[str, int]:
        """Returns what is left out of training, by reason, from what `check` found."""
        raise NotImplementedError

    def close(self) -> None:
        """Frees what is open."""


def read_shares(
    task: TrainingTask, start: Any, mine: Iterable[int], shares: int
) -> Tuple[List[Dict[str, Any]], Any]:
    """Returns the next batch of some of `shares` shares, and what begins them at `start`."""
    iterators = [
        v1.data.make_initializable_iterator(untuned(task.batches(start, (share, shares))))
        for share in mine
    ]
    begin = tf.group(*(iterator.initializer for iterator in iterators))
    return [iterator.get_next() for iterator in iterators], begin
