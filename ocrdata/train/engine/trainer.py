"""A run from its newest checkpoint to its last step: a session, its hooks, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Sequence, Union

from ocrdata.pages.run import Miss, write_run_page
from ocrdata.train.cluster.coordination import Coordinator, WorkerSummary, fingerprint, start_server
from ocrdata.train.cluster.tf_config import Cluster
from ocrdata.train.cluster.timeouts import close_in_time
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device
from ocrdata.train.devices.selection import make_device
from ocrdata.train.engine.hooks import (
    Checkpoints,
    Reports,
    StartInput,
    StepReport,
    ValidationReport,
)
from ocrdata.train.engine.pretrained import Pretrained, no_weights
from ocrdata.train.engine.step import Training
from ocrdata.train.engine.tensorboard import TensorBoardWriter
from ocrdata.train.run_dir import MetricsLog, RunDirectory
from ocrdata.train.tasks.base import TrainingTask

OnStep = Optional[Callable[[StepReport], None]]
OnValidation = Optional[Callable[[ValidationReport], None]]


@dataclass(frozen=True)
class TrainSummary:
    """What a training run did.

    `skipped` counts, by reason, the samples left out; `validation` are the last figures of the
    validation split, if it was looked at; `pretrained` says what a given checkpoint brought.
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
    pretrained: Dict[str, Any]


class Trainer:
    """Runs a training graph with its hooks, from its newest checkpoint to the last step."""

    def __init__(
        self,
        run: RunDirectory,
        task: TrainingTask,
        target: Device,
        options: TrainOptions,
        on_validation: OnValidation,
        cluster: Optional[Cluster],
        checkpoints: str,
    ) -> None:
        self._checkpoints = checkpoints
        self.coordinator: Optional[Coordinator] = None
        if cluster:
            server = start_server(cluster, target)
            self.coordinator = Coordinator(
                cluster, target, options.cluster_timeout, fingerprint(run), server
            )
        self.total = options.total_steps(task.samples)
        self._run, self._task, self._options, self._target = run, task, options, target
        self._on_validation = on_validation
        elsewhere = not target.writes or (cluster is not None and cluster.tasks("evaluator"))
        # Pictures of any size are not for compilers that want fixed shapes.
        looking = make_device("cpu") if target.static else target
        self._evaluator: Any = None if elsewhere else task.evaluator(run, looking)
        self._loss: Optional[float] = None
        self._validation: Dict[str, float] = {}
        self._worst: Sequence[Miss] = ()
        self._where = "No validation split was looked at{}.".format(
            " in this process" if elsewhere else ""
        )
        self._pretrained = no_weights()
        checkpoint = v1.train.latest_checkpoint(checkpoints) if checkpoints else None
        self._started = int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0
        self._log = MetricsLog(run.directory if target.writes else None, self._started)
        self._summaries = TensorBoardWriter(run.directory if target.writes else None, self._started)

    def run(self, graph: Training, on_step: OnStep) -> Union[TrainSummary, WorkerSummary]:
        """Trains to the last step."""

        def note(report: StepReport) -> None:
            self._loss = report.loss
            if on_step:
                on_step(report)

        finished = False
        try:
            if self._started < self.total:
                self._target.open()
                self._train(graph, note)
                self._write_report()
            finished = True
        finally:
            self._target.close()
            if self.coordinator:
                self.coordinator.dismiss(finished)
            for part in (self._log, self._summaries, self._evaluator):
                if part is not None:
                    part.close()
        if not self._target.writes:
            steps, (rank, ranks) = self.total - self._started, self._target.part
            samples = steps * self._options.batch_size // ranks
            return WorkerSummary(f"rank {rank} of {ranks}", steps, samples)
        charset = self._run.charset
        return TrainSummary(
            run=str(self._run.directory),
            model=self._run.model,
            step=max(self._started, self.total),
            started_at=self._started,
            samples=self._run.records["samples"],
            skipped=self._task.skipped(self._run.records),
            num_classes=charset.num_classes if charset else None,
            parameters=graph.parameters,
            loss=self._loss,
            validation=self._validation,
            pretrained=self._pretrained.as_dict(),
        )

    def _train(self, graph: Training, note: Callable[[StepReport], None]) -> None:
        saver = v1.train.Saver(max_to_keep=self._options.keep, save_relative_paths=True)
        if self._task.pretrained and not self._started:
            self._pretrained = Pretrained(self._task.pretrained)
        reports = Reports(
            graph, self._task, self._options, self.total, self._log, self._summaries, note
        )
        checkpoints = Checkpoints(
            graph.fetches["step"],
            saver,
            self._run.directory if self._target.writes else None,
            self._options,
            self.total,
            reports,
            self._validate if self._evaluator else None,
        )
        hooks = [
            StartInput(graph, self._task, self._target, self.coordinator),
            reports,
            checkpoints,
        ]
        creator = _Creator(
            v1.train.Scaffold(saver=saver, init_fn=self._pretrained.initializer()),
            master=self.coordinator.master if self.coordinator else "",
            config=self.coordinator.session_config if self.coordinator else self._target.config,
            checkpoint_dir=self._checkpoints or None,
        )
        creator.coordinator = self.coordinator
        try:
            with v1.train.MonitoredSession(creator, hooks) as session:
                while not session.should_stop():
                    session.run(graph.train_op)
        except tf.errors.DeadlineExceededError as error:
            if not self.coordinator:
                raise
            raise self.coordinator.overdue() from error

    def _validate(self, step: int, checkpoint: str) -> None:
        look = self._evaluator.look(checkpoint)
        self._validation, self._worst = look.figures, look.worst
        self._log.write({"step": step, "validation": look.figures})
        self._summaries.write_scalars(step, "validation", look.figures)
        if self._on_validation:
            self._on_validation(ValidationReport(step, look.samples, look.figures))
        self._write_report(f"Of the validation split at step {step}.")

    def _write_report(self, what: str = "") -> None:
        """Writes report.html, anew at each validation: an interrupted run has one too."""
        self._where = what or self._where
        if self._target.writes:
            write_run_page(self._run.directory, self._worst, self._where)


class _Creator(v1.train.ChiefSessionCreator):
    """Makes a session, and after a failure another one, when the whole cluster is there."""

    coordinator: Optional[Coordinator] = None

    def create_session(self) -> Any:
        if not self.coordinator:
            return super().create_session()
        self.coordinator.wait()
        return close_in_time(super().create_session())
