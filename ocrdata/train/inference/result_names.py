"""What the files of an evaluation are called, so that no data set's results replace another's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

from ocrdata.errors import PathLike
from ocrdata.train.run_dir import RunDirectory

DATA_DIR = "data_dir"  # what run.json's records call the data folder of training


def noted_place(data_dir: PathLike) -> str:
    """Returns a data folder as run.json notes it: from the root, or as a URL."""
    text = str(data_dir)
    return text if "://" in text else str(Path(text).resolve())


def result_name(run: RunDirectory, data_dir: Optional[PathLike], split: str) -> str:
    """Returns the part of file names that tells what was evaluated.

    That is the split alone for the data that the run was trained on (and for None), else the
    folder's path as it was given and the split, with dashes between.
    """
    trained_on = run.records.get(DATA_DIR)
    if data_dir is None or trained_on in (None, noted_place(data_dir)):
        return split
    path = "-".join(re.findall(r"[\w=+~-]+(?:\.[\w=+~-]+)*", str(data_dir)))
    return f"{path}-{split}" if path else split
