"""Where a split's shards are listed: in dataset_info.json, or beside it where they are many.

    dataset_info.json      splits.<split>.shard_list: file, shards, sha256
    <split>-shards.jsonl   a line of JSON for each shard: bytes, file, samples, sha256

So dataset_info.json can be read by people, whatever the number of shards.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, List, Mapping

from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import RecordError

# The most shards of a split that are listed in dataset_info.json itself.
MOST_LISTED = 1000
_LIST = "shard_list"


def put_lists_beside(directory: Path, splits: Mapping[str, Any]) -> Dict[str, Any]:
    """Writes the lists of splits with many shards; returns what dataset_info.json says instead."""
    return {
        name: _beside(directory, name, split) if len(split["shards"]) > MOST_LISTED else split
        for name, split in splits.items()
    }


def _beside(directory: Path, name: str, split: Mapping[str, Any]) -> Dict[str, Any]:
    lines = (json.dumps(shard, ensure_ascii=False, sort_keys=True) for shard in split["shards"])
    data = "".join(line + "\n" for line in lines).encode("utf-8")
    file = f"{name}-shards.jsonl"
    write_atomic(directory / file, data)
    noted = {
        "file": file,
        "shards": len(split["shards"]),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return {**{key: value for key, value in split.items() if key != "shards"}, _LIST: noted}


def take_lists_in(directory: Path, splits: Mapping[str, Any]) -> Dict[str, Any]:
    """Returns the splits with all their shards, wherever they are listed.

    Raises RecordError for a list that is missing or is not the one that was written.
    """
    return {
        name: _taken_in(directory, split) if isinstance(split, dict) and _LIST in split else split
        for name, split in splits.items()
    }


def _taken_in(directory: Path, split: Mapping[str, Any]) -> Dict[str, Any]:
    noted = split[_LIST]
    name = str(noted["file"])
    path = directory / name
    if "/" in name or "\\" in name or not path.is_file():
        raise RecordError(path, "is missing: it lists the shards of a split")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != noted["sha256"]:
        raise RecordError(path, "does not have the bytes that dataset_info.json names")
    shards: List[Any] = [json.loads(line.decode("utf-8")) for line in data.splitlines()]
    return {**{key: value for key, value in split.items() if key != _LIST}, "shards": shards}
