"""Checks any artefact: data folder, sample list, dictionary, pictures with ground truth in a folder
or an archive, shard set, record file (ours or an original's), training run, exported model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence

from ocrdata.base.findings import FINDING_KINDS
from ocrdata.base.run_options import OnProgress
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
from ocrdata.check.verify_run import verify_run
from ocrdata.errors import InputError, OptionError, PathLike, UnknownNameError
from ocrdata.records.legacy.originals import find_originals
from ocrdata.records.sources.identify import Artefact, ArtefactKind, identify


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


def _check_dictionary(run: CheckRun, found: Artefact) -> None:
    check_dictionary_files(run, found.path)


def _check_run(run: CheckRun, found: Artefact) -> None:
    run.count("checkpoints", verify_run(found.path, run.found))


def _check_originals(run: CheckRun, found: Artefact) -> None:
    check_originals(run, find_originals(found.path))


def _check_lists(run: CheckRun, found: Artefact) -> None:
    check_lists(run, found.root, list(found.lists.values()), run.charset)


def _check_files(run: CheckRun, found: Artefact) -> None:
    for path in found.files:
        check_record_file(run, path)


CHECKS: Dict[ArtefactKind, Callable[[CheckRun, Artefact], None]] = {
    ArtefactKind.MODEL: lambda run, found: check_export(run, found.path),
    ArtefactKind.RUN: _check_run,
    ArtefactKind.SHARD_SET: lambda run, found: check_shard_set(run, found.path),
    ArtefactKind.RECORD_FILES: _check_files,
    ArtefactKind.ORIGINAL_RECORDS: _check_originals,
    ArtefactKind.MINDRECORDS: lambda run, found: check_mindrecords(run, found.path),
    ArtefactKind.DICTIONARY: _check_dictionary,
    ArtefactKind.SAMPLE_LIST: _check_lists,
    ArtefactKind.DATA_DIR: check_data_dir,
    ArtefactKind.IMAGES: lambda run, found: check_images(run, found.path),
    ArtefactKind.OUTPUT: lambda run, found: check_manifest(run, found.path),
}


def _check_any(run: CheckRun, found: Artefact) -> None:
    if found.kind in CHECKS:
        CHECKS[found.kind](run, found)
    elif found.path.is_dir():
        check_manifest(run, found.path)
    else:
        known = (
            "a data folder, sample.txt, a dictionary, pictures with ground truth, a tar pack, "
            "records, a training run or an exported model"
        )
        raise InputError(found.path, "is not anything that can be checked", hint=f"Name {known}.")


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
        allow: kinds of problems (keys of `findings.FINDING_KINDS`) that do not count against it.
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
    found = identify(path)
    if found.kind is ArtefactKind.MISSING:
        raise InputError(path, "does not exist", hint="Make a data set: ocrdata gen-pics.")
    if fix is not None and found.kind in (ArtefactKind.MODEL, ArtefactKind.RUN):
        raise OptionError("--fix repairs data, not models.", "Train or export the model again.")
    run = CheckRun(time_steps, decode, workers, on_progress, dictionary)
    _check_any(run, found)
    counts = {kind: run.found.counts[kind] for kind in sorted(run.found.counts)}
    problems = {kind: count for kind, count in counts.items() if kind not in allow}
    repaired = repair(found, fix, run.charset) if fix is not None and problems else None
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
