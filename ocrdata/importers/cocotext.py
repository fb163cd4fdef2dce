"""COCO-Text v2: one JSON file on MS COCO's 2014 training pictures.

    {"imgs": {"522579": {"file_name": "COCO_train2014_000000522579.jpg", "set": "train", ...}, ...},
     "imgToAnns": {"522579": [167294, ...], ...},
     "anns": {"167294": {"mask": [468.9, 286.7, ...], "bbox": [468.9, 286.7, 24.1, 9.1],
              "class": "machine printed", "language": "english", "legibility": "legible",
              "utf8_string": "the", ...}, ...}}

Text that is illegible, a crowd, or not of the chosen kind is kept as a box to be ignored.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ocrdata.base.icdar import corners, pair_coordinates, to_number
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, TRAIN, VALIDATION, Region, Sample
from ocrdata.base.storage.disk_map import DiskMap
from ocrdata.base.storage.tree import Tree, natural
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.base import (
    BAD,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    about,
    find_image,
    refuse,
)

LANGUAGES = ("english", "not english", "na")
LEGIBILITIES = ("legible", "illegible")
_CLASSES = ("machine printed", "handwritten", "others")
_PARTS = ("imgs", "anns", "imgToAnns")
_ENTRY = re.compile(r'"(\d+)"\s*:\s*\{')
_SETS = {"train": TRAIN, "val": VALIDATION, "validation": VALIDATION}


@dataclass(frozen=True)
class CocoText(Importer):
    """Boxes of the chosen languages, legibilities and classes; empty means all."""

    languages: Tuple[str, ...] = ()
    legibilities: Tuple[str, ...] = ("legible",)
    classes: Tuple[str, ...] = ()

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            content = self._load(tree, root)[0]
        found = {_SETS.get(str(picture.get("set"))) for picture in content["imgs"].values()}
        return [split for split in self.info.splits if split in found]

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            content, where, text = self._load(tree, root)
            lines = _lines_of(text, "imgs")
            places: DiskMap[str] = DiskMap()
            for one in filter(is_image, tree.names):
                places[_plain_name(one)] = one
            for number in sorted(content["imgs"], key=natural):
                row = content["imgs"][number]
                if _SETS.get(str(row.get("set"))) != split:
                    continue
                line, name = lines.get(number), str(row.get("file_name"))
                picture = places.get(_plain_name(name))
                told = about(picture, report)
                regions = self._regions(content, number, where, text, told)
                if regions is None:
                    continue
                image = find_image(
                    tree,
                    picture,
                    where=where,
                    line=line,
                    wanted=name,
                    report=report,
                    pictures=pictures,
                )
                if image is not None:
                    yield ImportedSample(picture or name, image, None, regions, where, line)

    def _load(self, tree: Tree, root: PathLike) -> Tuple[Dict[str, Any], str, str]:
        names = [name for name in tree.names if name.lower().endswith(".json")]
        chosen = [name for name in names if "cocotext" in name.lower().replace("_", "")] or names
        if not chosen:
            raise self.missing(root, "cocotext.v2.json")
        where = tree.where(chosen[0])
        try:
            text = tree.read(chosen[0]).decode("utf-8-sig")
            content = json.loads(text)
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise AnnotationError(where, f"is not UTF-8 ({error.reason})", line) from error
        except json.JSONDecodeError as error:
            problem = f"is not JSON: {error.msg}"
            raise AnnotationError(where, problem, error.lineno) from error
        except RecursionError as error:
            raise AnnotationError(where, "is nested too deeply") from error
        _check_form(content, where)
        return content, where, text

    def _regions(
        self, content: Dict[str, Any], picture: str, where: str, text: str, report: OnProblem
    ) -> Optional[Tuple[Region, ...]]:
        regions = []
        for number in content["imgToAnns"].get(picture, ()):
            row = content["anns"].get(str(number))
            try:
                regions.append(self._region(row))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                wrong = error if row else "it does not exist"
                problem = f"annotation {number} of picture {picture}: {wrong}"
                report(
                    BAD, AnnotationError(where, problem, _lines_of(text, "anns").get(str(number)))
                )
                return None
        if all(region.ignore for region in regions):
            report("no text of the chosen kind", None)
            return None
        return tuple(regions)

    def _region(self, row: Any) -> Region:
        label = row.get("utf8_string") or ""
        wanted = (
            (not self.languages or row.get("language") in self.languages)
            and (not self.legibilities or row.get("legibility") in self.legibilities)
            and (not self.classes or row.get("class") in self.classes)
        )
        outline = [to_number(str(value)) for value in row.get("mask") or ()]
        if len(outline) >= 6 and len(outline) % 2 == 0:
            points = pair_coordinates(outline)
        else:
            left, top, width, height = (to_number(str(value)) for value in row["bbox"])
            points = corners(left, top, left + width, top + height)
        readable = wanted and bool(label.strip()) and not row.get("iscrowd")
        return Region(as_polygon(points), label, not readable)


def _check_form(content: Any, where: str) -> None:
    for part in _PARTS:
        rows = content.get(part) if isinstance(content, dict) else None
        if not isinstance(rows, dict):
            raise AnnotationError(where, f"has no {part!r}: it is not COCO-Text v2")
        kind = list if part == "imgToAnns" else dict
        odd = [key for key, row in rows.items() if not isinstance(row, kind)]
        if odd:
            raise AnnotationError(where, f"{part}/{odd[0]} is no {kind.__name__}")


def _plain_name(name: str) -> str:
    """Returns a picture's name as COCO 2014 and 2017 share it: without COCO_train2014_."""
    return name.rsplit("/", 1)[-1].rsplit("_", 1)[-1]


def _lines_of(text: str, part: str) -> Dict[str, int]:
    """Returns the line of each entry of a part of the file."""
    start = max(0, text.find(f'"{part}"'))
    ends = [text.find(f'"{other}"', start) for other in _PARTS if other != part]
    end = min([place for place in ends if place > start], default=len(text))
    found: Dict[str, int] = {}
    line, before = text.count("\n", 0, start) + 1, start
    for entry in _ENTRY.finditer(text, start, end):
        line += text.count("\n", before, entry.start())
        before = entry.start()
        found.setdefault(entry.group(1), line)
    return found


COCO_TEXT = CocoText(
    DatasetInfo(
        "cocotext",
        "COCO-Text v2",
        homepage="https://bgshih.github.io/cocotext/",
        licence="CC BY 4.0 (annotations); pictures: Flickr's terms of use",
        tasks=(DETECTION,),
        splits=(TRAIN, VALIDATION),
        tree="""
  cocotext.v2.json   (or cocotext.v2.zip)
  train2014/         COCO_train2014_000000000009.jpg ...   (or train2014.zip, or train2017)
""",
    ),
    options=("languages", "legibilities", "classes"),
    choices={"languages": LANGUAGES, "legibilities": LEGIBILITIES, "classes": _CLASSES},
)
