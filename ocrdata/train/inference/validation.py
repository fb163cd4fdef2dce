"""What training has done with the validation split, and what it gets back."""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence

from ocrdata.pages.run import Miss
from ocrdata.train.protocols import Protocol


class ValidationResult(NamedTuple):
    """What scoring the validation split gave: how many samples, and figures by name.

    `worst` are the samples that went worst, for the report of the run.
    """

    samples: int
    figures: Dict[str, float]
    worst: Sequence[Miss] = ()


class Evaluator(Protocol):
    """Scores a split with the weights of one checkpoint after another."""

    def validate(self, checkpoint: str) -> ValidationResult:
        """Returns the figures of a checkpoint; raises CheckpointError where it does not fit."""

    def close(self) -> None:
        """Frees the session and the data."""
