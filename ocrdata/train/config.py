"""The options of models and of training: one home for each name, default, range and help text.

The command line makes its flags out of these dataclasses, and a run directory's run.json holds their
values. Nothing here needs TensorFlow or NumPy.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Optional, Sequence

from ocrdata.errors import OptionError


def setting(
    default: Any,
    text: str,
    low: Optional[float] = None,
    high: Optional[float] = None,
    choices: Sequence[str] = (),
    kind: Optional[type] = None,
) -> Any:
    """Returns a dataclass field that carries its help text and its range (inclusive)."""
    notes = {"help": text, "low": low, "high": high, "choices": tuple(choices)}
    notes["kind"] = kind or type(default)
    return dataclasses.field(default=default, metadata=notes)


def check_settings(options: Any) -> None:
    """Raises OptionError for the first value outside its range or choices."""
    for field in dataclasses.fields(options):
        value, notes = getattr(options, field.name), field.metadata
        flag = "--" + field.name.replace("_", "-")
        if notes["choices"] and value not in notes["choices"]:
            known = ", ".join(notes["choices"])
            raise OptionError("{} must be one of {}, not {!r}.".format(flag, known, value))
        for bound, wrong, word in (
            (notes["low"], lambda v, b: v < b, "least"),
            (notes["high"], lambda v, b: v > b, "most"),
        ):
            if value is not None and bound is not None and wrong(value, bound):
                raise OptionError("{} must be at {} {}, not {}.".format(flag, word, bound, value))


@dataclass(frozen=True)
class CrnnOptions:
    """What a CRNN looks like; the defaults are the paper's."""

    width_multiplier: float = setting(
        1.0, "Scales the channels of the convolutions; 0.25 is about 10 times faster.", 0.05, 4.0
    )
    lstm_units: int = setting(256, "Units of each LSTM layer in each direction.", 1)
    image_width: int = setting(
        0, "Fixed width in pixels (wider lines are squeezed); 0: each batch has its own.", 0
    )
    color: str = setting("gray", "What the network sees.", choices=("gray", "rgb"))
    batch_norm: str = setting(
        "paper", "Batch normalisation: two convolutions as published, or all.", choices=("paper", "all")
    )
    dropout: float = setting(0.0, "Part of the LSTM outputs dropped in training.", 0.0, 0.95)
    lstm: str = setting(
        "auto",
        "How the LSTM runs; all forms share weights. unrolled needs --image-width.",
        choices=("auto", "block", "loop", "unrolled"),
    )

    def __post_init__(self) -> None:
        check_settings(self)
        if self.lstm == "unrolled" and not self.image_width:
            raise OptionError("--lstm unrolled needs a fixed --image-width.")

    @property
    def channels(self) -> int:
        """1 for gray images, 3 for colour."""
        return 1 if self.color == "gray" else 3
