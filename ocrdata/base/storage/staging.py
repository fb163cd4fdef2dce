"""Output that is finished or not there: staged directories, manifests, atomic files.

A command that writes the directories `pic`, `Train` and `Test` under `data` works in
`data/.gen-pics.partial/`, writes each directory's `manifest.json` last, and then renames them into
place. A directory without a manifest is unfinished for every reader.
"""

from __future__ import annotations

import itertools
import json
import os
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

from ocrdata import __version__
from ocrdata.base.storage.files import move_tree, remove_tree
from ocrdata.base.storage.remote import RemotePath, as_path
from ocrdata.errors import (
    InputError,
    OcrdataError,
    OptionError,
    OutputExistsError,
    PathLike,
    UnfinishedError,
)

MANIFEST = "manifest.json"
_OPTIONS = "options.json"


def dump_json(value: Any) -> bytes:
    """Returns the JSON form used for every file of ours: sorted, indented, UTF-8, one LF."""
    text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)
    return (text + "\n").encode("utf-8")


def read_json(path: PathLike) -> Any:
    """Returns the content of a JSON file; raises InputError with the line of the mistake."""
    try:
        return json.loads(as_path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, f"is not UTF-8 ({error.reason})") from error
    except json.JSONDecodeError as error:
        raise InputError(path, f"is not JSON: {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise InputError(path, "is not JSON that can be read: it is nested too deeply") from error


def write_atomic(path: PathLike, data: bytes, synced: bool = True) -> None:
    """Writes a file under a temporary name beside `path`, syncs it and renames it.

    What is not `synced` may be cut off after the machine itself has failed. Raises
    OSError that names `path`, not the temporary file.
    """
    target = as_path(path)
    if isinstance(target, RemotePath):
        target.write_whole(data)
        return
    try:
        _write_atomic(target, data, synced)
    except OSError as error:
        error.filename = str(target)
        raise


def _write_atomic(target: Path, data: bytes, synced: bool) -> None:
    handle, name = tempfile.mkstemp(".tmp", "." + target.name + ".", str(target.parent))
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            if synced:
                stream.flush()
                os.fsync(stream.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink()
        raise


def _remove_begun(target: Path) -> None:
    """Deletes what runs that were killed in `write_atomic` left beside a file."""
    if not isinstance(target, RemotePath):  # which is written whole
        for begun in target.parent.glob(f".{target.name}.*.tmp"):
            begun.unlink()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def read_manifest(directory: PathLike) -> Dict[str, Any]:
    """Returns the manifest of a finished directory; raises InputError where there is none."""
    path = as_path(directory) / MANIFEST
    if not path.is_file():
        raise InputError(directory, f"has no {MANIFEST}, so it is not a finished output")
    manifest = read_json(path)
    if not isinstance(manifest, dict) or "command" not in manifest:
        raise InputError(path, "is not a manifest of ocrdata")
    return manifest


@dataclass
class Staged:
    """Directories being written: work in `path(name)`, say what was done in `summary`."""

    folder: Path
    resumed: bool
    summary: Dict[str, Any] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """Returns the directory that stands in for `name` until all is finished."""
        directory = self.folder / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory


def partial_folder(root: Path, command: str) -> Path:
    """Returns where a command keeps unfinished work beside its output under `root`."""
    return root / f".{command}.partial"


@contextmanager
def staged_output(
    root: PathLike,
    names: Sequence[str],
    command: str,
    options: Dict[str, Any],
    overwrite: bool = False,
    resume: bool = False,
) -> Iterator[Staged]:
    """Gives directories `names` of `root` to write, and puts them in place together at the end.

    `options` decide the content: they go into the manifest, and a resumed run must have the same.
    An error leaves nothing behind, but an interrupted run can be resumed: killed, Ctrl-C, or where
    those failed that worked for it (UnfinishedError).
    Raises OutputExistsError, OptionError (both `overwrite` and `resume`, or other options than
    the run to resume had) and OcrdataError (a folder that cannot be written).
    """
    base = as_path(root)
    folder = partial_folder(base, command)
    new = _absent(base)
    resumed = _begin(base, folder, names, command, options, overwrite, resume)
    staged = Staged(folder, resumed)
    try:
        yield staged
        _finish(base, staged, names, command, options)
    except OSError as error:
        raise OcrdataError(
            f"cannot write to {base}: {error.strerror or error}.",
            "What was finished is kept; free the way and run it again with --resume.",
        ) from error
    except OcrdataError as error:
        if not resumed and not isinstance(error, UnfinishedError):
            remove_tree(folder, ignore_errors=True)
            _remove_empty(new)
        raise


def _absent(base: Path) -> List[Path]:
    """Returns the folders that making `base` makes, innermost first."""
    if isinstance(base, RemotePath):
        return []
    return list(itertools.takewhile(lambda path: not path.exists(), (base, *base.parents)))


def _remove_empty(folders: Sequence[Path]) -> None:
    with suppress(OSError):  # one is not empty: another command writes there too
        for folder in folders:
            folder.rmdir()


def _begin(
    base: Path,
    folder: Path,
    names: Sequence[str],
    command: str,
    options: Dict[str, Any],
    overwrite: bool,
    resume: bool,
) -> bool:
    if overwrite and resume:
        raise OptionError("--overwrite and --resume exclude each other.")
    # A run that ended before it noted its options, or behind its last step, left nothing to resume.
    partial = (folder / _OPTIONS).is_file()
    if not overwrite and not (resume and partial):
        for name in names:
            if (base / name).exists():
                raise _finished(base / name, resume)
    for name in names:
        _check_ours(base / name)
    if partial and not (overwrite or resume):
        raise OutputExistsError(
            folder,
            "An earlier run did not finish: pass --resume to go on or --overwrite to start anew.",
        )
    if partial and resume:
        _check_same(folder / _OPTIONS, command, options)
        return True
    try:
        remove_tree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_atomic(folder / _OPTIONS, dump_json(options))
    except OSError as error:
        raise OcrdataError(f"cannot write to {base}: {error.strerror}.") from error
    return False


def _finished(path: Path, resume: bool) -> OutputExistsError:
    if resume:
        return OutputExistsError(path, "It is finished: there is nothing to resume.")
    return OutputExistsError(path)


def _check_ours(directory: Path) -> None:
    # --overwrite replaces what this program wrote, never a user's own folder.
    if directory.is_dir() and any(directory.iterdir()) and not (directory / MANIFEST).is_file():
        hint = f"It was not written by ocrdata (no {MANIFEST}): move it away first."
        raise OutputExistsError(directory, hint)


def _check_same(path: Path, command: str, options: Dict[str, Any]) -> None:
    before = read_json(path) if path.is_file() else {}
    now = json.loads(dump_json(options).decode("utf-8"))
    changed = sorted(key for key in {**before, **now} if before.get(key) != now.get(key))
    if changed:
        raise OptionError(
            f"the run to resume had another {', '.join(changed)}.",
            "Repeat the options of that run, or pass --overwrite to start anew.",
        )


def _finish(
    base: Path, staged: Staged, names: Sequence[str], command: str, options: Dict[str, Any]
) -> None:
    manifest = {
        "command": command,
        "version": __version__,
        "options": options,
        "summary": staged.summary,
    }
    for name in names:
        if staged.resumed:
            _remove_begun(staged.path(name) / MANIFEST)
        write_atomic(staged.path(name) / MANIFEST, dump_json(manifest))
    for name in names:
        target = base / name
        if target.exists():
            remove_tree(target)
        move_tree(staged.folder / name, target, last=MANIFEST)
    remove_tree(staged.folder)
