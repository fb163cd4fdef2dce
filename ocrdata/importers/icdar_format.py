"""How the ICDAR Robust Reading Competitions lay out pictures and text files.

Localisation: a `gt_<picture>.txt` for each picture (base/icdar.py shows the lines). Word
recognition: word pictures and one list (with the script before the text in 2017):

    word_1.png, "Genaxis Theatre"
    word_2.png, "[06]"
    word_3.png, "62-03"

Pictures of one competition have the same names in every split, so splits are told apart by the
names of folders and archives, such as ch4_training_images.zip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, Iterator, List, Optional, Tuple

from ocrdata.base.encodings import decode_lines
from ocrdata.base.icdar import (
    IGNORE_MARKS,
    PointList,
    corners,
    pair_coordinates,
    split_numbers,
    unquote,
)
from ocrdata.base.other_layouts import MLT, OUTLINES, refuse_other_layout
from ocrdata.base.pairing import PairedNames, by_last_part, is_image, stem_of
from ocrdata.base.sample import DETECTION, RECOGNITION, Region, Sample
from ocrdata.base.storage.disk_map import Chosen, DiskMap
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.annotation_tools import is_side_file
from ocrdata.importers.base import (
    BAD,
    ImportedSample,
    Importer,
    OnProblem,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.reported_lines import lines_or_report
from ocrdata.importers.splits import (
    SplitTeller,
    found_splits,
    images_of_split,
    of_split,
    split_of,
    split_of_folder,
)

RECTANGLE, XYWH, QUAD, OUTLINE = "rectangle", "xywh", "quad", "polygon"
_OFFICIAL = re.compile(r"^gt_(img_)?\d+\.txt$", re.IGNORECASE)
_WORD_LIST = re.compile(r"^(gt|.*task3_gt)\.txt$", re.IGNORECASE)
_LISTS = ("sample.txt", "label.txt", "labels.txt", "gt.txt", "rec_gt.txt")


def _is_list(name: str) -> bool:
    """Says whether a text file is of all pictures or none: a list, or a tool's own."""
    return base_name(name).lower() in _LISTS or is_side_file(name)


def base_name(name: str) -> str:
    """Returns what is behind the last slash."""
    return name.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class IcdarImporter(Importer):
    """Pictures with a text file each; lines begin with `coordinates` parted by `separator`."""

    coordinates: str = QUAD
    separator: str = "auto"
    ignore_marks: Tuple[str, ...] = IGNORE_MARKS
    encoding: str = "utf-8"
    script: bool = False
    official: bool = True
    languages: Tuple[str, ...] = ()

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root, self.encoding) as tree:
            return found_splits(self, self._annotations(tree), root, self._tell())

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root, self.encoding) as tree:
            files = of_split(self._annotations(tree), split, root, self._tell())
            if not files and split:
                raise self.missing(root, f"{split} annotation")
            reader = self._scenes if self.task == DETECTION else self._words
            yield from reader(tree, files, split, report, pictures)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def _tell(self) -> SplitTeller:
        # A text file of one picture is called after it, a list after what it lists.
        return split_of_folder if self.task == DETECTION else split_of

    def _annotations(self, tree: Tree) -> Iterable[str]:
        return Chosen(tree.names, lambda name: name.lower().endswith(".txt") and self._is_own(name))

    def _is_own(self, name: str) -> bool:
        """Says whether the name of a text file is one of this data set's."""
        if self.task == RECOGNITION:
            return bool(_WORD_LIST.match(base_name(name)))
        return bool(_OFFICIAL.match(base_name(name))) if self.official else not _is_list(name)

    def _scenes(
        self, tree: Tree, files: Iterable[str], split: str, report: OnProblem, pictures: bool
    ) -> Iterator[Sample]:
        paired = PairedNames(self._images(tree, split), files)
        left_out: DiskMap[int] = DiskMap()
        for unclear in paired.unclear:
            report(BAD, unclear.error(tree.where), unclear.name, *unclear.candidates)
            for name in (unclear.name, *unclear.candidates):
                left_out[name] = 1
        for name in files:
            if name in left_out:
                continue
            where, picture = tree.where(name), paired.image_of(name)
            wanted = f"for it (named {stem_of(name)}.jpg or alike)"
            image = find_image(
                tree,
                picture,
                where=where,
                line=None,
                wanted=wanted,
                report=report,
                pictures=pictures,
            )
            if image is None:
                continue
            regions = self._regions(tree, name, picture or name, report)
            if regions is not None:
                yield ImportedSample(picture or name, image, None, regions, where)

    def _images(self, tree: Tree, split: str) -> Iterable[str]:
        """Returns the pictures that the annotations of a split may belong to."""
        return images_of_split(Chosen(tree.names, is_image), split, tree.root)

    def _regions(
        self, tree: Tree, name: str, picture: str, report: OnProblem
    ) -> Optional[Tuple[Region, ...]]:
        """Returns the boxes of a file; None where it is wrong or nothing of it was chosen."""
        where = tree.where(name)
        regions, chosen = [], not self.languages
        try:
            lines = list(decode_lines(tree.read(name), where, self.encoding))
            if self.coordinates in (QUAD, OUTLINE):
                refuse_other_layout(lines, where, self._allowed())
            for line, text in lines:
                try:
                    region, language = self.parse(text)
                except ValueError as error:
                    raise AnnotationError(where, str(error), line) from error
                wanted = not self.languages or language in self.languages
                regions.append(region if wanted else Region(region.polygon, region.text, True))
                chosen = chosen or (wanted and not region.ignore)
        except AnnotationError as error:
            report(BAD, error, picture)
            return None
        if not chosen:
            report("no text of the chosen languages", None, picture)
            return None
        return tuple(regions)

    def _allowed(self) -> Tuple[str, ...]:
        own = (MLT,) if self.script else ()
        return (*own, OUTLINES) if self.coordinates == OUTLINE else own

    def parse(self, line: str) -> Tuple[Region, str]:
        """Returns the box of a line and its script; raises ValueError saying what is wrong."""
        points, rest = self._coordinates(line)
        language = ""
        if self.script:
            language, comma, rest = rest.partition(",")
            if not comma:
                raise ValueError("has no script before its text")
        if self.official and not rest.strip():
            raise ValueError("has no text behind its coordinates")
        text = unquote(rest).strip()
        return Region(as_polygon(points), text, text in self.ignore_marks), language.strip()

    def _coordinates(self, line: str) -> Tuple[PointList, str]:
        separator = self.separator
        if separator == "auto":
            # The sets of 2013 use both: `38, 43, 920, 215, "text"` and `158 128 411 181 "text"`.
            separator = "," if re.match(r"^[^\s\"]*\s*,", line) else " "
        if self.coordinates == OUTLINE:
            return _polygon(line, separator)
        if self.coordinates == QUAD:
            numbers, rest = split_numbers(line, 8, separator)
            return pair_coordinates(numbers), rest
        (x, y, third, fourth), rest = split_numbers(line, 4, separator)
        if self.coordinates == XYWH:
            third, fourth = x + third, y + fourth
        if third < x or fourth < y:
            raise ValueError("ends left of or above where it begins")
        return corners(x, y, third, fourth), rest

    def _words(
        self, tree: Tree, files: Iterable[str], split: str, report: OnProblem, pictures: bool
    ) -> Iterator[Sample]:
        by_name = by_last_part(self._images(tree, split))
        for file in files:
            where, folder = tree.where(file), file[: -len(base_name(file))]
            for line, text in lines_or_report(tree, file, where, self.encoding, report):
                word, label = self._word(where, line, text, report)
                if not word:
                    continue
                beside = folder + word
                found = [beside] if beside in tree else by_name.get(word) or []
                if len(found) > 1:
                    problem = f"{word} could be {found[0]}, and so could {found[1]}"
                    report(BAD, AnnotationError(where, problem, line), *found)
                    continue
                picture = found[0] if found else None
                image = find_image(
                    tree,
                    picture,
                    where=where,
                    line=line,
                    wanted=word,
                    report=report,
                    pictures=pictures,
                )
                if image is not None:
                    yield ImportedSample(picture or word, image, label, (), where, line)

    def _word(self, where: str, line: int, text: str, report: OnProblem) -> Tuple[str, str]:
        word, comma, rest = text.partition(",")
        if self.script:
            rest = rest.partition(",")[2]
        if not comma or not rest.strip():
            report(BAD, AnnotationError(where, 'is not `picture, "text"`', line))
            return "", ""
        return word.strip(), unquote(rest).strip()


def _polygon(line: str, separator: str) -> Tuple[PointList, str]:
    """Splits x1, y1, x2, y2, ... and the last field, which is the text and may be quoted."""
    match = re.match(r'^(?P<numbers>[^"]*?)\s*(?P<text>".*")\s*$', line)
    if match:
        fields, text = match.group("numbers").rstrip(", "), match.group("text")
    else:
        fields, _, text = line.rstrip().rpartition(separator)
    count = len(fields.split(None if separator == " " else separator))
    if count < 6 or count % 2:
        raise ValueError(f"has {count} coordinates before its text")
    return pair_coordinates(split_numbers(fields, count, separator)[0]), text
