"""Dask clusters: found or started, and looked at, before Beam's DaskRunner hands out work.

A cluster is a scheduler and its workers, named by `dask_client_address` or `dask_scheduler_file`;
without either, one of `--workers` processes is started on this machine. Every worker is asked first
what it would draw with (`handshake.py`), because a worker that differs would write other bytes.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple

from ocrdata.errors import MissingExtraError, OcrdataError
from ocrdata.scale.handshake import Facts, describe_difference, facts_of, write_probe

# A worker waits some 5 to 25 ms between two chunks, and results are taken in the order of tasks:
# few chunks for the one, no large ones for the other.
_CHUNKS_A_WORKER = 16
_ADDRESS, _FILE, _TIMEOUT = "dask_client_address", "dask_scheduler_file", "dask_connection_timeout"
_START = "Start one with `dask scheduler` and `dask worker ADDRESS`; see docs/scale.md."


class DaskCluster(NamedTuple):
    """A cluster that is ready: the scheduler's address, and how many workers it has."""

    address: str
    workers: int

    def edges(self, tasks: int) -> List[int]:
        """Returns where chunks of tasks begin, and the end: they get smaller towards the end.

        So no worker is idle for long there. (Guided self-scheduling: Polychronopoulos and Kuck,
        1987.)
        """
        found, at_most = [0], max(1, tasks // (_CHUNKS_A_WORKER * self.workers))
        while found[-1] < tasks:
            left = tasks - found[-1]
            found.append(found[-1] + max(1, min(at_most, left // (2 * self.workers))))
        return found


def _import_distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        if error.name not in ("distributed", "dask"):
            raise
        raise MissingExtraError("Dask", "dask", "--runner DaskRunner needs it") from error
    return distributed


@contextmanager
def ready_cluster(
    options: Dict[str, Any], workers: int, call: Any, folder: Path
) -> Iterator[DaskCluster]:
    """Gives a cluster whose workers draw what this process would, and leaves it afterwards.

    Args:
        options: of the runner, by name, as Beam takes them.
        workers: processes of a cluster that is started here.
        call: what is pickled for the workers; the files that it names are compared.
        folder: of the tasks, which all workers must see.

    Raises OcrdataError naming the scheduler that does not answer, or each worker that differs.
    """
    distributed = _import_distributed()
    _quiet()
    with _client(distributed, options, workers) as client:
        count = _check_workers(client, facts_of(call), write_probe(folder))
        with _first_chunks_first():
            yield DaskCluster(client.scheduler.address, count)


@contextmanager
def _client(distributed: Any, options: Dict[str, Any], workers: int) -> Iterator[Any]:
    if not (options.get(_ADDRESS) or options.get(_FILE)):
        with _unprofiled(), distributed.LocalCluster(
            n_workers=max(1, workers), threads_per_worker=1, dashboard_address=None
        ) as cluster, distributed.Client(cluster) as client:
            yield client
        return
    where = options.get(_ADDRESS) or options.get(_FILE)
    given = {"scheduler_file": options.get(_FILE), "timeout": options.get(_TIMEOUT) or "10s"}
    try:
        client = distributed.Client(options.get(_ADDRESS), **given)
    except (OSError, ValueError) as error:
        problem = " ".join(str(error).split()) or type(error).__name__
        raise OcrdataError(f"no Dask scheduler answers at {where}: {problem}.", _START) from error
    with client:
        yield client


def _unprofiled() -> Any:
    """Has workers that are started not look at themselves a hundred times a second."""
    import dask

    return dask.config.set({"distributed.worker.profile.enabled": False})


def _first_chunks_first() -> Any:
    """Has chunks worked on in their order, the small ones last.

    Dask by itself takes equal tasks in the order of their names as texts, backwards: the first and
    largest chunk was the last one, which nobody could share.
    """
    import dask

    return dask.annotate(priority=_priority)


def _priority(key: Any) -> int:
    """Returns the priority of a Dask task; those of a chunk have its number in their key."""
    return -int(key[1]) if isinstance(key, tuple) and len(key) == 2 else 0


def _check_workers(client: Any, expected: Facts, probe: Path) -> int:
    """Compares every worker with this process; returns how many there are."""
    addresses = list(client.scheduler_info(n_workers=-1)["workers"])
    if not addresses:
        where = client.scheduler.address
        raise OcrdataError(f"the Dask scheduler at {where} has no workers.", _START)
    found = client.run(_facts_there, expected.files, probe, on_error="return")
    problems = [
        f"{address} {problem}"
        for address, facts in sorted(found.items())
        for problem in describe_difference(expected, facts)
    ]
    if problems:
        raise OcrdataError(
            f"{len(problems)} of what {len(addresses)} Dask workers have differs from here: "
            + "; ".join(problems)
            + ".",
            "Give all workers the same package, files and storage; see docs/scale.md.",
        )
    return len(addresses)


def _facts_there(files: Any, probe: Path) -> Facts:
    return facts_of(files, probe)


def _quiet() -> None:
    """Keeps Dask's notes on its own workings back, unless they were asked for with -v.

    For good: its threads still write some when a cluster has gone.
    """
    if not logging.getLogger().isEnabledFor(logging.INFO):
        for name in list(logging.Logger.manager.loggerDict):
            if name.partition(".")[0] == "distributed":
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
