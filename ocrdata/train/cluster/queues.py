"""The queues through which the processes of a cluster talk, and what fills them with batches."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any, List, Optional, Sequence

from ocrdata.train.cluster.tf_config import ClusterTask
from ocrdata.train.compat import Tensor, tf, v1

_AHEAD = 2  # batches that wait on a worker
_POLL = 0.1  # seconds between two looks at a queue


class RemoteQueue:
    """The queues on a process: what the chief says, what it answers, and its batches."""

    def __init__(self, task: ClusterTask, dtypes: Sequence[Any] = ()) -> None:
        with tf.device(task.device + "/device:CPU:0"):
            self.orders = self._queue("orders", 64, [tf.int64])
            self.answers = self._queue("answers", 64, [tf.int64])
            if dtypes:
                self.batches = self._queue("batches", _AHEAD, [tf.int64, *dtypes])
            self.order = v1.placeholder(tf.int64, [None])
            self.answer = v1.placeholder(tf.int64, [2])
            self.send = self.orders.enqueue(self.order)
            self.reply = self.answers.enqueue(self.answer)
            self.waiting = self.orders.size()
            self.next = self.orders.dequeue()
            self.replies = self.answers.size()
            self.heard = self.answers.dequeue()

    @staticmethod
    def _queue(name: str, size: int, dtypes: Sequence[Any]) -> Any:
        return v1.FIFOQueue(size, list(dtypes), shared_name="ocrdata_" + name)


class QueueFiller:
    """Puts a worker's batches into its queue, from any place on."""

    def __init__(
        self, task: ClusterTask, flat: List[Tensor], starts: Any, start: Tensor, samples: int
    ) -> None:
        box = RemoteQueue(task, [tensor.dtype for tensor in flat])
        self.box, self.samples = box, samples
        self._starts, self._start = starts, start
        self._ticket = v1.placeholder(tf.int64, [2])
        self._put = box.batches.enqueue([self._ticket, *flat])
        self._size, self._drop = box.batches.size(), box.batches.dequeue()
        self._thread: Optional[Thread] = None
        self._stopped = Event()
        self.problem: Optional[BaseException] = None
        self.fed = 0

    def begin(self, session: Any, generation: int, place: List[int]) -> None:
        """Starts to put batches in."""
        session.run(self._starts, {self._start: place})
        self._stopped.clear()
        self._thread = Thread(target=self._fill, args=(session, generation), daemon=True)
        self._thread.start()

    def _fill(self, session: Any, generation: int) -> None:
        number = 0
        try:
            while not self._stopped.is_set():
                session.run(self._put, {self._ticket: [generation, number]})
                number += 1
                self.fed += 1
        except (tf.errors.OpError, RuntimeError) as error:
            if not self._stopped.is_set():
                self.problem = error

    def stop(self, session: Any) -> None:
        """Stops, and empties the queue."""
        self._stopped.set()
        while self._thread is not None and self._thread.is_alive():
            self._empty(session)
            self._thread.join(_POLL)
        self._empty(session)

    def _empty(self, session: Any) -> None:
        while session.run(self._size):
            session.run(self._drop)
            self.fed -= 1
