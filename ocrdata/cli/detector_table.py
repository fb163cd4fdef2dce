"""The detectors: the options, defaults and help of their commands, one entry each."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Tuple

from ocrdata.train.config import deeptext
from ocrdata.train.config import detection as config
from ocrdata.train.config.sources import SceneOptions
from ocrdata.train.config.training import TrainOptions


class DetectorEntry(NamedTuple):
    """What the commands of one detector say and take."""

    title: str
    what: str
    model: Any
    reading: Any
    training: TrainOptions
    outputs: str
    examples: Tuple[str, ...] = ()
    scenes: Any = SceneOptions


DETECTORS: Dict[str, DetectorEntry] = {
    "deeptext": DetectorEntry(
        "DeepText",
        "a detector of upright text: proposals by a VGG16, and a second stage",
        deeptext.DeepTextOptions,
        deeptext.DeepTextReadingOptions,
        deeptext.DEEPTEXT_TRAINING,
        "boxes, their scores as text, and the anchors' objectness; "
        "ocrdata.geometry.voting.vote_boxes picks from them",
        (
            "--pretrained vgg_16.ckpt --no-batch-norm",
            "--sources data/icdar2013,data/borndigital=2,data/cocotext=0.5",
            "--width-multiplier 0.25 --input-width 320 --input-height 192 --optimizer adam",
        ),
        deeptext.ResizeOptions,
    ),
    "east": DetectorEntry(
        "EAST",
        "a detector of text in pictures: a residual network, score and geometry maps",
        config.EastOptions,
        config.EastReadingOptions,
        config.EAST_TRAINING,
        "score and geometry, at a quarter of the size; ocrdata.geometry.rbox.detect_rboxes makes "
        "boxes",
        (
            "--pretrained resnet_v1_50.ckpt",
            "--tarfile train.tar.gz --tarpath train_data --steps 100000",
            "--depth 14 --width-multiplier 0.25 --input-size 192 --text-scale 256",
        ),
    ),
    "psenet": DetectorEntry(
        "PSENet",
        "a detector of text of any shape: a residual network, kernels of several sizes",
        config.PsenetOptions,
        config.PsenetReadingOptions,
        config.PSENET_TRAINING,
        "kernels, at a quarter of the size; ocrdata.geometry.expansion.detect_kernels makes "
        "outlines",
        (
            "--pretrained resnet_v1_50.ckpt",
            "--kernels 7 --smallest-kernel 0.4 --optimizer momentum --learning-rate 1e-3",
            "--depth 14 --width-multiplier 0.25 --pyramid-channels 32 --input-size 192",
        ),
    ),
}

_TRAIN = """Train {title}, {what}.

Reads pictures and boxes from a folder, a tar pack (--tarfile) or records in the data folder;
writes checkpoints, TensorBoard events and metrics.jsonl to {name}/ in the output folder. A run
that was stopped goes on exactly with --resume.

\b
Example:
{examples}
"""
EVALUATE = """Score {title} by a protocol of the ICDAR competitions: precision, recall, their mean.

Writes evaluation-SPLIT.json, predictions-SPLIT.jsonl, and results-SPLIT.zip with
res_<picture>.txt files, as the official site takes them, into the run's folder.

\b
Example:
  ocrdata evaluate {name}
  ocrdata evaluate {name} --data-dir icdar2015/test --threshold 0.7
"""
PREDICT = """Find the texts in pictures with {title}: files, or folders of them.

Prints a line for each text: path, score and corners, with tabs between. Exit code 1 if some
pictures were unreadable; they are named at the end.

\b
Example:
  ocrdata predict {name} street.jpg --draw drawn
  ocrdata predict {name} photos/ --json-file boxes.jsonl
"""
EXPORT = """Write {title} for use elsewhere: as a SavedModel, or in ONNX.

Takes images (uint8 [B, H, W, 3], red first) and gives {outputs}. An ONNX file is written only if
onnxruntime gives what TensorFlow gives.

\b
Example:
  ocrdata export {name}
  ocrdata export {name} --format onnx --output detector.onnx
"""


def help_text(template: str, name: str) -> str:
    entry = DETECTORS[name]
    examples = "\n".join(f"  ocrdata train {name} {rest}" for rest in entry.examples)
    return template.format(
        name=name, title=entry.title, what=entry.what, outputs=entry.outputs, examples=examples
    )
