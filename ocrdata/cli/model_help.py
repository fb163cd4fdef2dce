"""The help of the models' commands: a text for each task and command, filled from a card."""

from __future__ import annotations

from string import Template
from typing import Dict

from ocrdata.train.config.cards import ModelCard

_TRAIN_LINES = """Train $title, $what.

Reads tfrecords/ in the data folder; writes checkpoints, TensorBoard events and metrics.jsonl
to $name/ in the output folder. A run that was stopped goes on exactly with --resume.

\b
Example:
$examples
"""
_EVALUATE_LINES = """Score $title: full-sequence accuracy, character error rate and 1-NED.

Every line counts, those of the last partial batch too. Writes evaluation-SPLIT.json and
predictions-SPLIT.tsv into the run's folder; of another data folder than that of the training,
evaluation-FOLDER-SPLIT.json.

\b
Example:
  ocrdata evaluate $name
  ocrdata evaluate $name --split validation --decoder beam --beam-width 20
"""
_PREDICT_LINES = """Read pictures of text lines with $title: files, or folders of them.

Prints a line for each: path, text and confidence, with tabs between. Exit code 1 if some
pictures were unreadable; they are named at the end.

\b
Example:
  ocrdata predict $name line.jpg scans/
  ocrdata predict $name scans/ --draw readings.png --json
"""
_EXPORT_LINES = """Write $title for use elsewhere: as a SavedModel from files to texts, or in ONNX.

The SavedModel takes images (JPEG, PNG, GIF or BMP files) and gives texts and confidences;
decoder and dictionary are inside. The ONNX file takes images and widths as arrays and gives
the scores of all classes; see docs/export.md.

\b
Example:
  ocrdata export $name
  ocrdata export $name --output reader --decoder beam
  ocrdata export $name --format onnx
"""
_TRAIN_SCENES = """Train $title, $what.

Reads pictures and boxes from a folder, a tar pack (--tarfile) or records in the data folder;
writes checkpoints, TensorBoard events and metrics.jsonl to $name/ in the output folder. A run
that was stopped goes on exactly with --resume.

\b
Example:
$examples
"""
_EVALUATE_SCENES = """\
Score $title by a protocol of the ICDAR competitions: precision, recall, their mean.

Writes evaluation-SPLIT.json, predictions-SPLIT.jsonl, and results-SPLIT.zip with
res_<picture>.txt files, as the official site takes them, into the run's folder; of another
data folder than that of the training, evaluation-FOLDER-SPLIT.json and so on.

\b
Example:
  ocrdata evaluate $name
  ocrdata evaluate $name --data-dir icdar2015/test --threshold 0.7
"""
_PREDICT_SCENES = """Find the texts in pictures with $title: files, or folders of them.

Prints a line for each text: path, score and corners, with tabs between. Exit code 1 if some
pictures were unreadable; they are named at the end.

\b
Example:
  ocrdata predict $name street.jpg --draw drawn
  ocrdata predict $name photos/ --json-file boxes.jsonl
"""
_EXPORT_SCENES = """Write $title for use elsewhere: as a SavedModel, or in ONNX.

Takes images (uint8 [B, H, W, 3], red first) and gives $outputs. An ONNX file is written only if
onnxruntime gives what TensorFlow gives.

\b
Example:
  ocrdata export $name
  ocrdata export $name --format onnx --output detector.onnx
"""
_TEXTS: Dict[str, Dict[str, str]] = {
    "recognition": {
        "train": _TRAIN_LINES,
        "evaluate": _EVALUATE_LINES,
        "predict": _PREDICT_LINES,
        "export": _EXPORT_LINES,
    },
    "detection": {
        "train": _TRAIN_SCENES,
        "evaluate": _EVALUATE_SCENES,
        "predict": _PREDICT_SCENES,
        "export": _EXPORT_SCENES,
    },
}


def help_text(command: str, name: str, card: ModelCard) -> str:
    """Returns the help of `ocrdata COMMAND NAME`."""
    lines = [f"  ocrdata train {name} {rest}".rstrip() for rest in card.examples or ("",)]
    return Template(_TEXTS[card.task][command]).substitute(
        name=name,
        title=card.title,
        what=card.what,
        outputs=card.outputs,
        examples="\n".join(lines),
    )
