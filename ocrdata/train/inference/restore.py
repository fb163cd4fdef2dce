"""A trained network ready to read: its graph, its restored weights, its texts."""

from __future__ import annotations

from typing import Any, Mapping

from ocrdata.errors import CheckpointError, UnknownNameError
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.training import settings_from
from ocrdata.train.data.line_images import ImageSpec
from ocrdata.train.models import MODELS
from ocrdata.train.models.base import DecodedLines
from ocrdata.train.run_dir import RunDirectory

AVERAGE = "/ExponentialMovingAverage"


def model_of_run(run: RunDirectory) -> Any:
    """Returns the model of a run."""
    kind = MODELS.load(run.model)
    options = settings_from(kind.defaults, run.model_options)
    classes = run.charset.num_classes if run.charset else 0
    return kind(options, classes, run.options["seed"])


def image_spec(model: Any) -> ImageSpec:
    """Returns what a recognition model takes."""
    return ImageSpec(model.height, model.options.channels, model.options.image_width)


DECODERS = ("beam", "greedy")


def chosen_beam(decoder: str, beam_width: int) -> int:
    """Returns the beam width, 0 for the greedy decoder; raises UnknownNameError for another."""
    if decoder not in DECODERS:
        raise UnknownNameError("decoder", decoder, DECODERS)
    return beam_width if decoder == "beam" else 0


def build_line_reader(
    model: Any, inputs: Mapping[str, Tensor], beam_width: int = 0
) -> DecodedLines:
    """Builds the network for reading, not for training, and its decoder (0: greedy)."""
    outputs = model.build(inputs, training=False)
    decoded = model.decode(outputs, beam_width)
    assert isinstance(decoded, DecodedLines)
    return decoded


def restore(session: Any, checkpoint: str, averaged: bool) -> None:
    """Loads a checkpoint into the network of the session's graph, averaged weights if there are.

    Raises CheckpointError where names or shapes do not fit.
    """
    trained = {variable.op.name for variable in v1.trainable_variables()}
    names = {
        v.op.name + (AVERAGE if averaged and v.op.name in trained else ""): v
        for v in v1.global_variables()
    }
    try:
        saved = tf.train.load_checkpoint(checkpoint).get_variable_to_shape_map()
        problem = _misfit(names, saved)
        if not problem:
            v1.train.Saver(names).restore(session, checkpoint)
    except (tf.errors.OpError, ValueError) as error:
        problem = str(error).split("\n")[0]
    if problem:
        raise CheckpointError(
            checkpoint,
            f"does not fit the network ({problem})",
            hint="The run's folder holds files of different runs: train anew with --overwrite.",
        )


def _misfit(variables: Mapping[str, Any], saved: Mapping[str, Any]) -> str:
    # The saver itself puts values of any shape into a variable.
    for name, variable in sorted(variables.items()):
        if name not in saved:
            return f"{name} is missing"
        if list(saved[name]) != variable.shape.as_list():
            return f"{name} is {saved[name]}, not {variable.shape.as_list()}"
    return ""
