"""How a run goes about its work; none of it changes a byte of what is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ocrdata.base.parallel import Workers
from ocrdata.base.progress import OnProgress


@dataclass(frozen=True)
class RunOptions:
    """What commands that write have in common.

    Args:
        workers: processes that work, 0 for this one, or an engine such as that of `scale/beam.py`.
        overwrite: replaces what an earlier run of the same command wrote.
        resume: goes on with an interrupted run.
        on_progress: called with how much is done and how much there is, as it goes on.
    """

    workers: Workers = 0
    overwrite: bool = False
    resume: bool = False
    on_progress: Optional[OnProgress] = None


RUN_DEFAULTS = RunOptions()
