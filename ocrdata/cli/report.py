"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional

import click

from ocrdata.base.run_options import OnProgress, RunOptions

# Of the reasons for leaving something out; a font that lacks a script gives thousands.
_REASONS = 10


def as_dict(summary: Any) -> Dict[str, Any]:
    """Returns a summary (dataclass or mapping) as plain JSON values."""
    is_object = dataclasses.is_dataclass(summary) and not isinstance(summary, type)
    values = dataclasses.asdict(summary) if is_object else dict(summary)
    return {key: _simple(value) for key, value in values.items()}


def _simple(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _simple(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_simple(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def report(summary: Any, as_json: bool = False, next_command: str = "") -> None:
    """Prints a summary, as lines or as one JSON object, and the command to run next."""
    values = as_dict(summary)
    if as_json:
        click.echo(json.dumps(values, ensure_ascii=False, sort_keys=True))
        return
    for line in _lines(values, ""):
        click.echo(line)
    if next_command:
        print_note(f"Next: {next_command}")


def _lines(values: Mapping[str, Any], indent: str, names: bool = False) -> Iterator[str]:
    """Yields a line a value. Keys below another key may be names of files or fonts: they stay."""
    for key, value in values.items():
        name = indent + (key if names else key.replace("_", " "))
        if value is None or value in ({}, []):
            continue
        if isinstance(value, dict):
            yield f"{name}:"
            shown = _most_frequent(value) if key == "skipped" else value
            yield from _lines(shown, indent + "  ", True)
        elif isinstance(value, float):
            yield f"{name}: {value:.4g}"
        elif isinstance(value, list):
            yield f"{name}: {', '.join(str(item) for item in value)}"
        elif isinstance(value, int) and not isinstance(value, bool):
            yield f"{name}: {value:,}"
        else:
            yield f"{name}: {value}"


def _most_frequent(counts: Mapping[str, int]) -> Dict[str, int]:
    """Returns the counts a reader wants to see first, and what the others come to."""
    ordered = sorted(counts, key=lambda name: -counts[name])
    shown = {name: counts[name] for name in ordered[:_REASONS]}
    rest = ordered[_REASONS:]
    if rest:
        name = f"{len(rest):,} other reasons (--json names them)"
        shown[name] = sum(counts[one] for one in rest)
    return shown


def command_line(command: str, **options: Any) -> str:
    """Returns a command to type, leaving out options that are None or have their default."""
    words = ["ocrdata", *command.split()]
    for name, value in options.items():
        if value is not None:
            words += ["--" + name.replace("_", "-"), str(value)]
    return " ".join(shlex.quote(word) for word in words)


def next_step(command: str, data_dir: Path) -> str:
    """Returns the command to run next on a data folder, naming the folder where it is needed."""
    return command_line(command, data_dir=None if data_dir == Path("data") else data_dir)


def print_note(message: str) -> None:
    """Prints a line for the reader, on standard error, unless --quiet was given."""
    if not is_quiet():
        click.echo(message, err=True)


def name_unreadable(summary: Any) -> None:
    """Names the pictures that could not be read; if there are any, the command has failed."""
    for path, problem in summary.unreadable.items():
        click.echo(f"Unreadable: {path}: {problem}", err=True)
    if summary.unreadable:
        total = summary.images + len(summary.unreadable)
        click.echo(f"{len(summary.unreadable)} of {total} could not be read.", err=True)
        sys.exit(1)


def is_quiet() -> bool:
    """Says whether the group was called with --quiet."""
    context = click.get_current_context(silent=True)
    root = context.find_root() if context else None
    return bool(root and isinstance(root.obj, dict) and root.obj.get("quiet"))


@contextmanager
def running(
    label: str, unit: str, choices: Dict[str, Any], *, shown: bool = True
) -> Iterator[RunOptions]:
    """Takes the options of a run out of `choices` and gives them, with a bar unless not `shown`."""
    names = {one.name for one in fields(RunOptions)} & set(choices)
    run = RunOptions(**{name: choices.pop(name) for name in names})
    if not shown:
        yield run
        return
    with progress(label, unit) as on_progress:
        yield replace(run, on_progress=on_progress)


@contextmanager
def progress(label: str, unit: str = "") -> Iterator[OnProgress]:
    """Gives a function (done, total) that moves a bar on standard error, if that is a terminal."""
    from tqdm import tqdm

    class Bar(tqdm):
        # Without the thread that looks after bars that skip updates: this one skips none, and
        # from a process with threads no worker can be forked.
        monitor_interval = 0

    hidden = is_quiet() or not sys.stderr.isatty()
    unit = " " + unit if unit else "it"
    bar = Bar(desc=label, unit=unit, miniters=1, disable=hidden, file=sys.stderr)

    def move(done: int, total: Optional[int] = None) -> None:
        if total is not None and bar.total != total:
            bar.total = total
        bar.update(done - bar.n)

    try:
        yield move
    finally:
        bar.close()
