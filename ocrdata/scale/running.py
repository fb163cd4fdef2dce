"""A pipeline that is at work while its results are taken."""

from __future__ import annotations

import threading
from typing import Callable, Optional

from ocrdata.scale.tasks import TaskFolder

_POLL = 0.2  # seconds between two looks for the next result
_LEAVE = 60.0  # seconds that a pipeline gets to end when nobody waits for it any more


class RunningPipeline:
    """A pipeline at work in a thread, so that its results can be taken as they come."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._work, args=(work,), daemon=True)
        self._thread.start()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._error = error

    def wait(self) -> bool:
        """Waits a little; returns whether the pipeline is still at work."""
        self._thread.join(_POLL)
        return self._thread.is_alive()

    def finish(self) -> None:
        """Waits for the end of the pipeline; raises what ended it."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def leave(self, tasks: TaskFolder) -> None:
        """Has the pipeline pass over what it has not begun, where nobody waits for it any more."""
        if self._thread.is_alive():
            tasks.stop()
            self._thread.join(_LEAVE)
