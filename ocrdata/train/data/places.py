"""Where the data lies that an option names."""

from __future__ import annotations

from pathlib import Path

from ocrdata.base.storage.remote import as_path
from ocrdata.errors import InputError, PathLike


def source_path(data_dir: PathLike, source: str, flag: str) -> Path:
    """Returns the path of a source, which counts from the data folder or from the current one.

    Raises InputError where neither has it.
    """
    for path in (as_path(data_dir) / source, as_path(source)):
        if path.exists():
            return path
    raise InputError(source, "does not exist", hint=f"{flag} takes folders, commas between.")
