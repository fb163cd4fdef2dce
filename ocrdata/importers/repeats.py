"""Pictures that are labelled more than once in a data set."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

from ocrdata.base.findings import hash64
from ocrdata.base.sample import Region
from ocrdata.base.storage.disk_map import DiskMap
from ocrdata.errors import AnnotationError

Truth = Tuple[Optional[str], Sequence[Region]]


class ListedBefore:
    """The pictures that had a label already: a hash of the label, and where that stands."""

    def __init__(self) -> None:
        self._known: DiskMap[Tuple[int, str, int]] = DiskMap()

    def again(self, key: str, where: str, line: int, truth: Truth) -> bool:
        """Notes a picture with its label, and says whether both were there before.

        Raises AnnotationError where the picture was there with another label.
        """
        label = hash64(_as_bytes(truth))
        first = self._known.setdefault(key, (label, where, line))
        if first[0] != label:
            problem = f"{key} has another label than in {first[1]}:{first[2]}"
            raise AnnotationError(where, problem, line, "Delete the wrong one of the two lines.")
        return first[1:] != (where, line)


def _as_bytes(truth: Truth) -> bytes:
    text, regions = truth
    parts = [(text or "").encode("utf-8", "replace")]
    for region in regions:
        parts += [region.text.encode("utf-8", "replace"), bytes([region.ignore])]
        parts += [region.polygon.tobytes()]
    return b"\0".join(parts)
