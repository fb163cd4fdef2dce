"""Files of a folder, of an archive, or of a folder that holds archives, by one kind of name.

A member of an archive is named as if the archive were a folder: `gt.zip/gt_img_1.txt`. Nothing is
unpacked: zip and tar members are read in place, and a compressed tar is decompressed once into a
temporary file that has no name. An archive that lies beside its own unpacked folder is passed over.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Dict, Iterator, List, Optional, Tuple, Union

from ocrdata.base.storage.files import open_for_seeking
from ocrdata.base.storage.remote import RemotePath, as_path, is_remote
from ocrdata.errors import AnnotationError, PathLike

# The largest member read at once; far above every picture and annotation file there is.
MAX_MEMBER = 1 << 30
_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip")
_JUNK = ("__macosx", "thumbs.db", "desktop.ini", "manifest.json")
_DIGITS = re.compile(r"(\d+)")
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)

# What an archive has of a member: looking one up by its name takes a tar as long as it has members.
TreeEntry = Union[zipfile.ZipInfo, tarfile.TarInfo]
# How to reach a file: its archive and its entry there; None where it lies in the folder.
Place = Optional[Tuple[str, TreeEntry]]


def natural(name: str) -> Tuple[List[object], str]:
    """Returns a sort key that puts img_2 before img_10."""
    parts = _DIGITS.split(name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


def archive_stem(name: str) -> Optional[str]:
    """Returns an archive's name without its suffix; None where it is no archive."""
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return None


class Tree:
    """The files under `root` (a folder or an archive), found once and read when asked for.

    Raises AnnotationError where `root` is missing, an archive is damaged or encrypted, or a
    member's name leads out of its archive. Use it as a context manager: it keeps archives open.
    """

    def __init__(self, root: PathLike) -> None:
        self.root = as_path(root)
        self._open: Dict[str, Union[zipfile.ZipFile, tarfile.TarFile]] = {}
        # Of archives on other machines; nameless local files.
        self._copies: List[IO[bytes]] = []
        self._places: Dict[str, Place] = {}
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
        self.names: List[str] = sorted(self._places, key=natural)

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_: object) -> None:
        for copy in self._copies:
            copy.close()
        for archive in self._open.values():
            archive.close()
            if isinstance(archive, tarfile.TarFile) and archive.fileobj is not None:
                # tarfile leaves open what it was given open: the plain copy of a compressed tar.
                archive.fileobj.close()

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def _add_folder(self) -> None:
        if isinstance(self.root, RemotePath):
            self._add_remote(self.root)
            return
        for folder, folders, files in os.walk(str(self.root)):
            folders[:] = sorted(name for name in folders if not _is_junk(name))
            relative = Path(folder).relative_to(self.root)
            for name in sorted(files):
                if _is_junk(name):
                    continue
                path = (relative / name).as_posix()
                stem = archive_stem(name)
                if stem is None:
                    self._places[path] = None
                elif stem not in folders:
                    self._add_archive(self.root / path, path)

    def _add_remote(self, root: RemotePath) -> None:
        names = [str(path.relative_to(root)) for path in root.files()]
        names = [name for name in names if not any(map(_is_junk, name.split("/")))]
        folders = {str(parent) for name in names for parent in PurePosixPath(name).parents}
        for name in names:
            stem = archive_stem(name)
            if stem is None:
                self._places[name] = None
            elif stem not in folders:
                self._add_archive(self.root / name, name)

    def _add_archive(self, path: Path, prefix: str) -> None:
        try:
            copy = open_for_seeking(path) if is_remote(path) else None
            self._copies += [copy] if copy else []
            opened = _open_archive(path, copy)
            self._open[prefix] = opened
            for member, entry in _files_of(opened):
                clean = PurePosixPath(member.replace("\\", "/"))
                if clean.is_absolute() or ".." in clean.parts:
                    problem = f"holds {member!r}, a name that leads out of the archive"
                    raise AnnotationError(path, problem)
                if not any(_is_junk(part) for part in clean.parts):
                    self._places[f"{prefix}/{clean}"] = (prefix, entry)
        except _BROKEN as error:
            raise AnnotationError(path, f"is a damaged archive: {error}") from error

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
            if place is None:
                return self._full(name).read_bytes()
            return _read_member(self._open[place[0]], place[1])
        except _BROKEN as error:
            raise AnnotationError(self.where(name), f"cannot be read: {error}") from error

    def picture(self, name: str) -> Union[bytes, Path]:
        """Returns where a picture lies, or its bytes where it lies in an archive."""
        return self._full(name) if self._places[name] is None else self.read(name)


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in _JUNK


def _open_archive(path: Path, copy: Optional[IO[bytes]]) -> Union[zipfile.ZipFile, tarfile.TarFile]:
    if path.name.lower().endswith(".zip"):
        return zipfile.ZipFile(copy or str(path))
    if path.name.lower().endswith(".tar"):
        return tarfile.open(fileobj=copy) if copy else tarfile.open(str(path), "r:")
    # Going back in a compressed stream means decompressing it from the start again.
    plain = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the archive
    with _open_compressed(path, copy) as stream:
        shutil.copyfileobj(stream, plain, 1 << 20)
    plain.seek(0)
    return tarfile.open(fileobj=plain, mode="r:")


def _open_compressed(path: Path, copy: Optional[IO[bytes]]) -> IO[bytes]:
    """Opens a compressed tar for reading its bytes in order."""
    import bz2
    import lzma

    name = path.name.lower()
    opener = bz2.open if name.endswith("bz2") else lzma.open if name.endswith("xz") else gzip.open
    return opener(copy or str(path), "rb")  # type: ignore[return-value]


def _files_of(archive: Union[zipfile.ZipFile, tarfile.TarFile]) -> Iterator[Tuple[str, TreeEntry]]:
    if isinstance(archive, zipfile.ZipFile):
        for member in archive.infolist():
            # A symbolic link in a zip is a file whose content is a path.
            if not member.filename.endswith("/") and not stat.S_ISLNK(member.external_attr >> 16):
                yield member.filename, member
    else:
        for entry in archive:
            if entry.isreg():
                yield entry.name, entry


def _read_member(archive: Union[zipfile.ZipFile, tarfile.TarFile], entry: TreeEntry) -> bytes:
    if isinstance(entry, zipfile.ZipInfo):
        assert isinstance(archive, zipfile.ZipFile)
        _check_size(entry.file_size)
        return archive.read(entry)
    assert isinstance(archive, tarfile.TarFile)
    _check_size(entry.size)
    stream = archive.extractfile(entry)
    data = stream.read() if stream else b""
    if len(data) != entry.size:
        raise EOFError("the archive ends too early")
    return data


def _check_size(size: int) -> None:
    if size > MAX_MEMBER:
        raise ValueError(f"it has {size:,} bytes unpacked")


def decode_lines(
    data: bytes, where: PathLike, encoding: str = "utf-8"
) -> Iterator[Tuple[int, str]]:
    """Yields (line number from 1, text) of an annotation file; lines without text are passed over.

    A byte order mark and CRLF are accepted. Raises AnnotationError naming the line that is not in
    `encoding`.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    for number, raw in enumerate(data.split(b"\n"), 1):
        try:
            line = raw.decode(encoding).rstrip("\r")
        except UnicodeDecodeError as error:
            problem = f"is not {encoding.upper()} ({error.reason})"
            hint = "Convert it: iconv -f GB18030 -t UTF-8 FILE > NEWFILE."
            raise AnnotationError(where, problem, number, hint) from error
        if line.strip():
            yield number, line
