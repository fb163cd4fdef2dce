"""CVAT's XML, "CVAT for images 1.1": boxes and polygons with attributes.

<annotations><image id="0" name="img_1.jpg" width="640" height="480">
  <polygon label="text" points="377.0,117.0;463.0,117.0;465.0,130.0;378.0,130.0">
    <attribute name="text">Genaxis</attribute></polygon>
  <box label="text" xtl="10" ytl="20" xbr="90" ybr="40" rotation="12.5">...</box>
</image></annotations>
"""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, Iterator, List
from xml.etree import ElementTree

import numpy as np

from ocrdata.base.icdar import to_number
from ocrdata.base.sample import DETECTION, Region
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.shapes import turned
from ocrdata.importers.tool_files import (
    SPLITS_OF_TOOLS,
    AnnotatedImage,
    ToolImporter,
    is_ignored,
    numbers_of,
)

_SHAPES = ("box", "polygon")


class CvatImporter(ToolImporter):
    """An XML file of CVAT for images."""

    suffix = ".xml"

    def is_mine(self, content: bytes) -> bool:
        return b"<annotations" in content and b"<image " in content

    def images(self, content: bytes) -> Iterator[AnnotatedImage]:
        if b"<!ENTITY" in content:
            raise ValueError("defines entities, which CVAT does not")
        try:
            root = ElementTree.fromstring(content)
        except ElementTree.ParseError as error:
            raise ValueError(f"is not XML: {error}") from error
        for image in root.iter("image"):
            what = f"image {image.get('id')}"
            name = image.get("name")
            if not name:
                raise ValueError(f"{what} has no name")
            shapes = [shape for shape in image if shape.tag in _SHAPES]
            yield AnnotatedImage(name, what, partial(self._shapes, shapes))

    def _shapes(self, shapes: Any) -> List[Region]:
        return [self._shape(f"shape {place}", shape) for place, shape in enumerate(shapes, 1)]

    def _shape(self, what: str, shape: Any) -> Region:
        attributes: Dict[str, str] = {
            str(one.get("name")): one.text or "" for one in shape.iter("attribute")
        }
        text = self.text_in(attributes)
        return self.region(_points(shape, what), text, is_ignored(attributes), what)


def _points(shape: Any, what: str) -> Any:
    if shape.tag == "polygon":
        pairs = [pair.split(",") for pair in str(shape.get("points", "")).split(";") if pair]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"{what} has points that are not x,y;x,y;...")
        return pairs
    left, top, right, bottom = numbers_of(shape.attrib, ("xtl", "ytl", "xbr", "ybr"), what)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    turn = to_number(shape.get("rotation") or "0")
    middle = corners.mean(axis=0)
    return ((corners - middle) @ turned(turn) + middle).tolist() if turn else corners.tolist()


CVAT = CvatImporter(
    DatasetInfo(
        "cvat",
        "CVAT's XML for images",
        homepage="https://docs.cvat.ai/docs/manual/advanced/formats/format-cvat/",
        licence="your own",
        tasks=(DETECTION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  annotations.xml      exported as "CVAT for images 1.1"; <attribute name="text"> holds the text
  images/              the pictures, or beside the file
""",
    ),
    options=("ignore_marks", "text_attribute"),
)
