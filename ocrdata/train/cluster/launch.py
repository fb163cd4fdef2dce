"""Starts the processes of a cluster on this machine, each with its TF_CONFIG and its log."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence

from ocrdata.errors import OptionError, PathLike, TrainingError
from ocrdata.train.cluster.tf_config import VARIABLE
from ocrdata.train.devices.rank_table import TABLE, read_rank_table

_POLL = 0.2
_PATIENCE = 30.0  # seconds that the others get to leave when the chief has
TAIL = 5  # lines of a log shown when its process failed


OnLine = Optional[Callable[[str], None]]


class Process(NamedTuple):
    """A process to be started: its name, what its environment has more, and its log."""

    name: str
    environment: Dict[str, str]
    log: Path


class LaunchSummary(NamedTuple):
    """What a launch did: exit codes by process, restarts, and where the logs are."""

    exit_codes: Dict[str, int]
    restarts: int
    logs: str


def cluster_processes(workers: int, ps: int, evaluator: bool, logs: Path) -> List[Process]:
    """Returns a chief, `workers` - 1 workers, `ps` tasks and an evaluator, on free ports."""
    if workers + ps < 2:
        raise OptionError("a cluster has two processes at least.", "Pass --workers 2 or --ps 1.")
    jobs = [("chief", 1), ("worker", workers - 1), ("ps", ps)]
    ports = free_ports(workers + ps)
    spec: Dict[str, List[str]] = {
        job: [f"localhost:{ports.pop()}" for _ in range(count)] for job, count in jobs if count
    }
    tasks = [(job, index) for job in spec for index in range(len(spec[job]))]
    if evaluator:
        spec["evaluator"] = ["localhost:0"]
        tasks.append(("evaluator", 0))
    processes = []
    for job, index in tasks:
        config = json.dumps({"cluster": spec, "task": {"type": job, "index": index}})
        name = f"{job}-{index}"
        processes.append(Process(name, {VARIABLE: config}, logs / (name + ".log")))
    return processes


def free_ports(count: int) -> List[int]:
    """Returns ports that nothing listens at."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("localhost", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def launch_cluster(
    processes: Sequence[Process],
    arguments: Sequence[str],
    restarts: int = 0,
    echo: OnLine = None,
) -> LaunchSummary:
    """Runs `ocrdata ARGUMENTS` in all processes until they end.

    The first one decides: when it has ended the others get half a minute to follow. A process that
    fails is started again while `restarts` allows. What the first one writes goes to `echo` too.
    Raises TrainingError with the end of the log of the process that failed.
    """
    group = _Processes(processes, arguments, echo)
    left = restarts
    try:
        while group.first_runs():
            group.follow()
            for name in group.failed():
                if not left:
                    raise _failed(group, name)
                left -= 1
                group.start(name)
            time.sleep(_POLL)
        group.follow()
        for name in group.failed():
            raise _failed(group, name)
        group.wait(_PATIENCE)
        codes = {name: int(code or 0) for name, code in group.codes().items()}
        return LaunchSummary(codes, restarts - left, str(processes[0].log.parent))
    finally:
        group.stop()


def _failed(group: _Processes, name: str) -> TrainingError:
    process = group.processes[name]
    lines = process.log.read_text(encoding="utf-8", errors="replace").splitlines()
    words = "; ".join(line.strip() for line in lines[-TAIL:]) or "it wrote nothing"
    problem = f"{name} ended with exit code {group.codes()[name]}: {words}"
    return TrainingError(problem.rstrip(".") + ".", f"Its log is {process.log}.")


class _Processes:
    """The running processes."""

    def __init__(
        self, processes: Sequence[Process], arguments: Sequence[str], echo: OnLine = None
    ) -> None:
        self.processes = {process.name: process for process in processes}
        self._first = processes[0]
        self._command = [sys.executable, "-m", "ocrdata", *arguments]
        self._echo, self._shown = echo, 0
        self._running: Dict[str, "subprocess.Popen[bytes]"] = {}
        for process in processes:
            process.log.parent.mkdir(parents=True, exist_ok=True)
            process.log.write_bytes(b"")
            self.start(process.name)

    def start(self, name: str) -> None:
        """Starts a process, or starts it again."""
        process = self.processes[name]
        environment = {**os.environ, **process.environment}
        with process.log.open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._command, env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def codes(self) -> Dict[str, Optional[int]]:
        """Returns the exit codes, None of a process that runs."""
        return {name: process.poll() for name, process in self._running.items()}

    def first_runs(self) -> bool:
        """Says whether the first process has not ended well yet."""
        return self._running[self._first.name].poll() != 0

    def failed(self) -> List[str]:
        """Returns the names of the processes that ended with an error."""
        return [name for name, code in self.codes().items() if code]

    def follow(self) -> None:
        """Passes on what the first process has written."""
        if self._echo:
            with self._first.log.open(encoding="utf-8", errors="replace") as stream:
                stream.seek(self._shown)
                for line in iter(stream.readline, ""):
                    if not line.endswith("\n"):
                        break
                    self._echo(line.rstrip("\n"))
                    self._shown = stream.tell()

    def wait(self, seconds: float) -> None:
        """Waits until all have ended."""
        until = time.monotonic() + seconds
        while any(code is None for code in self.codes().values()) and time.monotonic() < until:
            time.sleep(_POLL)

    def stop(self) -> None:
        """Ends what still runs."""
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def npu_processes(devices: int, table: Optional[PathLike], logs: Path) -> List[Process]:
    """Returns a process for each device of a rank table; raises OptionError or InputError."""
    path = table or os.environ.get(TABLE)
    if not path:
        raise OptionError("--target npu needs a rank table.", f"Pass --rank-table or set {TABLE}.")
    found = read_rank_table(path)
    if len(found.devices) != devices:
        problem = f"{path} lists {len(found.devices)} devices, not {devices}."
        raise OptionError(problem, f"Pass --devices {len(found.devices)}.")
    return [
        Process(f"rank-{rank}", found.environment(rank), logs / f"rank-{rank}.log")
        for rank in range(devices)
    ]


def planned_processes(log_dir: Path, **chosen: Any) -> List[Process]:
    """Returns the processes that the options of `ocrdata launch` ask for."""
    if chosen["target"] == "npu":
        return npu_processes(chosen["devices"], chosen["rank_table"], log_dir)
    return cluster_processes(chosen["workers"], chosen["ps"], chosen["evaluator"], log_dir)
