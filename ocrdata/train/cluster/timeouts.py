"""Sessions of a cluster whose other end may be gone: nothing here waits forever.

A process that dies closes its connections, and TensorFlow reports it. One that is frozen, or whose
host vanishes, leaves them open, and TensorFlow waits: for its step, and even to close a session.
"""

from __future__ import annotations

import atexit
import time
from threading import Thread
from typing import Callable, List, Sequence

from ocrdata.errors import TrainingError
from ocrdata.train.cluster.tf_config import Cluster, ClusterTask, gone
from ocrdata.train.compat import tf, v1
from ocrdata.train.protocols import Session, SessionConfig

PROBE = 5.0  # seconds in which a process must answer
CLOSING = 10.0  # seconds that the end of a session may take
_left: List[Thread] = []


def limited(config: SessionConfig, seconds: float) -> SessionConfig:
    """Returns a session's configuration in which each call ends with DeadlineExceededError."""
    copy: SessionConfig = v1.ConfigProto()
    copy.CopyFrom(config)
    copy.operation_timeout_in_ms = int(1000 * seconds)
    return copy


def within(seconds: float, act: Callable[[], object]) -> bool:
    """Says whether something is done in time; it is left to itself where it is not."""
    thread = Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _left.append(thread)
    return not thread.is_alive()


@atexit.register
def _await_left() -> None:
    """Waits a little for what was left to itself: Python aborts if it comes back at the end."""
    until = time.monotonic() + CLOSING
    for thread in _left:
        thread.join(max(0.0, until - time.monotonic()))


def close_in_time(session: Session, gone_already: Sequence[ClusterTask]) -> Session:
    """Returns a session whose end does not wait for processes that are gone.

    It waits for none at all where, by then, some are known to be.
    """
    close = session.close

    def close_once() -> None:
        # TensorFlow closes once more when Python ends, and then no thread can begin.
        session.close = _nothing  # type: ignore[method-assign]
        within(0.0 if gone_already else CLOSING, close)

    session.close = close_once  # type: ignore[method-assign]
    return session


def _nothing() -> None:
    """Closes what is closed already."""


def silent(cluster: Cluster, master: str) -> List[ClusterTask]:
    """Returns the processes that do not compute anything for us any more."""
    answered: List[ClusterTask] = []

    def ask(task: ClusterTask) -> None:
        config = v1.ConfigProto(device_filters=[cluster.chief.device, task.device])
        with tf.Graph().as_default(), tf.device(task.device + "/device:CPU:0"):
            asked = tf.constant(1)
            try:
                with v1.Session(master, config=config) as session:
                    session.run(asked)
            except tf.errors.OpError:
                return
        answered.append(task)

    for task in cluster.others:
        within(PROBE, lambda task=task: ask(task))  # type: ignore[misc]
    return [task for task in cluster.others if task not in answered]


def overdue(missing: Sequence[ClusterTask], seconds: float) -> TrainingError:
    """Returns the error for a step that did not end in time, `missing` being the silent ones."""
    if missing:
        return gone(missing, seconds)
    return TrainingError(
        f"a step took more than {seconds:g} seconds, though all processes answer.",
        "Allow more with --cluster-timeout.",
    )
