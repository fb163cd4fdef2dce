"""What is told of a training while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Optional


@dataclass(frozen=True)
class StepReport:
    """The figures of the steps since the last report; `figures` are those of the model, means.

    `waiting` is the share of the time in which the step had no batch yet.
    Speed, time left and waiting are None where nothing was timed yet: the first step prepares the
    graph.
    """

    step: int
    steps: int
    loss: float
    figures: Dict[str, float]
    learning_rate: float
    gradient_norm: float
    examples_per_second: Optional[float]
    seconds_left: Optional[float]
    waiting: Optional[float] = None


@dataclass(frozen=True)
class ValidationReport:
    """The figures of a validation set at a step, and whether they are the best so far.

    The data folder's own split is called "validation".
    """

    step: int
    samples: int
    figures: Dict[str, float]
    data_set: str = "validation"
    best: bool = False
