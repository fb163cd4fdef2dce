"""Sample lists to TFRecord shards: the same bytes with any number of workers and resumptions.

Everything is decided by `plan.plan_shards`. Each shard is then written by one worker, atomically,
and noted in a journal, which is what a resumed run goes by.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from ocrdata.base.outdir import Staged, staged_output
from ocrdata.base.parallel import ordered_map
from ocrdata.errors import AnnotationError, CharsetError, PathLike, UnknownNameError
from ocrdata.records.info import build_info, write_info
from ocrdata.records.journal import Journal, file_sha256
from ocrdata.records.plan import Plan, PlanOptions, find_lists, plan_shards
from ocrdata.records.schema import LAYOUT, RECORDS_DIR
from ocrdata.records.skips import Skips
from ocrdata.records.tfrecord import COMPRESSIONS
from ocrdata.records.worker import Job, write_shard
from ocrdata.text.charset import CHARACTER_LIST, DICTIONARY_DIR, Charset, read_charset

OnProgress = Callable[[int, Optional[int]], None]
UNKNOWN = ("error", "skip")
COMMAND = "tfrecord"


@dataclass(frozen=True)
class ShardsSummary:
    """What was written: samples, shards and bytes of each split, and what was left out and why.

    Of a dry run, `bytes` are 0 and `planned` names the files.
    """

    output: str
    splits: Dict[str, Dict[str, int]]
    samples: int
    bytes: int
    classes: int
    dictionary_sha256: str
    skipped: Dict[str, int] = field(default_factory=dict)
    skipped_examples: List[str] = field(default_factory=list)
    resumed_shards: int = 0
    planned: List[str] = field(default_factory=list)


def find_dictionary(data_dir: PathLike) -> Charset:
    """Returns the dictionary of a data directory: that of char_dict/, else of chinese.txt.

    Raises CharsetError where there is none, or it is damaged.
    """
    for name in (DICTIONARY_DIR, CHARACTER_LIST):
        path = Path(data_dir) / name
        if path.exists():
            return read_charset(path)
    missing = Path(data_dir) / DICTIONARY_DIR
    raise CharsetError(missing, "does not exist", hint="Make it: ocrdata build-dict.")


def _entries(
    plan: Plan, job: Job, done: Dict[str, Dict[str, Any]], workers: int
) -> Iterator[Dict[str, Any]]:
    todo = [shard for shard in plan.shards if shard.name not in done]
    written = ordered_map(functools.partial(write_shard, job), todo, workers)
    for shard in plan.shards:
        yield done[shard.name] if shard.name in done else next(written)


def _write_all(
    plan: Plan, job: Job, staged: Staged, workers: int, skips: Skips, move: Optional[OnProgress]
) -> Tuple[List[Dict[str, Any]], int]:
    """Writes what is not there yet; returns all entries and how many were there."""
    for leftover in job.folder.glob(".*.tmp"):
        leftover.unlink()
    journal = Journal(staged.folder, job.folder)
    done = journal.finished() if staged.resumed else {}
    entries, count = [], 0
    for entry in _entries(plan, job, done, workers):
        if entry["file"] not in done:
            journal.append(entry)
        skips.add(entry["skipped"], entry["skipped_examples"])
        entries.append(entry)
        count += entry["samples"] + sum(entry["skipped"].values())
        if move:
            move(count, plan.total)
    if not any(entry["samples"] for entry in entries):
        raise AnnotationError(job.root, "has no sample that can be used", hint=str(skips))
    return entries, len(done)


def _split_counts(entries: List[Dict[str, Any]]) -> Dict[str, Dict[str, int]]:
    splits: Dict[str, Dict[str, int]] = {}
    for entry in entries:
        counts = splits.setdefault(entry["split"], {"samples": 0, "shards": 0, "bytes": 0})
        counts["samples"] += entry["samples"]
        counts["shards"] += 1
        counts["bytes"] += entry["bytes"]
    return splits


def _summary(
    target: Path, charset: Charset, skips: Skips, entries: List[Dict[str, Any]], **more: Any
) -> ShardsSummary:
    return ShardsSummary(
        output=str(target),
        splits=_split_counts(entries),
        samples=sum(entry["samples"] for entry in entries),
        bytes=sum(entry["bytes"] for entry in entries),
        classes=charset.num_classes,
        dictionary_sha256=charset.sha256,
        skipped=dict(skips.counts),
        skipped_examples=skips.examples,
        **more,
    )


def _planned(plan: Plan) -> List[Dict[str, Any]]:
    return [
        {"file": shard.name, "split": shard.split, "samples": len(shard.offsets), "bytes": 0}
        for shard in plan.shards
    ]


def _target(root: Path, output_dir: Optional[PathLike]) -> Path:
    target = Path(output_dir) if output_dir else root / RECORDS_DIR
    return target if target.name not in ("", "..") else target.resolve()


def write_shards(
    data_dir: PathLike,
    output_dir: Optional[PathLike] = None,
    *,
    dictionary: Optional[PathLike] = None,
    shards: int = 10,
    validation_fraction: float = 0.1,
    seed: int = 0,
    limit: Optional[int] = None,
    unknown: str = "error",
    skip_errors: bool = False,
    compression: str = "none",
    workers: int = 0,
    overwrite: bool = False,
    resume: bool = False,
    dry_run: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> ShardsSummary:
    """Writes the samples of Train/ and Test/sample.txt as sharded TFRecords, pictures unchanged.

    Args:
        output_dir: `tfrecords` under `data_dir` by default.
        dictionary: a dictionary folder or file; that of `data_dir` by default.
        shards: of each split; fewer where a split has fewer samples.
        validation_fraction: share of the training texts, in [0, 1).
        limit: the most samples taken from each list, chosen by `seed`.
        unknown: "error" or "skip" for labels with characters that the dictionary does not have.
        skip_errors: leaves out and counts wrong lines and damaged pictures.

    Raises AnnotationError and CharsetError (file, line), OutputExistsError, OptionError.
    """
    if unknown not in UNKNOWN:
        raise UnknownNameError("way to treat unknown characters", unknown, UNKNOWN)
    if compression not in COMPRESSIONS:
        raise UnknownNameError("compression", compression, COMPRESSIONS)
    choice = PlanOptions(shards, validation_fraction, seed, limit)
    choice.check()
    root = Path(data_dir)
    target = _target(root, output_dir)
    charset = read_charset(dictionary) if dictionary else find_dictionary(root)
    skips = Skips(errors=skip_errors, unknown=unknown == "skip")
    if dry_run:
        plan = plan_shards(root, charset, choice, skips)
        names = [shard.name for shard in plan.shards]
        return _summary(target, charset, skips, _planned(plan), planned=names)
    options = {
        **choice._asdict(),
        "unknown": unknown,
        "skip_errors": skip_errors,
        "compression": compression,
        "layout": LAYOUT,
        "dictionary_sha256": charset.sha256,
        "lists_sha256": {name: file_sha256(path) for name, path in find_lists(root)},
    }
    with staged_output(
        target.parent, (target.name,), COMMAND, options, overwrite, resume
    ) as staged:
        folder = staged.path(target.name)
        plan = plan_shards(root, charset, choice, skips)
        job = Job(root, folder, charset, compression, skip_errors)
        entries, resumed = _write_all(plan, job, staged, workers, skips, on_progress)
        write_info(folder, build_info(entries, charset, compression))
        summary = _summary(target, charset, skips, entries)
        staged.summary = {**vars(summary), "output": target.name}
    return _summary(target, charset, skips, entries, resumed_shards=resumed)
