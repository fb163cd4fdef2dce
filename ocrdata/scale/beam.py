"""The data stages as Apache Beam pipelines: the local path's own functions, on any runner.

The launcher plans a run exactly as it does for processes of its own, and writes the tasks to
storage that all workers see (`tasks.py`). What goes through the pipeline are their numbers:

    chunks of numbers -- numbers -- Reshuffle -- read the item, work, write the result

so that no element is larger than an integer, whatever a task holds, and no picture is shuffled
over the network: a task of `--records` renders or reads the samples of one shard, one after the
other, in the order that was planned, straight into the shard's file.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, Optional, Sequence, Tuple

from ocrdata.base.parallel import Engine
from ocrdata.errors import MissingExtraError, OcrdataError, OptionError, UnknownNameError
from ocrdata.scale.tasks import TaskFolder

DIRECT = "DirectRunner"
RUNNERS = ("DataflowRunner", DIRECT, "FlinkRunner", "PortableRunner", "SparkRunner")
_CHUNK = 1024
_LOG = logging.getLogger(__name__)


def _import_beam() -> Any:
    # Beam warns, on the root logger, of packages that only BigQuery needs.
    logging.disable(logging.WARNING)
    try:
        import apache_beam
    except ModuleNotFoundError as error:
        if error.name != "apache_beam":
            raise
        raise MissingExtraError("Apache Beam", "beam", "--runner needs it") from error
    finally:
        logging.disable(logging.NOTSET)
    return apache_beam


beam = _import_beam()
_DoFn: Any = beam.DoFn


class _Numbers(_DoFn):
    """The numbers of a chunk, given as (first, behind the last)."""

    def process(self, element: Tuple[int, int]) -> Iterator[int]:
        yield from range(*element)


class _Work(_DoFn):
    """Works on the task of a number."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder, self.fingerprint = folder, fingerprint
        self.finished = beam.metrics.Metrics.counter("ocrdata", "finished tasks")

    def process(self, element: int) -> None:
        TaskFolder(self.folder).run(element, self.fingerprint)
        self.finished.inc()


def add_tasks(pipeline: Any, tasks: TaskFolder, count: int) -> Any:
    """Adds to a Beam pipeline what works on `count` tasks; they are in a folder already."""
    chunks = [(first, min(count, first + _CHUNK)) for first in range(0, count, _CHUNK)]
    return (
        pipeline
        | "Chunks" >> beam.Create(chunks)
        | "Numbers" >> beam.ParDo(_Numbers())
        # Without it a runner may leave a chunk to one worker.
        | "Spread" >> beam.Reshuffle()
        | "Work" >> beam.ParDo(_Work(tasks.folder, tasks.fingerprint()))
    )


class BeamEngine(Engine):
    """Works through items on a Beam runner.

    Args:
        folder: for the tasks, on storage that the launcher and all workers see under this path:
            below the folder of unfinished work that `staged_output` makes, resumes and removes.
        runner: one of RUNNERS.
        options: of the runner, as NAME=VALUE or NAME.
        workers: processes of the DirectRunner; other runners have options of their own.

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
        self._stages = 0

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        initializer: Optional[Callable[..., None]] = None,
        initargs: Tuple[Any, ...] = (),
    ) -> Iterator[Any]:
        """Yields `function(item)` for each item, in order, once the pipeline is through.

        All of them must be picklable. An OcrdataError of an item ends the pipeline and is raised;
        what else ends it becomes an OcrdataError.
        """
        tasks = TaskFolder(self.folder / str(self._stages))
        self._stages += 1
        count = tasks.write((function, initializer, initargs), items)
        if tasks.is_unfinished():
            self._run(tasks, count)
            tasks.raise_failure()
        yield from tasks.results()

    def _run(self, tasks: TaskFolder, count: int) -> None:
        try:
            runner = _direct_runner(self.options) if self.runner == DIRECT else self.runner
            with _quiet(), beam.Pipeline(runner, self.options) as pipeline:
                add_tasks(pipeline, tasks, count)
        except Exception as error:
            _LOG.info("the pipeline failed", exc_info=True)
            last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            message = f"the pipeline on {self.runner} failed: {last}"
            raise OcrdataError(message, "Run it with `ocrdata -v` to see it all.") from error


def _direct_runner(options: Any) -> Any:
    # What Beam makes of this name today looks for another engine on the network first; this one
    # is what it takes where it finds none.
    from apache_beam.portability.api import beam_provision_api_pb2
    from apache_beam.runners.portability.fn_api_runner import fn_runner
    from apache_beam.runners.portability.portable_runner import JobServiceHandle

    encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
    provision = fn_runner.ExtendedProvisionInfo(
        beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded)
    )
    return fn_runner.FnApiRunner(provision_info=provision)


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


def pipeline_options(runner: str, options: Sequence[str], workers: int = 1) -> Any:
    """Returns Beam's PipelineOptions for a runner; raises OptionError for what cannot be one."""
    from apache_beam.options.pipeline_options import PipelineOptions

    given: Dict[str, Optional[str]] = {}
    for option in options:
        name, equals, value = option.lstrip("-").partition("=")
        if not name or name == "runner":
            raise OptionError(f"--runner-option needs NAME=VALUE or NAME, not {option!r}.")
        given[name] = value if equals else None
    if not logging.getLogger().isEnabledFor(logging.INFO):
        given.setdefault("default_sdk_harness_log_level", "ERROR")
    if runner == DIRECT and workers > 1:
        given.setdefault("direct_num_workers", str(workers))
        given.setdefault("direct_running_mode", "multi_processing")
    flags = [f"--runner={runner}"]
    flags += [
        "--" + name if value is None else f"--{name}={value}" for name, value in given.items()
    ]
    return PipelineOptions(flags)
