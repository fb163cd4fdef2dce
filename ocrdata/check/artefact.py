"""Checks any artefact: data folder, sample list, dictionary, pictures with ground truth in a folder
or an archive, shard set, record file (ours or an original's), training run, exported model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from ocrdata.base.findings import FINDING_KINDS
from ocrdata.base.pairing import is_image
from ocrdata.base.progress import OnProgress
from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.walking import files_below
from ocrdata.check.parts import (
    CheckRun,
    check_data_dir,
    check_dictionary_files,
    check_export,
    check_images,
    check_lists,
    check_manifest,
    check_mindrecords,
    check_originals,
    check_record_file,
    check_shard_set,
)
from ocrdata.check.repair import repair
from ocrdata.check.verify_run import RUN_FILE, verify_run
from ocrdata.errors import InputError, OptionError, PathLike, UnknownNameError
from ocrdata.reading.exported import format_of
from ocrdata.records.format.schema import DATASET_INFO, RECORDS_DIR
from ocrdata.records.legacy.mindrecord import find_mindrecords
from ocrdata.records.legacy.originals import find_originals
from ocrdata.text.charset import CHARACTER_LIST, DICTIONARY_DIR
from ocrdata.text.dictionary_maps import CHAR_DICT, ORD_MAP, ORD_TO_INDEX


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


def _is_data_dir(path: Path) -> bool:
    parts = (TRAIN_LIST, TEST_LIST, DICTIONARY_DIR, RECORDS_DIR, CHARACTER_LIST)
    return any((path / name).exists() for name in parts) or any(path.glob(".*.partial"))


def _is_model(path: Path) -> bool:
    return bool(format_of(path)) or path.name == RUN_FILE or (path / RUN_FILE).is_file()


def _check_folder(run: CheckRun, path: Path) -> None:
    if (path / DATASET_INFO).is_file() or any(path.glob("*.tfrecord")):
        check_shard_set(run, path)
    elif find_originals(path):
        check_originals(run, find_originals(path))
    elif find_mindrecords(path):
        check_mindrecords(run, path)
    elif (path / RUN_FILE).is_file():
        run.count("checkpoints", verify_run(path, run.found))
    elif (path / ORD_TO_INDEX).is_file() or (path / ORD_MAP).is_file():
        check_dictionary_files(run, path)
    elif (path / SAMPLE_LIST).is_file():
        check_lists(run, path.resolve().parent, [path / SAMPLE_LIST], run.charset)
    elif _is_data_dir(path):
        check_data_dir(run, path)
    elif any(is_image(one.name) or archive_stem(one.name) for one in files_below(path)):
        check_images(run, path)
    else:
        check_manifest(run, path)


def _check_any(run: CheckRun, path: Path) -> None:
    if format_of(path):
        check_export(run, path)
    elif path.is_dir():
        _check_folder(run, path)
    elif path.name == DATASET_INFO:
        check_shard_set(run, path.parent)
    elif path.name == RUN_FILE:
        run.count("checkpoints", verify_run(path.parent, run.found))
    elif ".tfrecord" in path.name:
        check_record_file(run, path)
    elif find_mindrecords(path):
        check_mindrecords(run, path)
    elif archive_stem(path.name) is not None:
        check_images(run, path)
    elif path.name == SAMPLE_LIST:
        check_lists(run, path.resolve().parent.parent, [path], run.charset)
    elif path.suffix in (".txt", ".json") and path.name != CHAR_DICT:
        check_dictionary_files(run, path)
    else:
        known = (
            "a data folder, sample.txt, a dictionary, pictures with ground truth, a tar pack, "
            "records, a training run or an exported model"
        )
        raise InputError(path, "is nothing that can be checked", hint=f"Name {known}.")


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
        if kind not in FINDING_KINDS:
            raise UnknownNameError("kind of problem", kind, FINDING_KINDS)
    if time_steps is not None and time_steps < 1:
        raise OptionError(f"--time-steps must be 1 or more, not {time_steps}.")
    where = as_path(path)
    if not where.exists():
        raise InputError(where, "does not exist", hint="Make a data set: ocrdata gen-pics.")
    if fix is not None and _is_model(where):
        raise OptionError("--fix repairs data, not models.", "Train or export the model again.")
    run = CheckRun(time_steps, decode, workers, on_progress, dictionary)
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
