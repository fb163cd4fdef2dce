"""IIIT 5K-Word: word pictures with lexicons of 50 and 1,000 words each, in Matlab files.

testdata(1).ImgName     'test/1002_1.png'
testdata(1).GroundTruth 'PRIVATE'
testdata(1).smallLexi   {'WORD', ...}  (50)       testdata(1).mediumLexi  (1,000)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, List, Tuple

from ocrdata.base.sample import RECOGNITION, TEST, TRAIN, Sample
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
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

_STRUCTS = {TRAIN: "traindata", TEST: "testdata"}
_LEXICONS = (("50", "smallLexi"), ("1k", "mediumLexi"))


@dataclass(frozen=True)
class Iiit5k(Importer):
    """Words of `traindata.mat` and `testdata.mat`; needs SciPy."""

    task: str = RECOGNITION

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            found = [split for split in self.info.splits if self._files(tree, split)]
        if not found:
            raise self.missing(root, "traindata.mat or testdata.mat")
        return found

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            files = self._files(tree, split)
            if not files:
                raise self.missing(root, _STRUCTS[split] + ".mat")
            where, folder = tree.where(files[0]), files[0].rpartition("/")[0]
            rows = _load(tree.read(files[0]), _STRUCTS[split], where)
            for place, row in enumerate(rows, 1):
                try:
                    name, text, lexicons = _parse(row)
                except (ValueError, TypeError, LookupError) as error:
                    problem = f"entry {place} is not a word with its picture: {error}"
                    report(BAD, AnnotationError(where, problem))
                    continue
                path = f"{folder}/{name}" if folder else name
                wanted = f"{name} of entry {place}"
                image = find_image(
                    tree,
                    path,
                    where=where,
                    line=None,
                    wanted=wanted,
                    report=report,
                    pictures=pictures,
                )
                if image is not None:
                    yield ImportedSample(path, image, text, (), where, None, lexicons)

    def _files(self, tree: Tree, split: str) -> List[str]:
        wanted = _STRUCTS[split] + ".mat"
        return [name for name in tree.names if name.rpartition("/")[2].lower() == wanted]


def _load(data: bytes, struct: str, where: str) -> Any:
    content = load_matlab(data, where, "IIIT5K")
    rows = content.get(struct)
    if rows is None or rows.dtype.names is None or "ImgName" not in rows.dtype.names:
        raise AnnotationError(where, f"has no struct {struct!r} with ImgName")
    return rows.ravel()


def _parse(row: Any) -> Tuple[str, str, Tuple[Tuple[str, Tuple[str, ...]], ...]]:
    name, text = cell_text(row["ImgName"]), cell_text(row["GroundTruth"])
    if ".." in name.split("/") or name.startswith("/"):
        raise ValueError(f"{name!r} leads out of the folder")
    lexicons = [
        (kind, tuple(cell_text(word) for word in row[name].ravel()))
        for kind, name in _LEXICONS
        if name in row.dtype.names
    ]
    return name, text, tuple(lexicons)


IIIT5K = Iiit5k(
    DatasetInfo(
        "iiit5k",
        "IIIT 5K-Word",
        homepage="https://cvit.iiit.ac.in/research/projects/cvit-projects/the-iiit-5k-word-dataset",
        licence="none stated; see the homepage",
        tasks=(RECOGNITION,),
        splits=(TRAIN, TEST),
        tree="""
  IIIT5K/ (or IIIT5K-Word_V3.0.tar.gz)
    traindata.mat  testdata.mat
    train/1009_1.png ...  test/1002_1.png ...
""",
    ),
)
