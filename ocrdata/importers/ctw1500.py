"""SCUT-CTW1500: curved lines, outlined by fourteen points.

0001.xml     <image file="0001.jpg"><box ...><label>OLATHE</label><segs>x1,y1,...,x14,y14</segs>
0001001.txt  x1,y1,...,x14,y14,####OLATHE                     of the test set
0001.txt     left,top,right,bottom, and fourteen points from (left, top) on, without texts (2017)

Pictures 1 to 1000 are for training, 1001 to 1500 for testing. Lines of 2017 have the text "text".
"""

from __future__ import annotations

import re
from typing import Iterator, List, Optional
from xml.etree import ElementTree

from ocrdata.base.encodings import decode_lines
from ocrdata.base.icdar import PointList, pair_coordinates, to_number
from ocrdata.base.sample import DETECTION, TEST, TRAIN, Region
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon, clockwise
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.picture_labels import PictureLabels

_NUMBER = re.compile(r"^0*(\d{1,4})\.\w+$")
_TRAINING = 1000
_TEXT, _MARK = "text", "####"
_POINTS = 14


class Ctw1500Importer(PictureLabels):
    """Pictures and label files called by numbers."""

    suffixes = (".xml", ".txt")

    def label_mark(self, name: str) -> Optional[str]:
        match = _NUMBER.match(name.rpartition("/")[2])
        return f"{int(match.group(1)):04d}" if match else None

    def image_mark(self, name: str) -> str:
        return self.label_mark(name) or name

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        mark = self.label_mark(name)
        if mark is None:
            return None
        return TRAIN if int(mark) <= _TRAINING else TEST

    def regions(self, tree: Tree, name: str) -> Iterator[Region]:
        where, content = tree.where(name), tree.read(name)
        if name.lower().endswith(".xml"):
            yield from self._from_xml(content, where)
            return
        for number, line in decode_lines(content, where, "utf-8"):
            try:
                points, text = _split(line)
            except ValueError as error:
                raise AnnotationError(where, str(error), number) from error
            yield self._region(points, text)

    def _region(self, points: PointList, text: str) -> Region:
        ignored = text in self.ignore_marks or not text.strip()
        return Region(clockwise(as_polygon(points)), text, ignored)

    def _from_xml(self, content: bytes, where: str) -> Iterator[Region]:
        if b"<!ENTITY" in content:
            raise AnnotationError(where, "defines entities, which the set does not")
        try:
            boxes = list(ElementTree.fromstring(content).iter("box"))
        except ElementTree.ParseError as error:
            raise AnnotationError(where, f"is not XML: {error.msg}", error.position[0]) from error
        for place, box in enumerate(boxes, 1):
            try:
                points = _points((box.findtext("segs") or "").split(","))
            except ValueError as error:
                raise AnnotationError(where, f"box {place} {error}") from error
            yield self._region(points, (box.findtext("label") or "").strip())


def _split(line: str) -> "tuple[PointList, str]":
    numbers, mark, text = line.partition(_MARK)
    if mark:
        return _points(numbers.rstrip().rstrip(",").split(",")), text.strip()
    fields = line.split(",")
    if len(fields) != 4 + 2 * _POINTS:
        problem = f"is neither 28 numbers and {_MARK}text nor 32 numbers"
        raise ValueError(problem)
    left, top = to_number(fields[0]), to_number(fields[1])
    return [(left + x, top + y) for x, y in _points(fields[4:])], _TEXT


def _points(fields: List[str]) -> PointList:
    if len(fields) != 2 * _POINTS:
        raise ValueError(f"has {len(fields)} numbers instead of {2 * _POINTS}")
    return pair_coordinates([to_number(field) for field in fields])


CTW_1500 = Ctw1500Importer(
    DatasetInfo(
        "ctw1500",
        "SCUT-CTW1500, curved lines",
        homepage="https://github.com/Yuliang-Liu/Curve-Text-Detector",
        licence="for non-commercial research only",
        tasks=(DETECTION,),
        splits=(TRAIN, TEST),
        tree="""
  train_images/  0001.jpg ...     ctw1500_train_labels(.zip)  0001.xml ...
  test_images/   1001.jpg ...     gt_ctw1500(.zip)            0001001.txt ...
or, of 2017 and without texts:
  train/text_image/  train/text_label_curve/  test/text_image/  test/text_label_curve/
""",
    ),
)
