"""The options of DeepText: one home for each name, default, range and help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Tuple

from ocrdata.errors import OptionError
from ocrdata.train.config.detection import ReadingOptions
from ocrdata.train.config.sources import SourceOptions, numbers
from ocrdata.train.config.training import TrainOptions, check_settings, setting

ANCHOR_STRIDE = 16


@dataclass(frozen=True)
class DeepTextOptions:
    """What a DeepText looks like; the defaults are the published ones."""

    batch_norm: bool = setting(
        True, "Normalize the convolutions; without, slim's vgg_16.ckpt fits wholly."
    )
    width_multiplier: float = setting(
        1.0, "Scales the channels of all layers; 0.25 is about 10 times faster.", 0.02, 4
    )
    input_width: int = setting(960, "Width that pictures are brought to, a multiple of 16.", 32)
    input_height: int = setting(576, "Height that pictures are brought to, a multiple of 16.", 32)
    fit: str = setting(
        "stretch",
        "How pictures are brought to it: stretched, or with a border.",
        choices=("stretch", "letterbox"),
    )
    anchor_scales: str = setting(
        "2,4,6,8,12", "Sides of a square of the anchors' area, in units of 16 pixels.", kind=str
    )
    anchor_ratios: str = setting(
        "0.2,0.5,0.8,1,1.2,1.5", "Height by width of the anchors.", kind=str
    )
    inside_anchors: bool = setting(
        False, "Whether anchors that reach out of the picture are not learned from."
    )
    train_proposals: int = setting(2000, "Proposals of a picture in training.", 1)
    test_proposals: int = setting(1000, "Proposals of a picture otherwise.", 1)
    rpn_samples: int = setting(256, "Anchors of a picture learned from; half at most text.", 2)
    rois: int = setting(640, "Proposals learned from; a fifth at most text, a fifth ambiguous.", 5)
    max_texts: int = setting(128, "Most texts of a picture; smaller ones are don't-care.", 1)
    min_text_size: float = setting(
        4.0, "Texts with a shorter side, in pixels of the input, are don't-care.", 0.0
    )

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("input_width", "input_height"):
            if getattr(self, name) % ANCHOR_STRIDE:
                flag = "--" + name.replace("_", "-")
                raise OptionError(f"{flag} must be a multiple of {ANCHOR_STRIDE}.")
        self.scales()
        self.ratios()

    def scales(self) -> Tuple[float, ...]:
        """Returns the anchors' scales."""
        return numbers("--anchor-scales", self.anchor_scales)

    def ratios(self) -> Tuple[float, ...]:
        """Returns the anchors' ratios."""
        return numbers("--anchor-ratios", self.anchor_ratios)

    @property
    def size(self) -> Tuple[int, int]:
        """Height and width of the input."""
        return self.input_height, self.input_width


@dataclass(frozen=True)
class ResizeOptions(SourceOptions):
    """How whole pictures are varied before they are brought to the input's size."""

    cuts: float = setting(
        0.0, "Share of pictures of which a part is taken that cuts no text.", 0.0, 1.0
    )
    min_crop_side: float = setting(
        0.3, "Shortest side of such a part, as a share of the picture's.", 0.05, 1.0
    )
    expand: float = setting(0.3, "Share of pictures put somewhere on a larger canvas.", 0.0, 1.0)
    largest: float = setting(
        4.0, "Longest side of that canvas, as a share of the picture's.", 1, 16
    )
    flip: float = setting(0.0, "Share of pictures that are mirrored.", 0.0, 1.0)
    jitter: float = setting(0.2, "How much brightness and colors vary.", 0.0, 1.0)


@dataclass(frozen=True)
class DeepTextReadingOptions(ReadingOptions):
    """How boxes are read out of DeepText's second stage."""

    threshold: float = setting(0.8, "Score of a box that is text.", 0.0, 1.0)
    nms_threshold: float = setting(0.5, "Boxes that overlap by more are one.", 0.0, 1.0)
    voting: bool = setting(
        False, "Average each box with those it stands for, and drop boxes within boxes."
    )
    rounds: int = setting(
        1, "Passes of the second stage, each over the boxes that the one before found.", 1, 8
    )
    max_boxes: int = setting(100, "Most boxes of a picture.", 1)

    def beyond_exports(self) -> str:
        # The rounds are part of the network, and exports have one.
        return "" if self.rounds == type(self).rounds else f"--rounds {self.rounds}"

    def rule(self) -> Dict[str, Any]:
        return {
            "threshold": self.threshold,
            "voting": self.voting,
            "nms_threshold": self.nms_threshold,
            "most": self.max_boxes,
        }


# How DeepText was trained: momentum with a short warm-up, then a cosine down to nothing.
DEEPTEXT_TRAINING = TrainOptions(
    epochs=70.0,
    batch_size=2,
    optimizer="momentum",
    momentum=0.91,
    learning_rate=0.02,
    schedule="cosine",
    end_learning_rate=0.0,
    warmup_steps=50,
    l2=1e-4,
    save_every=1000,
    eval_every=1000,
    eval_samples=100,
)
