"""ocrdata predict MODEL IMAGES: reads new pictures."""

from __future__ import annotations

import click

from ocrdata.cli.detectors import predict_detector
from ocrdata.cli.model_group import ModelGroup
from ocrdata.cli.recognizers import predict_recognizer


@click.group(
    "predict",
    cls=ModelGroup,
    makers={"recognition": predict_recognizer, "detection": predict_detector},
)
def predict_group() -> None:
    """Read new pictures with a trained model.

    \b
    Example:
      ocrdata predict crnn line.jpg
    """
