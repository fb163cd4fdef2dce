"""Validation while a model is trained: scores by set, the best checkpoint, and when to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Optional, Sequence

from ocrdata.errors import OptionError
from ocrdata.pages.run import Miss, write_run_page
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.engine.best_checkpoint import OWN, BestCheckpoint, keep_best, read_rule
from ocrdata.train.engine.metrics_log import MetricsLog
from ocrdata.train.engine.progress import ValidationReport
from ocrdata.train.engine.tensorboard import TensorBoardWriter
from ocrdata.train.inference.validation import Evaluator
from ocrdata.train.run_dir import best_checkpoint

OnValidation = Optional[Callable[[ValidationReport], None]]


class Validator:
    """Scores validation sets by name with one checkpoint after another.

    `figures` are the last ones: of the data folder's own split by their names, of other sets as
    SET.FIGURE. Without `evaluators`, which another process may have, nothing is scored here.
    """

    def __init__(
        self,
        evaluators: Dict[str, Evaluator],
        options: TrainOptions,
        ranked: Sequence[str],
        *,
        log: MetricsLog,
        summaries: TensorBoardWriter,
        on_validation: OnValidation = None,
    ) -> None:
        self._evaluators, self._options = evaluators, options
        self._log, self._summaries, self._told = log, summaries, on_validation
        if options.early_stopping_patience and not evaluators:
            raise OptionError(
                "--early-stopping-patience needs a validation split that this process scores.",
                "Name one with --validation-data, or write records with one.",
            )
        self._rule = read_rule(options.best_by, list(evaluators), ranked)
        self._best = BestCheckpoint(self._rule, log.read())
        self.figures: Dict[str, float] = {}
        self._worst: Sequence[Miss] = ()
        self._where = "No validation split was scored in this process."

    @property
    def best_step(self) -> Optional[int]:
        """The step of the best checkpoint, None where nothing was scored."""
        return self._best.step or None

    @property
    def stop(self) -> str:
        """Why training is to end early, "" where it is not."""
        patience = self._options.early_stopping_patience
        if not patience or self._best.since < patience:
            return ""
        best = self._best.step
        return f"no better validation than that of step {best} in {self._best.since} more"

    def is_due(self, step: int, total: int) -> bool:
        """Says whether a step is followed by a validation."""
        every = self._options.eval_every
        return bool(self._evaluators) and (step == total or (every > 0 and step % every == 0))

    def catch_up(self, step: int, total: int, checkpoint: str) -> None:
        """Does what a run that was killed has left undone at its newest checkpoint."""
        if self.is_due(step, total) and not self._best.has_seen(step):
            self.validate(step, checkpoint)
        if self._best.step == step and not best_checkpoint(Path(checkpoint).parent):
            keep_best(checkpoint, step)

    def validate(self, step: int, checkpoint: str) -> None:
        """Scores all sets with a checkpoint, and keeps it if it is the best."""
        better = False
        for name, evaluator in self._evaluators.items():
            found = evaluator.validate(checkpoint)
            own = name == OWN
            line = {"step": step, "validation": found.figures}
            self._log.write(line if own else dict(line, set=name))
            group = OWN if own else f"{OWN}-{name}"
            self._summaries.write_scalars(step, group, found.figures)
            best = self._best.note(step, name, found.figures)
            better = better or best
            start = "" if own else name + "."
            self.figures.update({start + one: value for one, value in found.figures.items()})
            if self._told:
                self._told(ValidationReport(step, found.samples, found.figures, name, best))
            if name == self._rule.data_set:
                shown = "the validation split" if own else f"the validation set {name}"
                self._worst, self._where = found.worst, f"Of {shown} at step {step}."
        if better:
            keep_best(checkpoint, step)

    def write_report(self, directory: Path) -> None:
        """Writes report.html, anew at each validation: an interrupted run has one too."""
        write_run_page(directory, self._worst, self._where)

    def close(self) -> None:
        """Frees the sessions and the data."""
        for evaluator in self._evaluators.values():
            evaluator.close()
