"""The sound records of the originals' files, and what is wrong with the others."""

from __future__ import annotations

from typing import Dict, Iterator, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.base.findings import Findings
from ocrdata.base.sample import SPLITS, Region
from ocrdata.errors import RecordError
from ocrdata.geometry import rbox
from ocrdata.records.format.example import Feature
from ocrdata.records.format.tfrecord import Record, example_of, scan_records
from ocrdata.records.legacy import originals
from ocrdata.records.legacy.originals import EAST, OriginalFile, Raw

_STRIDE = 4


class FoundRecord(NamedTuple):
    """A sound record of an original, as pixels and labels or regions."""

    file: OriginalFile
    record: Record
    raw: Raw
    regions: Tuple[Region, ...]


def _east(features: Dict[str, Feature], name: str) -> Tuple[Raw, Tuple[Region, ...]]:
    """Returns the picture of an EAST record, and the outlines that its maps stand for."""
    height, width = (
        int(features[key].values[0]) for key in (originals.EAST_HEIGHT, originals.EAST_WIDTH)
    )
    data = features["images"].values[0]
    if not isinstance(data, bytes) or len(data) != height * width * 3 or height * width == 0:
        size = len(data) if isinstance(data, bytes) else 0
        text = f"has {size:,} picture bytes, not {height} x {width} x 3"
        return Raw(name, None, (), [("wrong-picture-size", text)]), ()
    pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
    shape = (height // _STRIDE, width // _STRIDE)
    maps = [
        np.array(features[key].values, np.float32)
        for key in (originals.SCORE, originals.GEOMETRY, originals.MASK)
    ]
    cells = shape[0] * shape[1]
    if [len(one) for one in maps] != [cells, 5 * cells, cells]:
        text = f"has maps of {[len(one) for one in maps]} values"
        return Raw(name, pixels, (), [("wrong-record", text)]), ()
    geometry = maps[1].reshape(shape + (5,)).copy()
    # The original turns against the clock.
    geometry[:, :, 4] *= -1.0
    quads, _ = rbox.detect_rboxes(
        maps[0].reshape(shape), geometry, min_side=0.0, min_mean_score=0.0
    )
    regions = [Region(quad, "") for quad in quads]
    return Raw(name, pixels, (), []), tuple(regions)


def original_records(file: OriginalFile, classes: int, found: Findings) -> Iterator[FoundRecord]:
    """Yields the records of a file that can be read at all; damage goes to `found`."""
    try:
        swapped = originals.is_swapped(file.path)
    except RecordError:
        swapped = False
    try:
        for record in scan_records(file.path):
            if record.problem:
                found.add("damaged-record", str(record.error(file.path)))
                continue
            try:
                features = example_of(file.path, record)
                layout = originals.layout_of(features)
                if layout is None:
                    raise ValueError("has features of none of the known layouts")
                if layout == EAST:
                    value = features[originals.EAST_NAME].values[0]
                    name = value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
                    raw, regions = _east(features, name)
                else:
                    raw, regions = originals.read_line(features, layout, swapped, classes), ()
            except (RecordError, ValueError, KeyError, IndexError, TypeError) as error:
                bad = (
                    error
                    if isinstance(error, RecordError)
                    else record.error(file.path, f"has missing or wrong features ({error})")
                )
                found.add("wrong-record", str(bad))
                continue
            yield FoundRecord(file, record, raw, regions)
    except RecordError as error:
        found.add("damaged-record", str(error))


def check_names(files: Sequence[OriginalFile], found: Findings) -> None:
    """Finds files that are missing, by the numbers in the names of the others."""
    for split in SPLITS:
        ours = [file for file in files if file.split == split]
        expected = ours[0].first if ours and ours[0].first <= 1 and ours[0].end is None else 0
        for file in ours:
            if file.first != expected:
                what = "samples" if file.end is not None else "numbers"
                missing = f"the {what} {expected} to {file.first - 1}"
                found.add("missing-shard", f"{file.path}: there is no file with {missing}")
            expected = file.end if file.end is not None else file.first + 1
