"""Total-Text: curved words, outlined by polygons of any number of points.

    x: [[259 313 389 427]], y: [[542 462 417 459]], ornt: [u'c'], transcriptions: [u'PAUL']

is what poly_gt_img11.txt holds, a word a line, where long ones may go over several;
poly_gt_img11.mat has the same in Matlab's form and needs SciPy. A word marked `#` is not to be
read.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Iterator, List, Optional, Tuple

from ocrdata.base.encodings import decode_lines
from ocrdata.base.icdar import to_number
from ocrdata.base.sample import DETECTION, TEST, TRAIN, Region
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError
from ocrdata.geometry.polygons import as_polygon, clockwise
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.matlab import cell_text, load_matlab
from ocrdata.importers.picture_labels import PictureLabels

_FILE = re.compile(r"^(?:poly_)?gt_(img\d+)\.(?:txt|mat)$", re.IGNORECASE)
_WORD = re.compile(
    r"^x:\s*\[\[(.*?)\]\]\s*,\s*y:\s*\[\[(.*?)\]\]\s*,"
    r"\s*ornt:\s*\[(.*?)\]\s*,\s*transcriptions:\s*\[(.*)\]\s*$",
    re.DOTALL,
)
_UNREAD = "#"


class TotalTextImporter(PictureLabels):
    """Pictures called img1 and so on, in folders Train and Test."""

    suffixes = (".txt", ".mat")

    def label_mark(self, name: str) -> Optional[str]:
        match = _FILE.match(name.rpartition("/")[2])
        return match.group(1).lower() if match else None

    def image_mark(self, name: str) -> str:
        return name.rpartition("/")[2].rpartition(".")[0].lower()

    def regions(self, tree: Tree, name: str) -> Iterator[Region]:
        where = tree.where(name)
        if name.lower().endswith(".mat"):
            words = _matlab_words(load_matlab(tree.picture(name), where, "Total-Text"), where)
        else:
            words = _text_words(decode_lines(tree.read(name), where, "utf-8"))
        for place, line, parse in words:
            try:
                yield self._region(*parse())
            except (ValueError, SyntaxError, LookupError, AttributeError) as error:
                problem = str(error) if line else f"word {place}: {error}"
                raise AnnotationError(where, problem, line) from error

    def _region(self, xs: List[str], ys: List[str], text: str, orientation: str) -> Region:
        if len(xs) != len(ys) or len(xs) < 3:
            raise ValueError(f"has {len(xs)} x and {len(ys)} y, not as many and three or more")
        points = [(to_number(x), to_number(y)) for x, y in zip(xs, ys)]
        ignored = _UNREAD in (text, orientation) or text in self.ignore_marks or not text.strip()
        return Region(clockwise(as_polygon(points)), text, ignored)


def _text_words(lines: Iterator[Tuple[int, str]]) -> Iterator[Any]:
    words: List[Tuple[int, str]] = []
    for number, line in lines:
        if line.lstrip().startswith("x:") or not words:
            words.append((number, line.strip()))
        else:
            words[-1] = (words[-1][0], f"{words[-1][1]} {line.strip()}")
    for place, (number, word) in enumerate(words, 1):
        yield place, number, lambda word=word: _parse(word)


def _parse(word: str) -> Tuple[List[str], List[str], str, str]:
    match = _WORD.match(word)
    if not match:
        raise ValueError("is not x: [[...]], y: [[...]], ornt: [...], transcriptions: [...]")
    xs, ys, orientation, text = match.groups()
    return xs.split(), ys.split(), _literals(text) or _UNREAD, _literals(orientation)


def _literals(text: str) -> str:
    try:
        values = ast.literal_eval(f"[{text}]")
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"[{text[:40]}] is not a text in quotes") from error
    return ",".join(map(str, values))


def _matlab_words(content: Any, where: str) -> Iterator[Any]:
    rows = content.get("polygt", content.get("gt"))
    if rows is None or rows.ndim != 2 or rows.shape[1] < 6:
        raise AnnotationError(where, "has no polygt with x, y, text and orientation")
    for place, row in enumerate(rows, 1):
        yield place, None, lambda row=row: _cells(row)


def _cells(row: Any) -> Tuple[List[str], List[str], str, str]:
    xs, ys = ([str(value) for value in cell.ravel()] for cell in (row[1], row[3]))
    text, orientation = (cell_text(cell) if cell.size else "" for cell in row[4:6])
    return xs, ys, text or _UNREAD, orientation


TOTAL_TEXT_SET = TotalTextImporter(
    DatasetInfo(
        "totaltext",
        "Total-Text, curved words",
        homepage="https://github.com/cs-chan/Total-Text-Dataset",
        licence="BSD 3-Clause",
        tasks=(DETECTION,),
        splits=(TRAIN, TEST),
        tree="""
  Images/Train/    img11.jpg ...       txt_format/Train/  poly_gt_img11.txt ...
  Images/Test/     img1.jpg ...        txt_format/Test/   poly_gt_img1.txt ...
(or Groundtruth/Polygon/Train/poly_gt_img11.mat ...)
""",
    ),
)
