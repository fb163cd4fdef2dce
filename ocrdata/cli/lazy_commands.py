"""The commands by name: what each does, and where it is defined; imported when asked for."""

from __future__ import annotations

import importlib
from typing import Dict, Iterator, MutableMapping, NamedTuple, Tuple

import click


class CommandPlace(NamedTuple):
    """Where a command is defined, below `ocrdata.cli`, and the first sentence of its help."""

    module: str
    name: str
    summary: str


# In the order of work, not of the alphabet. tests/test_cli_contract.py compares the summaries.
PLACES: Dict[str, CommandPlace] = {
    "gen-pics": CommandPlace(
        "gen_pics",
        "gen_pics",
        "Render pictures of text lines, with Train and Test lists that share no text.",
    ),
    "gen-scenes": CommandPlace(
        "gen_scenes",
        "gen_scenes",
        "Render pictures of signs, labels and captions, for training detectors.",
    ),
    "import": CommandPlace(
        "import_data",
        "import_data",
        "Import a real data set, packed as downloaded or unpacked, into the data folder.",
    ),
    "gen-sample": CommandPlace(
        "gen_sample",
        "gen_sample",
        "Write Train/sample.txt and Test/sample.txt for pictures that exist.",
    ),
    "gen-chars": CommandPlace(
        "gen_chars",
        "gen_chars",
        "Collect the distinct characters of corpora, or of the sample lists, one a line.",
    ),
    "build-dict": CommandPlace(
        "build_dict",
        "build_dict",
        "Write the dictionary files from chinese.txt, collecting it first where there is none.",
    ),
    "pack": CommandPlace(
        "pack",
        "pack_command",
        "Pack the pictures and text files of FOLDER, the data folder by default, into a tar.gz.",
    ),
    "unpack": CommandPlace(
        "unpack",
        "unpack_command",
        "Unpack a tar or tar.gz ARCHIVE into a new folder, all of it or nothing.",
    ),
    "tfrecord": CommandPlace(
        "tfrecord",
        "tfrecord",
        "Write train, validation and test records of the pictures in the sample lists.",
    ),
    "convert": CommandPlace(
        "convert",
        "convert_command",
        "Write SOURCE into the folder TARGET in the form that another tool reads.",
    ),
    "check": CommandPlace(
        "check", "check", "Check PATH completely, the data folder by default, and change nothing."
    ),
    "info": CommandPlace(
        "info",
        "info",
        "Show the manifest, the shard set's description or the first record at PATH.",
    ),
    "list": CommandPlace(
        "listing",
        "list_names",
        "List what can be chosen by name: corpora, exporters, fonts, importers, models and more.",
    ),
    "preview": CommandPlace(
        "preview",
        "preview",
        "Draw samples of PATH with their labels, the data folder by default, or write a page "
        "about it.",
    ),
    "doctor": CommandPlace(
        "doctor", "doctor", "Show what this machine can do, and what each missing thing needs."
    ),
    "train": CommandPlace("train", "train_group", "Train a model on a data folder."),
    "launch": CommandPlace(
        "launch",
        "launch_command",
        "Run `ocrdata COMMAND` as a cluster of processes on this machine.",
    ),
    "evaluate": CommandPlace(
        "evaluate", "evaluate_group", "Score a trained model on the records of a data folder."
    ),
    "predict": CommandPlace("predict", "predict_group", "Read new pictures with a trained model."),
    "export": CommandPlace(
        "export", "export_group", "Write a trained model for use without ocrdata."
    ),
    "read": CommandPlace(
        "read",
        "read_command",
        "Read all texts of pictures with exported models: detection, crops, recognition.",
    ),
}


class LazyCommands(MutableMapping[str, click.Command]):
    """The commands of a group, imported when they are asked for."""

    def __init__(self, places: Dict[str, CommandPlace]) -> None:
        self._places = dict(places)
        self._loaded: Dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            place = self._places[name]
            module = importlib.import_module(f"ocrdata.cli.{place.module}")
            self._loaded[name] = getattr(module, place.name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._places[name] = CommandPlace("", "", command.get_short_help_str(200))
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]
        self._loaded.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def summaries(self) -> Iterator[Tuple[str, str]]:
        """Yields each name with the first sentence of its help, importing nothing."""
        for name, place in self._places.items():
            yield name, place.summary
