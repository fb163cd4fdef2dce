"""The data stages as Apache Beam pipelines: the local path's own functions, on any runner.

The launcher plans a run exactly as it does for processes of its own, and writes the tasks to
storage that all workers see (`tasks.py`). What goes through the pipeline are their numbers:

    chunks of numbers -- numbers -- Reshuffle -- read the item, work, write the result

so that no element is larger than an integer, whatever a task holds, and no picture is shuffled
over the network: a task of `--records` renders or reads the samples of one shard, one after the
other, in the order that was planned, straight into the shard's file.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

from ocrdata.base.parallel import Engine
from ocrdata.base.storage.files import remove_tree
from ocrdata.errors import MissingExtraError, OcrdataError, UnfinishedError, UnknownNameError
from ocrdata.scale.runners import (
    DASK,
    DIRECT,
    RUNNERS,
    dask_runner,
    direct_runner,
    pipeline_options,
    read_options,
)
from ocrdata.scale.running import RunningPipeline
from ocrdata.scale.tasks import TaskFolder

_CHUNK = 1024
_LOOK = 2000  # milliseconds that Dask is waited for at a time
# What Beam loads where it is installed, for stores and formats of its own that no pipeline here
# reads or writes: 40 MB.
_UNUSED = ("boto3", "pyarrow", "pymongo")
_LOG = logging.getLogger(__name__)


def _import_beam() -> Any:
    # Beam warns, on the root logger, of packages that only BigQuery needs.
    logging.disable(logging.WARNING)
    unloaded = [name for name in _UNUSED if name not in sys.modules]
    try:
        sys.modules.update(dict.fromkeys(unloaded))  # type: ignore[arg-type]
        import apache_beam
    except ModuleNotFoundError as error:
        if error.name != "apache_beam":
            raise
        raise MissingExtraError("Apache Beam", "beam", "--runner needs it") from error
    finally:
        logging.disable(logging.NOTSET)
        for name in unloaded:
            sys.modules.pop(name, None)
    return apache_beam


beam = _import_beam()
_DoFn: Any = beam.DoFn


class _Numbers(_DoFn):
    """The numbers of a chunk, given as (first, behind the last)."""

    def process(self, element: Tuple[int, int]) -> Iterator[int]:
        yield from range(*element)


class _Work(_DoFn):
    """Works on the task of a number."""

    def __init__(self, tasks: TaskFolder) -> None:
        self.tasks = tasks
        self.finished = beam.metrics.Metrics.counter("ocrdata", "finished tasks")

    def process(self, element: int) -> None:
        self.tasks.run(element)
        self.finished.inc()


def add_tasks(pipeline: Any, tasks: TaskFolder, edges: Sequence[int]) -> Any:
    """Adds to a Beam pipeline what works on the tasks that are in a folder already.

    Their numbers come in chunks, from each of `edges` to the next: some runners hand out chunks
    as they are.
    """
    return (
        pipeline
        | "Chunks" >> beam.Create(list(zip(edges, edges[1:])))
        | "Numbers" >> beam.ParDo(_Numbers())
        # Without it a runner may leave a chunk to one worker.
        | "Spread" >> beam.Reshuffle()
        | "Work" >> beam.ParDo(_Work(tasks))
    )


class BeamEngine(Engine):
    """Works through items on a Beam runner.

    Args:
        folder: for the tasks, on storage that the launcher and all workers see under this path:
            below the folder of unfinished work that `staged_output` makes, resumes and removes.
        runner: one of RUNNERS.
        options: of the runner, as NAME=VALUE or NAME.
        workers: processes of the DirectRunner, or of a DaskRunner without an address; other runners
            have options of their own.

    Raises UnknownNameError for another runner and OptionError for options it does not take.
    """

    def __init__(
        self,
        folder: Path,
        runner: str = DIRECT,
        options: Sequence[str] = (),
        workers: int = 1,
    ) -> None:
        if runner not in RUNNERS:
            raise UnknownNameError("runner", runner, RUNNERS)
        self.folder, self.runner = folder, runner
        self.options = pipeline_options(runner, options, workers)
        self._given, self._workers = read_options(options), workers
        self._stages = 0

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        initializer: Optional[Callable[..., None]] = None,
        initargs: Tuple[Any, ...] = (),
    ) -> Iterator[Any]:
        """Yields `function(item)` for each item, in order, as soon as it is there.

        All of them must be picklable. An OcrdataError of an item ends the pipeline and is raised;
        what else ends it becomes an OcrdataError.
        """
        tasks = TaskFolder(self.folder / str(self._stages))
        self._stages += 1
        call = (function, initializer, initargs)
        count = tasks.write(call, items)
        if not tasks.is_unfinished():
            yield from tasks.results()
            return
        running = RunningPipeline(lambda: self._run(tasks, count, call))
        try:
            done = 0
            for result in tasks.results(running.wait):
                done += 1
                yield result
            running.finish()
            if done < count:
                raise self._failed(f"it ended with {count - done} of {count} tasks not done")
        finally:
            running.leave(tasks)

    def forget(self) -> None:
        """Removes all tasks and results, and the folder of unfinished work if nothing is left."""
        remove_tree(self.folder)
        if self.folder.parent.is_dir() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()

    def _run(self, tasks: TaskFolder, count: int, call: Any) -> None:
        try:
            with _quiet(), self._ready_runner(tasks, count, call) as ready:
                runner, options, edges = ready
                pipeline = beam.Pipeline(runner, options)
                add_tasks(pipeline, tasks, edges)
                _wait_for(pipeline.run(), tasks)
        except OcrdataError:
            raise
        except Exception as error:
            _LOG.info("the pipeline failed", exc_info=True)
            last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise self._failed(last) from error

    def _failed(self, why: str) -> UnfinishedError:
        hint = "Go on with --resume once the cluster is well; `ocrdata -v` shows all of it."
        return UnfinishedError(f"the pipeline on {self.runner} failed: {why.rstrip('.')}.", hint)

    @contextmanager
    def _ready_runner(
        self, tasks: TaskFolder, count: int, call: Any
    ) -> Iterator[Tuple[Any, Any, List[int]]]:
        """Gives the runner, its options, and the edges of chunks of tasks."""
        chunks = _even(count, -(-count // _CHUNK))
        if self.runner == DASK:
            from ocrdata.scale.dask import ready_cluster

            given = dict(self._given)
            with ready_cluster(given, self._workers, call, tasks.folder) as cluster:
                wanted = given.pop("dask_npartitions", None)
                chunks = _even(count, int(wanted)) if wanted else cluster.edges(count)
                given.pop("dask_scheduler_file", None)
                given["dask_client_address"] = cluster.address
                given["dask_npartitions"] = str(len(chunks) - 1)
                chosen = [f"{n}={v}" if v is not None else n for n, v in given.items()]
                yield dask_runner(), pipeline_options(DASK, chosen), chunks
        elif self.runner == DIRECT:
            yield direct_runner(self.options), self.options, chunks
        else:
            yield self.runner, self.options, chunks


def _even(count: int, parts: int) -> List[int]:
    return [count * part // max(1, parts) for part in range(parts + 1)]


def _wait_for(result: Any, tasks: TaskFolder) -> None:
    client = getattr(result, "client", None)
    if client is None:
        result.wait_until_finish()
        return
    try:
        while not _is_over(result, tasks):
            pass
    finally:
        # Beam leaves its Dask client open, which would look for the cluster for ever.
        client.close()


def _is_over(result: Any, tasks: TaskFolder) -> bool:
    """Waits a little for Dask; says whether its work is done.

    A client was seen to miss that its last task had ended: results that are all there count too.
    """
    try:
        result.wait_until_finish(duration=_LOOK)
    except (TimeoutError, asyncio.TimeoutError):
        return tasks.is_settled()
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps Beam's notes on its own workings back, unless they were asked for with -v."""
    logger = logging.getLogger("apache_beam")
    before = logger.level
    if not logging.getLogger().isEnabledFor(logging.INFO):
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
