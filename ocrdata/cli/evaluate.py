"""ocrdata evaluate MODEL: scores a trained run."""

from __future__ import annotations

import click

from ocrdata.cli.detectors import evaluate_detector
from ocrdata.cli.model_group import ModelGroup
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
