"""The training loop: one graph, one session, one device; exact resume after any interruption.

The data order, dropout and learning rate are functions of the step, so that a run that is killed
and resumed takes the same course as one that is not. Up to `save_every` steps are computed again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Union

from ocrdata.base.progress import OnProgress
from ocrdata.errors import PathLike
from ocrdata.train.cluster.coordination import NO_MARK, Worker, WorkerSummary, fingerprint, spread
from ocrdata.train.cluster.tf_config import Cluster, read_cluster
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device
from ocrdata.train.devices.selection import training_target
from ocrdata.train.engine.checkpoint_evaluator import watch_checkpoints
from ocrdata.train.engine.step import build_training
from ocrdata.train.engine.trainer import OnStep, OnValidation, Trainer, TrainSummary
from ocrdata.train.models import MODELS
from ocrdata.train.run_dir import RunDirectory, begin_run, find_resumable, plain_options
from ocrdata.train.tasks.base import TRAINING_TASKS, TaskRequest, TrainingTask
from ocrdata.train.tf_errors import explained


def train_model(
    model: str = "crnn",
    data_dir: PathLike = "data",
    output_dir: PathLike = "output",
    model_options: Any = None,
    options: Optional[TrainOptions] = None,
    overwrite: bool = False,
    resume: bool = False,
    on_check: Optional[OnProgress] = None,
    on_step: OnStep = None,
    on_validation: OnValidation = None,
    data_options: Any = None,
) -> Union[TrainSummary, WorkerSummary]:
    """Trains a model on the data in `data_dir` and leaves a run directory `output_dir`/`model`.

    `data_options` say how the input of a detector is made (its `sources`). Raises InputError (data
    missing or unfit), OutputExistsError (a run is there and neither `overwrite` nor `resume` is
    given), OptionError, TargetError, and TrainingError when the loss is no number any more. In a
    cluster (TF_CONFIG) only the chief does all that; the others return a MemberSummary.
    """
    kind = MODELS.load(model)
    chosen = model_options if model_options is not None else kind.defaults()
    options = options or kind.training
    target, cluster = training_target(options), read_cluster()
    whole = spread(target, cluster) if cluster else target
    whole.shares(options)
    if cluster and cluster.me.job == "ps":
        return Worker(cluster, target, options).serve(None, NO_MARK)
    request = TaskRequest(kind, chosen, data_dir, options, data_options, target, on_check)
    task = TRAINING_TASKS.load(kind.task)(request)
    try:
        run = RunDirectory(
            Path(output_dir) / model,
            model,
            plain_options(chosen),
            {**task.options(), **plain_options(options)},
            task.charset,
            dict(task.records),
        )
        if cluster and cluster.me != cluster.chief:
            return _attend(cluster, run, task, target, options, on_validation)
        if target.writes:
            before = find_resumable(run, overwrite, resume)
            # What was looked at when the run began is not looked at again.
            run.records.update(before.records if before is not None else task.check())
            begin_run(run, before is not None)
        # Others take a checkpoint only if the one that writes does not remove it.
        checkpoints = str(run.directory) if target.writes or resume else ""
        course = Trainer(run, task, target, options, on_validation, cluster, checkpoints)
        with tf.Graph().as_default(), v1.device(whole.device), explained(task):
            v1.set_random_seed(options.seed)
            graph = build_training(task, options, course.total, whole, course.coordinator)
            return course.run(graph, on_step)
    finally:
        task.close()


def _attend(
    cluster: Cluster,
    run: RunDirectory,
    task: TrainingTask,
    target: Device,
    options: TrainOptions,
    on_validation: OnValidation,
) -> WorkerSummary:
    """Does the part of a worker or an evaluator."""
    if cluster.me.job == "evaluator":
        total = options.total_steps(task.samples)
        return watch_checkpoints(cluster, run, task, target, options, total, on_validation)
    with explained(task):
        return Worker(cluster, target, options).serve(task, fingerprint(run))
