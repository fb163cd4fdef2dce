"""The records to train on, as their dataset_info.json describes them, and the dictionary check."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Tuple

from ocrdata.errors import CheckpointError, InputError, PathLike, RecordError
from ocrdata.records.format.dataset_info import ShardSet as DescribedShards
from ocrdata.records.format.dataset_info import read_shard_set as read_described
from ocrdata.records.format.schema import DATASET_INFO, LAYOUT, RECORDS_DIR, TASK
from ocrdata.records.sources.identify import ArtefactKind, identify, undescribed_records
from ocrdata.text.charset import Charset
from ocrdata.train.data.shard_cache import readable_shard

MAKE = "Make the records: ocrdata tfrecord (before it gen-pics and build-dict)."
REMAKE = "Write the records again: ocrdata tfrecord --overwrite."


@dataclass(frozen=True)
class LineShard:
    """One record file, how many samples it holds, and "" or "GZIP"."""

    path: Path
    samples: int
    compression: str = ""


@dataclass(frozen=True)
class LineShards:
    """The shards of a folder and the dictionary that their classes refer to."""

    described: DescribedShards
    charset: Charset

    @property
    def directory(self) -> Path:
        """The folder of the shards."""
        return self.described.directory

    def samples(self, split: str) -> int:
        """Returns how many samples a split holds."""
        return sum(entry["samples"] for _, _, entry in self.described.shards(split))

    def fingerprint(self, split: str) -> str:
        """Returns a hash of what the shards of a split hold, in their order."""
        hashes = [entry["sha256"] for _, _, entry in self.described.shards(split)]
        return hashlib.sha256("\n".join(hashes).encode("ascii")).hexdigest()

    def statistic(self, split: str, name: str) -> Any:
        """Returns a figure that dataset_info.json gives of a split, or None."""
        return self.described.info["splits"].get(split, {}).get(name)

    def require(self, split: str) -> Tuple[LineShard, ...]:
        """Returns the shards of a split that hold anything; raises RecordError if there is none."""
        found = [shard for shard in self.described.shards(split) if shard[2]["samples"]]
        if not found:
            problem = f"has no samples in its {split} split"
            hint = (
                "Write records with more pictures or other shares of the splits: ocrdata tfrecord."
            )
            raise RecordError(self.directory / DATASET_INFO, problem, hint=hint)
        for _, path, _ in found:
            if not path.is_file():
                problem = f"is named by {DATASET_INFO} but missing"
                raise RecordError(path, problem, hint=REMAKE)
        gzip = "GZIP" if self.described.info.get("compression") == "gzip" else ""
        return tuple(
            LineShard(readable_shard(path, entry), entry["samples"], gzip)
            for _, path, entry in found
        )


def read_line_shards(data_dir: PathLike) -> LineShards:
    """Reads `data_dir`/tfrecords/dataset_info.json (or the one in `data_dir` itself).

    Raises RecordError that says which command to run, where there is none or where it is damaged.
    """
    artefact = identify(data_dir)
    if artefact.kind is ArtefactKind.RECORD_FILES:
        raise undescribed_records(artefact)
    directory = artefact.records or artefact.path / RECORDS_DIR
    path = directory / DATASET_INFO
    if not artefact.records:
        raise RecordError(path, "is missing, so there are no records to read", hint=MAKE)
    described = read_described(directory)
    if described.info.get("task") != TASK:
        task = described.info.get("task")
        problem = f"describes records for {task}, not {TASK}"
        raise RecordError(path, problem)
    if described.info.get("layout") != LAYOUT:
        layout = described.info.get("layout")
        problem = f"describes records in the layout {layout}"
        hint = "Write them in our own: ocrdata tfrecord --layout default --overwrite."
        raise RecordError(path, problem, hint=hint)
    return LineShards(described, described.charset)


def require_dictionary(expected: Charset, found: Charset, run: PathLike, where: PathLike) -> None:
    """Raises CheckpointError unless a run's dictionary is that of the records at `where`."""
    if expected.sha256 == found.sha256:
        return
    problem = (
        f"was trained with {_described(expected)} but {where} has "
        f"{_described(found)}{_first_difference(expected, found)}"
    )
    hint = "Use the records this run was trained on, or train anew on these: --overwrite."
    raise CheckpointError(run, problem, hint=hint)


def require_same_dictionary(shards: LineShards, others: LineShards) -> None:
    """Raises RecordError unless shards have the dictionary of others, to be used with them."""
    ours, theirs = shards.charset, others.charset
    if ours.sha256 == theirs.sha256:
        return
    problem = (
        f"has {_described(ours)}, but {others.directory} has {_described(theirs)}"
        f"{_first_difference(theirs, ours)}"
    )
    hint = "Write its records with that one: ocrdata tfrecord --dictionary FILE --overwrite."
    raise RecordError(shards.directory, problem, hint=hint)


def _described(charset: Charset) -> str:
    return f"a dictionary of {len(charset)} characters (sha256 {charset.sha256[:12]}...)"


def _first_difference(expected: Charset, found: Charset) -> str:
    for index, (there, here) in enumerate(zip(expected.characters, found.characters)):
        if there != here:
            return f"; class {index} is {there!r} there and {here!r} here"
    return ""


def dictionary_entry(charset: Charset) -> Dict[str, Any]:
    """Returns a dictionary as run.json holds it, so that a run is complete without its data."""
    return {
        "characters": "".join(charset.characters),
        "num_classes": charset.num_classes,
        "sha256": charset.sha256,
    }


def read_dictionary_entry(entry: Dict[str, Any], path: PathLike) -> Charset:
    """Returns the dictionary in run.json; raises InputError if it does not have its hash."""
    charset = Charset(tuple(entry["characters"]))
    if charset.sha256 != entry["sha256"]:
        raise InputError(path, "holds a dictionary that does not have the hash beside it")
    return charset
