"""The evaluator of a cluster: scores each checkpoint that the chief writes."""

from __future__ import annotations

import json
import time
from typing import Any, Dict

from ocrdata.train.cluster.coordination import WorkerSummary
from ocrdata.train.cluster.tf_config import Cluster, answers, gone
from ocrdata.train.compat import v1
from ocrdata.train.devices.device import DeviceError
from ocrdata.train.engine.best_checkpoint import OWN
from ocrdata.train.engine.progress import ValidationReport
from ocrdata.train.engine.trainer import TrainingJob
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tf_errors import explained

_VALIDATION_LOG = "validation.jsonl"
_POLL = 1.0


def watch_checkpoints(cluster: Cluster, job: TrainingJob) -> WorkerSummary:
    """Scores the validation split with every checkpoint up to that of the last step.

    Adds a line for each to validation.jsonl in the run's folder, which must be the chief's. Raises
    DeviceError where there is nothing to score, TrainingError when the chief is away too long.
    """
    run, patience = job.run, job.options.cluster_timeout
    evaluators = job.task.evaluators(run, job.device)
    if not evaluators:
        raise DeviceError("There is no validation split for an evaluator.", "Leave it out.")
    seen, samples, scored, since = -1, 0, 0, time.monotonic()
    try:
        while seen < job.total:
            path = v1.train.latest_checkpoint(str(run.directory))
            step = int(path.rsplit("-", 1)[1]) if path else -1
            if step > seen:
                for name, evaluator in evaluators.items():
                    with explained():
                        found = evaluator.validate(path)
                    _note(run, step, name, found.figures)
                    if job.on_validation:
                        report = ValidationReport(step, found.samples, found.figures, name)
                        job.on_validation(report)
                    samples += found.samples
                seen, scored = step, scored + 1
                continue
            if answers(cluster.chief):
                since = time.monotonic()
            if time.monotonic() - since > patience:
                raise gone([cluster.chief], patience)
            time.sleep(_POLL)
    finally:
        for evaluator in evaluators.values():
            evaluator.close()
    return WorkerSummary("evaluator", scored, samples)


def _note(run: RunDirectory, step: int, name: str, figures: Dict[str, float]) -> None:
    line: Dict[str, Any] = {"step": step, "validation": figures}
    if name != OWN:
        line["set"] = name
    with (run.directory / _VALIDATION_LOG).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, sort_keys=True) + "\n")
