"""ocrdata evaluate MODEL: scores a trained run."""

from __future__ import annotations

import click

from ocrdata.cli.detectors import evaluate_detector
from ocrdata.cli.evaluate_detection import detection
from ocrdata.cli.evaluate_recognition import recognition
from ocrdata.cli.model_group import ModelGroup
from ocrdata.cli.read import evaluate_reading
from ocrdata.cli.recognizers import evaluate_recognizer


@click.group(
    "evaluate",
    cls=ModelGroup,
    makers={"recognition": evaluate_recognizer, "detection": evaluate_detector},
)
def evaluate_group() -> None:
    """Score a trained model on the records of a data folder.

    \b
    Example:
      ocrdata evaluate crnn
    """


for command in (detection, evaluate_reading, recognition):
    evaluate_group.add_command(command)
