"""Checks a training run's directory, without TensorFlow."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ocrdata.base.findings import Findings
from ocrdata.base.storage.staging import read_json
from ocrdata.errors import InputError
from ocrdata.records.sources.identify import RUN_FILE
from ocrdata.text.charset import Charset

_STATE, _METRICS, _STEM = "checkpoint", "metrics.jsonl", "model.ckpt"
_DATA = re.compile(r"\.data-(\d{5})-of-(\d{5})$")
_NAMED = re.compile(r'^(?:all_)?model_checkpoint_paths?:\s*"(.*)"\s*$')


def _check_description(path: Path, found: Findings) -> None:
    try:
        content: Any = read_json(path)
        entry = content["dictionary"]
        charset = Charset(tuple(entry["characters"]))
        if not isinstance(content["model"], str) or not isinstance(content["options"], dict):
            raise TypeError("model or options")
        if charset.sha256 != entry["sha256"] or charset.num_classes != entry["num_classes"]:
            text = f"{path} holds a dictionary that does not have the hash beside it"
            found.add("damaged-run", text)
    except InputError as error:
        found.add("damaged-run", str(error))
    except (KeyError, TypeError, ValueError) as error:
        problem = f"{path} is not a description of a run ({error!r})"
        found.add("damaged-run", problem)


def _check_checkpoint(stem: Path, found: Findings) -> None:
    if not stem.with_name(stem.name + ".index").is_file():
        found.add("damaged-run", f"{stem} has no .index")
    parts = [match for match in map(_DATA.search, _beside(stem)) if match]
    total = int(parts[0].group(2)) if parts else 1
    if len(parts) != total:
        text = f"{stem} has {len(parts)} of {total} data files"
        found.add("damaged-run", text)


def _beside(stem: Path) -> "list[str]":
    return [path.name for path in stem.parent.glob(stem.name + ".data-*") if path.stat().st_size]


def _check_metrics(path: Path, found: Findings) -> None:
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            if line.strip() and not isinstance(json.loads(line.decode("utf-8")), dict):
                raise ValueError("no object")
        except ValueError:
            found.add("damaged-run", f"{path}:{number}: is not a JSON object")


def verify_run(directory: Path, found: Findings) -> int:
    """Checks run.json, checkpoints and figures; returns how many checkpoints there are."""
    _check_description(directory / RUN_FILE, found)
    stems = {path.with_suffix("") for path in directory.glob(_STEM + "-*.index")}
    stems |= {
        path.with_name(_DATA.sub("", path.name)) for path in directory.glob(_STEM + "-*.data-*")
    }
    state = directory / _STATE
    if state.is_file():
        for line in state.read_text("utf-8", "replace").splitlines():
            match = _NAMED.match(line)
            if match and line.startswith("model") and directory / match.group(1) not in stems:
                found.add("damaged-run", f"{state} names {match.group(1)}, which is not there")
    elif stems:
        found.add("damaged-run", f"{state} is missing, so no checkpoint is the newest")
    for stem in sorted(stems):
        _check_checkpoint(stem, found)
    if (directory / _METRICS).is_file():
        _check_metrics(directory / _METRICS, found)
    return len(stems)
