"""The queues through which the processes of a cluster talk, and what fills them with batches."""

from __future__ import annotations

from threading import Event, Thread
from typing import List, Optional, Sequence

from ocrdata.train.cluster.tf_config import ClusterTask
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.protocols import DType, Session

_AHEAD = 2  # batches that wait on a worker
POLL = 0.1  # seconds after which a queue is asked again


class RemoteQueue:
    """The queues on a process: what the chief says, what it answers, and its batches."""

    def __init__(self, task: ClusterTask, dtypes: Sequence[DType] = ()) -> None:
        with tf.device(task.device + "/device:CPU:0"):
            self.orders = self._queue("orders", 64, [tf.int64])
            self.answers = self._queue("answers", 64, [tf.int64])
            if dtypes:
                self.batches = self._queue("batches", _AHEAD, [tf.int64, *dtypes])
            self.order = v1.placeholder(tf.int64, [None])
            self.answer = v1.placeholder(tf.int64, [2])
            self.send = self.orders.enqueue(self.order)
            self.reply = self.answers.enqueue(self.answer)
            self.orders_waiting = self.orders.size()
            self.next_order = self.orders.dequeue()
            self.replies = self.answers.size()
            self.next_reply = self.answers.dequeue()

    @staticmethod
    def _queue(name: str, size: int, dtypes: Sequence[DType]) -> Tensor:
        return v1.FIFOQueue(size, list(dtypes), shared_name="ocrdata_" + name)


class QueueFiller:
    """Puts a worker's batches into its queue, from any place on."""

    def __init__(
        self,
        task: ClusterTask,
        flat: List[Tensor],
        *,
        starts: Tensor,
        start: Tensor,
        samples: int,
    ) -> None:
        box = RemoteQueue(task, [tensor.dtype for tensor in flat])
        self.box, self.samples = box, samples
        self._starts, self._start = starts, start
        self._number = v1.placeholder(tf.int64, [2])
        self._put = box.batches.enqueue([self._number, *flat])
        self._size, self._drop = box.batches.size(), box.batches.dequeue()
        self._thread: Optional[Thread] = None
        self._stopped = Event()
        self.problem: Optional[BaseException] = None
        self.fed = 0

    def begin(self, session: Session, generation: int, place: List[int]) -> None:
        """Starts to put batches in."""
        session.run(self._starts, {self._start: place})
        self._stopped.clear()
        self._thread = Thread(target=self._fill, args=(session, generation), daemon=True)
        self._thread.start()

    def _fill(self, session: Session, generation: int) -> None:
        count = 0
        try:
            while not self._stopped.is_set():
                session.run(self._put, {self._number: [generation, count]})
                count += 1
                self.fed += 1
        except (tf.errors.OpError, RuntimeError) as error:
            if not self._stopped.is_set():
                self.problem = error

    def stop(self, session: Session) -> None:
        """Stops, and empties the queue."""
        self._stopped.set()
        while self._thread is not None and self._thread.is_alive():
            self._empty(session)
            self._thread.join(POLL)
        self._empty(session)

    def _empty(self, session: Session) -> None:
        while session.run(self._size):
            session.run(self._drop)
            self.fed -= 1
