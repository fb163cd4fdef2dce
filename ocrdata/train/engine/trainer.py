"""A run from its newest checkpoint to its last step: a session, its hooks, and what they leave."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Union

from ocrdata.train.cluster.coordination import Coordinator, WorkerSummary, fingerprint, start_server
from ocrdata.train.cluster.tf_config import Cluster
from ocrdata.train.cluster.timeouts import close_in_time
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device
from ocrdata.train.devices.selection import make_device, optimised_once
from ocrdata.train.engine.hooks import (
    Checkpoints,
    Reports,
    StartInput,
    Validation,
)
from ocrdata.train.engine.metrics_log import MetricsLog
from ocrdata.train.engine.pretrained import Pretrained, RestoreReport, no_weights
from ocrdata.train.engine.progress import StepReport
from ocrdata.train.engine.step import Training
from ocrdata.train.engine.tensorboard import TensorBoardWriter
from ocrdata.train.engine.validator import OnValidation, Validator
from ocrdata.train.protocols import Session
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tasks.base import TrainingTask

OnStep = Optional[Callable[[StepReport], None]]
OnPretrained = Optional[Callable[[RestoreReport], None]]


@dataclass(frozen=True)
class TrainSummary:
    """What a training run did.

    `skipped` counts, by reason, the samples left out; `validation` are the last figures of the
    validation sets (of those beside the data folder's own as SET.FIGURE), `best_step` is that of
    the best; `stopped` says why training ended early, if it did; `pretrained` what a given
    checkpoint brought. `untold_order` are labels that are learned as they stand in their pictures,
    but cannot be read back, None where there are none.
    """

    run: str
    model: str
    step: int
    started_at: int
    samples: int
    skipped: Dict[str, int]
    num_classes: Optional[int]
    parameters: int
    loss: Optional[float]
    validation: Dict[str, float]
    best_step: Optional[int]
    stopped: Optional[str]
    pretrained: Dict[str, Any]
    untold_order: Optional[int] = None


class TrainingJob(NamedTuple):
    """A run, the task that feeds it, the device and the options it is trained with."""

    run: RunDirectory
    task: TrainingTask
    device: Device
    options: TrainOptions
    on_validation: OnValidation = None
    on_pretrained: OnPretrained = None

    @property
    def total(self) -> int:
        """The last step."""
        return self.options.total_steps(self.task.samples)


class Trainer:
    """Runs a training graph with its hooks, from its newest checkpoint to the last step."""

    def __init__(self, job: TrainingJob, cluster: Optional[Cluster], checkpoints: str) -> None:
        run, task, device, options = job.run, job.task, job.device, job.options
        self._checkpoints = checkpoints
        self.coordinator: Optional[Coordinator] = None
        if cluster:
            server = start_server(cluster, device)
            self.coordinator = Coordinator(
                cluster,
                device,
                timeout=options.cluster_timeout,
                mark=fingerprint(run),
                server=server,
            )
        self.total = job.total
        self._run, self._task, self._options, self._device = run, task, options, device
        self._on_pretrained = job.on_pretrained
        self._loss: Optional[float] = None
        self._pretrained = no_weights()
        checkpoint = v1.train.latest_checkpoint(checkpoints) if checkpoints else None
        self._started = int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0
        directory = run.directory if device.writes else None
        self._log = MetricsLog(directory, self._started)
        self._summaries = TensorBoardWriter(directory, self._started)
        elsewhere = not device.writes or (cluster is not None and cluster.tasks("evaluator"))
        # Pictures of any size are not for compilers that want fixed shapes.
        validating = make_device("cpu") if device.static else device
        self._validator = Validator(
            {} if elsewhere else task.evaluators(run, validating),
            options,
            task.ranked,
            log=self._log,
            summaries=self._summaries,
            on_validation=job.on_validation,
        )
        if checkpoint and device.writes:
            self._validator.catch_up(self._started, self.total, checkpoint)
        self._done = self._started

    def run(self, graph: Training, on_step: OnStep) -> Union[TrainSummary, WorkerSummary]:
        """Trains to the last step."""

        def note(report: StepReport) -> None:
            self._loss, self._done = report.loss, report.step
            if on_step:
                on_step(report)

        finished = False
        try:
            if self._started < self.total and not self._validator.stop:
                self._device.open()
                self._train(graph, note)
                self._write_report()
            finished = True
        finally:
            self._device.close()
            if self.coordinator:
                self.coordinator.end_others(finished)
            for part in (self._log, self._summaries, self._validator):
                part.close()
        if not self._device.writes:
            steps, (rank, ranks) = self.total - self._started, self._device.part
            samples = steps * self._options.batch_size // ranks
            return WorkerSummary(f"rank {rank} of {ranks}", steps, samples)
        charset = self._run.charset
        return TrainSummary(
            run=str(self._run.directory),
            model=self._run.model,
            step=self._done if self._validator.stop else max(self._started, self.total),
            started_at=self._started,
            samples=self._run.records["samples"],
            skipped=self._task.skipped(self._run.records),
            num_classes=charset.num_classes if charset else None,
            parameters=graph.parameters,
            loss=self._loss,
            validation=self._validator.figures,
            best_step=self._validator.best_step,
            stopped=self._validator.stop or None,
            pretrained=self._pretrained.as_dict(),
            untold_order=self._run.records.get("untold_order") or None,
        )

    def _train(self, graph: Training, note: Callable[[StepReport], None]) -> None:
        saver = v1.train.Saver(max_to_keep=self._options.keep, save_relative_paths=True)
        first, task = self._task.input_options.pretrained, self._task
        if first and not self._started:
            self._pretrained = Pretrained(first, task.net, task.charset)
            if self._on_pretrained:
                self._on_pretrained(self._pretrained.report)
        reports = Reports(
            graph,
            self._task,
            options=self._options,
            total=self.total,
            log=self._log,
            summaries=self._summaries,
            on_step=note,
        )
        checkpoints = Checkpoints(
            graph.fetches["step"],
            saver,
            directory=self._run.directory if self._device.writes else None,
            options=self._options,
            total=self.total,
            reports=reports,
            validation=Validation(self._validator.is_due, self._validate),
        )
        start = StartInput(graph, self._task, self._device, self.coordinator)
        hooks = [start, reports, checkpoints]
        creator = _SessionCreator(
            v1.train.Scaffold(saver=saver, init_fn=self._pretrained.initializer()),
            master=self.coordinator.master if self.coordinator else "",
            config=(
                self.coordinator.session_config
                if self.coordinator
                else optimised_once(self._device)
            ),
            checkpoint_dir=self._checkpoints or None,
        )
        creator.coordinator = self.coordinator
        with self._limited(), v1.train.MonitoredSession(creator, hooks) as session:
            while not session.should_stop():
                with self._limited():  # before the session ends, which waits for the silent
                    session.run(graph.train_op)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Raises TrainingError, naming who is to blame, for what takes a cluster too long."""
        try:
            yield
        except tf.errors.DeadlineExceededError as error:
            if not self.coordinator:
                raise
            raise self.coordinator.overdue() from error

    def _validate(self, step: int, checkpoint: str) -> bool:
        self._done = step
        self._validator.validate(step, checkpoint)
        self._write_report()
        return bool(self._validator.stop)

    def _write_report(self) -> None:
        if self._device.writes:
            self._validator.write_report(self._run.directory)


class _SessionCreator(v1.train.ChiefSessionCreator):
    """Makes a session, and after a failure another one, when the whole cluster is there."""

    coordinator: Optional[Coordinator] = None

    def create_session(self) -> Session:
        if not self.coordinator:
            made: Session = super().create_session()
            return made
        self.coordinator.wait()
        return close_in_time(super().create_session(), self.coordinator.silent)
