"""SCUT-FORU, the Flickr OCR Universal Database: English words, English and Chinese characters.

    121,344,97,42,"COFFEE"      left, top, width, height, label
    121,344,24,42,"C"
    402,88,61,60,"店"

The release names no splits. English words follow the usual one, pictures up to 1200 for training;
everything else is `train`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Iterable, Iterator, List

from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, TEST, TRAIN, Sample
from ocrdata.base.storage.disk_map import Chosen
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import PathLike
from ocrdata.importers.base import DatasetInfo, Inventory, OnProblem, refuse
from ocrdata.importers.icdar_format import XYWH, IcdarImporter

ENGLISH, CHINESE = "english", "chinese"
WORD, CHARACTER = "word", "character"
LAST_TRAINING_PICTURE = 1200


@dataclass(frozen=True)
class ScutForu(IcdarImporter):
    """One language and level of the release at a time."""

    level: str = WORD
    language: str = ENGLISH
    coordinates: str = XYWH
    official: bool = field(default=False)

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            found = set(map(self._split, self._annotations(tree)))
        if not found:
            raise self.missing(root, f"{self.language} {self.level} annotation")
        return [split for split in self.info.splits if split in found]

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            files = Chosen(self._annotations(tree), lambda name: self._split(name) == split)
            if not files:
                what = f"{split} {self.language} {self.level} annotation"
                raise self.missing(root, what)
            yield from self._scenes(tree, files, split, report, pictures)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return iter(())

    def inventory(self, root: PathLike) -> Inventory:
        pictures, left_out = super().inventory(root)
        return Inventory(Chosen(pictures, self._is_mine), left_out)

    def _is_own(self, name: str) -> bool:
        return "/" in name and self._is_mine(name)

    def _is_mine(self, name: str) -> bool:
        folder = name.lower().rpartition("/")[0]
        chinese = "chinese" in folder
        # The Chinese part has characters only.
        level = CHARACTER if "char" in folder or chinese and "word" not in folder else WORD
        return chinese == (self.language == CHINESE) and level == self.level

    def _split(self, name: str) -> str:
        number = re.match(r"\d+", name.rpartition("/")[2])
        late = number is not None and int(number.group()) > LAST_TRAINING_PICTURE
        return TEST if late and self.level == WORD else TRAIN

    def _images(self, tree: Tree, split: str) -> Iterable[str]:
        # Words and characters annotate copies of the same pictures under the same names.
        return Chosen(tree.names, lambda name: is_image(name) and self._is_mine(name))


SCUT_FORU = ScutForu(
    DatasetInfo(
        "scutforu",
        "SCUT-FORU Flickr OCR Universal Database",
        homepage="https://github.com/HCIILAB/SCUT_FORU_DB_Release",
        licence="none stated; see the homepage",
        tasks=(DETECTION,),
        splits=(TRAIN, TEST),
        tree="""
  English2k/word_img        0001.jpg ...      English2k/word_annotation        0001.txt ...
  English2k/character_img   0001.jpg ...      English2k/character_annotation   0001.txt ...
  Chinese2k/character_img   0001.jpg ...      Chinese2k/character_annotation   0001.txt ...
  (unpack the .rar archive first)
""",
    ),
    options=("level", "language", "encoding"),
    choices={"level": (WORD, CHARACTER), "language": (ENGLISH, CHINESE)},
)
