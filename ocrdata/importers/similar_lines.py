"""Sets whose lines look like ICDAR 2015's and are not: RCTW-17, MLT 2019, MTWI.

390,902,1856,902,1856,1225,390,1225,0,"text"      RCTW-17: 1 marks a text that is hard to read
1,2,9,2,9,8,1,8,Latin,text                        MLT 2019: the script before the text
45.45,226.83,11.87,181.79,183.84,13.1,233.79,49.95,text      MTWI: fractions of pixels
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Tuple

from ocrdata.base.icdar import pair_coordinates, split_numbers, unquote
from ocrdata.base.other_layouts import RCTW
from ocrdata.base.sample import DETECTION, TRAIN, Region
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.annotation_tools import is_side_file
from ocrdata.importers.base import DatasetInfo
from ocrdata.importers.icdar import SCRIPTS
from ocrdata.importers.icdar_format import IcdarImporter, base_name

_FLAG = re.compile(r"^\s*([01])\s*,(.*)$", re.DOTALL)


@dataclass(frozen=True)
class NamedTexts(IcdarImporter):
    """Text files whose names match `file_name`."""

    file_name: str = ""

    def _is_own(self, name: str) -> bool:
        wanted = re.match(self.file_name, base_name(name), re.IGNORECASE)
        return bool(wanted) and not is_side_file(name)


class RctwImporter(NamedTexts):
    """A flag before each text; the flag says that it is hard to read."""

    def _allowed(self) -> Tuple[str, ...]:
        return (RCTW,)

    def parse(self, line: str) -> Tuple[Region, str]:
        numbers, rest = split_numbers(line, 8)
        match = _FLAG.match(rest)
        if not match:
            raise ValueError("has no flag 0 or 1 before its text")
        text = unquote(match.group(2)).strip()
        ignored = match.group(1) == "1" or text in self.ignore_marks
        return Region(as_polygon(pair_coordinates(numbers)), text, ignored), ""


RCTW_17 = RctwImporter(
    DatasetInfo(
        "rctw17",
        "RCTW-17, Chinese text in the wild",
        homepage="https://rctw.vlrlab.net/",
        licence="for research only; see the homepage",
        tasks=(DETECTION,),
        splits=(TRAIN,),
        tree="""
  train_images/      image_0.jpg ...    (join train_images.zip.001 and .002 and unpack them)
  train_gts(.zip)    image_0.txt ...
""",
    ),
    file_name=r"^image_\d+\.txt$",
)

MLT_2019 = NamedTexts(
    DatasetInfo(
        "mlt2019",
        "ICDAR 2019 Multi-Lingual Text",
        homepage="https://rrc.cvc.uab.es/?ch=15",
        licence="none stated; see the homepage",
        tasks=(DETECTION,),
        splits=(TRAIN,),
        tree="""
  ImagesPart1(.zip)  ImagesPart2(.zip)     tr_img_00001.jpg ...
  train_gt_t13(.zip)                       tr_img_00001.txt ...
""",
    ),
    options=("languages",),
    choices={"languages": tuple(sorted((*SCRIPTS, "Hindi")))},
    script=True,
    file_name=r"^(gt_)?tr_img_\d+\.txt$",
)

MTWI = NamedTexts(
    DatasetInfo(
        "mtwi",
        "MTWI 2018, text in Chinese web pictures",
        homepage="https://tianchi.aliyun.com/competition/entrance/231685/information",
        licence="for research only; see the homepage",
        tasks=(DETECTION,),
        splits=(TRAIN,),
        tree="""
  mtwi_2018_train(.zip)
    image_train/   T1.8xlXdFXXXXXXXX_!!0-item_pic.jpg.jpg ...
    txt_train/     T1.8xlXdFXXXXXXXX_!!0-item_pic.jpg.txt ...
""",
    ),
)
