"""Sets with a label file for each picture, by rules of their own for which belongs to which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Iterable, Iterator, List, Optional, Tuple

from ocrdata.base.icdar import IGNORE_MARKS
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, Region, Sample
from ocrdata.base.storage.disk_map import Chosen, DiskMap, append_to
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.importers.base import (
    BAD,
    ImportedSample,
    Importer,
    OnProblem,
    about,
    find_image,
    ignore,
    refuse,
)
from ocrdata.importers.splits import found_splits, of_split, split_of_folder


@dataclass(frozen=True)
class PictureLabels(Importer):
    """A label file a picture; of several kinds for one picture, the first of `suffixes` counts."""

    task: str = DETECTION
    ignore_marks: Tuple[str, ...] = IGNORE_MARKS

    suffixes: ClassVar[Tuple[str, ...]] = (".txt",)

    def label_mark(self, name: str) -> Optional[str]:
        """Returns what a label file has in common with its picture; None if it is none."""
        raise NotImplementedError

    def image_mark(self, name: str) -> str:
        """Returns what a picture has in common with its label file."""
        raise NotImplementedError

    def regions(self, tree: Tree, name: str) -> Iterator[Region]:
        """Yields the regions of a label file; raises AnnotationError."""
        raise NotImplementedError

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        """Returns the split that the place of a file tells."""
        return split_of_folder(name, root)

    def splits(self, root: PathLike) -> List[str]:
        with Tree(root) as tree:
            return found_splits(self, self._labels(tree), root, self.tell)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        with Tree(root) as tree:
            files = of_split(self._labels(tree), split, root, self.tell)
            if not files and split:
                raise self.missing(root, f"{split} label file")
            images = self._images(tree, split)
            for name in self._chosen(tree, files, report):
                yield from self._read(tree, name, images, report, pictures)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore, pictures=False)

    def _labels(self, tree: Tree) -> Iterable[str]:
        texts = Chosen(tree.names, lambda name: name.lower().endswith(self.suffixes))
        return Chosen(texts, lambda name: self.label_mark(name) is not None)

    def _images(self, tree: Tree, split: str) -> DiskMap[List[str]]:
        found: DiskMap[List[str]] = DiskMap()
        for name in filter(is_image, tree.names):
            if not split or self.tell(name, tree.root) in (None, split):
                append_to(found, self.image_mark(name), name)
        return found

    def _chosen(self, tree: Tree, files: Iterable[str], report: OnProblem) -> Iterable[str]:
        best: DiskMap[str] = DiskMap()
        for rank in range(len(self.suffixes)):
            for name in files:
                if self._rank(name) != rank:
                    continue
                first = best.setdefault(str(self.label_mark(name)), name)
                if first != name and self._rank(first) == rank:
                    problem = f"is of the same picture as {tree.where(first)}"
                    report(BAD, AnnotationError(tree.where(name), problem, hint="Take one away."))
        return Chosen(files, lambda name: best[str(self.label_mark(name))] == name)

    def _rank(self, name: str) -> int:
        return next(n for n, one in enumerate(self.suffixes) if name.lower().endswith(one))

    def _read(
        self,
        tree: Tree,
        name: str,
        images: DiskMap[List[str]],
        report: OnProblem,
        pictures: bool,
    ) -> Iterator[Sample]:
        where, mark = tree.where(name), self.label_mark(name) or ""
        found = images.get(mark) or []
        if len(found) > 1:
            problem = f"could be of {found[0]}, and of {found[1]}"
            report(BAD, AnnotationError(where, problem), *found)
            return
        picture = found[0] if found else None
        told = about(picture, report)
        try:
            regions = tuple(self.regions(tree, name))
        except AnnotationError as error:
            told(BAD, error)
            return
        image = find_image(
            tree,
            picture,
            where=where,
            line=None,
            wanted=f"for it (named {mark}.jpg or alike)",
            report=report,
            pictures=pictures,
        )
        if image is not None:
            yield ImportedSample(picture or name, image, None, regions, where)
