"""Where the pictures that annotation files name lie."""

from __future__ import annotations

from typing import Iterable, Iterator, Optional
from urllib.parse import unquote

from ocrdata.base.pairing import by_last_part, is_image
from ocrdata.base.storage.tree import Tree
from ocrdata.importers.splits import images_of_split


class PicturePlaces:
    """Where the pictures of a tree lie, by their paths and by their names."""

    def __init__(self, tree: Tree, split: str) -> None:
        self._tree, self._split = tree, split
        self._by_name = by_last_part(filter(is_image, tree.names))

    def find(self, file: str, wanted: str) -> Optional[str]:
        """Returns a picture's place; a path is from the file's folder or one above it.

        Tools also write paths of the machine they ran on: the name alone counts then, where only
        one picture is called so.
        """
        path = wanted.replace("\\", "/")
        path = unquote(path.partition("?d=")[2] or path)
        folder = file.rpartition("/")[0]
        for start in (*_upwards(folder), f"{folder}/images".strip("/"), "images"):
            name = f"{start}/{path}" if start else path
            if name in self._tree:
                return name
        named = self._by_name.get(path.rpartition("/")[2]) or []
        # Never a picture of another split.
        same = list(images_of_split(named, self._split, self._tree.root))
        return same[0] if len(same) == 1 else _nearest(same, file)


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _nearest(names: Iterable[str], file: str) -> Optional[str]:
    """Returns the only picture of several that lies in the file's own folder or below it."""
    folder = file.rpartition("/")[0]
    below = [name for name in names if folder and name.startswith(folder + "/")]
    return below[0] if len(below) == 1 else None
