"""A run directory: what a training run leaves, and what evaluation, prediction and export read.

run.json                 options, dictionary and versions
checkpoint, model.ckpt-* weights, optimizer state and step, by variable name
best.ckpt-*              the same, of the best validation so far
metrics.jsonl            one JSON object a line: training and validation figures
events.out.tfevents.*    the same for TensorBoard, with images
report.html              a page: curves, options, what was read worst
evaluation-*.json, predictions-*, results-*.zip   what `ocrdata evaluate` writes
"""

from __future__ import annotations

import dataclasses
import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np

from ocrdata import __version__
from ocrdata.base.storage.staging import dump_json, read_json, write_atomic
from ocrdata.errors import CheckpointError, OptionError, OutputExistsError
from ocrdata.pages.run import REPORT
from ocrdata.records.sources.identify import RUN_FILE
from ocrdata.text.charset import Charset
from ocrdata.train.config.training import FREE
from ocrdata.train.data.line_shards import (
    dictionary_entry,
    read_dictionary_entry,
    require_dictionary,
)

METRICS_FILE, CHECKPOINT, BEST_CHECKPOINT = "metrics.jsonl", "model.ckpt", "best.ckpt"
BEST = "best"  # what --checkpoint calls the best one by validation
_OURS = (
    RUN_FILE,
    METRICS_FILE,
    "checkpoint",
    CHECKPOINT + "-*",
    BEST_CHECKPOINT + "-*",
    "events.out.tfevents.*",
    "evaluation-*.json",
    "predictions-*.tsv",
    "predictions-*.jsonl",
    "results-*.zip",
    REPORT,
)
_NEWEST = re.compile(r'^model_checkpoint_path: "(.*)"$', re.MULTILINE)


@dataclass(frozen=True)
class RunDirectory:
    """What run.json says: model, its options, those of training, dictionary, training records.

    `records` holds a hash ("sha256") and, once they were checked, what was found in them.
    """

    directory: Path
    model: str
    model_options: Dict[str, Any]
    options: Dict[str, Any]
    charset: Optional[Charset]  # None for what reads no characters
    records: Dict[str, Any]

    @property
    def dictionary(self) -> Charset:
        """The dictionary; raises CheckpointError for a model that reads no characters."""
        if self.charset is None:
            raise CheckpointError(self.directory, "is a run of a model that reads no characters")
        return self.charset

    def write(self) -> None:
        """Writes run.json; only trainers do, which have TensorFlow imported."""
        from ocrdata.train.compat import tf

        content = {
            "dictionary": dictionary_entry(self.charset) if self.charset else None,
            "format": 1,
            "model": self.model,
            "model_options": self.model_options,
            "options": self.options,
            "records": self.records,
            "versions": {
                "numpy": np.__version__,
                "ocrdata": __version__,
                "python": platform.python_version(),
                "tensorflow": tf.__version__,
            },
        }
        write_atomic(self.directory / RUN_FILE, dump_json(content))

    def checkpoint(self, name: str = "") -> str:
        """Returns the path of a checkpoint (the newest, "best", or one by name or step number).

        Raises CheckpointError where there is none.
        """
        if not name:
            found = newest_checkpoint(self.directory)
            if found:
                return found
            raise CheckpointError(self.directory, "holds no checkpoint", hint=_start(self.model))
        if name == BEST:
            found = best_checkpoint(self.directory)
            if found:
                return found
            hint = "It is kept where a validation split is scored: see --eval-every."
            raise CheckpointError(self.directory, "holds no best checkpoint", hint=hint)
        stem = f"{CHECKPOINT}-{name}" if name.isdigit() else name
        path = self.directory / (stem[: -len(".index")] if stem.endswith(".index") else stem)
        if not Path(str(path) + ".index").is_file():
            known = ", ".join(str(step) for step in self.steps()) or "none"
            raise CheckpointError(path, "is not a checkpoint", hint=f"There are: {known}.")
        return str(path)

    def steps(self) -> List[int]:
        """Returns the steps that checkpoints were kept of."""
        found = self.directory.glob(CHECKPOINT + "-*.index")
        return sorted(int(path.stem.rsplit("-", 1)[1]) for path in found)


def newest_checkpoint(directory: Path) -> str:
    """Returns the path of the checkpoint that was saved last, "" if there is none.

    As v1.train.latest_checkpoint, which would take seconds to import.
    """
    noted = directory / "checkpoint"
    text = noted.read_text(encoding="utf-8") if noted.is_file() else ""
    found = _NEWEST.search(text)
    if found is None:
        return ""
    path = str(directory / found.group(1))
    return path if Path(path + ".index").is_file() else ""


def best_checkpoint(directory: Path) -> str:
    """Returns the path of the checkpoint of the best validation, "" if there is none."""
    found = sorted(
        directory.glob(BEST_CHECKPOINT + "-*.index"), key=lambda path: int(path.stem.split("-")[-1])
    )
    return str(found[-1])[: -len(".index")] if found else ""


def weights_hash(checkpoint: str) -> str:
    """Returns a hash that tells the weights of a checkpoint from all others.

    Of its index, in which each variable has its name, shape and checksum.
    """
    return hashlib.sha256(Path(checkpoint + ".index").read_bytes()).hexdigest()


def read_run(directory: Path, model: str) -> RunDirectory:
    """Reads run.json; raises CheckpointError where there is none or its dictionary is damaged."""
    path = directory / RUN_FILE
    if not path.is_file():
        raise CheckpointError(path, "is missing", hint=_start(model))
    content = read_json(path)
    try:
        entry = content["dictionary"]
        charset = read_dictionary_entry(entry, path) if entry else None
        if content["model"] != model:
            trained = content["model"]
            raise CheckpointError(path, f"is a run of {trained}, not {model}")
        options, model_options = content["options"], content["model_options"]
        return RunDirectory(directory, model, model_options, options, charset, content["records"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(path, f"is not a description of a run ({error!r})") from error


class RunNote(NamedTuple):
    """What run.json says of weights that others may begin with."""

    model: str
    model_options: Dict[str, Any]
    charset: Optional[Charset]


def read_run_note(directory: Path) -> Optional[RunNote]:
    """Returns what run.json says of the weights beside it, None where there is none."""
    path = directory / RUN_FILE
    if not path.is_file():
        return None
    model = read_json(path).get("model", "")
    run = read_run(directory, model)
    return RunNote(model, run.model_options, run.charset)


def find_resumable(run: RunDirectory, overwrite: bool, resume: bool) -> Optional[RunDirectory]:
    """Returns the run that is there to go on with, or None where a new one is to begin.

    Changes nothing. Raises OutputExistsError if a run is there and neither is given, OptionError
    if what decides a resumed run's course is not as it was, and CheckpointError if it had another
    dictionary.
    """
    if overwrite and resume:
        raise OptionError("--overwrite and --resume exclude each other.")
    present = run_files(run.directory)
    if not present or overwrite:
        return None
    if not resume:
        raise OutputExistsError(
            run.directory, "Pass --resume to go on with that run or --overwrite to start anew."
        )
    before = read_run(run.directory, run.model)
    if before.charset and run.charset:
        require_dictionary(before.charset, run.charset, run.directory, "the data folder")
    _check_same(before, run)
    return before


def begin_run(run: RunDirectory, resumed: bool) -> None:
    """Makes the directory and run.json; of an earlier run it removes what a run writes only."""
    if not resumed:
        for path in run_files(run.directory):
            path.unlink()
    run.directory.mkdir(parents=True, exist_ok=True)
    run.write()


def run_files(directory: Path) -> List[Path]:
    """Returns the files in a directory that a run writes."""
    return [path for pattern in _OURS for path in sorted(directory.glob(pattern)) if path.is_file()]


def _check_same(before: RunDirectory, now: RunDirectory) -> None:
    old, new = ({**run.options, **run.model_options} for run in (before, now))
    changed = [n for n in sorted({**old, **new}) if n not in FREE and old.get(n) != new.get(n)]
    if changed:
        flags = ", ".join(_flag(name, old.get(name)) for name in changed)
        raise OptionError(
            f"the run to resume was started with {flags}.",
            "Repeat the options of that run, or pass --overwrite to start anew.",
        )
    if before.records["sha256"] != now.records["sha256"]:
        raise OptionError(
            "the run to resume was trained on other records.",
            "Bring those records back, or pass --overwrite to start anew.",
        )


def _start(model: str) -> str:
    return f"Train first: ocrdata train {model}."


def _flag(name: str, value: object) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {value}"


def plain_options(options: object) -> Dict[str, Any]:
    """Returns a dataclass of options as plain JSON values."""
    return dict(dataclasses.asdict(options))  # type: ignore[call-overload]
