"""ocrdata train MODEL: trains a model on record files, or a detector on pictures and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import click

from ocrdata.cli import options
from ocrdata.cli.model_group import ModelGroup
from ocrdata.cli.model_help import help_text
from ocrdata.cli.model_options import changed_folders, settings, show_device
from ocrdata.train.config.cards import ModelCard
from ocrdata.train.config.training import TrainOptions, settings_from

# Options of training that mean nothing to a task.
_WITHOUT = {"detection": ("align_steps", "long_labels", "shuffle"), "recognition": ()}


def train_command(name: str, card: ModelCard) -> click.Command:
    """Returns `train NAME`."""

    @click.command(name, help=help_text("train", name, card))
    @options.data_dir_option
    @options.output_dir_option
    @settings(card.options)
    @settings(card.sources)
    @settings(TrainOptions, card.training, without=_WITHOUT[card.task])
    @options.overwrite_option
    @options.resume_option
    @options.json_option
    def train(**chosen: Any) -> None:
        if chosen["steps"] is not None and options.left_alone("epochs"):
            chosen["epochs"] = None  # what was asked for goes before what a model is made for
        run_training(name, card, chosen)

    return train


@click.group(
    "train", cls=ModelGroup, makers={"recognition": train_command, "detection": train_command}
)
def train_group() -> None:
    """Train a model on a data folder.

    \b
    Example:
      ocrdata train crnn
    """


def run_training(name: str, card: ModelCard, chosen: Dict[str, Any]) -> None:
    """Trains a model, showing how it goes, and prints the summary and the command to run next."""
    from ocrdata.cli.report import command_line, progress, report
    from ocrdata.train.engine.train import TrainCallbacks, TrainSettings, train_model

    data_dir: Path = chosen["data_dir"]
    output_dir: Path = chosen["output_dir"]
    asked = TrainSettings(
        settings_from(card.options, chosen),
        settings_from(TrainOptions, chosen),
        settings_from(card.sources, chosen),
    )
    try:
        with progress("checking the data", "samples") as on_check:
            summary = train_model(
                name,
                data_dir,
                output_dir=output_dir,
                settings=asked,
                overwrite=chosen["overwrite"],
                resume=chosen["resume"],
                callbacks=TrainCallbacks(
                    show_device, on_check, _show_step, _show_validation, _show_pretrained
                ),
            )
    except KeyboardInterrupt:
        click.echo("Stopped; go on from the last checkpoint with --resume.", err=True)
        raise click.Abort() from None
    following = ""
    if hasattr(summary, "model"):  # not a process of a cluster that served another
        following = command_line("evaluate " + name, **changed_folders(data_dir, output_dir))
    report(summary, chosen["as_json"], following)


def _show_step(report: Any) -> None:
    from ocrdata.cli.report import print_note

    step = f"step {report.step:>{len(str(report.steps))}}/{report.steps}"
    parts = [step, f"loss {report.loss:.3f}", _named(report.figures, 3), *_pace(report)]
    print_note("  ".join(parts))


def _pace(report: Any) -> List[str]:
    """Returns speed, share of waiting and time left, nothing before anything was timed."""
    speed = report.examples_per_second
    if speed is None:
        return []
    digits = 0 if speed >= 10 else 1
    waiting = [] if report.waiting is None else [f"waiting {report.waiting:.0%}"]
    left = f"{duration(report.seconds_left)} left"
    return [f"{speed:,.{digits}f} examples/s", *waiting, left]


def _show_pretrained(report: Any) -> None:
    from ocrdata.cli.report import print_note

    print_note(f"First weights: {report.sentence()}.")


def _show_validation(report: Any) -> None:
    from ocrdata.cli.report import print_note

    own = report.data_set == "validation"
    name = "validation" if own else f"validation {report.data_set}"
    best = "  (best)" if report.best else ""
    print_note(f"step {report.step}  {name}: {_named(report.figures, 4)}{best}")


def _named(figures: Dict[str, float], digits: int) -> str:
    names = {"one_minus_ned": "1-NED"}
    return "  ".join(
        f"{names.get(name, name.replace('_', ' '))} {value:.{digits}f}"
        for name, value in figures.items()
    )


def duration(seconds: float) -> str:
    """Returns a time as people say it: 45s, 12m 03s, 3h 20m."""
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes_left:02d}m"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"
