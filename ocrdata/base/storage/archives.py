"""Zip and tar archives opened for reading members in any order, and their members' names.

A hard link in a tar stands for the file it names and is read as that file; a symbolic link may lead
anywhere and is never followed. A zip that does not say its names are UTF-8 was made by a system
that wrote them in its own encoding: they are read in the encoding asked for. Names in a tar are
UTF-8 where they can be, else in that encoding. (Some fit both: 图片 in GBK is also UTF-8.)
"""

from __future__ import annotations

import gzip
import io
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Iterator, NamedTuple, Optional, Tuple, Union

from ocrdata.base.storage.disk_map import DiskMap

# The largest member read at once; far above every picture and annotation file there is.
MAX_MEMBER = 1 << 30
_SUFFIXES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip")
# Archives that are known by their names but cannot be opened.
CLOSED_SUFFIXES = (".rar", ".7z", ".tar.zst", ".tar.lz4")
ARCHIVE_SUFFIXES = (*_SUFFIXES, *CLOSED_SUFFIXES)
BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
_UTF8_FLAG = 0x800
_ZIP_NAMES = "cp437"  # as which zipfile decodes names without that flag

_LINK = "symbolic link inside an archive"

AnyArchive = Union[zipfile.ZipFile, tarfile.TarFile]
# Where a member is, in plain values: its number in a zip's list of contents; or in a tar its first
# byte, its size, and of a file with holes the (offset, size) of the parts that are there.
TreeEntry = Tuple[Any, ...]


class ArchiveMember(NamedTuple):
    """A member's name, and how to read it; `problem` says why it is not read, if it is not."""

    name: str
    entry: TreeEntry
    problem: str = ""


def archive_stem(name: str) -> Optional[str]:
    """Returns an archive's name without its suffix; None where it is not an archive."""
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return None


def open_archive(path: Path, copy: Optional[IO[bytes]] = None) -> AnyArchive:
    """Opens an archive, or a `copy` of it; a compressed tar is decompressed into a nameless file.

    Raises one of BROKEN_ARCHIVE.
    """
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


def close_archive(archive: AnyArchive) -> None:
    """Closes an archive and what it was opened from."""
    archive.close()
    if isinstance(archive, tarfile.TarFile) and archive.fileobj is not None:
        # tarfile leaves open what it was given open: the plain copy of a compressed tar.
        archive.fileobj.close()


def members_of(archive: AnyArchive, encoding: str = "utf-8") -> Iterator[ArchiveMember]:
    """Yields the members that are not folders, in the archive's order.

    `encoding` is that of names which do not say that they are UTF-8.
    """
    if isinstance(archive, zipfile.ZipFile):
        for number, member in enumerate(archive.infolist()):
            if not member.filename.endswith("/"):
                # A symbolic link in a zip is a file whose content is a path.
                link = stat.S_ISLNK(member.external_attr >> 16)
                yield ArchiveMember(_zip_name(member, encoding), (number,), _LINK if link else "")
    else:
        yield from _tar_members(archive, encoding)


def _tar_members(archive: tarfile.TarFile, encoding: str) -> Iterator[ArchiveMember]:
    files: DiskMap[TreeEntry] = DiskMap()
    for entry in iter(archive.next, None):
        # Otherwise every header stays in memory.
        archive.members = []  # type: ignore[attr-defined]
        name = _tar_name(entry.name, encoding)
        if entry.isreg():
            sparse: Any = entry.sparse
            holes = None if sparse is None else tuple((place, size) for place, size in sparse)
            found = files[entry.name] = (entry.offset_data, entry.size, holes)
            yield ArchiveMember(name, found)
        elif entry.islnk():
            # Only a file that came before it: such links cannot lead out of the archive.
            target = files.get(entry.linkname)
            if target is None:
                yield ArchiveMember(name, (), "hard link to a file that is not in the archive")
            else:
                files[entry.name] = target
                yield ArchiveMember(name, target)
        elif entry.issym():
            yield ArchiveMember(name, (), _LINK)


def _zip_name(member: zipfile.ZipInfo, encoding: str) -> str:
    if member.flag_bits & _UTF8_FLAG:
        return member.filename
    raw = member.filename.encode(_ZIP_NAMES, "replace")
    return _named(raw, encoding, "utf-8") or member.filename


def _tar_name(name: str, encoding: str) -> str:
    return _named(name.encode("utf-8", "surrogateescape"), "utf-8", encoding) or name


def _named(raw: bytes, *encodings: str) -> str:
    """Returns a name in the first encoding that has it, "" where none does."""
    for one in encodings:
        try:
            return raw.decode(one)
        except UnicodeDecodeError:
            continue
    return ""


def read_entry(archive: AnyArchive, entry: TreeEntry) -> bytes:
    """Returns the content of a member; raises one of BROKEN_ARCHIVE where it cannot be read."""
    with open_entry(archive, entry) as stream:
        data = stream.read()
    if isinstance(archive, tarfile.TarFile) and len(data) != entry[1]:
        raise EOFError("the archive ends too early")
    return data


def open_entry(archive: AnyArchive, entry: TreeEntry) -> IO[bytes]:
    """Opens a member; raises one of BROKEN_ARCHIVE where it cannot be read."""
    if isinstance(archive, zipfile.ZipFile):
        known = archive.infolist()[entry[0]]
        _check_size(known.file_size)
        return archive.open(known)
    member = tarfile.TarInfo()
    member.offset_data, member.size, holes = entry
    member.sparse = holes
    _check_size(member.size)
    return archive.extractfile(member) or io.BytesIO()


def _check_size(size: int) -> None:
    if size > MAX_MEMBER:
        raise ValueError(f"it has {size:,} bytes unpacked")
