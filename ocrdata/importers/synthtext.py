"""SynthText in the Wild: 800,000 pictures with rendered text, in one Matlab file.

imnames[0, i]   '8/ballet_106_0.jpg'
wordBB[0, i]    the corners of its words, [2, 4, words], or [2, 4] of a single one
txt[0, i]       its texts, of one line or several; their words in reading order are the boxes'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List, Tuple

import numpy as np

from ocrdata.base.sample import DETECTION, TRAIN, Region, Sample
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.base import (
    BAD,
    DatasetInfo,
    ImportedSample,
    Importer,
    OnProblem,
    find_image,
    refuse,
)
from ocrdata.importers.matlab import cell_text, load_matlab

_FILE = "gt.mat"
# Boxes of characters are most of the file, and are not read.
_NAMES = ("imnames", "wordBB", "txt")


@dataclass(frozen=True)
class SynthTextImporter(Importer):
    """The words of gt.mat; needs SciPy."""

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            self._file(tree)
        return [TRAIN]

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            name = self._file(tree)
            where, folder = tree.where(name), name[: -len(_FILE)]
            content = load_matlab(tree.picture(name), where, "SynthText", _NAMES)
            lost = [one for one in _NAMES if one not in content]
            if lost:
                raise AnnotationError(where, f"has no variable {lost[0]!r}")
            rows = zip(*(content[one].ravel() for one in _NAMES))
            for place, row in enumerate(rows, 1):
                try:
                    picture, regions = _parse(*row)
                except (ValueError, TypeError, LookupError, AttributeError) as error:
                    problem = f"entry {place} is not a picture with its words: {error}"
                    report(BAD, AnnotationError(where, problem))
                    continue
                key = folder + picture
                image = find_image(
                    tree,
                    key,
                    where=where,
                    line=None,
                    wanted=f"{picture} of entry {place}",
                    report=report,
                    pictures=pictures,
                )
                if image is not None:
                    yield ImportedSample(key, image, None, regions, where)

    def _file(self, tree: Tree) -> str:
        for name in tree.names:
            if name.rpartition("/")[2] == _FILE:
                return name
        raise self.missing(tree.root, _FILE)


def _parse(name: Any, boxes: Any, texts: Any) -> Tuple[str, Tuple[Region, ...]]:
    picture = cell_text(name)
    if picture.startswith("/") or ".." in picture.split("/"):
        raise ValueError(f"{picture!r} leads out of the folder")
    corners = np.asarray(boxes, np.float32)
    corners = corners[..., None] if corners.ndim == 2 else corners
    words = [word for text in np.asarray(texts).ravel() for word in cell_text(text).split()]
    if corners.shape != (2, 4, len(words)):
        raise ValueError(f"{picture} has {len(words)} words and boxes of shape {corners.shape}")
    quads = corners.transpose(2, 1, 0).tolist()
    return picture, tuple(Region(as_polygon(quad), word) for quad, word in zip(quads, words))


SYNTH_TEXT = SynthTextImporter(
    DatasetInfo(
        "synthtext",
        "SynthText in the Wild",
        homepage="https://www.robots.ox.ac.uk/~vgg/data/scenetext/",
        licence="for non-commercial research only",
        tasks=(DETECTION,),
        splits=(TRAIN,),
        tree="""
  SynthText/ (or SynthText.zip)
    gt.mat
    1/ant+hill_1_0.jpg ...   2/ ... 200/
""",
    ),
)
