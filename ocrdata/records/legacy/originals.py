"""The record files of the systems this one replaces: what they hold, and what is wrong with them.

    ucloud-crnn       images, imagenames, labels                  train_feature_<a>_<b>.tfrecords
    crnn-tensorflow   images, imagepaths, labels                  train_<n>.tfrecords
    npu-crnn          images, imagepaths, labels, labels_length   train_<n>.tfrecords
    ucloud-east       images, images/height, images/width, imagename, score_map, geo_map,
                      training_mask                               train_feature_<n>.tfrecords

Their pictures are raw bytes whose shape stands nowhere: 32 rows of 100 (or 200) pixels. Known
damage: pictures of validation and test written 32 wide and 100 high; the text of a Python list
instead of its bytes (Python 2); grey pictures where colours are read; labels that reach the blank.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.base.sample import TEST, TRAIN, VALIDATION
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike, RecordError
from ocrdata.records.format.example import BYTES, Feature
from ocrdata.records.format.layouts import (
    IMAGE_NAMES,
    IMAGE_PATHS,
    IMAGES,
    LABELS,
    LABELS_LENGTH,
    NPU_LABELS,
    ORIGINAL_NAME,
    RAW_HEIGHT,
    RAW_WIDTH,
)
from ocrdata.records.format.tfrecord import example_of, scan_records

UCLOUD, REFERENCE, NPU, EAST = "ucloud-crnn", "crnn-tensorflow", "npu-crnn", "ucloud-east"
EAST_NAME, EAST_HEIGHT, EAST_WIDTH = "imagename", "images/height", "images/width"
SCORE, GEOMETRY, MASK = "score_map", "geo_map", "training_mask"
# Widths a raw line may have; the multi-GPU trainer reads the second one.
_WIDTHS = (RAW_WIDTH, 200)
_SPLITS = {"train": TRAIN, "validation": VALIDATION, "val": VALIDATION, "test": TEST}
_SAMPLED = 64


class OriginalFile(NamedTuple):
    """A file of an original: its split, and the numbers in its name (shard, or first and end)."""

    path: Path
    split: str
    first: int
    end: Optional[int]


def find_originals(path: PathLike) -> List[OriginalFile]:
    """Returns the record files with names of the originals, by split and number."""
    where = as_path(path)
    paths = sorted(where.iterdir()) if where.is_dir() else [where]
    found = []
    for one in paths:
        match = ORIGINAL_NAME.match(one.name)
        if match:
            split, first, end = match.groups()
            last = int(end) if end else None
            found.append(OriginalFile(one, _SPLITS[split], int(first), last))
    order = [TRAIN, VALIDATION, TEST]
    return sorted(found, key=lambda one: (order.index(one.split), one.first, one.path.name))


def layout_of(features: Dict[str, Feature]) -> Optional[str]:
    """Returns which original wrote a record, by its features; None for none of them."""
    names = set(features)
    if {IMAGES, SCORE, GEOMETRY, MASK} <= names:
        return EAST
    if {IMAGES, IMAGE_NAMES, LABELS} <= names:
        return UCLOUD
    if {IMAGES, IMAGE_PATHS, LABELS} <= names:
        return NPU if LABELS_LENGTH in names else REFERENCE
    return None


def file_layout(path: PathLike) -> Optional[str]:
    """Returns which original wrote a file, by its first sound record."""
    for record in scan_records(path):
        if not record.problem:
            try:
                return layout_of(example_of(path, record))
            except RecordError:
                continue
    return None


# --- one record


class Raw(NamedTuple):
    """A record as found: its name, pixels (uint8 [h, w, 3], RGB), classes, and what is wrong.

    `problems` are (kind, message); kinds are those of `findings.FINDING_KINDS`. `pixels` is
    None where they cannot be told.
    """

    name: str
    pixels: Optional[np.ndarray]
    labels: Tuple[int, ...]
    problems: List[Tuple[str, str]]


def _one(features: Dict[str, Feature], name: str) -> bytes:
    feature = features.get(name)
    if feature is None or feature.kind != BYTES or len(feature.values) != 1:
        return b""
    value = feature.values[0]
    return value if isinstance(value, bytes) else b""


def _from_list(data: bytes) -> Optional[bytes]:
    """Returns the bytes whose list was written as text, as Python 2 does."""
    try:
        return bytes(int(part) for part in data.strip(b"[] \n").split(b","))
    except ValueError:
        return None


def line_pixels(data: bytes, swapped: bool) -> Tuple[Optional[np.ndarray], List[Tuple[str, str]]]:
    """Returns the pixels in raw bytes, in the order they have there, and what is wrong with them.

    `swapped` says that rows and columns were exchanged when they were written.
    """
    problems = []
    if data[:1] == b"[":
        listed = _from_list(data)
        if listed is not None:
            text = "holds the text of a list instead of its bytes (written by Python 2)"
            problems.append(("text-list-picture", text))
            data = listed
    for width in _WIDTHS:
        for channels in (3, 1):
            if len(data) == RAW_HEIGHT * width * channels:
                shape = (width, RAW_HEIGHT) if swapped else (RAW_HEIGHT, width)
                pixels = np.frombuffer(data, np.uint8).reshape(shape + (channels,))
                if channels == 1:
                    text = "is grey, where its trainer reads three colours"
                    problems.append(("wrong-picture-size", text))
                if swapped:
                    sides = f"{RAW_HEIGHT} wide and {width} high"
                    text = f"was written {sides}: trainers see it scrambled"
                    problems.append(("scrambled-picture", text))
                return np.repeat(pixels, 3, 2) if channels == 1 else pixels, problems
    expected = " or ".join(f"{RAW_HEIGHT * width * 3:,}" for width in _WIDTHS)
    text = f"has {len(data):,} picture bytes, not {expected}"
    problems.append(("wrong-picture-size", text))
    return None, problems


def _roughness(data: bytes, shape: Tuple[int, int]) -> float:
    pixels = np.frombuffer(data, np.uint8).reshape(shape + (3,)).astype(np.int16)
    return float(np.abs(np.diff(pixels, axis=0)).mean())


def is_swapped(path: PathLike) -> bool:
    """Says whether the pictures of a file were written 32 wide and 100 high.

    Neighbouring rows of a picture are alike; those of a picture cut at the wrong width are not.
    The first records of the file decide together.
    """
    right = wrong = 0.0
    count = 0
    for record in scan_records(path):
        if record.problem or count == _SAMPLED:
            break
        data = _one(example_of(path, record), IMAGES)
        if len(data) == RAW_HEIGHT * RAW_WIDTH * 3:
            right += _roughness(data, (RAW_HEIGHT, RAW_WIDTH))
            wrong += _roughness(data, (RAW_WIDTH, RAW_HEIGHT))
            count += 1
    return wrong < 0.6 * right


def read_line(features: Dict[str, Feature], layout: str, swapped: bool, classes: int) -> Raw:
    """Returns a text line of an original; `classes` is how many characters its dictionary has."""
    name = _one(features, IMAGE_NAMES if layout == UCLOUD else IMAGE_PATHS)
    pixels, problems = line_pixels(_one(features, IMAGES), swapped)
    labels = tuple(int(value) for value in features[LABELS].values)
    problems += _label_problems(features, layout, labels, classes)
    if pixels is not None and layout != NPU:
        # The two older ones wrote OpenCV's order.
        pixels = pixels[:, :, ::-1]
    return Raw(name.decode("utf-8", "replace"), pixels, labels, problems)


def _label_problems(
    features: Dict[str, Feature], layout: str, labels: Tuple[int, ...], classes: int
) -> Iterator[Tuple[str, str]]:
    if not labels:
        yield "empty-label", "has an empty label"
    high = [label for label in labels if not 0 <= label < classes]
    if high:
        text = f"has the class {high[0]}, but the dictionary has {classes} characters"
        yield "wrong-label", text
    if layout == NPU:
        noted = features[LABELS_LENGTH].values
        if tuple(noted) != (len(labels),):
            yield "wrong-label", f"notes a length of {noted} for {len(labels)} labels"
        if len(labels) > NPU_LABELS:
            text = f"has {len(labels)} characters; its trainer fails above {NPU_LABELS}"
            yield "label-too-long", text
