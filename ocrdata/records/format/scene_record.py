"""Records of whole pictures with the outlines of their texts, for detection.

Every record of a detection set is a tf.train.Example with the picture's features of `schema.py`
(all but image/text and image/class) and, for r regions with n points in all,

    image/region/polygon  float32 [2 n]  x and y in pixels, one region behind the other
    image/region/points   int64 [r]      how many points each region has, 3 or more
    image/region/text     bytes [r]      UTF-8, empty where nobody knows
    image/region/ignore   int64 [r]      1 where a region counts neither way, else 0

Pixels are those of the stored picture, (0, 0) its top left corner and y pointing down.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.base.sample import Region
from ocrdata.records.format.example import (
    BYTES,
    FLOAT,
    INT64,
    Feature,
    bytes_feature,
    encode_example,
    float_feature,
    int64_feature,
)
from ocrdata.records.format.schema import ENCODED, FORMAT, HEIGHT, SOURCE_ID, WIDTH

POLYGON, POINTS = "image/region/polygon", "image/region/points"
REGION_TEXT, IGNORE = "image/region/text", "image/region/ignore"

_ONE = {ENCODED: BYTES, FORMAT: BYTES, HEIGHT: INT64, WIDTH: INT64, SOURCE_ID: BYTES}
_LISTS = {POLYGON: FLOAT, POINTS: INT64, REGION_TEXT: BYTES, IGNORE: INT64}


class SceneRecord(NamedTuple):
    """One picture as a record holds it; `image` is the encoded file, sizes are in pixels."""

    key: str
    image: bytes
    format: str
    height: int
    width: int
    regions: Tuple[Region, ...]


def region_features(regions: Sequence[Region]) -> Dict[str, Feature]:
    """Returns the four features of regions."""
    points: List[float] = []
    for region in regions:
        points += np.asarray(region.polygon, np.float32).ravel().tolist()
    return {
        POLYGON: float_feature(points),
        POINTS: int64_feature(len(region.polygon) for region in regions),
        REGION_TEXT: bytes_feature(*(region.text.encode("utf-8") for region in regions)),
        IGNORE: int64_feature(int(region.ignore) for region in regions),
    }


def encode_scene(scene: SceneRecord) -> bytes:
    """Returns the serialised tf.train.Example of a picture with regions."""
    return encode_example(
        {
            ENCODED: bytes_feature(scene.image),
            FORMAT: bytes_feature(scene.format.encode("ascii")),
            HEIGHT: int64_feature((scene.height,)),
            WIDTH: int64_feature((scene.width,)),
            SOURCE_ID: bytes_feature(scene.key.encode("utf-8")),
            **region_features(scene.regions),
        }
    )


def _values(features: Dict[str, Feature], name: str, kind: str) -> List[Any]:
    feature = features.get(name)
    if feature and feature.kind not in (kind, "unset"):
        raise ValueError(f"has {name} as {feature.kind} instead of {kind}")
    return list(feature.values) if feature else []


def regions_of(features: Dict[str, Feature]) -> Tuple[Region, ...]:
    """Returns the regions in decoded features; raises ValueError where the lists disagree."""
    values = {name: _values(features, name, kind) for name, kind in _LISTS.items()}
    count = len(values[POINTS])
    for name in (REGION_TEXT, IGNORE):
        if len(values[name]) != count:
            raise ValueError(f"has {len(values[name])} values in {name} for {count} regions")
    if any(points < 3 for points in values[POINTS]):
        raise ValueError("has a region of less than three points")
    if 2 * sum(values[POINTS]) != len(values[POLYGON]):
        found, points = len(values[POLYGON]), sum(values[POINTS])
        raise ValueError(f"has {found} coordinates for {points} points")
    flat = np.array(values[POLYGON], np.float32).reshape(-1, 2)
    ends = np.cumsum(values[POINTS], dtype=np.int64)[:-1]
    polygons = np.split(flat, ends) if count else []
    try:
        texts = [text.decode("utf-8") for text in values[REGION_TEXT]]
    except UnicodeDecodeError as error:
        raise ValueError(f"has text that is not UTF-8 ({error.reason})") from error
    return tuple(
        Region(polygon, text, bool(ignore))
        for polygon, text, ignore in zip(polygons, texts, values[IGNORE])
    )


def scene_of(features: Dict[str, Feature]) -> SceneRecord:
    """Returns the picture in decoded features; raises ValueError saying what is wrong with them."""
    one: Dict[str, Any] = {}
    for name, kind in _ONE.items():
        values = _values(features, name, kind)
        if len(values) != 1:
            raise ValueError(f"has {len(values)} values in {name}")
        one[name] = values[0]
    try:
        key, form = one[SOURCE_ID].decode("utf-8"), one[FORMAT].decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError(f"has text that is not UTF-8 ({error.reason})") from error
    regions = regions_of(features)
    return SceneRecord(key, one[ENCODED], form, one[HEIGHT], one[WIDTH], regions)
