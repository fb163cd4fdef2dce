"""Paths of other machines (`gs://`, `s3://`, `hdfs://`, ...), through fsspec, used like pathlib's.

`as_path` stands where a path of the user's comes in. A local path stays what it is; a URL becomes a
RemotePath, which has those methods of `pathlib.Path` that this package uses. What takes it for a
local path (`open`, `Path`, other libraries) gets an OptionError instead of a folder "gs:".
Credentials are the business of fsspec and its packages (gcsfs, s3fs, pyarrow, ...).
"""

from __future__ import annotations

import errno
import fnmatch
import io
import uuid
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import IO, Any, Iterator, List, Tuple, cast

from ocrdata.base.storage.urls import UrlPath
from ocrdata.errors import MissingExtraError, OcrdataError, OptionError, PathLike

# Where renaming is one step. Elsewhere a new object is there as soon as it is whole, and renaming
# means copying.
_RENAMING = ("file", "hdfs", "webhdfs", "sftp", "ssh", "smb")
# What is read of a remote file at once where nobody says more.
_BLOCK = 1 << 20


def is_remote(path: Any) -> bool:
    """Says whether a path is a URL of another machine's file."""
    return isinstance(path, RemotePath) or (isinstance(path, str) and "://" in path)


def as_path(path: PathLike) -> Path:
    """Returns a local path as a Path, a URL (`scheme://...`) as a RemotePath."""
    if isinstance(path, RemotePath):
        return path
    if isinstance(path, str) and "://" in path:
        return cast(Path, RemotePath(path))
    return Path(path)


@contextmanager
def _errors(url: str) -> Iterator[None]:
    """Makes an OSError, with a reason, of whatever the packages behind fsspec raise."""
    try:
        yield
    except OcrdataError:
        raise
    except ImportError as error:
        scheme = url.partition("://")[0]
        text = f"{scheme}:// paths need another package."
        raise OcrdataError(text, str(error)) from error
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", url) from error
    except NotImplementedError as error:
        raise OSError(errno.EROFS, "is read-only", url) from error
    except OSError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or str(error), url) from error
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise OSError(errno.EIO, text, url) from error


class RemotePath(UrlPath):
    """A URL with the methods of a Path; see the module's text."""

    def __fspath__(self) -> str:
        raise OptionError(f"{self} is on another machine; a local path is needed here.")

    # --- looking

    def _reach(self) -> Tuple[Any, str]:
        """Returns fsspec's file system and its name for this path."""
        try:
            import fsspec
        except ModuleNotFoundError as error:
            why = f"{self} needs it"
            raise MissingExtraError("fsspec", "remote", why) from error
        scheme = self._url.partition("://")[0]
        if scheme not in fsspec.available_protocols():
            raise OptionError(f"no file system is called {scheme}:// ({self}).")
        with _errors(self._url):
            # Other machines write as well, so that remembered listings would be out of date.
            files, path = fsspec.core.url_to_fs(self._url, use_listings_cache=False)
        return files, path

    def exists(self) -> bool:
        files, path = self._reach()
        with _errors(self._url):
            # Folders of object stores are no objects; older releases do not see them here.
            return bool(files.exists(path) or files.isdir(path))

    def is_file(self) -> bool:
        files, path = self._reach()
        with _errors(self._url):
            return bool(files.isfile(path))

    def is_dir(self) -> bool:
        files, path = self._reach()
        with _errors(self._url):
            return bool(files.isdir(path))

    def stat(self) -> SimpleNamespace:
        files, path = self._reach()
        with _errors(self._url):
            return SimpleNamespace(st_size=int(files.size(path) or 0))

    def iterdir(self) -> Iterator[RemotePath]:
        files, path = self._reach()
        with _errors(self._url):
            found = files.ls(path, detail=False)
        names = {PurePosixPath(str(one).rstrip("/")).name for one in found if str(one) != path}
        return (self / name for name in sorted(names))

    def glob(self, pattern: str) -> Iterator[RemotePath]:
        head, _, rest = pattern.partition("/")
        for one in self.iterdir() if self.is_dir() else ():
            if fnmatch.fnmatchcase(one.name, head):
                if not rest:
                    yield one
                elif one.is_dir():
                    yield from one.glob(rest)

    def rglob(self, pattern: str) -> Iterator[RemotePath]:
        return (one for one in self.files() if fnmatch.fnmatchcase(one.name, pattern))

    def files(self) -> List[RemotePath]:
        """Returns all files below, at any depth."""
        files, path = self._reach()
        with _errors(self._url):
            found = files.find(path)
        return [self / one[len(path) :].lstrip("/") for one in sorted(found)]

    # --- reading and writing

    def open(
        self,
        mode: str = "r",
        buffering: int = -1,
        encoding: Any = None,
        errors: Any = None,
        newline: Any = None,
    ) -> IO[Any]:
        """Opens the file; what is appended or written is there when it is closed."""
        files, path = self._reach()
        kind = mode.strip("bt")
        before = self.read_bytes() if kind == "a" and self.exists() else b""
        # For reading only: object stores have sizes of their own for the parts they are sent.
        block = {"block_size": buffering if buffering > 1 else _BLOCK} if kind == "r" else {}
        with _errors(self._url):
            stream = files.open(path, "wb" if kind == "a" else kind + "b", **block)
            stream.write(before) if before else None
        return stream if "b" in mode else io.TextIOWrapper(stream, encoding, errors, newline)

    def read_bytes(self) -> bytes:
        files, path = self._reach()
        with _errors(self._url):
            return bytes(files.cat_file(path))

    def fetch(self, target: str) -> None:
        """Copies the file to a local path."""
        files, path = self._reach()
        with _errors(self._url):
            files.get_file(path, target)

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.read_bytes().decode(encoding)

    def write_bytes(self, data: bytes) -> int:
        files, path = self._reach()
        with _errors(self._url):
            files.pipe_file(path, bytes(data))
        return len(data)

    def write_whole(self, data: bytes) -> None:
        """Writes a file that is there completely or not at all."""
        if self._url.partition("://")[0] not in _RENAMING:
            self.write_bytes(data)
            return
        temporary = self.with_name(f".{self.name}.{uuid.uuid4().hex[:12]}.tmp")
        temporary.write_bytes(data)
        temporary.replace(self)

    # --- changing the tree

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        files, path = self._reach()
        with _errors(self._url):
            files.makedirs(path, exist_ok=exist_ok)

    def unlink(self) -> None:
        files, path = self._reach()
        with _errors(self._url):
            files.rm_file(path)

    def replace(self, target: RemotePath) -> None:
        """Moves a file over another one."""
        files, path = self._reach()
        other = target._reach()[1]
        with _errors(self._url):
            if files.exists(other):
                files.rm_file(other)
            files.mv(path, other)

    def move_tree(self, target: RemotePath, last: str) -> None:
        """Moves a folder to where none is; what it holds called `last` arrives last."""
        files, path = self._reach()
        other = target._reach()[1]
        with _errors(self._url):
            if self._url.partition("://")[0] in _RENAMING:
                files.mv(path, other, recursive=True)
                return
            # The source stays until the end: an interrupted move can be made again.
            names = [one[len(path) :].lstrip("/") for one in files.find(path)]
            for some in ([n for n in names if n != last], [n for n in names if n == last]):
                if some:
                    pairs = [path + "/" + n for n in some], [other + "/" + n for n in some]
                    files.copy(*pairs)
            files.rm(path, recursive=True)

    def remove_tree(self) -> None:
        files, path = self._reach()
        with _errors(self._url):
            files.rm(path, recursive=True)
