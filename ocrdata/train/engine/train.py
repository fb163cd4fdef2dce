"""The training loop: one graph, one session, one device; exact resume after any interruption.

The data order, dropout and learning rate are functions of the step, so that a run that is killed
and resumed takes the same course as one that is not. Up to `save_every` steps are computed again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Optional, Union

from ocrdata.base.run_options import OnProgress
from ocrdata.errors import PathLike
from ocrdata.train.cluster.coordination import NO_MARK, Worker, WorkerSummary, fingerprint, spread
from ocrdata.train.cluster.tf_config import Cluster, read_cluster
from ocrdata.train.compat import tf, uncollected, v1
from ocrdata.train.config.sources import RENDER, InputOptions
from ocrdata.train.config.training import AUTO, TrainOptions, with_rate
from ocrdata.train.devices.selection import training_device
from ocrdata.train.engine.checkpoint_evaluator import watch_checkpoints
from ocrdata.train.engine.step import build_training
from ocrdata.train.engine.trainer import (
    OnPretrained,
    OnStep,
    OnValidation,
    Trainer,
    TrainingJob,
    TrainSummary,
)
from ocrdata.train.inference.result_names import DATA_DIR, noted_place
from ocrdata.train.inference.settings import OnDevice
from ocrdata.train.models import MODELS
from ocrdata.train.run_dir import RunDirectory, begin_run, find_resumable, plain_options
from ocrdata.train.tasks.base import TRAINING_TASKS, TaskRequest
from ocrdata.train.tf_errors import explained


@dataclass(frozen=True)
class TrainSettings:
    """What is trained and how; None is the model's own, as it was published.

    `model` are the options and `data` the sources of the model's card.
    """

    model: Optional[object] = None
    training: Optional[TrainOptions] = None
    data: Optional[InputOptions] = None


class TrainCallbacks(NamedTuple):
    """What is told how training goes: the device, the data's check, steps, scores, weights."""

    on_device: Optional[OnDevice] = None
    on_check: Optional[OnProgress] = None
    on_step: OnStep = None
    on_validation: OnValidation = None
    on_pretrained: OnPretrained = None


PUBLISHED, SILENT = TrainSettings(), TrainCallbacks()


def train_model(
    model: str = "crnn",
    data_dir: PathLike = "data",
    *,
    output_dir: PathLike = "output",
    settings: TrainSettings = PUBLISHED,
    overwrite: bool = False,
    resume: bool = False,
    callbacks: TrainCallbacks = SILENT,
) -> Union[TrainSummary, WorkerSummary]:
    """Trains a model on the data in `data_dir` and leaves a run directory `output_dir`/`model`.

    Raises InputError (data missing or unfit), OutputExistsError (a run is there and neither
    `overwrite` nor `resume` is given), OptionError, DeviceError, and TrainingError when the loss
    is not a number any more. In a cluster (TF_CONFIG) only the chief does all that; the others
    return a WorkerSummary.
    """
    kind = MODELS.load(model)
    chosen = settings.model if settings.model is not None else kind.card.options()
    asked = with_rate(settings.training or kind.card.training, chosen)
    if asked.align_steps is None and settings.data and settings.data.pretrained:
        asked = replace(asked, align_steps=0)  # noted, so that resuming without it is noticed
    device, cluster = training_device(asked), read_cluster()
    if callbacks.on_device:
        callbacks.on_device(device)
    # The run notes where it ran, not that the machine was asked.
    options = replace(asked, target=device.name) if asked.target == AUTO else asked
    together = spread(device, cluster) if cluster else device
    together.shares(options)
    if cluster and cluster.me.job == "ps":
        return Worker(cluster, device, options).serve(None, NO_MARK)
    request = TaskRequest(
        kind=kind,
        model_options=chosen,
        data_dir=data_dir,
        options=options,
        data_options=settings.data,
        device=device,
        on_check=callbacks.on_check,
    )
    task = TRAINING_TASKS.load(kind.card.task)(request)
    try:
        run = RunDirectory(
            Path(output_dir) / model,
            model,
            plain_options(chosen),
            {**task.options(), **plain_options(options)},
            task.charset,
            {**task.records, DATA_DIR: noted_place(_own_data(data_dir, settings.data))},
        )
        job = TrainingJob(
            run, task, device, options, callbacks.on_validation, callbacks.on_pretrained
        )
        if cluster and cluster.me != cluster.chief:
            return _assist(cluster, job)
        if device.writes:
            before = find_resumable(run, overwrite, resume)
            # What was checked when the run began is not checked again.
            run.records.update(before.records if before is not None else task.check())
            begin_run(run, before is not None)
        # Others take a checkpoint only if the one that writes does not remove it.
        checkpoints = str(run.directory) if device.writes or resume else ""
        trainer = Trainer(job, cluster, checkpoints)
        with tf.Graph().as_default(), v1.device(together.device), explained(task):
            v1.set_random_seed(options.seed)
            with uncollected():
                graph = build_training(
                    task,
                    options,
                    total=trainer.total,
                    device=together,
                    coordinator=trainer.coordinator,
                )
            return trainer.run(graph, callbacks.on_step)
    finally:
        task.close()


def _own_data(data_dir: PathLike, data: Optional[InputOptions]) -> PathLike:
    """Returns the folder whose results need no name: of several sources, the one that validates."""
    folders = [path for path, _ in data.weighted()] if data else []
    return next((path for path in folders if not path.startswith(RENDER)), data_dir)


def _assist(cluster: Cluster, job: TrainingJob) -> WorkerSummary:
    """Does the part of a worker or an evaluator."""
    if cluster.me.job == "evaluator":
        return watch_checkpoints(cluster, job)
    with explained(job.task):
        worker = Worker(cluster, job.device, job.options)
        return worker.serve(job.task, fingerprint(job.run))
