"""How a run goes, whatever it writes: nothing of it changes the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional

from ocrdata.base.parallel import Workers

# Called with what is done and, where it is known, with how much there is in all.
OnProgress = Callable[[int, Optional[int]], None]


@dataclass(frozen=True)
class RunOptions:
    """How a run goes.

    Args:
        workers: processes that work; 0 works in this one. Or an engine, such as a cluster.
        overwrite: replaces what an earlier run wrote.
        resume: goes on where an interrupted run of the same options stopped.
        on_progress: called with what is done and, where it is known, with how much there is.
        dry_run: says what would be written and writes nothing.
    """

    workers: Workers = 0
    overwrite: bool = False
    resume: bool = False
    on_progress: Optional[OnProgress] = None
    dry_run: bool = False

    def tell(self, done: int, total: Optional[int] = None) -> None:
        """Calls `on_progress`, if there is one."""
        if self.on_progress:
            self.on_progress(done, total)


RUN_DEFAULTS = RunOptions()
