"""The files below a folder, through symbolic links, each folder once.

A link to a folder elsewhere is followed, as data sets are often put together of links; one that
leads back into what is walked anyway would give the same files again, and round in circles.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Set, Tuple, cast

from ocrdata.base.storage.remote import RemotePath

DEAD_LINK = "symbolic link that leads nowhere"
CIRCLE = "symbolic link to a folder that is read already"

OnLink = Callable[[Path, str], None]
FolderFiles = Tuple[Path, List[str]]
_PART = 10_000


def walk(
    top: Path,
    keep: Optional[Callable[[str], bool]] = None,
    on_link: Optional[OnLink] = None,
    in_parts: bool = False,
) -> Iterator[FolderFiles]:
    """Yields the folders at and below `top` in order, with the sorted names of files in them.

    `keep` says by its name whether a folder is entered. `on_link` gets each link that is not
    followed, and why. With `in_parts` a folder comes as often as it takes for 10,000 of its names
    at a time, which are not sorted: a folder may have millions.
    """
    if isinstance(top, RemotePath):
        for folder, files in itertools.groupby(top.files(), lambda path: path.parent):
            yield cast(Path, folder), [path.name for path in files]
        return
    keep, on_link = keep or (lambda name: True), on_link or (lambda path, problem: None)
    yield from _Walk(top, keep, on_link, _PART if in_parts else 0)


def files_below(top: Path) -> Iterator[Path]:
    """Yields the files below a folder in order, through symbolic links."""
    for folder, names in walk(top):
        for name in names:
            yield folder / name


class _Walk:
    """One walk: the folders seen, and those that will be seen without following links."""

    def __init__(
        self, top: Path, keep: Callable[[str], bool], on_link: OnLink, size: int = 0
    ) -> None:
        self._top, self._keep, self._on_link, self._size = top, keep, on_link, size
        self._seen: Set[str] = set()
        self._roots = [os.path.realpath(str(top))]

    def __iter__(self) -> Iterator[FolderFiles]:
        return self._folder(str(self._top))

    def _folder(self, where: str) -> Iterator[FolderFiles]:
        real = os.path.realpath(where)
        if real in self._seen:
            return
        self._seen.add(real)
        folders, names, links = [], [], []  # type: List[str], List[str], List[os.DirEntry[str]]
        try:
            with os.scandir(where) as entries:
                for entry in entries:
                    if entry.is_symlink() and not Path(entry.path).is_file():
                        links.append(entry)
                    else:
                        (folders if entry.is_dir() else names).append(entry.name)
                    if self._size and len(names) == self._size:
                        yield Path(where), names
                        names = []
        except OSError:
            return  # as os.walk does: who reads its files will say what is wrong
        # Which link is followed, of two to the same folder, must not depend on the disk.
        for link in sorted(links, key=lambda one: one.name):
            if self._is_followed(link):
                (folders if link.is_dir() else names).append(link.name)
        yield Path(where), sorted(names)
        for name in sorted(filter(self._keep, folders)):
            yield from self._folder(f"{where}{os.sep}{name}")

    def _is_followed(self, entry: os.DirEntry[str]) -> bool:
        if not Path(entry.path).exists():
            self._on_link(Path(entry.path), DEAD_LINK)
            return False
        if not entry.is_dir() or not self._keep(entry.name):
            return True
        real = os.path.realpath(entry.path)
        if any(real == root or real.startswith(root + os.sep) for root in self._roots):
            self._on_link(Path(entry.path), CIRCLE)
            return False
        self._roots.append(real)
        return True
