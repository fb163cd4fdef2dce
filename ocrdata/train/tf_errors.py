"""TensorFlow's errors in the words of a user."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, Optional

from ocrdata.errors import OcrdataError, TrainingError
from ocrdata.train.compat import tf
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.protocols import Protocol

_CHECK = "Find the record with: ocrdata check <data directory>."


class HasProblem(Protocol):
    """A task, which knows what of ours stopped its input."""

    problem: Optional[OcrdataError]


class TensorFlowError(Protocol):
    """An error of TensorFlow."""

    @property
    def message(self) -> str: ...


@contextmanager
def explained(task: Optional[HasProblem] = None) -> Iterator[None]:
    """Turns the errors of a session that a user can cause into ours; `task` may know better."""
    try:
        with _known_problem(task):
            yield
    except tf.errors.DataLossError as error:
        raise TrainingError(f"a record file is damaged: {first_line(error)}.", _CHECK) from error
    except tf.errors.NotFoundError as error:
        raise TrainingError(f"a file is gone: {first_line(error)}.") from error
    except tf.errors.InvalidArgumentError as error:
        message = f"a record cannot be used: {first_line(error)}."
        raise TrainingError(message, _CHECK) from error
    except tf.errors.ResourceExhaustedError as error:
        message = f"the memory does not suffice: {first_line(error)}."
        raise TrainingError(message, "Try a smaller --batch-size.") from error


@contextmanager
def _known_problem(task: Optional[HasProblem]) -> Iterator[None]:
    try:
        yield
    except tf.errors.OpError as error:
        if task is not None and task.problem is not None:
            raise task.problem from error
        raise


def first_line(error: TensorFlowError) -> str:
    lines = [line.strip() for line in str(error.message).split("\n")]
    told = [line for line in lines if line and line != "Graph execution error:"]
    return (told or [type(error).__name__])[0].rstrip(".")


def not_finite(
    step: int, what: str, options: TrainOptions, checkpoint: Optional[str]
) -> TrainingError:
    """Returns the error for a loss or gradient that is not a number any more."""
    advice = [f"a lower --learning-rate than {options.learning_rate:g}"]
    if not options.clip_norm:
        advice.append("--clip-norm 5")
    if options.warmup_steps < 100:
        advice.append("--warmup-steps 100 or more")
    if checkpoint:
        kept = f"The last good weights are in {checkpoint}."
    else:
        kept = "No checkpoint was written yet."
    tries = " and ".join(advice)
    return TrainingError(
        f"the {what} became infinite or NaN at step {step}.",
        f"{kept} Try {tries}, with --overwrite.",
    )
