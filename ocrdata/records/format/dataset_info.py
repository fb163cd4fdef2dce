"""dataset_info.json: what a shard set holds, so that it can be trained on with nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ocrdata.base.sample import RECOGNITION, SPLITS, TASKS
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import dump_json, read_json, write_atomic
from ocrdata.errors import InputError, PathLike, RecordError
from ocrdata.records.format.schema import DATASET_INFO, INFO_FORMAT, LAYOUT
from ocrdata.records.format.shard_lists import put_lists_beside, take_lists_in
from ocrdata.records.format.shard_totals import ShardTotals
from ocrdata.text.charset import Charset


def build_info(
    totals: ShardTotals, charset: Optional[Charset], compression: str, layout: str = LAYOUT
) -> Dict[str, Any]:
    """Returns the content of dataset_info.json for written shards."""
    total = totals.statistics()
    info = {
        "format": INFO_FORMAT,
        "task": totals.task,
        "layout": layout,
        "compression": compression,
        "splits": totals.split_infos(),
        "statistics": total.summary(),
    }
    if charset is None:
        return info
    seen = total.counters["characters"]
    info["statistics"]["characters_never_seen"] = sum(c not in seen for c in charset.characters)
    info["dictionary"] = {
        "sha256": charset.sha256,
        "num_classes": charset.num_classes,
        "characters": "".join(charset.characters),
    }
    return info


def write_info(directory: PathLike, info: Mapping[str, Any]) -> None:
    """Writes dataset_info.json, and lists of many shards, into a directory of shards."""
    folder = as_path(directory)
    splits = put_lists_beside(folder, info["splits"])
    write_atomic(folder / DATASET_INFO, dump_json({**info, "splits": splits}))


@dataclass(frozen=True)
class ShardSet:
    """A directory of shards as its dataset_info.json describes it."""

    directory: Path
    info: Dict[str, Any]

    @property
    def task(self) -> str:
        """What the records are for: "recognition" or "detection"."""
        return str(self.info["task"])

    @property
    def has_dictionary(self) -> bool:
        """Whether there are classes at all: pictures with regions have none."""
        return "dictionary" in self.info

    @property
    def charset(self) -> Charset:
        """The dictionary that the classes refer to; raises RecordError where there is none."""
        if not self.has_dictionary:
            problem = f"describes records for {self.task}, which have no dictionary"
            raise RecordError(self.directory / DATASET_INFO, problem)
        return Charset(tuple(self.info["dictionary"]["characters"]))

    @property
    def splits(self) -> List[str]:
        """The splits that hold samples."""
        return list(self.info["splits"])

    def shards(self, split: Optional[str] = None) -> List[Tuple[str, Path, Dict[str, Any]]]:
        """Returns (split, path, entry of dataset_info.json) of the shards, in order."""
        return [
            (name, self.directory / shard["file"], shard)
            for name in ([split] if split else self.splits)
            for shard in self.info["splits"].get(name, {}).get("shards", ())
        ]


def read_shard_set(directory: PathLike) -> ShardSet:
    """Returns a finished shard set; raises RecordError where there is none or it makes no sense.

    The shards themselves are not opened: `ocrdata check` does that.
    """
    path = as_path(directory) / DATASET_INFO
    if not path.is_file():
        hint = "Make one: ocrdata tfrecord."
        raise RecordError(directory, f"has no {DATASET_INFO}", hint=hint)
    try:
        info = read_json(path)
    except InputError as error:
        raise RecordError(path, error.problem, error.line) from error
    problem = _take_lists_in(as_path(directory), info) or _problem(info)
    if problem:
        raise RecordError(
            path, problem, hint="Write the shards again: ocrdata tfrecord --overwrite."
        )
    return ShardSet(as_path(directory), {**info, "splits": _ordered(info["splits"])})


def _take_lists_in(directory: Path, info: Any) -> str:
    """Puts lists of shards that are kept beside into `info`; returns what is wrong with it."""
    try:
        if isinstance(info, dict) and isinstance(info.get("splits"), dict):
            info["splits"] = take_lists_in(directory, info["splits"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return _damaged(error)
    return ""


def _damaged(error: Exception) -> str:
    return f"is incomplete or damaged ({type(error).__name__}: {error})"


def _ordered(splits: Mapping[str, Any]) -> Dict[str, Any]:
    # JSON files of ours are sorted by key; people read train, validation, test.
    rank = {name: place for place, name in enumerate(SPLITS)}
    return {name: splits[name] for name in sorted(splits, key=lambda n: (rank.get(n, 9), n))}


def _problem(info: Any) -> str:
    """Returns what is wrong with the content of a dataset_info.json, "" if nothing is."""
    if not isinstance(info, dict) or info.get("format") != INFO_FORMAT:
        return f"is not the description of a shard set (format {INFO_FORMAT})"
    try:
        for split in info["splits"].values():
            for shard in split["shards"]:
                name, _ = str(shard["file"]), str(shard["sha256"])
                if "/" in name or "\\" in name or name.startswith("."):
                    return f"names a shard outside its folder ({name!r})"
                if int(shard["samples"]) < 0 or int(shard["bytes"]) < 0:
                    return f"gives shard {name} a negative size"
        if info["task"] not in TASKS:
            return f"is for the unknown task {info['task']!r}"
        if not isinstance(info["layout"], str):
            return "has a layout without a name"
        if "dictionary" not in info and info["task"] != RECOGNITION:
            return ""
        charset = Charset(tuple(info["dictionary"]["characters"]))
        if charset.sha256 != info["dictionary"]["sha256"]:
            return "holds a dictionary that does not have the hash beside it"
        if charset.num_classes != info["dictionary"]["num_classes"]:
            classes = info["dictionary"]["num_classes"]
            return f"gives {classes} classes for {len(charset)} characters"
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return _damaged(error)
    return ""
