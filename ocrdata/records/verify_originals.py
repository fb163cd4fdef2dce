"""Checks the record files of the originals."""

from __future__ import annotations

from array import array
from typing import Callable, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base.sample import Region
from ocrdata.errors import RecordError
from ocrdata.geometry import rbox
from ocrdata.records import originals
from ocrdata.records.example import Feature
from ocrdata.records.findings import Findings, as_hashes, first_shared, hash64, repeats
from ocrdata.records.originals import EAST, OriginalFile, Raw
from ocrdata.records.schema import SPLITS
from ocrdata.records.tfrecord import Record, example_of, scan_records
from ocrdata.text.charset import Charset

OnProgress = Callable[[int, Optional[int]], None]
_STRIDE = 4


class FoundRecord(NamedTuple):
    """A sound record of an original, as pixels and labels or regions."""

    file: OriginalFile
    record: Record
    raw: Raw
    regions: Tuple[Region, ...]


def _east(features: Dict[str, Feature], name: str) -> Tuple[Raw, Tuple[Region, ...]]:
    """Returns the picture of an EAST record, and the outlines that its maps stand for."""
    height, width = (int(features[key].values[0]) for key in
                     (originals.EAST_HEIGHT, originals.EAST_WIDTH))  # fmt: skip
    data = features["images"].values[0]
    if not isinstance(data, bytes) or len(data) != height * width * 3 or height * width == 0:
        size = len(data) if isinstance(data, bytes) else 0
        text = "has {:,} picture bytes, not {} x {} x 3".format(size, height, width)
        return Raw(name, None, (), [("wrong-picture-size", text)]), ()
    pixels = np.frombuffer(data, np.uint8).reshape(height, width, 3)
    shape = (height // _STRIDE, width // _STRIDE)
    maps = [
        np.array(features[key].values, np.float32)
        for key in (originals.SCORE, originals.GEOMETRY, originals.MASK)
    ]
    cells = shape[0] * shape[1]
    if [len(one) for one in maps] != [cells, 5 * cells, cells]:
        text = "has maps of {} values".format([len(one) for one in maps])
        return Raw(name, pixels, (), [("wrong-record", text)]), ()
    geometry = maps[1].reshape(shape + (5,)).copy()
    # The original turns against the clock.
    geometry[:, :, 4] *= -1.0
    quads, _ = rbox.detect(maps[0].reshape(shape), geometry, min_side=0.0, min_mean_score=0.0)
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
                bad = error if isinstance(error, RecordError) else record.error(
                    file.path, "has missing or wrong features ({})".format(error))  # fmt: skip
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
                what = "samples {} to {}" if file.end is not None else "numbers {} to {}"
                text = ("{}: there is no file with the " + what).format(
                    file.path, expected, file.first - 1
                )
                found.add("missing-shard", text)
            expected = file.end if file.end is not None else file.first + 1


class _Hashes:
    """Hashes of labels, pictures and names, by split."""

    def __init__(self) -> None:
        self.of: Dict[Tuple[str, str], "array[int]"] = {}

    def add(self, split: str, what: str, data: bytes) -> None:
        self.of.setdefault((split, what), array("Q")).append(hash64(data))

    def check(self, found: Findings) -> None:
        """Compares the splits with each other, and each with itself."""
        for place, split in enumerate(SPLITS):
            names = as_hashes(self.of.get((split, "names"), ()))
            again = repeats(names)
            if len(again):
                text = "{}: only {:,} of {:,} records are different pictures".format(
                    split, len(names) - len(again), len(names)
                )
                found.add("repeated-picture", text, len(again))
            for before in SPLITS[:place]:
                for what, kind in (("labels", "text-in-two-splits"),
                                   ("pictures", "picture-in-two-splits")):  # fmt: skip
                    ours = as_hashes(self.of.get((split, what), ()))
                    shared = first_shared(ours, as_hashes(self.of.get((before, what), ())))
                    if len(shared):
                        text = "{:,} of {} are in {} too".format(len(shared), split, before)
                        found.add(kind, text, len(shared))


def verify_originals(
    files: Sequence[OriginalFile],
    charset: Optional[Charset],
    found: Findings,
    on_progress: Optional[OnProgress] = None,
) -> int:
    """Checks record files of an original; adds problems to `found`, returns the sound records.

    Without a dictionary only classes below 0 are found to be wrong. `check_names` looks for files
    that are missing.
    """
    classes = len(charset) if charset else 1 << 62
    hashes, total = _Hashes(), 0
    for file in files:
        count = 0
        for one in original_records(file, classes, found):
            count += 1
            for kind, text in one.raw.problems:
                found.add(kind, str(one.record.error(file.path, text)))
            if one.raw.labels:
                hashes.add(file.split, "labels", repr(one.raw.labels).encode())
            if one.raw.pixels is not None:
                hashes.add(file.split, "pictures", one.raw.pixels.tobytes())
            if one.raw.name:
                hashes.add(file.split, "names", one.raw.name.encode("utf-8"))
            if on_progress:
                on_progress(total + count, None)
        if file.end is not None and count != file.end - file.first:
            text = "{} holds {} sound records, not the {} of its name".format(
                file.path, count, file.end - file.first
            )
            found.add("wrong-count", text)
        total += count
    hashes.check(found)
    return total
