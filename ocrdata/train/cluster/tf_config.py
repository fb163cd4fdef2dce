"""TF_CONFIG: which process of a cluster this one is. Needs no TensorFlow.

    {"cluster": {"chief": ["a:1"], "worker": ["b:1", "c:1"], "ps": ["d:1"]},
     "task": {"type": "worker", "index": 0}}

`master` is another name of the chief; without either, worker 0 is the chief. The chief and the
workers train; weights are kept by the ps tasks or, without any, by the chief; an evaluator scores
the checkpoints.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

from ocrdata.errors import OptionError, TrainingError

VARIABLE = "TF_CONFIG"
CHIEFS = ("chief", "master")
JOBS = (*CHIEFS, "worker", "ps", "evaluator")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClusterTask:
    """A process of a cluster."""

    job: str
    index: int
    address: str

    def __str__(self) -> str:
        return f"{self.job} {self.index} ({self.address})"

    @property
    def device(self) -> str:
        """Its name in device strings."""
        return f"/job:{self.job}/task:{self.index}"


@dataclass(frozen=True)
class Cluster:
    """The processes of a cluster, and which one this is (`me`)."""

    spec: Dict[str, List[str]]
    me: ClusterTask

    def tasks(self, job: str) -> List[ClusterTask]:
        """Returns the processes of a job."""
        return [ClusterTask(job, index, name) for index, name in enumerate(self.spec.get(job, []))]

    @property
    def chief(self) -> ClusterTask:
        """The process that drives the steps and writes the run."""
        for job in CHIEFS:
            if self.spec.get(job):
                return self.tasks(job)[0]
        return self.tasks("worker")[0]

    @property
    def trainers(self) -> List[ClusterTask]:
        """The processes that compute, the chief first."""
        return [self.chief, *(task for task in self.tasks("worker") if task != self.chief)]

    @property
    def others(self) -> List[ClusterTask]:
        """The processes that the chief needs."""
        return [*self.trainers[1:], *self.tasks("ps")]

    @property
    def servers(self) -> Dict[str, List[str]]:
        """The jobs that TensorFlow connects; an evaluator only reads files."""
        return {job: names for job, names in self.spec.items() if job != "evaluator" and names}


def read_cluster(text: Optional[str] = None) -> Optional[Cluster]:
    """Returns the cluster that TF_CONFIG describes, None without one; raises OptionError."""
    text = os.environ.get(VARIABLE, "") if text is None else text
    if not text.strip():
        return None
    try:
        content = json.loads(text)
        spec = {str(job): [str(name) for name in names] for job, names in _spec(content).items()}
        if not spec:
            return None  # what some platforms give a process that is alone
        job, index = str(content["task"]["type"]), int(content["task"].get("index", 0))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(f"cannot be read ({error!r})") from error
    _check(spec, job, index)
    address = spec[job][index] if job in spec else ""
    cluster = Cluster(spec, ClusterTask(job, index, address))
    return cluster if len(cluster.servers) > 1 or len(cluster.trainers) > 1 else None


def _spec(content: Any) -> Dict[str, Any]:
    spec = content.get("cluster") or {}
    if not all(isinstance(names, list) for names in spec.values()):
        raise ValueError("each job must be a list of host:port")
    return dict(spec)


def _check(spec: Dict[str, List[str]], job: str, index: int) -> None:
    unknown = sorted((set(spec) | {job}) - set(JOBS))
    if unknown:
        known = ", ".join(JOBS)
        raise _wrong(f"names the job {unknown[0]!r}; known: {known}")
    if sum(len(spec.get(name, [])) for name in CHIEFS) > 1:
        raise _wrong("names more than one chief")
    if not any(spec.get(name) for name in (*CHIEFS, "worker")):
        raise _wrong("names neither chief nor worker")
    if job != "evaluator" and not 0 <= index < len(spec.get(job, [])):
        raise _wrong(f"says this is {job} {index}, which is not in its cluster")
    for names in spec.values():
        for name in names:
            if not name.rpartition(":")[2].isdigit():
                raise _wrong(f"has the address {name!r}, which is not host:port")


def _wrong(problem: str) -> OptionError:
    example = '{"cluster": {"chief": ["a:2222"], "worker": ["b:2222"]}, "task": ...}'
    return OptionError(f"{VARIABLE} {problem}.", f"It looks like {example}.")


def answers(task: ClusterTask, seconds: float = 1.0) -> bool:
    """Says whether something listens at a task's address."""
    host, _, port = task.address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), seconds).close()
    except OSError:
        return False
    return True


def wait_for(tasks: Sequence[ClusterTask], seconds: float) -> None:
    """Waits until all listen; raises TrainingError naming those that do not in time."""
    until = time.monotonic() + seconds
    missing = [task for task in tasks if not answers(task)]
    if missing:
        _log.warning("Waiting for %s.", _names(missing))
    while missing:
        if time.monotonic() > until:
            raise gone(missing, seconds)
        time.sleep(0.2)
        missing = [task for task in missing if not answers(task)]


def gone(tasks: Sequence[ClusterTask], seconds: float) -> TrainingError:
    """Returns the error for processes that were waited for too long."""
    return TrainingError(
        f"{_names(tasks)} did not answer for {seconds:g} seconds.",
        "Start it again with the same command and --resume for the chief, or wait longer with "
        "--cluster-timeout.",
    )


def _names(tasks: Sequence[ClusterTask]) -> str:
    return ", ".join(str(task) for task in tasks)
