"""From planned shards to a finished shard set in a staged folder: workers, journal, summary."""

from __future__ import annotations

import functools
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

from ocrdata.base.run_options import RunOptions
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import Staged
from ocrdata.errors import AnnotationError, OptionError, PathLike
from ocrdata.records.format.dataset_info import build_info, write_info
from ocrdata.records.format.layouts import LAYOUTS
from ocrdata.records.format.shard_totals import ShardEntry, ShardTotals
from ocrdata.records.sources.listed import Source
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.plan import PlanPlace, plan_shards
from ocrdata.records.write.plan_rows import PlanRules
from ocrdata.records.write.shard_files import ShardTasks, write_shard_files
from ocrdata.records.write.shard_plan import Plan
from ocrdata.records.write.worker import ShardWriterConfig, write_shard
from ocrdata.text.charset import Charset

TFRECORD_COMMAND = "tfrecord"
_PLAN = "plan"


@dataclass(frozen=True)
class ShardsSummary:
    """What was written: samples, shards and bytes of each split, and what was left out and why.

    Of a dry run, `bytes` are 0 and `planned` names the files. `problems` counts what was
    in the records of an original, `converted` pictures that had to be encoded anew because readers
    decode them differently. `classes` is 0 and
    `dictionary_sha256` empty where records have no classes.
    """

    output: str
    task: str
    splits: Dict[str, Dict[str, int]]
    samples: int
    bytes: int
    classes: int
    dictionary_sha256: str
    skipped: Dict[str, int] = field(default_factory=dict)
    skipped_examples: List[str] = field(default_factory=list)
    resumed_shards: int = 0
    planned: List[str] = field(default_factory=list)
    problems: Dict[str, int] = field(default_factory=dict)
    converted: Dict[str, int] = field(default_factory=dict)
    labels_normalized: int = 0


class ShardSetWriter:
    """One shard set being written: what it is made of, and what is left out on the way."""

    def __init__(
        self, target: Path, task: str, charset: Optional[Charset], options: WriteOptions
    ) -> None:
        self.target, self.task, self.charset, self.options = target, task, charset, options
        self.rules = PlanRules(charset, options)
        self.skips = self.rules.new_skips()
        if task not in LAYOUTS[options.layout].tasks:
            message = f"the layout {options.layout} is not for {task}."
            raise OptionError(message, "Leave --layout out to write this data.")

    def plan(self, sources: Sequence[Source], place: PlanPlace) -> Plan:
        """Reads the sources and returns what is to be written."""
        return plan_shards(sources, self.rules, self.skips, place)

    def job(self, folder: Path, plan: Plan) -> ShardWriterConfig:
        """Returns what the workers need to write a plan into a folder."""
        return ShardWriterConfig(folder, self.task, self.charset, self.options, plan.splits)

    def write(self, sources: Sequence[Source], staged: Staged, run: RunOptions) -> ShardsSummary:
        """Writes all shards and their description; goes on with those of an interrupted run."""
        folder = staged.path(self.target.name)
        plan = self.plan(sources, PlanPlace(staged.path(_PLAN), run.workers))
        totals, resumed = self._write_all(plan, staged, run)
        compression, layout = self.options.compression, self.options.layout
        write_info(folder, build_info(totals, self.charset, compression, layout))
        summary = self.summary(totals)
        staged.summary = {**vars(summary), "output": self.target.name}
        return replace(summary, resumed_shards=resumed)

    def _write_all(self, plan: Plan, staged: Staged, run: RunOptions) -> Tuple[ShardTotals, int]:
        """Writes what is not there yet; returns what all comes to and how many were there."""
        job = self.job(staged.path(self.target.name), plan)
        names = [job.name_of(shard) for shard in plan.shards]
        write = functools.partial(write_shard, job)
        shards = ShardTasks(names, plan.shards, write, self.task, plan.total)
        totals, resumed = write_shard_files(staged, job.folder, shards, run)
        self.skips.add(totals.skips.counts, totals.skips.examples)
        if not totals.samples:
            problem = "has no sample that can be used"
            raise AnnotationError(plan.splits[0].source.path, problem, hint=str(self.skips))
        return totals, resumed

    def summary(self, totals: ShardTotals, planned: Sequence[str] = ()) -> ShardsSummary:
        """Returns the summary of written (or planned) shards."""
        return ShardsSummary(
            output=str(self.target),
            task=self.task,
            splits=totals.split_counts(),
            samples=totals.samples,
            bytes=totals.bytes,
            classes=self.charset.num_classes if self.charset else 0,
            dictionary_sha256=self.charset.sha256 if self.charset else "",
            skipped=dict(self.skips.counts),
            skipped_examples=self.skips.examples,
            planned=list(planned),
            labels_normalized=self.skips.normalized,
            converted=dict(totals.converted),
        )

    def planned(self, sources: Sequence[Source]) -> ShardsSummary:
        """Returns what `write` would write, writing nothing."""
        with tempfile.TemporaryDirectory(prefix="ocrdata-") as folder:
            plan = self.plan(sources, PlanPlace(Path(folder)))
        name_of, totals = self.job(self.target, plan).name_of, ShardTotals(self.task)
        for shard in plan.shards:
            totals.note(shard.split, ShardEntry(name_of(shard), shard.samples, 0))
        return self.summary(totals, [entry.file for entry in totals])


def target_of(output_dir: PathLike) -> Path:
    """Returns the folder for the shards, with a name of its own."""
    target = as_path(output_dir)
    return target if target.name not in ("", "..") else target.resolve()
