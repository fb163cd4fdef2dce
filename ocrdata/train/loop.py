"""The training loop: one graph, one session, one device; exact resume after any interruption.

The data order, dropout and learning rate are functions of the step, so that a run that is killed
and resumed takes the same course as one that is not. Up to `save_every` steps are computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

from ocrdata.errors import PathLike
from ocrdata.train.compat import tf, v1
from ocrdata.train.config import TrainOptions
from ocrdata.train.evaluate import Evaluator
from ocrdata.train.hooks import Checkpoints, Reports, StartInput, StepReport, ValidationReport
from ocrdata.train.inference import image_spec, make_model
from ocrdata.train.inputs import Order, pool_batches
from ocrdata.train.models import MODELS
from ocrdata.train.problems import check_records, explained
from ocrdata.train.run import MetricsLog, Run, begin_run, find_resumable, plain_options
from ocrdata.train.shardset import ShardSet, read_shard_set
from ocrdata.train.step import Training, build_training
from ocrdata.train.summaries import Summaries
from ocrdata.train.targets import Target, make_target

OnProgress = Optional[Callable[[int, Optional[int]], None]]


_DEFAULTS = TrainOptions()


@dataclass(frozen=True)
class TrainSummary:
    """What a training run did; accuracy is that of the validation split, if it was looked at."""

    run: str
    model: str
    step: int
    started_at: int
    samples: int
    long_labels_skipped: int
    num_classes: int
    parameters: int
    loss: Optional[float]
    validation_accuracy: Optional[float]


def train(
    model: str = "crnn",
    data_dir: PathLike = "data",
    output_dir: PathLike = "output",
    model_options: Any = None,
    options: TrainOptions = _DEFAULTS,
    overwrite: bool = False,
    resume: bool = False,
    on_check: OnProgress = None,
    on_step: Optional[Callable[[StepReport], None]] = None,
    on_validation: Optional[Callable[[ValidationReport], None]] = None,
) -> TrainSummary:
    """Trains a model on `data_dir`/tfrecords and leaves a run directory `output_dir`/`model`.

    Raises InputError (records missing or unfit), OutputExistsError (a run is there and neither
    `overwrite` nor `resume` is given), OptionError, TargetError, and TrainingError when the loss
    is no number any more.
    """
    chosen = model_options if model_options is not None else MODELS.load(model).defaults()
    target = make_target(options.target, options.intra_threads, options.inter_threads)
    shards = read_shard_set(data_dir)
    net = make_model(model, chosen, shards.charset, options.seed)
    net.auto_lstm = target.lstm
    net.skip_long_labels = options.long_labels == "skip"
    run = Run(
        Path(output_dir) / model,
        model,
        plain_options(chosen),
        plain_options(options),
        shards.charset,
        {"sha256": shards.fingerprint("train")},
    )
    before = find_resumable(run, overwrite, resume)
    if before is not None:  # these very records were looked at when the run began
        run.records.update(before.records)
    else:
        spec, skip = image_spec(net), net.skip_long_labels
        found = check_records(shards, "train", spec, net.time_steps, skip, on_check)
        run.records.update(found._asdict())
    begin_run(run, before is not None)
    size = options.batch_size
    order = Order(shards.require("train"), size, pool_batches(options.shuffle, size), options.seed)
    watch = _Watch(run, shards, target, options, options.total_steps(order.samples), on_validation)
    with tf.Graph().as_default(), v1.device(target.device), explained():
        v1.set_random_seed(options.seed)
        return watch.run(build_training(net, order, options, watch.total), order, on_step)


class _Watch:
    """Runs a training graph with its hooks."""

    def __init__(
        self,
        run: Run,
        shards: ShardSet,
        target: Target,
        options: TrainOptions,
        total: int,
        on_validation: Optional[Callable[[ValidationReport], None]],
    ) -> None:
        self.total = total
        self._run, self._options, self._target = run, options, target
        self._on_validation = on_validation
        self._evaluator: Optional[Evaluator] = None
        if options.eval_every and shards.samples("validation"):
            self._evaluator = Evaluator(
                run, shards, "validation", target, options.batch_size, limit=options.eval_samples
            )
        self._loss: Optional[float] = None
        self._accuracy: Optional[float] = None
        checkpoint = v1.train.latest_checkpoint(str(run.directory))
        self._started = int(checkpoint.rsplit("-", 1)[1]) if checkpoint else 0
        self._log = MetricsLog(run.directory, self._started)
        self._summaries = Summaries(run.directory, run.charset, self._started)

    def run(
        self,
        graph: Training,
        order: Order,
        on_step: Optional[Callable[[StepReport], None]],
    ) -> TrainSummary:
        """Trains to the last step."""

        def note(report: StepReport) -> None:
            self._loss = report.loss
            if on_step:
                on_step(report)

        if self._started < self.total:
            self._train(graph, order, note)
        for part in (self._log, self._summaries, self._evaluator):
            if part is not None:
                part.close()
        return TrainSummary(
            run=str(self._run.directory),
            model=self._run.model,
            step=max(self._started, self.total),
            started_at=self._started,
            samples=self._run.records["samples"],
            long_labels_skipped=self._run.records["long_labels"],
            num_classes=self._run.charset.num_classes,
            parameters=graph.parameters,
            loss=self._loss,
            validation_accuracy=self._accuracy,
        )

    def _train(self, graph: Training, order: Order, note: Callable[[StepReport], None]) -> None:
        saver = v1.train.Saver(max_to_keep=self._options.keep, save_relative_paths=True)
        reports = Reports(
            graph.fetches, self._options, self.total, self._log, self._summaries, note
        )
        checkpoints = Checkpoints(
            graph.fetches["step"],
            saver,
            self._run.directory,
            self._options,
            self.total,
            reports,
            self._validate if self._evaluator else None,
        )
        hooks = [StartInput(graph.iterator, graph.start, order, graph.step), reports, checkpoints]
        creator = v1.train.ChiefSessionCreator(
            v1.train.Scaffold(saver=saver),
            config=self._target.config,
            checkpoint_dir=str(self._run.directory),
        )
        with v1.train.MonitoredSession(creator, hooks) as session:
            while not session.should_stop():
                session.run(graph.train_op)

    def _validate(self, step: int, checkpoint: str) -> None:
        assert self._evaluator is not None
        score = self._evaluator.score(checkpoint)
        self._accuracy = score.accuracy
        figures = score.figures()
        self._log.write({"step": step, "validation": figures})
        self._summaries.write_scalars(step, "validation", figures)
        if self._on_validation:
            self._on_validation(ValidationReport(step=step, lines=score.lines, **figures))
