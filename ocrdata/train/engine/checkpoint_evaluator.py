"""The evaluator of a cluster: looks at each checkpoint that the chief writes."""

from __future__ import annotations

import json
import time
from typing import Any, Callable, Optional

from ocrdata.train.cluster.coordination import WorkerSummary
from ocrdata.train.cluster.tf_config import Cluster, answers, gone
from ocrdata.train.compat import v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device, DeviceError
from ocrdata.train.engine.hooks import ValidationReport
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tasks.base import TrainingTask
from ocrdata.train.tf_errors import explained

_VALIDATION_LOG = "validation.jsonl"
_POLL = 1.0


def watch_checkpoints(
    cluster: Cluster,
    run: RunDirectory,
    task: TrainingTask,
    target: Device,
    options: TrainOptions,
    total: int,
    on_validation: Optional[Callable[[ValidationReport], None]],
) -> WorkerSummary:
    """Scores the validation split with every checkpoint up to that of the last step.

    Adds a line for each to validation.jsonl in the run's folder, which must be the chief's. Raises
    TargetError where there is nothing to look at, TrainingError when the chief is away too long.
    """
    evaluator = task.evaluator(run, target)
    if evaluator is None:
        raise DeviceError("There is no validation split for an evaluator.", "Leave it out.")
    seen, samples, looks, since = -1, 0, 0, time.monotonic()
    try:
        while seen < total:
            path = v1.train.latest_checkpoint(str(run.directory))
            step = int(path.rsplit("-", 1)[1]) if path else -1
            if step > seen:
                with explained():
                    look = evaluator.look(path)
                _note(run, step, look.figures)
                if on_validation:
                    on_validation(ValidationReport(step, look.samples, look.figures))
                seen, samples, looks = step, samples + look.samples, looks + 1
                continue
            if answers(cluster.chief):
                since = time.monotonic()
            if time.monotonic() - since > options.cluster_timeout:
                raise gone([cluster.chief], options.cluster_timeout)
            time.sleep(_POLL)
    finally:
        evaluator.close()
    return WorkerSummary("evaluator", looks, samples)


def _note(run: RunDirectory, step: int, figures: Any) -> None:
    line = json.dumps({"step": step, "validation": figures}, sort_keys=True)
    with (run.directory / _VALIDATION_LOG).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
