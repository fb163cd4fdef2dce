"""--runner and --runner-option: the same command, with Apache Beam in place of own processes."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

import click

from ocrdata.cli import options


def runner_options(callback: Callable[..., Any]) -> Any:
    """Adds the two options to a command with --workers; stands next to its function.

    Where a runner is chosen, the function gets a Beam engine as its `workers`.
    """

    @functools.wraps(callback)
    def call(*, runner: Optional[str], runner_option: Tuple[str, ...], **values: Any) -> Any:
        if runner is None:
            if runner_option:
                raise click.UsageError("--runner-option goes with --runner.")
            return callback(**values)
        engine = _engine(runner, runner_option, values)
        try:
            return callback(**{**_absolute(values), "workers": engine})
        finally:
            # What is staged takes its tasks with it; a check stages nothing.
            if "path" in values:
                engine.forget()

    add_runner = options.option(
        "--runner",
        metavar="NAME",
        help="Work with Apache Beam instead: DirectRunner, FlinkRunner, SparkRunner, "
        "DataflowRunner or PortableRunner. The result is the same.",
    )
    add_option = options.option(
        "--runner-option",
        multiple=True,
        metavar="NAME[=VALUE]",
        show_default=False,
        help="Of the runner, such as flink_master=host:8081; may be repeated.",
    )
    return add_runner(add_option(call))


def _engine(runner: str, chosen: Tuple[str, ...], values: Dict[str, Any]) -> Any:
    from ocrdata.base.storage.staging import partial_folder
    from ocrdata.scale.beam import BeamEngine

    folder = _place(values)
    command = str(click.get_current_context().info_name)
    tasks = partial_folder(folder, command) / ".beam"
    return BeamEngine(tasks, runner, chosen, values["workers"])


def _place(values: Dict[str, Any]) -> Path:
    """Returns the folder beside whose output, or beside what is looked at, the tasks lie."""
    beside = values.get("output") or values.get("path") or values.get("target")
    place: Path = beside.absolute().parent if beside else values["data_dir"].absolute()
    return place


def _absolute(values: Dict[str, Any]) -> Dict[str, Any]:
    # Workers elsewhere have another working directory.
    return {
        name: value.absolute() if isinstance(value, Path) else value
        for name, value in values.items()
    }
