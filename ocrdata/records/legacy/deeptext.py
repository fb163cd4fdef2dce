"""Reads DeepText's MindRecord files: pictures with upright boxes.

    image        the encoded picture
    annotation   int32 [n, 6]: x1, y1, x2, y2, class, iscrowd

A picture without text has one row of class 0. Boxes of a crowd are regions to ignore.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Dict, Iterator, Sequence, Tuple

import numpy as np

from ocrdata.base import sample_lists as lists
from ocrdata.base.findings import Findings
from ocrdata.base.sample import Region, Sample
from ocrdata.base.skips import BAD_PICTURE, Skips
from ocrdata.errors import PathLike, RecordError
from ocrdata.records.legacy.mindrecord import (
    MindFile,
    open_mindrecord,
    read_mindrecord,
    row_error,
    unpack_integers,
)
from ocrdata.records.sources.inputs import SampleInput, SamplePairs

DEEPTEXT = "deeptext"
_IMAGE, _BOXES = "image", "annotation"


def origin_of(layout: str, paths: Sequence[Path]) -> Dict[str, str]:
    """Returns what a manifest notes of an original's files: their names and sizes."""
    names = [f"{path.name} {path.stat().st_size}" for path in paths]
    return {"original": layout, "files": hashlib.sha256("\n".join(names).encode()).hexdigest()}


def _regions(data: bytes) -> Tuple[Region, ...]:
    values = unpack_integers(data)
    if len(values) % 6:
        raise ValueError(f"has {len(values)} numbers, not 6 a box")
    found = []
    for x1, y1, x2, y2, kind, crowd in values.reshape(-1, 6).tolist():
        if kind:
            corners = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], np.float32)
            found.append(Region(corners, "", bool(crowd)))
    return tuple(found)


def _samples(file: MindFile, skips: Skips) -> Iterator[Sample]:
    try:
        for row, fields in read_mindrecord(file):
            try:
                regions = _regions(fields[_BOXES])
            except ValueError as error:
                skips.refuse(BAD_PICTURE, row_error(file, row, str(error)))
                continue
            yield Sample(f"{file.path.name}/{row:08d}", fields[_IMAGE], None, regions)
    except RecordError as error:
        # Where rows lie cannot be told any more.
        skips.refuse(BAD_PICTURE, error)


def read_deeptext(files: Sequence[MindFile], skips: Skips) -> SamplePairs:
    """Yields the pictures of MindRecord files; those named TEST go to the list Test."""
    for file in files:
        name = lists.TEST_LIST if "TEST" in file.path.name.upper() else lists.TRAIN_LIST
        for sample in _samples(file, skips):
            yield name, sample


def open_deeptext(paths: Sequence[PathLike]) -> Tuple[SampleInput, Findings]:
    """Returns the pictures in MindRecord files, and what is wrong with the set.

    Raises RecordError for a damaged header, and for fields that are not DeepText's.
    """
    files, found = [open_mindrecord(path) for path in paths], Findings()
    for file in files:
        if not {_IMAGE, _BOXES} <= set(file.fields):
            problem = f"has the fields {', '.join(file.fields)}, not {_IMAGE} and {_BOXES}"
            raise RecordError(file.path, problem)
    here = {file.path.name for file in files}
    for name in sorted({Path(name).name for file in files for name in file.shards} - here):
        text = f"{files[0].path.parent}: {name} is missing, or its index is"
        found.add("missing-shard", text)
    origin = origin_of(DEEPTEXT, [file.path for file in files])
    return SampleInput(lambda skips: read_deeptext(files, skips), origin), found
