"""The `ocrdata` command: one module a command, one place that turns errors into messages.

Command modules import click and the options at their top and the library inside their callback,
so that help and shell completion stay instant.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any, Iterator

import click

from ocrdata import __version__
from ocrdata.cli.build_dict import build_dict
from ocrdata.cli.check import check
from ocrdata.cli.convert import convert_command
from ocrdata.cli.doctor import doctor
from ocrdata.cli.evaluate import evaluate_group
from ocrdata.cli.evaluate_detection import detection
from ocrdata.cli.evaluate_recognition import recognition
from ocrdata.cli.export import export_group
from ocrdata.cli.gen_chars import gen_chars
from ocrdata.cli.gen_pics import gen_pics
from ocrdata.cli.gen_sample import gen_sample
from ocrdata.cli.gen_scenes import gen_scenes
from ocrdata.cli.import_data import import_data
from ocrdata.cli.info import info
from ocrdata.cli.launch import launch_command
from ocrdata.cli.listing import list_names
from ocrdata.cli.options import config_option
from ocrdata.cli.pack import pack_command
from ocrdata.cli.predict import predict_group
from ocrdata.cli.preview import preview
from ocrdata.cli.read import evaluate_reading, read_command
from ocrdata.cli.tfrecord import tfrecord
from ocrdata.cli.train import train_group
from ocrdata.cli.unpack import unpack_command
from ocrdata.errors import OcrdataError

EPILOG = """\b
Environment variables: OCRDATA_DATA_DIR and OCRDATA_OUTPUT_DIR for the folders, and
OCRDATA_<COMMAND>_<OPTION> for any option, as in OCRDATA_GEN_PICS_SEED=7.
An option given wins over its variable, a variable over --config, --config over the default.
"""


class OcrdataGroup(click.Group):
    """A group whose commands answer every OcrdataError with one line and its exit code."""

    def list_commands(self, context: click.Context) -> "list[str]":
        # In the order of work, not of the alphabet.
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        with _clean_errors():
            return super().invoke(context)

    def parse_args(self, context: click.Context, args: "list[str]") -> "list[str]":
        with _clean_errors():
            return super().parse_args(context, args)


@contextmanager
def _clean_errors() -> Iterator[None]:
    """Turns errors of ours, and what the system refuses, into messages."""
    try:
        yield
    except OcrdataError as error:
        raise _CleanError(str(error), error.exit_code) from error
    except BrokenPipeError:
        # The reader of a pipe left (`| head`): nobody is there to be told.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        # A full disk, a folder that may not be written, a file that vanished.
        _logger().info("where it happened:", exc_info=True)
        place = "" if error.filename is None else f"{error.filename}: "
        raise _CleanError(f"{place}{error.strerror or error}.", 1) from error


def _logger() -> Any:
    import logging

    return logging.getLogger(__name__)


class _CleanError(click.ClickException):
    """An error as click prints it."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]


def _show_version(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from ocrdata.cli.versions import describe_versions

        click.echo(f"ocrdata {__version__} ({describe_versions()})")
        context.exit()


@click.group(
    cls=OcrdataGroup,
    epilog=EPILOG,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "OCRDATA",
        "max_content_width": 100,
    },
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the versions of ocrdata and of what it runs on.",
)
@config_option
@click.option("-q", "--quiet", is_flag=True, help="No progress bars and no notes.")
@click.option("-v", "--verbose", is_flag=True, help="Log each step on standard error.")
@click.pass_context
def main(context: click.Context, quiet: bool, verbose: bool) -> None:
    """OCR data sets from fonts, corpora and annotations, and models trained on them.

    \b
    Example:
      ocrdata gen-pics
      ocrdata build-dict
      ocrdata tfrecord --shards 10
      ocrdata train crnn
    """
    context.obj = {"quiet": quiet}
    if verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)


COMMANDS = (
    gen_pics,
    gen_scenes,
    import_data,
    gen_sample,
    gen_chars,
    build_dict,
    pack_command,
    unpack_command,
    tfrecord,
    convert_command,
    check,
    info,
    list_names,
    preview,
    doctor,
    train_group,
    launch_command,
    evaluate_group,
    predict_group,
    export_group,
    read_command,
)
evaluate_group.add_command(detection)
evaluate_group.add_command(evaluate_reading)
evaluate_group.add_command(recognition)
for command in COMMANDS:
    main.add_command(command)
