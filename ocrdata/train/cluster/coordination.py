"""A cluster at work: the chief drives the steps of all, the others serve it.

The chief's graph spans the cluster: one replica a process (or a GPU of it), weights on the ps
tasks. Each worker reads and decodes its own share of every batch and puts it into a queue that
the chief's graph takes it from, on the worker itself, so that only weights and gradients travel.
When a process dies, the chief goes back to the last checkpoint as soon as all are there again,
and tells the workers where to begin; so a run takes the same course, whatever happens to it.
"""

from __future__ import annotations

import dataclasses
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from ocrdata.errors import OptionError, TrainingError
from ocrdata.train.cluster.queues import POLL, QueueFiller, RemoteQueue
from ocrdata.train.cluster.tf_config import Cluster, ClusterTask, answers, gone, wait_for
from ocrdata.train.cluster.timeouts import PROBE, limited, overdue, silent, within
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.training import FREE, TrainOptions
from ocrdata.train.devices.device import Device, DeviceError
from ocrdata.train.protocols import Batch, FetchedArrays, Session
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tasks.base import TrainingTask, read_shares

START, DONE = 0, 1  # what the chief may say
NO_MARK = -1  # of a process that has no data
NUMBER = "batch_number_"  # what the fetched numbers of batches begin with


def start_server(cluster: Cluster, device: Device) -> Tensor:
    """Returns this process's server; raises DeviceError where its port is taken."""
    try:
        return v1.train.Server(
            cluster.servers, cluster.me.job, cluster.me.index, config=device.config
        )
    except tf.errors.OpError as error:
        reason = str(error).split("\n")[0]
        problem = f"{cluster.me} cannot listen: {reason}."
        raise DeviceError(problem, "Is another process using that port?") from error


def spread(device: Device, cluster: Cluster) -> Device:
    """Returns a device with replicas on all devices of all processes of a cluster."""
    local = device.devices or (device.device,)
    devices = [task.device + name for task in cluster.trainers for name in local]
    keepers = [task.device for task in cluster.tasks("ps")] or [cluster.chief.device]
    return dataclasses.replace(
        device,
        device=cluster.chief.device + "/device:CPU:0",
        devices=tuple(devices),
        weight_devices=tuple(name + "/device:CPU:0" for name in keepers),
    )


def fingerprint(run: RunDirectory) -> int:
    """Returns a number that differs where options or data do: workers must have the chief's."""
    options = {name: value for name, value in run.options.items() if name not in FREE}
    told = [run.model, sorted(run.model_options.items()), sorted(options.items())]
    return zlib.crc32(repr((told, run.records["sha256"])).encode("utf-8"))


class Coordinator:
    """The chief's side: batches of all replicas, and the start of a (new) session."""

    def __init__(
        self, cluster: Cluster, device: Device, *, timeout: float, mark: int, server: Tensor
    ) -> None:
        self._cluster, self._timeout, self._mark = cluster, timeout, mark
        self.session_config = limited(device.config, timeout)
        self._queues: List[Tuple[ClusterTask, RemoteQueue]] = []
        self._generation = int(time.time() * 1000)
        self._taken = 0
        self._server = server
        self.master = server.target
        self.silent: List[ClusterTask] = []  # those that did not answer when they were asked

    def batches(
        self, training_task: TrainingTask, start: Tensor, device: Device, shares: int
    ) -> Tuple[List[Batch], Tensor, Batch]:
        """Returns the batches of all shares, what starts ours, and their numbers, to be fetched."""
        width = len(device.replicas)
        each = width // len(self._cluster.trainers)
        found: Dict[int, Batch] = {}
        with v1.device(self._cluster.chief.device + "/device:CPU:0"):
            mine = _shares(0, each, width, shares)
            own, starts, _ = read_shares(training_task, start, mine, shares)
            found.update(zip(mine, own))
        template = tf.nest.flatten([found[share] for share in mine], expand_composites=True)
        numbers = {}
        for place, task in enumerate(self._cluster.trainers[1:], 1):
            box = RemoteQueue(task, [tensor.dtype for tensor in template])
            with v1.device(task.device + "/device:CPU:0"):
                number, *flat = box.batches.dequeue()
            for tensor, like in zip(flat, template):
                tensor.set_shape(like.shape)
            number.set_shape([2])
            structure = [found[share] for share in mine]
            packed = tf.nest.pack_sequence_as(structure, flat, expand_composites=True)
            found.update(zip(_shares(place, each, width, shares), packed))
            numbers[f"{NUMBER}{place}"] = number
            self._queues.append((task, box))
        for task in self._cluster.tasks("ps"):
            self._queues.append((task, RemoteQueue(task)))
        return [found[share] for share in range(shares)], starts, numbers

    def wait(self) -> None:
        """Waits until all processes listen; raises TrainingError."""
        wait_for(self._cluster.others, self._timeout)

    def start(self, session: Session, place: List[int]) -> None:
        """Has all workers begin at a place; raises OptionError for one that trains otherwise."""
        self._generation += 1
        self._taken = 0
        for _, box in self._queues:
            session.run(box.send, {box.order: [START, self._generation, *place]})
        for task, box in self._queues:
            self._await_reply(session, task, box)

    def _await_reply(self, session: Session, task: ClusterTask, box: RemoteQueue) -> None:
        until = time.monotonic() + self._timeout
        while True:
            while not session.run(box.replies):
                if time.monotonic() > until:
                    raise gone([task], self._timeout)
                time.sleep(POLL)
            generation, mark = session.run(box.next_reply).tolist()
            if generation == self._generation:
                break  # others answer a chief that has ended
        if mark not in (self._mark, NO_MARK):
            raise OptionError(
                f"{task} has other options or other data than the chief.",
                "Start all processes with the same command and the same data.",
            )

    def check(self, values: FetchedArrays) -> None:
        """Raises AbortedError, which begins a new session, if a batch is not the one expected."""
        for name, number in values.items():
            if name.startswith(NUMBER) and number.tolist() != [self._generation, self._taken]:
                raise tf.errors.AbortedError(None, None, "a batch got lost")
        self._taken += 1

    def overdue(self) -> TrainingError:
        """Returns the error for a step that did not end in time, naming who is to blame."""
        self.silent += silent(self._cluster, self.master)
        return overdue(self.silent, self._timeout)

    def end_others(self, finished: bool) -> None:
        """Tells all processes that can be reached that the run is over.

        After an error nobody is waited for: one of them may be the reason. Those that were silent
        are told as well, but not waited for again.
        """
        patience = self._timeout if finished else PROBE
        for task in self._cluster.others:
            if answers(task):
                allowed = 0.0 if task in self.silent else patience
                within(allowed, lambda task=task: self._end(task))  # type: ignore[misc]

    def _end(self, task: ClusterTask) -> None:
        config = v1.ConfigProto(device_filters=[self._cluster.chief.device, task.device])
        with tf.Graph().as_default():
            box = RemoteQueue(task)
            with suppress(tf.errors.OpError), v1.Session(self.master, config=config) as session:
                session.run(box.send, {box.order: [DONE, self._generation]})


def _shares(number: int, each: int, width: int, shares: int) -> List[int]:
    """Returns the shares of one process: its replicas' of every turn."""
    return [s for s in range(shares) if number * each <= s % width < (number + 1) * each]


@dataclass(frozen=True)
class WorkerSummary:
    """What a process beside the chief did."""

    task: str
    batches: int
    samples: int


class Worker:
    """A worker or a ps task: answers the chief until it says that the run is over."""

    def __init__(self, cluster: Cluster, device: Device, options: TrainOptions) -> None:
        self._cluster, self._options, self._device = cluster, options, device

    def serve(self, training_task: Optional[TrainingTask], mark: int) -> WorkerSummary:
        """Serves, a ps task without `training_task`.

        Raises TrainingError if the chief is away too long.
        """
        me = self._cluster.me
        server = start_server(self._cluster, self._device)
        config = v1.ConfigProto(device_filters=[me.device])
        with tf.Graph().as_default(), tf.device(me.device + "/device:CPU:0"):
            filler = self._filler(training_task) if training_task else None
            box = filler.box if filler else RemoteQueue(me)
            with v1.Session(server.target, config=config) as session:
                self._follow_orders(session, box, filler, mark)
        if not filler:
            return WorkerSummary(str(me), 0, 0)
        return WorkerSummary(str(me), filler.fed, filler.fed * filler.samples)

    def _filler(self, training_task: TrainingTask) -> QueueFiller:
        spread_out = spread(self._device, self._cluster)
        shares, width = spread_out.shares(self._options), len(spread_out.replicas)
        trainers = self._cluster.trainers
        own = _shares(trainers.index(self._cluster.me), width // len(trainers), width, shares)
        start = v1.placeholder(tf.int64, [len(training_task.start(0))])
        batches, starts, _ = read_shares(training_task, start, own, shares)
        samples = self._options.batch_size // shares * len(own)
        flat = tf.nest.flatten(batches, expand_composites=True)
        return QueueFiller(self._cluster.me, flat, starts=starts, start=start, samples=samples)

    def _follow_orders(
        self, session: Session, box: RemoteQueue, filler: Optional[QueueFiller], mark: int
    ) -> None:
        seen = time.monotonic()
        while True:
            if filler and filler.problem:
                raise filler.problem
            if not session.run(box.orders_waiting):
                time.sleep(POLL)
                if time.monotonic() - seen > self._options.cluster_timeout:
                    if not answers(self._cluster.chief):
                        raise gone([self._cluster.chief], self._options.cluster_timeout)
                    seen = time.monotonic()
                continue
            kind, generation, *place = session.run(box.next_order).tolist()
            seen = time.monotonic()
            if filler:
                filler.stop(session)
            if kind == DONE:
                return
            if filler:
                filler.begin(session, generation, place)
            session.run(box.reply, {box.answer: [generation, mark]})
