"""The options of CRNN. Nothing here needs TensorFlow or NumPy."""

from __future__ import annotations

from dataclasses import dataclass

from ocrdata.errors import OptionError
from ocrdata.train.config.training import check_settings, setting


@dataclass(frozen=True)
class CrnnOptions:
    """What a CRNN looks like; the defaults are the paper's, but for the batch normalization."""

    width_multiplier: float = setting(
        1.0, "Scales the channels of the convolutions; less is faster.", 0.05, 4.0
    )
    lstm_units: int = setting(256, "Units of each LSTM layer in each direction.", 1)
    image_width: int = setting(
        0, "Fixed width in pixels (wider lines are squeezed); 0: each batch has its own.", 0
    )
    min_width: int = setting(
        100,
        "Narrower pictures, at the network's height, are stretched to so many pixels; 0: never.",
        0,
        before=0,
    )
    color: str = setting(
        "gray",
        "Colors of the pictures as the network gets them: one channel, or red, green and blue.",
        choices=("gray", "rgb"),
    )
    batch_norm: str = setting(
        "all",
        "Normalize all convolutions, which learns much sooner, or two, as published.",
        choices=("all", "paper"),
    )
    standardize: bool = setting(
        True,
        "Bring each picture to mean 0 and deviation 1, so that faint text is as strong as any; "
        "off: black is -1 and white 1, as published.",
        before=False,
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
        """1 for gray images, 3 for color."""
        return 1 if self.color == "gray" else 3
