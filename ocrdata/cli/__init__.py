"""The `ocrdata` command: one module a command, one place that turns errors into messages.

A command's module is imported when the command is asked for. It imports click and the options at
its top and the library inside its callback, so that help and shell completion stay instant.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import Any, Iterator

import click

from ocrdata import __version__
from ocrdata.cli.lazy_commands import PLACES, LazyCommands
from ocrdata.cli.options import config_option
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

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if not isinstance(self.commands, LazyCommands):
            super().format_commands(context, formatter)
            return
        limit = formatter.width - 6 - max(len(name) for name in self.commands)
        rows = [
            (name, click.Command(name, help=summary).get_short_help_str(limit))
            for name, summary in self.commands.summaries()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

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
    # OpenBLAS, of NumPy and of OpenCV, would start a thread a processor when it is imported, and
    # keep them awake for a while: 0.1 s on two processors. No product here is large enough.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context.obj = {"quiet": quiet}
    if verbose:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)


main.commands = LazyCommands(PLACES)
