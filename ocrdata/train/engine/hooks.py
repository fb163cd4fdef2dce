"""What happens around the steps of training: input, checkpoints, reports, validation.

Each hook asks for the same fetches in every step: a set that changes now and then would make the
session (and an NPU's compiler) prepare another graph.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ocrdata.train.cluster.coordination import NUMBER, Coordinator
from ocrdata.train.compat import v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device
from ocrdata.train.engine.metrics_log import MetricsLog
from ocrdata.train.engine.progress import StepReport
from ocrdata.train.engine.step import Training
from ocrdata.train.engine.tensorboard import TensorBoardWriter
from ocrdata.train.protocols import (
    FetchedArrays,
    FetchedValues,
    RunContext,
    Saver,
    Session,
    Tensor,
)
from ocrdata.train.run_dir import CHECKPOINT
from ocrdata.train.tasks.base import WAITED, TrainingTask
from ocrdata.train.tf_errors import not_finite


class StartInput(v1.train.SessionRunHook):
    """Begins the data where the restored (or recovered) step is, not at the beginning.

    In a cluster it has the workers begin there, and watches that their batches are the right ones.
    """

    def __init__(
        self,
        graph: Training,
        task: TrainingTask,
        device: Device,
        coordinator: Optional[Coordinator] = None,
    ) -> None:
        self._graph, self._task, self._device = graph, task, device
        self._coordinator = coordinator
        self._numbers = {n: t for n, t in graph.fetches.items() if n.startswith(NUMBER)}

    def after_create_session(self, session: Session, coord: object) -> None:
        """Starts the iterators."""
        self._device.start(session)
        place = self._task.start(int(session.run(self._graph.step)))
        session.run(self._graph.iterators, {self._graph.start: place})
        if self._coordinator:
            self._coordinator.start(session, place)

    def before_run(self, run_context: RunContext) -> Tensor:
        """Asks for the numbers of the batches."""
        return v1.train.SessionRunArgs(self._numbers)

    def after_run(self, run_context: RunContext, run_values: FetchedValues) -> None:
        """Compares the numbers with those expected."""
        if self._coordinator:
            self._coordinator.check(run_values.results)


class _Window:
    """The figures of the steps since the last look at them."""

    def __init__(self) -> None:
        self._rows: List[List[float]] = []
        self._timed = 0  # steps since the clock runs: from the end of a session's first step on
        self._since: Optional[float] = None
        self._waited = 0.0

    def add(self, row: List[float], waited: float) -> None:
        """Takes the figures of a step that has just ended, and for how long it waited for input."""
        self._rows.append(row)
        if self._since is None:
            self._since = time.monotonic()
        else:
            self._timed += 1
            self._waited += waited

    def take(self) -> Tuple[List[float], Optional[float], float]:
        """Returns the mean of each figure, the seconds of a step, and the share that was waiting.

        And begins anew.
        """
        means = [sum(column) / len(self._rows) for column in zip(*self._rows)]
        now, since = time.monotonic(), self._since
        seconds = max(1e-9, now - since) / self._timed if since and self._timed else None
        waiting = min(1.0, self._waited / (seconds * self._timed)) if seconds else 0.0
        self._rows, self._timed, self._since, self._waited = [], 0, now, 0.0
        return means, seconds, waiting


_COMMON = ("loss", "learning_rate", "gradient_norm")


class Reports(v1.train.SessionRunHook):
    """Watches the loss, and writes metrics.jsonl, TensorBoard summaries and progress.

    Raises TrainingError at the first loss or gradient that is not a number.
    """

    def __init__(
        self,
        graph: Training,
        task: TrainingTask,
        *,
        options: TrainOptions,
        total: int,
        log: MetricsLog,
        summaries: TensorBoardWriter,
        on_step: Optional[Callable[[StepReport], None]],
    ) -> None:
        self._graph, self._task, self._options, self._total = graph, task, options, total
        self._log, self._summaries, self._on_step = log, summaries, on_step
        self._means = ["loss", *graph.figures]
        self._logged, self._summed = _Window(), _Window()
        self._reported = False
        self.last_checkpoint: Optional[str] = None

    def after_create_session(self, session: Session, coord: object) -> None:
        """Forgets what a session that broke has reported behind its last checkpoint."""
        if self._reported:
            step = int(session.run(self._graph.step))
            self._logged, self._summed = _Window(), _Window()
            self._log.rewind(step)
            self._summaries.rewind(step)

    def before_run(self, run_context: RunContext) -> Tensor:
        """Asks for the figures of the step."""
        return v1.train.SessionRunArgs(self._graph.fetches)

    def after_run(self, run_context: RunContext, run_values: FetchedValues) -> None:
        """Reports the figures of the step where it is time to."""
        values = run_values.results
        step = int(values["step"])
        for name, what in (("loss", "loss"), ("gradient_norm", "gradient")):
            # In 16 bits a gradient may be too large: the loss scale deals with it.
            if not math.isfinite(values[name]) and (what == "loss" or "loss_scale" not in values):
                raise not_finite(step, what, self._options, self.last_checkpoint)
        self._reported = True
        for window in (self._logged, self._summed):
            row = [float(values[name]) for name in self._means]
            window.add(row, float(values.get(WAITED, 0.0)))
        ends, often = step in (1, self._total), self._options.log_every
        if ends or step % often == 0:
            self._report(step, values)
        if ends or step % (self._options.summary_every or often) == 0:
            self._summaries.write_scalars(step, "train", self._figures(self._summed, values))
        pictures = self._options.image_every and "images" in values
        if pictures and step % self._options.image_every == 0:
            self._summaries.write_picture(step, self._task.draw(values))

    def _figures(self, window: _Window, values: FetchedArrays) -> Dict[str, float]:
        means, seconds, waiting = window.take()
        speed = {"examples_per_second": self._options.batch_size / seconds} if seconds else {}
        if seconds and WAITED in values:
            speed["waiting"] = waiting
        return {
            **dict(zip(self._means, means)),
            "learning_rate": float(values["learning_rate"]),
            "gradient_norm": float(values["gradient_norm"]),
            **speed,
        }

    def _report(self, step: int, values: FetchedArrays) -> None:
        figures = self._figures(self._logged, values)
        self._log.write(dict(figures, step=step))
        if self._on_step:
            speed = figures.get("examples_per_second")
            left = (self._total - step) * self._options.batch_size
            report = StepReport(
                step=step,
                steps=self._total,
                figures={name: figures[name] for name in self._means[1:]},
                examples_per_second=speed,
                seconds_left=left / speed if speed else None,
                waiting=figures.get("waiting"),
                **{name: figures[name] for name in _COMMON},
            )
            self._on_step(report)


class Validation(NamedTuple):
    """Whether a step of a run of so many is validated, and what does that with its checkpoint.

    The latter says whether training is to end.
    """

    is_due: Callable[[int, int], bool]
    validate: Callable[[int, str], bool]


class Checkpoints(v1.train.SessionRunHook):
    """Saves every so many steps and at the end, then has what was saved validated.

    The metrics of a step are on disk before its checkpoint: what a resumed run drops from them, it
    writes again.
    """

    def __init__(
        self,
        step: Tensor,
        saver: Saver,
        *,
        directory: Optional[Path],
        options: TrainOptions,
        total: int,
        reports: Reports,
        validation: Validation,
    ) -> None:
        self._step, self._saver = step, saver
        self._prefix = str(directory / CHECKPOINT) if directory else ""
        self._options, self._total, self._reports = options, total, reports
        self._validation = validation

    def before_run(self, run_context: RunContext) -> Tensor:
        """Asks for the step."""
        return v1.train.SessionRunArgs(self._step)

    def after_run(self, run_context: RunContext, run_values: FetchedValues) -> None:
        """Saves and validates where the step says so."""
        step = int(run_values.results)
        scored = self._validation.is_due(step, self._total)
        due = scored or step == self._total or step % self._options.save_every == 0
        stop = False
        if self._prefix and due:
            path = self._saver.save(
                run_context.session, self._prefix, global_step=step, write_meta_graph=False
            )
            self._reports.last_checkpoint = path
            stop = scored and self._validation.validate(step, path)
        if step >= self._total or stop:
            run_context.request_stop()
