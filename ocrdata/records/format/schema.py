"""What a shard set looks like: names of features, files and splits, in one place.

Every record of a recognition set is a tf.train.Example with

    image/encoded    bytes [1]   the picture's file, as it is (JPEG, PNG, GIF or BMP)
    image/format     bytes [1]   "jpeg", "png", "gif" or "bmp"
    image/height     int64 [1]   pixels
    image/width      int64 [1]   pixels
    image/source_id  bytes [1]   the sample's key, UTF-8
    image/text       bytes [1]   the label, UTF-8
    image/class      int64 [n]   the label's classes in the dictionary, not padded, without blanks

Records of a detection set are in `scene.py`.
"""

from __future__ import annotations

from functools import lru_cache
from operator import eq
from typing import Any, Dict, List, NamedTuple, Sequence

from ocrdata.base.sample import RECOGNITION
from ocrdata.records.format.example import (
    BYTES,
    INT64,
    Feature,
    heads_of,
    join_entries,
    number_entry,
    pack_numbers,
)

ENCODED, FORMAT = "image/encoded", "image/format"
HEIGHT, WIDTH = "image/height", "image/width"
SOURCE_ID, TEXT, CLASS = "image/source_id", "image/text", "image/class"

DATASET_INFO = "dataset_info.json"
RECORDS_DIR = "tfrecords"
INFO_FORMAT = 1
TASK, LAYOUT = RECOGNITION, "default"

_KINDS = {
    ENCODED: BYTES,
    FORMAT: BYTES,
    HEIGHT: INT64,
    WIDTH: INT64,
    SOURCE_ID: BYTES,
    TEXT: BYTES,
    CLASS: INT64,
}


def shard_name(split: str, index: int, count: int) -> str:
    """Returns a shard's file name: train-00003-of-00010.tfrecord."""
    return f"{split}-{index:05d}-of-{count:05d}.tfrecord"


class LineRecord(NamedTuple):
    """One text line as a record holds it; `image` is the encoded file, sizes are in pixels."""

    key: str
    image: bytes
    format: str
    height: int
    width: int
    text: str
    classes: Sequence[int]


_CLASSES, _IMAGES = heads_of(CLASS, INT64), heads_of(ENCODED, BYTES)
_KEYS, _TEXTS = heads_of(SOURCE_ID, BYTES), heads_of(TEXT, BYTES)


@lru_cache(maxsize=4096)
def _form_and_height(form: str, height: int) -> bytes:
    """Returns two entries that stand side by side, and are the same again and again."""
    data = form.encode("ascii")
    return heads_of(FORMAT, BYTES)[len(data)] + data + number_entry(HEIGHT, height)


def encode_line(line: LineRecord) -> bytes:
    """Returns the serialised tf.train.Example of a line.

    `encode_example` gives the same bytes, in twice the time.
    """
    classes, image = pack_numbers(line.classes), line.image
    key, text = line.key.encode("utf-8"), line.text.encode("utf-8")
    return join_entries(
        (
            _CLASSES[len(classes)],
            classes,
            _IMAGES[len(image)],
            image,
            _form_and_height(line.format, line.height),
            _KEYS[len(key)],
            key,
            _TEXTS[len(text)],
            text,
            number_entry(WIDTH, line.width),
        )
    )


def line_of(features: Dict[str, Feature]) -> LineRecord:
    """Returns the line in decoded features; raises ValueError saying what is wrong with them."""
    values: Dict[str, List[Any]] = {}
    for name, kind in _KINDS.items():
        feature = features.get(name)
        # An empty label is a list of no numbers, which some writers leave out altogether.
        if feature is None and name != CLASS:
            raise ValueError(f"has no feature {name}")
        values[name] = list(feature.values) if feature else []
        if feature and feature.kind not in (kind, "unset"):
            raise ValueError(f"has {name} as {feature.kind} instead of {kind}")
        if name != CLASS and len(values[name]) != 1:
            raise ValueError(f"has {len(values[name])} values in {name}")
    try:
        key, text = (values[name][0].decode("utf-8") for name in (SOURCE_ID, TEXT))
        form = values[FORMAT][0].decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError(f"has text that is not UTF-8 ({error.reason})") from error
    return LineRecord(
        key, values[ENCODED][0], form, values[HEIGHT][0], values[WIDTH][0], text, values[CLASS]
    )


def ctc_length(classes: Sequence[object]) -> int:
    """Returns how many time steps CTC needs: one a class, and one between equal neighbours.

    Takes the text as well, because each character is a class.
    """
    return len(classes) + sum(map(eq, classes, classes[1:]))
