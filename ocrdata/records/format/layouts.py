"""How records and their files look: our own layout, and those the original trainers read.

    ucloud-crnn  {train,validation,test}_feature_<first>_<last + 1>.tfrecords
                 images: raw uint8 [32, 100, 3], BGR; imagenames; labels
    npu-crnn     {train,val,test}_<1...>.tfrecords
                 images: raw uint8 [32, 100, 3], RGB; imagepaths; labels; labels_length

The originals stretch every picture to 100 by 32 pixels, and so do these.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, NamedTuple, Tuple, Union

import cv2
import numpy as np
from PIL import Image

from ocrdata.base.sample import DETECTION, RECOGNITION, SPLITS
from ocrdata.images.decode import decode_rgb
from ocrdata.records.format.example import Feature, bytes_feature, encode_example, int64_feature
from ocrdata.records.format.scene_record import POINTS, SceneRecord, encode_scene, scene_of
from ocrdata.records.format.schema import LAYOUT, LineRecord, encode_line, line_of, shard_name

AnyRecord = Union[LineRecord, SceneRecord]

RAW_HEIGHT, RAW_WIDTH = 32, 100
RAW_BYTES = RAW_HEIGHT * RAW_WIDTH * 3
IMAGES, LABELS, LABELS_LENGTH = "images", "labels", "labels_length"
IMAGE_NAMES, IMAGE_PATHS = "imagenames", "imagepaths"
# The NPU trainer makes labels into rows of this length.
NPU_LABELS = 23
# How the originals call their record files: the split, and one number or two.
ORIGINAL_NAME = re.compile(
    r"^(train|validation|val|test)(?:_feature)?_(\d+)(?:_(\d+))?\.tfrecords?$"
)
_NPU_SPLITS = dict(zip(SPLITS, ("train", "val", "test")))


class Layout(NamedTuple):
    """A way to write records.

    `name_of(split, index, count, first, samples)` gives a file's name. `encode` takes a record and
    raises ValueError for one the layout cannot hold.
    """

    tasks: Tuple[str, ...]
    name_of: Callable[[str, int, int, int, int], str]
    encode: Callable[[Any], bytes]


def _default_name(split: str, index: int, count: int, first: int, samples: int) -> str:
    return shard_name(split, index, count)


def _default(record: AnyRecord) -> bytes:
    return encode_line(record) if isinstance(record, LineRecord) else encode_scene(record)


def _ucloud_name(split: str, index: int, count: int, first: int, samples: int) -> str:
    return f"{split}_feature_{first}_{first + samples}.tfrecords"


def _ucloud(line: LineRecord) -> bytes:
    size = (RAW_WIDTH, RAW_HEIGHT)
    picture = cv2.resize(decode_rgb(line.image), size, interpolation=cv2.INTER_LINEAR)
    return encode_example(
        {
            IMAGES: bytes_feature(np.ascontiguousarray(picture[:, :, ::-1]).tobytes()),
            IMAGE_NAMES: bytes_feature(line.key.encode("utf-8")),
            LABELS: int64_feature(line.classes),
        }
    )


def _npu_name(split: str, index: int, count: int, first: int, samples: int) -> str:
    return f"{_NPU_SPLITS[split]}_{index + 1}.tfrecords"


def _npu(line: LineRecord) -> bytes:
    if len(line.classes) > NPU_LABELS:
        count = len(line.classes)
        raise ValueError(f"has a label of {count} characters; npu-crnn trainers take {NPU_LABELS}")
    image = Image.fromarray(decode_rgb(line.image))
    picture = image.resize((RAW_WIDTH, RAW_HEIGHT), Image.Resampling.BILINEAR)
    return encode_example(
        {
            IMAGES: bytes_feature(picture.tobytes()),
            IMAGE_PATHS: bytes_feature(line.key.encode("utf-8")),
            LABELS: int64_feature(line.classes),
            LABELS_LENGTH: int64_feature((len(line.classes),)),
        }
    )


LAYOUTS: Dict[str, Layout] = {
    LAYOUT: Layout((RECOGNITION, DETECTION), _default_name, _default),
    "npu-crnn": Layout((RECOGNITION,), _npu_name, _npu),
    "ucloud-crnn": Layout((RECOGNITION,), _ucloud_name, _ucloud),
}


def record_of(features: Dict[str, Feature]) -> AnyRecord:
    """Returns the line or the picture with regions in decoded features; ValueError if neither."""
    return scene_of(features) if POINTS in features else line_of(features)
