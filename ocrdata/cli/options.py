"""The options that several commands share: one name, one meaning, one home.

--data-dir      where a data set lies: what one command writes, the next one finds
--output-dir    where results of training go
--seed          decides everything random; the same seed gives the same bytes
--workers       processes; 0 works in this one, and the result never depends on it
--runner        work on a cluster, by Apache Beam; see cli/runners.py
--text-normalization  what becomes of spaces and invisible characters in labels
--exif          whether photographs are turned upright
--limit         stop after that many, to try a command quickly
--overwrite     replace what an earlier run wrote
--resume        go on where an interrupted run of the same options stopped
--dry-run       say what would be done and write nothing
--json          print the summary as one JSON object on standard output
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]

# Of scores of text detection; ocrdata.metrics.detection has them, and needs NumPy.
DETECTION_PROTOCOLS = ("deeptext-mindspore", "deteval", "icdar2013", "icdar2015", "mlt2017")


class AnyPath(click.Path):
    """A path here, or the URL of one on another machine (gs://, s3://, hdfs://, ...)."""

    def convert(
        self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]
    ) -> Any:
        from ocrdata.base.storage.remote import as_path, is_remote

        if not is_remote(value):
            return super().convert(value, param, ctx)
        path = as_path(value)
        if self.exists and not path.exists():
            self.fail(f"{path} does not exist.", param, ctx)
        return path


PATH = AnyPath(path_type=Path)
EXISTING = AnyPath(exists=True, path_type=Path)


def option(*names: str, **settings: Any) -> Decorator[Any]:
    """Returns a click option that shows its default and its environment variable."""
    settings.setdefault("show_default", not settings.get("is_flag", False))
    settings.setdefault("show_envvar", False)
    return click.option(*names, **settings)


def left_alone(name: str) -> bool:
    """Says whether nobody gave the current command a value for the parameter `name`."""
    source = click.get_current_context().get_parameter_source(name)
    return source is click.core.ParameterSource.DEFAULT


data_dir_option = option(
    "--data-dir",
    type=PATH,
    default="data",
    envvar="OCRDATA_DATA_DIR",
    help="The data set's folder.",
)
output_dir_option = option(
    "--output-dir",
    type=PATH,
    default="output",
    envvar="OCRDATA_OUTPUT_DIR",
    help="The folder for results of training.",
)
seed_option = option("--seed", type=int, default=0, help="Decides everything random.")
corpus_option = option(
    "--corpus",
    multiple=True,
    show_default=False,
    help="A text file, a `phrase<TAB>frequency` file, a folder, a bundled corpus, or "
    "lexicon[:POS] for jieba's words; may be repeated. Default: the bundled corpora.",
)
min_frequency_option = option(
    "--min-frequency",
    type=click.IntRange(min=0),
    default=0,
    help="Of a phrase in a corpus that counts them; others count 1.",
)


def fraction_option(name: str, help_text: str, default: float = 0.1) -> Any:
    """Returns the option for a share of texts, such as --validation-fraction."""
    kind = click.FloatRange(0.0, 1.0, max_open=True)
    return option(name, type=kind, default=default, help=help_text)


test_fraction_option = fraction_option("--test-fraction", "Share of the texts that go to Test.")


def text_normalization_option(default: Optional[str] = "spaces") -> Any:
    """Returns the option --text-normalization; a default of None is taken as spaces, too."""
    return option(
        "--text-normalization",
        type=click.Choice(["none", "spaces", "nfc", "nfkc"]),
        default=default,
        show_default=True if default else "spaces",
        help="Of labels: none; plain single spaces and nothing invisible; also Unicode's NFC or "
        "NFKC.",
    )


def exif_option(default: Optional[str], shown: Any = True) -> Any:
    """Returns the option --exif; `shown` is what help says of its default."""
    return option(
        "--exif",
        type=click.Choice(["apply", "ignore"]),
        default=default,
        show_default=shown,
        help="Turn photographs upright by their orientation mark, or leave them as stored.",
    )


limit_option = option(
    "--limit", type=click.IntRange(min=1), default=None, help="Stop after that many samples."
)
overwrite_option = option("--overwrite", is_flag=True, help="Replace an earlier output.")
resume_option = option("--resume", is_flag=True, help="Go on where an interrupted run stopped.")
dry_run_option = option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
json_option = option(
    "--json", "as_json", is_flag=True, help="Print the summary as one JSON object."
)


def _workers_default() -> int:
    from ocrdata.base.parallel import default_workers

    return default_workers()


workers_option = option(
    "--workers",
    type=click.IntRange(min=0),
    default=_workers_default,
    show_default="processors, 8 at most",
    help="Processes; 0 works in this one. The result is the same.",
)


def load_config(
    context: click.Context, _parameter: click.Parameter, path: Optional[Path]
) -> Optional[Path]:
    """Makes a TOML file's tables the defaults of the commands they are named after."""
    if path is not None:
        from ocrdata.cli.config import read_config

        context.default_map = read_config(path, context.command)
    return path


config_option = click.option(
    "--config",
    type=EXISTING,
    is_eager=True,
    expose_value=False,
    callback=load_config,
    help="A TOML file with one table a command: its values become defaults.",
)


def plain(values: Dict[str, Any]) -> Dict[str, Any]:
    """Returns options as manifests and run files hold them: paths as text, tuples as lists."""

    def simple(value: Any) -> Any:
        if isinstance(value, Path):
            return str(value)
        return [simple(item) for item in value] if isinstance(value, (tuple, list)) else value

    return {key: simple(value) for key, value in values.items()}


def font_options(callback: Callable[..., Any]) -> Any:
    """Adds --font and --font-list; the function gets what both name as `font`."""

    @functools.wraps(callback)
    def call(*, font: Tuple[str, ...], font_list: Tuple[Path, ...], **values: Any) -> Any:
        return callback(font=(*font, *map(str, font_list)), **values)

    add_font = option(
        "--font",
        multiple=True,
        help="FILE[:FACE][@AXIS=VALUE][*SHARE], a folder, a bundled font by name, latin for the "
        "bundled Latin ones, or system for all that are installed; may be repeated. "
        "Default: all bundled Chinese fonts, the Latin ones with --corpus english.",
        show_default=False,
    )
    add_list = option(
        "--font-list",
        multiple=True,
        type=EXISTING,
        show_default=False,
        help="A text file of fonts, one a line as --font takes them; may be repeated.",
    )
    return add_font(add_list(call))


def type_options(callback: Callable[..., Any]) -> Any:
    """Adds --font-feature and --language."""
    add_feature = option(
        "--font-feature",
        multiple=True,
        metavar="TAG[=N]",
        show_default=False,
        help="An OpenType feature of the fonts: smcp, -liga, salt=2; may be repeated.",
    )
    add_language = option(
        "--language",
        default="",
        metavar="TAG",
        show_default=False,
        help="Take the fonts' forms for a language: ja, tr, zh-Hant.",
    )
    return add_feature(add_language(callback))
