"""The options that the commands of all models share, and flags made out of settings."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Callable, Dict, Sequence

import click

from ocrdata.cli import options
from ocrdata.train import TARGETS
from ocrdata.train.config.training import AUTO


def settings(kind: Any, defaults: Any = None, without: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Returns a decorator with a flag for each field of a dataclass of options.

    Without a dataclass there are none. `defaults` holds other default values, `without` names
    fields that mean nothing to a command.
    """

    def decorate(function: Any) -> Any:
        for field in reversed(dataclasses.fields(kind) if kind else ()):
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


def changed_folders(data_dir: Path, output_dir: Path) -> Dict[str, Any]:
    """Returns the folders that are not the default ones, as options."""
    pairs = (("data_dir", data_dir, "data"), ("output_dir", output_dir, "output"))
    return {name: path for name, path, default in pairs if path != Path(default)}


def show_device(device: Any) -> None:
    """Prints the first line of a run: where it runs."""
    from ocrdata.cli.report import print_note

    print_note(f"Runs on: {device}")


def run_settings(output_dir: Path, chosen: Dict[str, Any]) -> Any:
    """Returns the RunSettings that options ask for, with a note that says where the run is."""
    from ocrdata.train.inference.settings import RunSettings

    engine = chosen.get("engine", "auto")  # only predict has the option
    return RunSettings(
        output_dir, chosen["checkpoint"], chosen["target"], on_device=show_device, engine=engine
    )


def decoder_settings(chosen: Dict[str, Any]) -> Any:
    """Returns the DecoderSettings that options ask for."""
    from ocrdata.train.inference.settings import DecoderSettings

    return DecoderSettings(chosen["decoder"], chosen["beam_width"])


def reader_options(function: Any) -> Any:
    """Adds what every command that reads text lines with a trained run understands."""
    for decorator in (_beam_width, _decoder, checkpoint_option):
        function = decorator(function)
    return function


def split_option(text: str) -> Callable[[Any], Any]:
    """Returns --split with a help text."""
    names = click.Choice(("test", "validation", "train"))
    return options.option("--split", type=names, default="test", help=text)


checkpoint_option = options.option(
    "--checkpoint",
    default="",
    show_default="the newest",
    help="A step, a checkpoint's name, or best: the best by validation.",
)
_decoder = options.option(
    "--decoder", type=click.Choice(("greedy", "beam")), default="greedy", help="CTC decoder."
)
_beam_width = options.option(
    "--beam-width", type=click.IntRange(min=1), default=100, help="Beams of --decoder beam."
)
target_option = options.option(
    "--target",
    type=click.Choice(TARGETS.names()),
    default=AUTO,
    help="Where to run; auto: on the accelerator that is there, else on the processor.",
)
engine_option = options.option(
    "--engine",
    type=click.Choice(("auto", "onnx", "tensorflow")),
    default="auto",
    help="What computes. auto: onnxruntime if it is installed and model.onnx in the run's folder "
    "has the same weights, which starts in a second; otherwise TensorFlow.",
)
