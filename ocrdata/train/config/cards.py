"""The models' cards: what the commands of each say and take, without importing TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Tuple, Type

from ocrdata.train.config import deeptext, detection
from ocrdata.train.config.crnn import CrnnOptions
from ocrdata.train.config.sources import InputOptions, SceneOptions
from ocrdata.train.config.training import TrainOptions


@dataclass(frozen=True)
class ModelCard:
    """What commands know of a model; all classes of options are dataclasses of `setting` fields.

    `task` is "recognition" or "detection", `options` the class whose default values are the
    published ones, `training` how it is trained by default, `sources` how its input is made. Of a
    detector, `reading` says how texts are read out of its maps. `what` ends "Train TITLE,
    ...", `outputs` says what an exported network gives, `examples` are arguments of `train`.
    """

    task: str
    title: str
    what: str
    options: Type[Any]
    training: TrainOptions = TrainOptions()
    outputs: str = ""
    examples: Tuple[str, ...] = ()
    reading: Type[detection.ReadingOptions] = detection.ReadingOptions
    sources: Type[InputOptions] = InputOptions


CRNN_CARD = ModelCard(
    task="recognition",
    title="CRNN",
    what="a reader of text lines: convolutions, two LSTM layers, CTC",
    options=CrnnOptions,
    training=TrainOptions(learning_rate=0.0),
    examples=(
        "",
        "--steps 2000 --width-multiplier 0.25 --lstm-units 128",
        "--optimizer momentum --nesterov --schedule exponential --l2 1e-5",
    ),
)
DEEPTEXT_CARD = ModelCard(
    task="detection",
    title="DeepText",
    what="a detector of upright text: proposals by a VGG16, and a second stage",
    options=deeptext.DeepTextOptions,
    training=deeptext.DEEPTEXT_TRAINING,
    outputs="boxes, their scores as text, and the anchors' objectness; "
    "ocrdata.geometry.voting.vote_boxes picks from them",
    examples=(
        "--pretrained vgg_16.ckpt --no-batch-norm",
        "--sources data/icdar2013,data/borndigital=2,data/cocotext=0.5",
        "--width-multiplier 0.25 --input-width 320 --input-height 192 --optimizer adam",
    ),
    reading=deeptext.DeepTextReadingOptions,
    sources=deeptext.ResizeOptions,
)
EAST_CARD = ModelCard(
    task="detection",
    title="EAST",
    what="a detector of text in pictures: a residual network, score and geometry maps",
    options=detection.EastOptions,
    training=detection.EAST_TRAINING,
    outputs="score and geometry, at a quarter of the size; ocrdata.geometry.rbox.detect_rboxes "
    "makes boxes",
    examples=(
        "--pretrained resnet_v1_50.ckpt",
        "--tarfile train.tar.gz --tarpath train_data --steps 100000",
        "--depth 14 --width-multiplier 0.25 --input-size 192 --text-scale 256",
    ),
    reading=detection.EastReadingOptions,
    sources=SceneOptions,
)
PSENET_CARD = ModelCard(
    task="detection",
    title="PSENet",
    what="a detector of text of any shape: a residual network, kernels of several sizes",
    options=detection.PsenetOptions,
    training=detection.PSENET_TRAINING,
    outputs="kernels, at a quarter of the size; ocrdata.geometry.expansion.detect_kernels makes "
    "outlines",
    examples=(
        "--pretrained resnet_v1_50.ckpt",
        "--kernels 7 --smallest-kernel 0.4 --optimizer momentum --learning-rate 1e-3",
        "--depth 14 --width-multiplier 0.25 --pyramid-channels 32 --input-size 192",
    ),
    reading=detection.PsenetReadingOptions,
    sources=SceneOptions,
)
# So that help needs no TensorFlow; of a model that is not here, the class itself is asked.
CARDS: Dict[str, ModelCard] = {
    "crnn": CRNN_CARD,
    "deeptext": DEEPTEXT_CARD,
    "east": EAST_CARD,
    "psenet": PSENET_CARD,
}
