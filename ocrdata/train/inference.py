"""A trained network ready to read: its graph, its restored weights, its texts."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from ocrdata.errors import CheckpointError
from ocrdata.text.charset import Charset
from ocrdata.train.compat import tf, v1
from ocrdata.train.config import settings_from
from ocrdata.train.inputs import ImageSpec
from ocrdata.train.models import MODELS
from ocrdata.train.models.base import Decoded
from ocrdata.train.run import Run

Tensor = Any
AVERAGE = "/ExponentialMovingAverage"


def make_model(name: str, model_options: Any, charset: Charset, seed: int = 0) -> Any:
    """Returns the model `name` for a dictionary."""
    return MODELS.load(name)(model_options, charset.num_classes, seed)


def run_model(run: Run) -> Any:
    """Returns the model of a run."""
    options = settings_from(MODELS.load(run.model).defaults, run.model_options)
    return make_model(run.model, options, run.charset, run.options["seed"])


def image_spec(model: Any) -> ImageSpec:
    """Returns what a recognition model takes."""
    return ImageSpec(model.height, model.options.channels, model.options.image_width)


def read_lines(model: Any, inputs: Mapping[str, Tensor], beam_width: int = 0) -> Decoded:
    """Builds the network for reading, not for training, and its decoder (0: greedy)."""
    outputs = model.build(inputs, training=False)
    decoded = model.decode(outputs, beam_width)
    assert isinstance(decoded, Decoded)
    return decoded


def restore(session: Any, checkpoint: str, averaged: bool) -> None:
    """Loads a checkpoint into the network of the session's graph, averaged weights if there are.

    Raises CheckpointError where names or shapes do not fit.
    """
    trained = {variable.op.name for variable in v1.trainable_variables()}
    names: Dict[str, Any] = {}
    for variable in v1.global_variables():
        name = variable.op.name
        names[name + AVERAGE if averaged and name in trained else name] = variable
    try:
        v1.train.Saver(names).restore(session, checkpoint)
    except (tf.errors.OpError, ValueError) as error:
        problem = "does not fit the network ({})".format(str(error).split("\n")[0])
        hint = "The run's directory holds files of different runs: train anew with --overwrite."
        raise CheckpointError(checkpoint, problem, hint=hint) from error
