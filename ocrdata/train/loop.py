"""The training loop: one graph, one session, one device; exact resume after any interruption.

The data order, dropout and learning rate are functions of the step, so that a run that is killed
and resumed takes the same course as one that is not. Up to `save_every` steps are computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Union

from ocrdata.errors import PathLike
from ocrdata.pages.run import Miss, write_run_page
from ocrdata.train.cluster import Cluster, read_cluster
from ocrdata.train.compat import tf, v1
from ocrdata.train.config import TrainOptions
from ocrdata.train.feeds import FEEDS, Feed, FeedRequest, OnProgress
from ocrdata.train.hooks import Checkpoints, Reports, StartInput, StepReport, ValidationReport
from ocrdata.train.members import (
    NO_MARK,
    Chief,
    Member,
    MemberSummary,
    fingerprint,
    spread,
    start_server,
)
from ocrdata.train.models import MODELS
from ocrdata.train.pretrained import Pretrained, no_weights
from ocrdata.train.problems import explained
from ocrdata.train.reach import close_in_time
from ocrdata.train.run import MetricsLog, Run, begin_run, find_resumable, plain_options
from ocrdata.train.step import Training, build_training
from ocrdata.train.summaries import Summaries
from ocrdata.train.targets import Target, make_target, training_target
from ocrdata.train.watching import watch_checkpoints

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


def train(
    model: str = "crnn",
    data_dir: PathLike = "data",
    output_dir: PathLike = "output",
    model_options: Any = None,
    options: Optional[TrainOptions] = None,
    overwrite: bool = False,
    resume: bool = False,
    on_check: OnProgress = None,
    on_step: OnStep = None,
    on_validation: OnValidation = None,
    data_options: Any = None,
) -> Union[TrainSummary, MemberSummary]:
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
        return Member(cluster, target, options).serve(None, NO_MARK)
    request = FeedRequest(kind, chosen, data_dir, options, data_options, target, on_check)
    feed = FEEDS.load(kind.task)(request)
    try:
        run = Run(
            Path(output_dir) / model,
            model,
            plain_options(chosen),
            {**feed.options(), **plain_options(options)},
            feed.charset,
            dict(feed.records),
        )
        if cluster and cluster.me != cluster.chief:
            return _attend(cluster, run, feed, target, options, on_validation)
        if target.writes:
            before = find_resumable(run, overwrite, resume)
            # What was looked at when the run began is not looked at again.
            run.records.update(before.records if before is not None else feed.check())
            begin_run(run, before is not None)
        # Others take a checkpoint only if the one that writes does not remove it.
        checkpoints = str(run.directory) if target.writes or resume else ""
        watch = _Watch(run, feed, target, options, on_validation, cluster, checkpoints)
        with tf.Graph().as_default(), v1.device(whole.device), explained(feed):
            v1.set_random_seed(options.seed)
            graph = build_training(feed, options, watch.total, whole, watch.chief)
            return watch.run(graph, on_step)
    finally:
        feed.close()


def _attend(
    cluster: Cluster,
    run: Run,
    feed: Feed,
    target: Target,
    options: TrainOptions,
    on_validation: OnValidation,
) -> MemberSummary:
    """Does the part of a worker or an evaluator."""
    if cluster.me.job == "evaluator":
        total = options.total_steps(feed.samples)
        return watch_checkpoints(cluster, run, feed, target, options, total, on_validation)
    with explained(feed):
        return Member(cluster, target, options).serve(feed, fingerprint(run))


class _Watch:
    """Runs a training graph with its hooks."""

    def __init__(
        self,
        run: Run,
        feed: Feed,
        target: Target,
        options: TrainOptions,
        on_validation: OnValidation,
        cluster: Optional[Cluster],
        checkpoints: str,
    ) -> None:
        self._checkpoints = checkpoints
        self.chief: Optional[Chief] = None
        if cluster:
            server = start_server(cluster, target)
            self.chief = Chief(cluster, target, options.cluster_timeout, fingerprint(run), server)
        self.total = options.total_steps(feed.samples)
        self._run, self._feed, self._options, self._target = run, feed, options, target
        self._on_validation = on_validation
        elsewhere = not target.writes or (cluster is not None and cluster.tasks("evaluator"))
        # Pictures of any size are not for compilers that want fixed shapes.
        looking = make_target("cpu") if target.static else target
        self._evaluator: Any = None if elsewhere else feed.evaluator(run, looking)
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
        self._summaries = Summaries(run.directory if target.writes else None, self._started)

    def run(self, graph: Training, on_step: OnStep) -> Union[TrainSummary, MemberSummary]:
        """Trains to the last step."""

        def note(report: StepReport) -> None:
            self._loss = report.loss
            if on_step:
                on_step(report)

        try:
            if self._started < self.total:
                self._target.open()
                self._train(graph, note)
                self._write_report()
        finally:
            self._target.close()
            if self.chief:
                self.chief.dismiss()
            for part in (self._log, self._summaries, self._evaluator):
                if part is not None:
                    part.close()
        if not self._target.writes:
            steps, (rank, ranks) = self.total - self._started, self._target.part
            samples = steps * self._options.batch_size // ranks
            return MemberSummary("rank {} of {}".format(rank, ranks), steps, samples)
        charset = self._run.charset
        return TrainSummary(
            run=str(self._run.directory),
            model=self._run.model,
            step=max(self._started, self.total),
            started_at=self._started,
            samples=self._run.records["samples"],
            skipped=self._feed.skipped(self._run.records),
            num_classes=charset.num_classes if charset else None,
            parameters=graph.parameters,
            loss=self._loss,
            validation=self._validation,
            pretrained=self._pretrained.as_dict(),
        )

    def _train(self, graph: Training, note: Callable[[StepReport], None]) -> None:
        saver = v1.train.Saver(max_to_keep=self._options.keep, save_relative_paths=True)
        if self._feed.pretrained and not self._started:
            self._pretrained = Pretrained(self._feed.pretrained)
        reports = Reports(
            graph, self._feed, self._options, self.total, self._log, self._summaries, note
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
        hooks = [StartInput(graph, self._feed, self._target, self.chief), reports, checkpoints]
        creator = _Creator(
            v1.train.Scaffold(saver=saver, init_fn=self._pretrained.initializer()),
            master=self.chief.master if self.chief else "",
            config=self.chief.session_config if self.chief else self._target.config,
            checkpoint_dir=self._checkpoints or None,
        )
        creator.chief = self.chief
        try:
            with v1.train.MonitoredSession(creator, hooks) as session:
                while not session.should_stop():
                    session.run(graph.train_op)
        except tf.errors.DeadlineExceededError as error:
            if not self.chief:
                raise
            raise self.chief.overdue() from error

    def _validate(self, step: int, checkpoint: str) -> None:
        look = self._evaluator.look(checkpoint)
        self._validation, self._worst = look.figures, look.worst
        self._log.write({"step": step, "validation": look.figures})
        self._summaries.write_scalars(step, "validation", look.figures)
        if self._on_validation:
            self._on_validation(ValidationReport(step, look.samples, look.figures))
        self._write_report("Of the validation split at step {}.".format(step))

    def _write_report(self, what: str = "") -> None:
        """Writes report.html, anew at each validation: an interrupted run has one too."""
        self._where = what or self._where
        if self._target.writes:
            write_run_page(self._run.directory, self._worst, self._where)


class _Creator(v1.train.ChiefSessionCreator):
    """Makes a session, and after a failure another one, when the whole cluster is there."""

    chief: Optional[Chief] = None

    def create_session(self) -> Any:
        if not self.chief:
            return super().create_session()
        self.chief.wait()
        return close_in_time(super().create_session())
