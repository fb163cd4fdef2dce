"""Checks any artefact: data folder, sample list, dictionary, pictures with ground truth in a folder
or an archive, shard set, record file (ours or an original's), training run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from ocrdata.base.outdir import MANIFEST, read_json, read_manifest
from ocrdata.base.pairs import is_picture
from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.split import TEST, TRAIN
from ocrdata.base.tree import archive_stem
from ocrdata.errors import InputError, OptionError, PathLike, RecordError, UnknownNameError
from ocrdata.records.findings import KINDS, Findings
from ocrdata.records.originals import OriginalFile, file_layout, find_originals
from ocrdata.records.plan import VALIDATION_LIST
from ocrdata.records.repair import repair
from ocrdata.records.schema import DATASET_INFO, RECORDS_DIR
from ocrdata.records.verify_lists import verify_lists
from ocrdata.records.verify_originals import check_names, verify_originals
from ocrdata.records.verify_pictures import verify_pictures
from ocrdata.records.verify_run import RUN_FILE, verify_run
from ocrdata.records.verify_shards import verify_record_file, verify_shards
from ocrdata.text.charset import (
    CHAR_DICT,
    CHARACTER_LIST,
    DICTIONARY_DIR,
    ORD_MAP,
    ORD_TO_INDEX,
    Charset,
    read_charset,
)

OnProgress = Callable[[int, Optional[int]], None]


@dataclass(frozen=True)
class CheckSummary:
    """What was checked and what is wrong: `problems` counts by kind, `examples` shows the first.

    `ok` says that no kind of problem was found but those in `allowed`. `repaired` is what was
    written with `fix`: `kept` samples, after what is counted in `changed`.
    """

    path: str
    ok: bool
    checked: Dict[str, int]
    problems: Dict[str, int] = field(default_factory=dict)
    allowed: Dict[str, int] = field(default_factory=dict)
    repaired: Optional[str] = None
    kept: Optional[int] = None
    changed: Dict[str, int] = field(default_factory=dict)
    examples: Dict[str, List[str]] = field(default_factory=dict)


class _Run:
    """One check: its options, what it has found, and how much it has looked at."""

    def __init__(
        self,
        time_steps: Optional[int],
        decode: bool,
        workers: int,
        on_progress: Optional[OnProgress],
        dictionary: Optional[PathLike] = None,
    ) -> None:
        self.found = Findings()
        self.charset = read_charset(dictionary) if dictionary else None
        self.checked: Dict[str, int] = {}
        self.how: Dict[str, Any] = {
            "time_steps": time_steps,
            "decode": decode,
            "workers": workers,
            "on_progress": on_progress,
        }

    def count(self, what: str, count: int) -> None:
        self.checked[what] = self.checked.get(what, 0) + count


def _check_dictionary(run: _Run, path: Path) -> Optional[Charset]:
    try:
        charset = read_charset(path)
    except InputError as error:
        run.found.add("damaged-dictionary", str(error))
        return None
    run.count("dictionaries", 1)
    return charset


def _check_shard_set(run: _Run, directory: Path) -> None:
    run.count("records", verify_shards(directory, run.found, **run.how))


def _check_lists(run: _Run, root: Path, paths: Sequence[Path], charset: Optional[Charset]) -> None:
    run.count("samples", verify_lists(root, paths, charset, run.found, **run.how))


def _check_pictures(run: _Run, path: Path) -> None:
    decode, move = run.how["decode"], run.how["on_progress"]
    run.count("pictures", verify_pictures(path, run.found, decode, move))


def _check_originals(run: _Run, files: List[OriginalFile], alone: bool = False) -> None:
    if not alone:
        check_names(files, run.found)
    move = run.how["on_progress"]
    run.count("records", verify_originals(files, run.charset, run.found, move))


def _check_record_file(run: _Run, path: Path) -> None:
    try:
        original = file_layout(path)
    except RecordError:
        original = None
    if original:
        _check_originals(run, find_originals(path) or [OriginalFile(path, "train", 0, None)], True)
    else:
        run.count("records", verify_record_file(path, run.found, run.how["decode"]))


def _check_manifest(run: _Run, directory: Path) -> None:
    try:
        read_manifest(directory)
        run.count("manifests", 1)
    except InputError as error:
        run.found.add("damaged-info", str(error))


def _check_same(run: _Run, path: Path, charset: Charset, other: Path, sha256: Any) -> None:
    if sha256 != charset.sha256:
        text = "{} is another dictionary than {}".format(other, path)
        run.found.add("other-dictionary", text)


def _check_data_dir(run: _Run, root: Path) -> None:
    """Checks every part that a data directory has, and that they belong together."""
    for left in sorted(root.glob(".*.partial")):
        run.found.add("unfinished-output", "{} was left by an interrupted command".format(left))
    for folder in sorted(path.parent for path in root.glob("*/" + MANIFEST)):
        _check_manifest(run, folder)
    charset = run.charset
    for path in (root / DICTIONARY_DIR, root / CHARACTER_LIST):
        if path.exists():
            read = _check_dictionary(run, path)
            if charset and read:
                _check_same(run, root / DICTIONARY_DIR, charset, path, read.sha256)
            charset = charset or read
    paths = [root / name / SAMPLE_LIST for name in (TRAIN, VALIDATION_LIST, TEST)]
    present = [path for path in paths if path.is_file()]
    if present:
        _check_lists(run, root, present, charset)
    if (root / RECORDS_DIR).is_dir():
        _check_shard_set(run, root / RECORDS_DIR)
        if charset:
            info = root / RECORDS_DIR / DATASET_INFO
            _check_same(run, root / DICTIONARY_DIR, charset, info, _dictionary_of(info, charset))


def _dictionary_of(path: Path, fallback: Charset) -> Any:
    """Returns the hash of the dictionary a shard set was written with."""
    try:
        return read_json(path)["dictionary"]["sha256"]
    except (InputError, KeyError, TypeError):
        # A damaged file has been told of already.
        return fallback.sha256


def _is_data_dir(path: Path) -> bool:
    parts = (TRAIN, TEST, DICTIONARY_DIR, RECORDS_DIR, CHARACTER_LIST)
    return any((path / name).exists() for name in parts) or any(path.glob(".*.partial"))


def _check_folder(run: _Run, path: Path) -> None:
    if (path / DATASET_INFO).is_file() or any(path.glob("*.tfrecord")):
        _check_shard_set(run, path)
    elif find_originals(path):
        _check_originals(run, find_originals(path))
    elif (path / RUN_FILE).is_file():
        run.count("checkpoints", verify_run(path, run.found))
    elif (path / ORD_TO_INDEX).is_file() or (path / ORD_MAP).is_file():
        _check_dictionary(run, path)
    elif (path / SAMPLE_LIST).is_file():
        _check_lists(run, path.resolve().parent, [path / SAMPLE_LIST], run.charset)
    elif _is_data_dir(path):
        _check_data_dir(run, path)
    elif any(is_picture(one.name) or archive_stem(one.name) for one in path.rglob("*")):
        _check_pictures(run, path)
    else:
        _check_manifest(run, path)


def _check_any(run: _Run, path: Path) -> None:
    if path.is_dir():
        _check_folder(run, path)
    elif path.name == DATASET_INFO:
        _check_shard_set(run, path.parent)
    elif path.name == RUN_FILE:
        run.count("checkpoints", verify_run(path.parent, run.found))
    elif ".tfrecord" in path.name:
        _check_record_file(run, path)
    elif archive_stem(path.name) is not None:
        _check_pictures(run, path)
    elif path.name == SAMPLE_LIST:
        _check_lists(run, path.resolve().parent.parent, [path], run.charset)
    elif path.suffix in (".txt", ".json") and path.name != CHAR_DICT:
        _check_dictionary(run, path)
    else:
        known = (
            "a data folder, sample.txt, a dictionary, pictures with ground truth, a tar pack, "
            "records or a training run"
        )
        raise InputError(path, "is nothing that can be checked", hint="Name {}.".format(known))


def check_path(
    path: PathLike,
    time_steps: Optional[int] = None,
    allow: Sequence[str] = (),
    decode: bool = True,
    workers: int = 0,
    on_progress: Optional[OnProgress] = None,
    dictionary: Optional[PathLike] = None,
    fix: Optional[PathLike] = None,
) -> CheckSummary:
    """Checks an artefact completely and returns what is wrong with it, without changing anything.

    Args:
        time_steps: labels that CTC cannot fit into so many steps are problems.
        allow: kinds of problems (keys of `findings.KINDS`) that do not count against it.
        decode: decodes every picture; otherwise only headers and end marks are looked at.
        dictionary: what labels and classes must be in, where no dictionary lies beside them.
        fix: a new folder (a new file for a record file) to write what is sound, or was made so by
            a safe repair, if there are problems that count.

    Raises InputError for a path that holds nothing to check, and UnknownNameError.
    """
    for kind in allow:
        if kind not in KINDS:
            raise UnknownNameError("kind of problem", kind, KINDS)
    if time_steps is not None and time_steps < 1:
        raise OptionError("--time-steps must be 1 or more, not {}.".format(time_steps))
    where = Path(path)
    if not where.exists():
        raise InputError(where, "does not exist", hint="Make a data set: ocrdata gen-pics.")
    run = _Run(time_steps, decode, workers, on_progress, dictionary)
    _check_any(run, where)
    counts = {kind: run.found.counts[kind] for kind in sorted(run.found.counts)}
    problems = {kind: count for kind, count in counts.items() if kind not in allow}
    repaired = repair(where, fix, run.charset) if fix is not None and problems else None
    return CheckSummary(
        path=str(path),
        ok=not problems,
        repaired=str(fix) if repaired else None,
        kept=repaired.kept if repaired else None,
        changed={kind: count for kind, count in repaired.changed.items() if count}
        if repaired
        else {},
        checked=run.checked,
        problems=problems,
        allowed={kind: count for kind, count in counts.items() if kind in allow},
        examples={kind: run.found.examples[kind] for kind in counts},
    )
