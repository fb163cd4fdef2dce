"""Files of a folder, of an archive, or of a folder that holds archives, by one kind of name.

A member of an archive is named as if the archive were a folder: `gt.zip/gt_img_1.txt`. Nothing is
unpacked: zip and tar members are read in place, and a compressed tar is decompressed once into a
temporary file that has no name. What is not read although it is there, as an archive beside its own
unpacked folder, is kept by name with the reason.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Collection, Dict, Iterator, List, Set, Tuple, Union

from ocrdata.base.storage.archives import (
    ARCHIVE_SUFFIXES,
    BROKEN_ARCHIVE,
    CLOSED_SUFFIXES,
    AnyArchive,
    TreeEntry,
    archive_stem,
    close_archive,
    members_of,
    open_archive,
    open_entry,
    read_entry,
)
from ocrdata.base.storage.disk_map import DiskMap, code_points
from ocrdata.base.storage.files import open_for_seeking
from ocrdata.base.storage.remote import as_path, is_remote
from ocrdata.base.storage.walking import walk
from ocrdata.errors import AnnotationError, PathLike

BESIDE, CLOSED, NESTED, HIDDEN = (
    "archive beside a folder of its name, which is read instead",
    "archive of a kind that cannot be opened: unpack it",
    "archive inside an archive: unpack it",
    "hidden file",
)
_JUNK = ("__macosx", "thumbs.db", "desktop.ini", "manifest.json")
_DIGITS = re.compile(r"(\d+)")

# How to reach a file: its archive and its entry there; nothing where it lies in the folder.
Place = Union[Tuple[()], Tuple[str, TreeEntry]]


def natural(name: str) -> bytes:
    """Returns a sort key that puts img_2 before img_10, as bytes.

    Its order is that of what stands between numbers, and of their values, in turn.
    """
    text, *more = _DIGITS.split(name)
    key = [_ended(text)]
    for digits, text in zip(more[::2], more[1::2]):
        value = digits.lstrip("0") if digits.isascii() else _ascii(digits)
        # The longer number is the larger one; \1 comes behind the end of a shorter name.
        key += [b"\1", len(value).to_bytes(4, "big"), value.encode(), _ended(text)]
    return b"".join(key)


def _ended(text: str) -> bytes:
    """Returns a text such that it comes before all that begin with it."""
    return code_points(text).replace(b"\0", b"\0\1") + b"\0\0"


def _ascii(digits: str) -> str:
    return "".join(str(int(digit)) for digit in digits).lstrip("0")


class Tree:
    """The files under `root` (a folder or an archive), found once and read when asked for.

    `names` are those of all files, in natural order; there may be more than memory holds.
    `left_out` names what is there and is not among `names`, with the reason. `encoding` is that of
    names in archives which do not say that they are UTF-8.

    Raises AnnotationError where `root` is missing, an archive is damaged or encrypted, or a
    member's name leads out of its archive. Use it as a context manager: it keeps archives open.
    """

    def __init__(self, root: PathLike, encoding: str = "utf-8") -> None:
        self.root = as_path(root)
        self.left_out: Dict[str, str] = {}
        self._encoding = encoding
        self._open: Dict[str, AnyArchive] = {}
        # Of archives on other machines; nameless local files.
        self._copies: List[IO[bytes]] = []
        self._places: DiskMap[Place] = DiskMap(natural)
        self.names: Collection[str] = self._places
        self._lone = archive_stem(self.root.name) is not None and self.root.is_file()
        # The archive first: a web server gives the whole file to whoever asks for its list.
        if self._lone:
            self._add_archive(self.root, self.root.name)
        elif self.root.is_dir():
            self._add_folder()
        elif self.root.exists():
            raise AnnotationError(root, "is neither a folder nor a zip or tar archive")
        else:
            raise AnnotationError(root, "does not exist")

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_: object) -> None:
        for copy in self._copies:
            copy.close()
        for archive in self._open.values():
            close_archive(archive)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def _add_folder(self) -> None:
        def note(path: Path, problem: str) -> None:
            self.left_out[path.relative_to(self.root).as_posix()] = problem

        folders: Set[str] = set()
        hidden, archives = [], []  # type: List[Tuple[int, str]], List[Tuple[int, str]]
        number, before = 0, self.root
        for folder, files in walk(self.root, lambda name: not _is_junk(name), note, in_parts=True):
            parts = folder.relative_to(self.root).parts
            prefix, shown = "".join(f"{part}/" for part in parts), not any(map(_is_junk, parts))
            number, before = number + (folder != before), folder
            for file in files:
                # "._x.jpg" is what a Mac knows of x.jpg, not a picture.
                if file.startswith(".") and not file.startswith("._"):
                    hidden.append((number, prefix + file))
                if not shown or _is_junk(file):
                    continue
                folders.add(prefix)
                if file.lower().endswith(ARCHIVE_SUFFIXES):
                    archives.append((number, prefix + file))
                else:
                    self._places[prefix + file] = ()
        # In the order of the walk, whatever that of the files in a folder is.
        for _, name in sorted(hidden):
            self.left_out[name] = HIDDEN
        above = {str(parent) for prefix in folders for parent in PurePosixPath(prefix, "x").parents}
        for _, name in sorted(archives):
            self._add_from(name, above)

    def _add_from(self, name: str, folders: Set[str]) -> None:
        stem = archive_stem(name)
        if stem in folders:
            self.left_out[name] = BESIDE
        elif stem is not None:
            self._add_archive(self.root / name, name)
        else:
            self.left_out[name] = CLOSED

    def _add_archive(self, path: Path, prefix: str) -> None:
        try:
            copy = open_for_seeking(path) if is_remote(path) else None
            self._copies += [copy] if copy else []
            opened = open_archive(path, copy)
            self._open[prefix] = opened
            for member, entry, problem in members_of(opened, self._encoding):
                self._add_member(path, prefix, member, entry, problem)
        except BROKEN_ARCHIVE as error:
            raise AnnotationError(path, f"is a damaged archive: {error}") from error

    def _add_member(
        self, path: Path, prefix: str, member: str, entry: TreeEntry, problem: str
    ) -> None:
        clean = PurePosixPath(member.replace("\\", "/"))
        if clean.is_absolute() or ".." in clean.parts:
            problem = f"holds {member!r}, a name that leads out of the archive"
            raise AnnotationError(path, problem)
        if any(_is_junk(part) for part in clean.parts):
            return
        name = f"{prefix}/{clean}"
        nested = archive_stem(name) is not None or name.lower().endswith(CLOSED_SUFFIXES)
        if problem or nested:
            self.left_out[name] = problem or NESTED
        else:
            self._places[name] = (prefix, entry)

    def where(self, name: str) -> str:
        """Returns how messages call a file: its path, through the archive if it lies in one."""
        return str(self.root if name == self.root.name and self._lone else self._full(name))

    def _full(self, name: str) -> Path:
        # The name of a lone archive is part of its members' names already.
        return (self.root.parent if self._lone else self.root) / name

    def read(self, name: str) -> bytes:
        """Returns the content of a file; raises AnnotationError where it cannot be read."""
        place = self._places[name]
        try:
            if not place:
                return self._full(name).read_bytes()
            return read_entry(self._open[place[0]], place[1])
        except BROKEN_ARCHIVE as error:
            raise AnnotationError(self.where(name), f"cannot be read: {error}") from error

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Opens a file; raises AnnotationError where it cannot be read, then or later."""
        try:
            with self._opened(name) as stream:
                yield stream
        except AnnotationError:
            raise
        except BROKEN_ARCHIVE as error:
            raise AnnotationError(self.where(name), f"cannot be read: {error}") from error

    def _opened(self, name: str) -> IO[bytes]:
        place = self._places[name]
        if not place:
            return open_for_seeking(self._full(name))
        return open_entry(self._open[place[0]], place[1])

    def picture(self, name: str) -> Union[bytes, Path]:
        """Returns where a picture lies, or its bytes where it lies in an archive."""
        return self.read(name) if self._places[name] else self._full(name)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in _JUNK
