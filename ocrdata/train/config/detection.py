"""The options of detectors: one home for each name, default, range and help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple

from ocrdata.errors import OptionError
from ocrdata.train.config.training import TrainOptions, check_settings, setting

# The longest side, in pixels, of a picture that is looked at, and the least that may be asked for.
LARGEST_SIDE, SMALLEST_SIDE = 2400, 32
# Units of the four blocks of a residual network, by its depth in layers.
RESNETS: Dict[str, Tuple[int, int, int, int]] = {
    "14": (1, 1, 1, 1),
    "26": (2, 2, 2, 2),
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
    "152": (3, 8, 36, 3),
}


@dataclass(frozen=True)
class ResnetOptions:
    """The residual network of a detector."""

    depth: str = setting(
        "50", "Layers of the residual network; 14 and 26 are for processors.", choices=list(RESNETS)
    )
    width_multiplier: float = setting(
        1.0, "Scales the channels of the residual network; 0.25 is about 10 times faster.", 0.02, 4
    )

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class EastOptions(ResnetOptions):
    """What an EAST looks like; the defaults are the published ones."""

    geometry: str = setting(
        "rbox",
        "What is learned of a text: a turned rectangle, or its four corners.",
        choices=("rbox", "quad"),
    )
    text_scale: float = setting(
        512.0, "Largest distance in pixels that rbox can tell; about --input-size.", 1.0
    )
    shrink: float = setting(
        0.3, "How far texts are shrunk, as a share of the shorter side.", 0.0, 0.45
    )
    min_text_size: float = setting(
        10.0, "Texts with a shorter side, in pixels of the crop, are not learned from.", 0.0
    )
    ignore_border: bool = setting(
        False, "Whether the ring between a text and its shrunk core counts as unknown."
    )
    score_loss: str = setting(
        "dice",
        "Loss of the score map: dice, or the paper's balanced cross-entropy.",
        choices=("dice", "balanced"),
    )
    geometry_weight: float = setting(1.0, "Weight of the loss of the geometry.", 0.0)
    angle_weight: float = setting(20.0, "Weight of the angle within the geometry's loss.", 0.0)


@dataclass(frozen=True)
class PsenetOptions(ResnetOptions):
    """What a PSENet looks like; the defaults are the published ones.

    The kernels are those of the TensorFlow version, whose maps are as coarse as these; the paper's
    7 from 0.4 on are finer than a cell in small text.
    """

    pyramid_channels: int = setting(
        256, "Channels of the feature pyramid; 32 goes with a small network.", 4
    )
    kernels: int = setting(
        6, "Kernels of a text, the largest of which is the whole text; the paper has 7.", 2, 32
    )
    smallest_kernel: float = setting(
        0.5, "Size of the smallest kernel as a share of the text; the paper has 0.4.", 0.05, 0.95
    )
    vanished: str = setting(
        "next",
        "A text too small for a kernel has the next larger one in its place, or is drawn "
        "there whole, or is not learned from.",
        choices=("next", "whole", "mask"),
    )
    min_text_size: float = setting(
        4.0, "Texts that are thinner, in pixels of the crop, are not learned from.", 0.0
    )
    dice: str = setting(
        "squared",
        "Dice loss: with the paper's squares in its denominator, or without.",
        choices=("squared", "plain"),
    )
    ohem: float = setting(
        3.0,
        "Cells without text that are learned from, those most like text, for each one with "
        "text; 0: all.",
        0.0,
    )
    text_weight: float = setting(
        0.7, "Weight of the whole text's loss; the kernels have the rest.", 0.0, 1.0
    )


@dataclass(frozen=True)
class ReadingOptions:
    """How texts are found in whole pictures, by any detector."""

    def __post_init__(self) -> None:
        check_settings(self)

    def rule(self) -> Dict[str, Any]:
        """Returns what these options are in a rule of `ocrdata.geometry.outlines`."""
        raise NotImplementedError

    def fitting(self, trained: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
        """Returns how pictures are brought to their size, as `ocrdata.reading.pyramid` takes it.

        `trained` is that of `data.text_sizes.trained_sizes`. Nothing where the network decides.
        """
        return {}

    def beyond_exports(self) -> str:
        """Returns the option, with its value, that an exported network cannot follow, or ""."""
        return ""


@dataclass(frozen=True)
class AnySizeOptions(ReadingOptions):
    """How a detector reads that takes pictures of any size."""

    max_side: int = setting(
        0,
        "Larger pictures are made this long, pixels, and looked at once; 0: up to "
        f"{LARGEST_SIDE}, and at smaller sizes, by the sizes of text in training.",
        0,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.max_side < SMALLEST_SIDE:
            least = f"0 or at least {SMALLEST_SIDE}"
            raise OptionError(f"--max-side must be {least}, not {self.max_side}.")

    def fitting(self, trained: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
        if self.max_side or not trained:
            return {"max_side": self.max_side or LARGEST_SIDE}
        return {"max_side": LARGEST_SIDE, "trained": trained}


@dataclass(frozen=True)
class EastReadingOptions(AnySizeOptions):
    """How boxes are read out of EAST's maps."""

    threshold: float = setting(0.8, "Score of a cell that is text.", 0.0, 1.0)
    nms_threshold: float = setting(0.2, "Boxes that overlap by more are one.", 0.0, 1.0)
    min_score: float = setting(
        0.5, "Boxes with a lower mean score in their core are left out.", 0.0, 1.0
    )

    def rule(self) -> Dict[str, Any]:
        return {
            "threshold": self.threshold,
            "nms_threshold": self.nms_threshold,
            "min_core_score": self.min_score,
        }


@dataclass(frozen=True)
class PsenetReadingOptions(AnySizeOptions):
    """How texts are read out of PSENet's maps."""

    threshold: float = setting(0.5, "Score of a cell that belongs to a kernel.", 0.0, 1.0)
    polygons: bool = setting(
        False, "Outlines with as many corners as the shape needs, not turned rectangles."
    )
    min_kernel_area: int = setting(5, "Smaller kernels are not text, in cells of the map.", 0)
    min_area: float = setting(0.0, "Smaller texts are left out, in square pixels.", 0.0)
    min_score: float = setting(0.8, "Texts with a lower mean score are left out.", 0.0, 1.0)
    min_side: float = setting(5.0, "Texts with a shorter side are left out, in pixels.", 0.0)

    def rule(self) -> Dict[str, Any]:
        names = ("threshold", "polygons", "min_kernel_area", "min_area", "min_score", "min_side")
        return {name: getattr(self, name) for name in names}


# How EAST was trained: Adam, 0.94 every 10,000 steps, averaged weights, a little weight decay.
EAST_TRAINING = TrainOptions(
    batch_size=14,
    learning_rate=1e-4,
    schedule="exponential",
    decay_steps=10000,
    decay_rate=0.94,
    ema=0.997,
    l2=1e-5,
    save_every=1000,
    eval_every=1000,
    eval_samples=100,
)
# How PSENet scored best in TensorFlow; the paper took SGD with a momentum of 0.99 for longer.
PSENET_TRAINING = EAST_TRAINING
