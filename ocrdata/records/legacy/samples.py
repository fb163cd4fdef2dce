"""Reads the record files of the originals, making good what can be, to write them anew."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.base.findings import Findings
from ocrdata.base.sample import Sample
from ocrdata.base.skips import BAD_PICTURE, Skips
from ocrdata.errors import AnnotationError, PathLike, RecordError
from ocrdata.images.encoding import encode_png
from ocrdata.records.legacy import originals
from ocrdata.records.legacy.deeptext import open_deeptext, origin_of
from ocrdata.records.legacy.original_records import FoundRecord, check_names, original_records
from ocrdata.records.legacy.originals import EAST, OriginalFile
from ocrdata.records.sources.identify import find_mindrecords
from ocrdata.records.sources.inputs import LIST_OF, SampleInput, SamplePairs
from ocrdata.text.charset import Charset

# What a reader can make good; everything else leaves a record out.
_REPAIRED = ("scrambled-picture", "text-list-picture", "label-too-long")
_GREY = "is grey"


def _key(one: FoundRecord) -> str:
    """Returns a unique relative name: the original's own ones are absolute, and may repeat."""
    name = PurePosixPath(one.raw.name.replace("\\", "/").replace(" ", "_")).name or "picture"
    return f"{one.file.path.stem}/{one.record.number:08d}_{name}"


def read_originals(
    files: Sequence[OriginalFile], charset: Optional[Charset], skips: Skips, found: Findings
) -> SamplePairs:
    """Yields the samples of an original's files, their pictures as PNG; repairs go to `found`."""
    classes = len(charset) if charset else 0
    for file in files:
        damaged = Findings()
        for one in original_records(file, classes, damaged):
            bad = [
                text
                for kind, text in one.raw.problems
                if kind not in _REPAIRED and not text.startswith(_GREY)
            ]
            for kind, text in one.raw.problems:
                if text not in bad:
                    found.add(kind, str(one.record.error(file.path, text)))
            if bad or one.raw.pixels is None:
                problem = bad[0] if bad else "has no picture"
                skips.refuse(BAD_PICTURE, one.record.error(file.path, problem))
                continue
            yield LIST_OF[file.split], _sample(one, charset)
        for kind, count in damaged.counts.items():
            for text in damaged.examples[kind]:
                skips.refuse(BAD_PICTURE, RecordError(file.path, text))
            skips.add({BAD_PICTURE: count - len(damaged.examples[kind])}, [])


def _sample(one: FoundRecord, charset: Optional[Charset]) -> Sample:
    assert one.raw.pixels is not None
    pixels = one.raw.pixels
    if any(kind == "scrambled-picture" for kind, _ in one.raw.problems):
        pixels = _stretched(pixels)
    data = encode_png(np.ascontiguousarray(pixels))
    if not one.raw.labels:
        return Sample(_key(one), data, None, one.regions)
    assert charset is not None
    return Sample(_key(one), data, charset.decode(one.raw.labels))


def _stretched(pixels: np.ndarray) -> np.ndarray:
    """Returns a picture written 32 wide and 100 high in its right shape."""
    height, width = pixels.shape[:2]
    resized: np.ndarray = cv2.resize(pixels, (height, width), interpolation=cv2.INTER_LINEAR)
    return resized


def open_originals(path: PathLike, charset: Optional[Charset]) -> Tuple[SampleInput, Findings]:
    """Returns the samples in an original's record files, and where its repairs will be noted.

    Raises AnnotationError where there are none, and RecordError where a dictionary is needed.
    """
    minded = find_mindrecords(path)
    if minded:
        return open_deeptext(minded)
    files = originals.find_originals(path)
    if not files:
        hint = (
            "Their names are like train_feature_0_10000.tfrecords, train_1.tfrecords, or "
            "Deeptext-TRAIN0 with its Deeptext-TRAIN0.db."
        )
        raise AnnotationError(path, "holds no record file of an original", hint=hint)
    layout = originals.file_layout(files[0].path)
    if layout is None:
        raise RecordError(files[0].path, "has a layout of none of the originals")
    if layout != EAST and charset is None:
        hint = "Name the one they were written with: --dictionary."
        raise RecordError(files[0].path, "needs its dictionary to be read", hint=hint)
    origin = origin_of(layout, [file.path for file in files])
    found = Findings()
    check_names(files, found)
    used = None if layout == EAST else charset
    return SampleInput(lambda skips: read_originals(files, used, skips, found), origin, used), found
