"""A trained network ready to read: its graph, its restored weights, its texts."""

from __future__ import annotations

from typing import Mapping, Sequence

from ocrdata.errors import CheckpointError
from ocrdata.records.sources.identify import RUN_FILE
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.training import settings_of_run
from ocrdata.train.data.text_sizes import trained_sizes
from ocrdata.train.models import MODELS
from ocrdata.train.models.base import DecodedLines, Inputs, Model, Recognizer
from ocrdata.train.models.detector import Detector
from ocrdata.train.protocols import Batch, Session
from ocrdata.train.run_dir import RunDirectory

AVERAGE = "/ExponentialMovingAverage"


def model_of_run(run: RunDirectory) -> Model:
    """Returns the model of a run."""
    kind = MODELS.load(run.model)
    options = settings_of_run(kind.card.options, run.model_options)
    classes = run.charset.num_classes if run.charset else 0
    model = kind(options, classes, run.options["seed"])
    assert isinstance(model, Model)
    if isinstance(model, Detector):
        model.trained = trained_sizes(run.records, run.directory / RUN_FILE)
    return model


def recognizer_of_run(run: RunDirectory) -> Recognizer:
    """Returns the recognizer of a run; raises CheckpointError for a run of another model."""
    model = model_of_run(run)
    if not isinstance(model, Recognizer):
        raise CheckpointError(run.directory, "is a run of a model that reads no characters")
    return model


def detector_of_run(run: RunDirectory) -> Detector:
    """Returns the detector of a run; raises CheckpointError for a run of another model."""
    model = model_of_run(run)
    if not isinstance(model, Detector):
        raise CheckpointError(run.directory, "is a run of a model that finds no texts")
    return model


def build_line_reader(model: Recognizer, inputs: Inputs, beam_width: int = 0) -> DecodedLines:
    """Builds the network for reading, not for training, and its decoder (0: greedy)."""
    return model.decode(model.build(inputs, training=False), beam_width)


def restore(session: Session, checkpoint: str, averaged: bool) -> None:
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


def _misfit(variables: Batch, saved: Mapping[str, Sequence[int]]) -> str:
    # The saver itself puts values of any shape into a variable.
    for name, variable in sorted(variables.items()):
        if name not in saved:
            return f"{name} is missing"
        if list(saved[name]) != variable.shape.as_list():
            return f"{name} is {saved[name]}, not {variable.shape.as_list()}"
    return ""
