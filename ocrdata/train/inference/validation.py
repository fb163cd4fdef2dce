"""What an evaluation of a validation split gives to training."""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence

from ocrdata.pages.run import Miss


class ValidationResult(NamedTuple):
    """What a look at the validation split found: how many samples, and figures by name.

    `worst` are the samples that went worst, for the report of the run.
    """

    samples: int
    figures: Dict[str, float]
    worst: Sequence[Miss] = ()
