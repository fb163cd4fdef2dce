"""Shards on other machines: read there by TensorFlow, or copied once into a cache.

The cache is `~/.cache/ocrdata`; XDG_CACHE_HOME or OCRDATA_CACHE_DIR choose another place. A copy
is named by the SHA-256 of its bytes, so it is never out of date, and whole or not there.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import Any, Mapping

from ocrdata.base.storage.remote import is_remote
from ocrdata.errors import RecordError

_BLOCK = 1 << 22


def cache_dir() -> Path:
    """Returns the folder for copies of remote shards."""
    chosen = os.environ.get("OCRDATA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocrdata"


def readable_shard(path: Path, entry: Mapping[str, Any]) -> Path:
    """Returns what TensorFlow can read of a shard: the shard itself, or a local copy of it.

    TensorFlow reads `gs://` and `hdfs://`, and more with tensorflow-io. `entry` is the shard's in
    dataset_info.json. Raises RecordError where the copy does not have the bytes noted there.
    """
    if not is_remote(path):
        return path
    from ocrdata.train.compat import tf  # whoever only copies needs no TensorFlow

    try:
        if tf.io.gfile.exists(str(path)):
            return path
    except tf.errors.OpError:
        pass
    return local_shard(path, entry)


def local_shard(path: Path, entry: Mapping[str, Any]) -> Path:
    """Returns a shard that can be read here and there: itself, or a local copy of a remote one."""
    if not is_remote(path):
        return path
    target = cache_dir() / (entry["sha256"] + ".tfrecord")
    if target.is_file() and target.stat().st_size == entry["bytes"]:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        digest = hashlib.sha256()
        with path.open("rb", _BLOCK) as source, temporary.open("wb") as copy:
            for block in iter(lambda: source.read(_BLOCK), b""):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != entry["sha256"]:
            raise RecordError(path, "does not have the bytes that dataset_info.json names")
        temporary.replace(target)
    except OSError as error:
        raise RecordError(path, f"cannot be read: {error.strerror}") from error
    finally:
        if temporary.exists():
            temporary.unlink()
    return target
