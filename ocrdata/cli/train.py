"""ocrdata train MODEL: trains a model on record files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Callable, Dict, Sequence

import click

from ocrdata.cli import options
from ocrdata.train import TARGETS
from ocrdata.train.config.training import CrnnOptions, TrainOptions, settings_from


def settings(kind: Any, defaults: Any = None, without: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Returns a decorator with a flag for each field of a dataclass of options.

    `defaults` holds other default values, `without` names fields that mean nothing to a command.
    """

    def decorate(function: Any) -> Any:
        for field in reversed(dataclasses.fields(kind)):
            if field.name not in without:
                default = getattr(defaults, field.name) if defaults else field.default
                function = _flag(field, default)(function)
        return function

    return decorate


def _flag(field: Any, default: Any) -> Any:
    notes, name = field.metadata, field.name.replace("_", "-")
    if notes["kind"] is bool:
        declaration = f"--{name}/--no-{name}"
        return options.option(declaration, default=default, help=notes["help"])
    return options.option("--" + name, type=_type(field), default=default, help=notes["help"])


def _type(field: Any) -> Any:
    notes = field.metadata
    choices = TARGETS.names() if field.name == "target" else notes["choices"]
    if choices:
        return click.Choice(choices)
    if notes["low"] is None and notes["high"] is None:
        return notes["kind"]
    if notes["kind"] is str:
        return str
    ranges = {int: click.IntRange, float: click.FloatRange}
    return ranges[notes["kind"]](notes["low"], notes["high"])


@click.group("train")
def train_group() -> None:
    """Train a model on a data folder.

    \b
    Example:
      ocrdata train crnn
    """


@train_group.command("crnn")
@options.data_dir_option
@options.output_dir_option
@settings(CrnnOptions)
@settings(TrainOptions)
@options.overwrite_option
@options.resume_option
@options.json_option
def train_crnn(
    data_dir: Path, output_dir: Path, overwrite: bool, resume: bool, as_json: bool, **chosen: Any
) -> None:
    """Train CRNN, a reader of text lines: convolutions, two LSTM layers, CTC.

    Reads tfrecords/ in the data folder; writes checkpoints, TensorBoard events and metrics.jsonl
    to crnn/ in the output folder. A run that was stopped goes on exactly with --resume.

    \b
    Example:
      ocrdata train crnn
      ocrdata train crnn --steps 2000 --width-multiplier 0.25 --lstm-units 128
      ocrdata train crnn --optimizer momentum --nesterov --schedule exponential --l2 1e-5
    """
    run_training(
        "crnn",
        data_dir,
        output_dir,
        as_json,
        model_options=settings_from(CrnnOptions, chosen),
        options=settings_from(TrainOptions, chosen),
        overwrite=overwrite,
        resume=resume,
    )


def run_training(
    model: str, data_dir: Path, output_dir: Path, as_json: bool, **arguments: Any
) -> None:
    """Trains a model, showing how it goes, and prints the summary and the command to run next."""
    from ocrdata.cli.report import command_line, progress, report
    from ocrdata.train.engine.train import train_model as run_training

    try:
        with progress("checking the data", "samples") as on_check:
            summary = run_training(
                model,
                data_dir,
                output_dir,
                on_check=on_check,
                on_step=_show_step,
                on_validation=_show_validation,
                **arguments,
            )
    except KeyboardInterrupt:
        click.echo("Stopped; go on from the last checkpoint with --resume.", err=True)
        raise click.Abort() from None
    if not hasattr(summary, "model"):  # a process of a cluster that served another
        report(summary, as_json)
        return
    following = command_line("evaluate " + model, **changed_folders(data_dir, output_dir))
    report(summary, as_json, following)


def changed_folders(data_dir: Path, output_dir: Path) -> Dict[str, Any]:
    """Returns the folders that are not the default ones, as options."""
    pairs = (("data_dir", data_dir, "data"), ("output_dir", output_dir, "output"))
    return {name: path for name, path, default in pairs if path != Path(default)}


def _show_step(figures: Any) -> None:
    from ocrdata.cli.report import print_note

    print_note(
        "step {:>{}}/{}  loss {:.3f}  {}  {:,.{}f} examples/s  {} left".format(
            figures.step,
            len(str(figures.steps)),
            figures.steps,
            figures.loss,
            _named(figures.figures, 3),
            figures.examples_per_second,
            0 if figures.examples_per_second >= 10 else 1,
            duration(figures.seconds_left),
        )
    )


def _show_validation(figures: Any) -> None:
    from ocrdata.cli.report import print_note

    print_note(f"step {figures.step}  validation: {_named(figures.figures, 4)}")


def _named(figures: Dict[str, float], digits: int) -> str:
    names = {"one_minus_ned": "1-NED"}
    return "  ".join(
        "{} {:.{}f}".format(names.get(name, name.replace("_", " ")), value, digits)
        for name, value in figures.items()
    )


def duration(seconds: float) -> str:
    """Returns a time as people say it: 45s, 12m 03s, 3h 20m."""
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes_left:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def reader_options(function: Any) -> Any:
    """Adds what every command that reads with a trained run understands."""
    for decorator in (_beam_width, _decoder, checkpoint_option):
        function = decorator(function)
    return function


checkpoint_option = options.option(
    "--checkpoint", default="", show_default="the newest", help="A step, or a checkpoint's name."
)
_decoder = options.option(
    "--decoder", type=click.Choice(("greedy", "beam")), default="greedy", help="CTC decoder."
)
_beam_width = options.option(
    "--beam-width", type=click.IntRange(min=1), default=100, help="Beams of --decoder beam."
)
target_option = options.option(
    "--target", type=click.Choice(TARGETS.names()), default="cpu", help="Where to run."
)
