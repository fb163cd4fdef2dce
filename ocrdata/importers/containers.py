"""Files that hold many pictures with their truth: LMDB, WebDataset's tars, Parquet.

Nothing of such a file is kept in memory but the sample that is read, so it may have any size.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ocrdata.base.icdar import corners, pair_coordinates, to_number
from ocrdata.base.pairing import is_image
from ocrdata.base.sample import RECOGNITION, Region, Sample
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.walking import walk
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.geometry.polygons import as_polygon
from ocrdata.importers.base import Importer, Inventory, OnProblem, ignore, refuse
from ocrdata.importers.splits import found_splits, of_split, split_of
from ocrdata.importers.tool_files import TEXT_NAMES


@dataclass(frozen=True)
class ContainerImporter(Importer):
    """Containers in a folder, or a single one; `text_attribute` names where the text may be."""

    task: str = RECOGNITION
    text_attribute: Tuple[str, ...] = TEXT_NAMES

    def is_container(self, name: str) -> bool:
        """Says by its name whether a file is one of these."""
        raise NotImplementedError

    def samples(self, path: Path, name: str, report: OnProblem) -> Iterator[Sample]:
        """Yields what a container holds; `name` is its path from the root, of which keys begin.

        Raises AnnotationError where the container as a whole cannot be read.
        """
        raise NotImplementedError

    def keys(self, path: Path, name: str) -> Iterator[str]:
        """Yields the keys of all pictures in a container, whether they have a truth or not."""
        raise NotImplementedError

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        """Returns the split that the name of a container tells."""
        return split_of(name, root)

    def splits(self, root: PathLike) -> List[str]:
        return found_splits(self, self._containers(root), root, self.tell)

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        containers = self._containers(root)
        names = of_split(containers, split, root, self.tell)
        if not names and split:
            raise self.missing(root, f"{split} part")
        for name in names:
            try:
                yield from self.samples(containers[name], name, report)
            except AnnotationError as error:
                report("bad annotation", error)

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        return self.read(root, "", ignore)

    def inventory(self, root: PathLike) -> Inventory:
        left_out: Dict[str, str] = {}

        def every() -> Iterator[str]:
            for name, path in self._containers(root).items():
                # What is wrong with a container was reported when it was read.
                with contextlib.suppress(AnnotationError):
                    yield from self.keys(path, name)
            yield from (name for name in _files(root, left_out) if is_image(name))

        return Inventory(every(), left_out)

    def _containers(self, root: PathLike) -> Dict[str, Path]:
        found = {n: path for n, path in _files(root, {}).items() if self.is_container(n)}
        lone = as_path(root)
        if not found and archive_stem(lone.name) is not None and lone.is_file():
            hint = "Unpack it, and give the folder."
            raise AnnotationError(
                root, f"is an archive; {self.info.name} is read unpacked", 0, hint
            )
        return found


def _files(root: PathLike, left_out: Dict[str, str]) -> Dict[str, Path]:
    top = as_path(root)
    if top.is_file():
        return {top.name: top}
    if not top.is_dir():
        raise AnnotationError(root, "does not exist")

    def note(path: Path, problem: str) -> None:
        left_out[path.relative_to(top).as_posix()] = problem

    return {
        (folder / name).relative_to(top).as_posix(): folder / name
        for folder, names in walk(top, lambda name: not name.startswith("."), note)
        for name in names
        if not name.startswith(".")
    }


def decoded(data: bytes) -> str:
    """Returns a label; raises ValueError where it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"has a label that is not UTF-8 ({error.reason})") from error


def text_of(values: Mapping[str, Any], names: Sequence[str]) -> str:
    """Returns the text under the first of the names that is there; raises ValueError."""
    for name in names:
        if isinstance(values.get(name), str):
            return str(values[name])
    raise ValueError(f"has no text under any of {', '.join(names[:4])}: name it, --text-attribute")


def regions_of(rows: Any, names: Sequence[str]) -> Tuple[Region, ...]:
    """Returns regions from a list of mappings; raises ValueError saying what is wrong.

    Outlines are `polygon`, flat or in pairs, or else `bbox`: left, top, width, height in pixels.
    """
    if not isinstance(rows, (list, tuple)):
        raise ValueError("has no list of regions")
    return tuple(_region(place, row, names) for place, row in enumerate(rows, 1))


def _region(place: int, row: Any, names: Sequence[str]) -> Region:
    if not isinstance(row, Mapping):
        raise ValueError(f"region {place} is not an object")
    ignored = bool(row.get("ignore"))
    text = next((row[name] for name in names if isinstance(row.get(name), str)), "")
    try:
        polygon = as_polygon(_points(row))
    except (TypeError, ValueError) as error:
        raise ValueError(f"region {place}: {error}") from error
    return Region(polygon, text, ignored or not text.strip())


def _points(row: Mapping[str, Any]) -> List[Tuple[float, float]]:
    values = row.get("polygon") or row.get("points")
    if values:
        flat = values
        if not isinstance(values[0], (int, float)):
            flat = [value for point in values for value in point]
        if len(flat) < 6 or len(flat) % 2:
            raise ValueError(f"has {len(flat)} coordinates")
        return pair_coordinates([to_number(str(value)) for value in flat])
    box = row.get("bbox")
    if not isinstance(box, (list, tuple)) or len(box) != 4:
        raise ValueError("has neither a polygon nor a bbox of four numbers")
    left, top, width, height = (to_number(str(value)) for value in box)
    return corners(left, top, left + width, top + height)
