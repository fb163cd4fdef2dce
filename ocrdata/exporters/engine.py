"""A stream of samples to the files of a format: the same bytes for any number of workers and after
any interruption.

Blocks are packed by workers and stored in order. A journal has a row for each block; a resumed run
goes on behind the last one that was stored for good.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, TextIO

from ocrdata.base.parallel import Workers, ordered_map
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import SPLITS
from ocrdata.base.skips import Skips
from ocrdata.base.storage.journal import append_row, open_journal, read_journal
from ocrdata.base.storage.staging import Staged
from ocrdata.errors import InputError
from ocrdata.exporters.base import Exporter, SplitWriter
from ocrdata.exporters.blocks import BlockPacker, Packed
from ocrdata.exporters.cutting import BlockCutter, Position
from ocrdata.exporters.found import FoundItem

_JOURNAL = "blocks.jsonl"
OpenStream = Callable[[Mapping[str, Position]], Iterable[FoundItem]]


@dataclass(frozen=True)
class ConvertSummary:
    """What was written: samples of each split, and regions. `changed` counts what the format could
    not hold as it was, and `skipped` what was left out, by reason."""

    output: str
    format: str
    task: str
    splits: Dict[str, int]
    samples: int
    regions: int
    changed: Dict[str, int] = field(default_factory=dict)
    skipped: Dict[str, int] = field(default_factory=dict)
    skipped_examples: List[str] = field(default_factory=list)


class _Rows:
    """The rows of a split in a journal, to be gone through more than once."""

    def __init__(self, journal: Path, split: str) -> None:
        self._journal, self._split = journal, split

    def __iter__(self) -> Iterator[Any]:
        for row in read_journal(self._journal):
            if row["split"] == self._split:
                yield from row["rows"]


class ExportRun:
    """The parent's side of an export: what is done already, the writers of the splits, counts."""

    def __init__(
        self,
        exporter: Exporter,
        staged: Staged,
        name: str,
        skip_errors: bool,
        exif: Optional[str] = None,
    ) -> None:
        exporter.check()
        self.exporter, self.folder = exporter, staged.path(name)
        self._journal = staged.folder / _JOURNAL
        self._packer = BlockPacker(exporter, self.folder, skip_errors, exif)
        self._writers: Dict[str, SplitWriter] = {}
        self._done: Dict[str, Position] = {}
        self._samples: Dict[str, int] = {}
        self._changed: Counter[str] = Counter()
        self._regions = 0
        self.skips = Skips(errors=True)
        _drop_unstored(self._journal)
        for row in read_journal(self._journal):
            self._count(row)

    def write(
        self, open_stream: OpenStream, workers: Workers, on_progress: Optional[OnProgress] = None
    ) -> None:
        """Writes what is not there yet; `open_stream` may leave out what is done."""
        blocks = BlockCutter(self.exporter, self._done).cut(open_stream(self._done))
        try:
            with open_journal(self._journal) as journal:
                for packed in ordered_map(self._packer, blocks, workers):
                    self._store(packed, journal)
                    if on_progress:
                        on_progress(sum(place.taken for place in self._done.values()), None)
        finally:
            self._close()
        for split in self._done:
            self.exporter.finish(self.folder, split, _Rows(self._journal, split))

    def _store(self, packed: Packed, journal: TextIO) -> None:
        split, shard, ends = packed.block
        if split not in self._writers:
            rows = _Rows(self._journal, split)
            self._writers[split] = self.exporter.open(self.folder, split, rows)
        stored = self._writers[split].add(packed.payload, shard, ends)
        append_row(journal, {**packed.row, "stored": stored})
        self._count(packed.row)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _count(self, row: Dict[str, Any]) -> None:
        split = row["split"]
        self._done[split] = Position(row["place"], row["taken"])
        self._samples[split] = self._samples.get(split, 0) + len(row["rows"])
        self._regions += row["regions"]
        self._changed.update(row["changed"])
        self.skips.add(row["skipped"], row["examples"])

    def summary(self, output: Path, source: str) -> ConvertSummary:
        """Returns what was written; raises InputError where that is nothing."""
        total = sum(self._samples.values())
        if not total:
            hint = str(self.skips) if self.skips.counts else ""
            raise InputError(source, "has no sample that can be used", hint=hint)
        return ConvertSummary(
            output=str(output),
            format=self.exporter.info.name,
            task=self.exporter.task,
            splits={split: self._samples[split] for split in SPLITS if split in self._samples},
            samples=total,
            regions=self._regions,
            changed=dict(self._changed),
            skipped=dict(self.skips.counts),
            skipped_examples=self.skips.examples,
        )


def _drop_unstored(journal: Path) -> None:
    """Drops the rows of blocks that went into files which were never finished."""
    stored: Dict[str, int] = {}
    last: Dict[str, int] = {}
    for number, row in enumerate(read_journal(journal), 1):
        last[row["split"]] = number
        if row["stored"]:
            stored[row["split"]] = number
    if stored != last:
        _rewrite(journal, stored)


def _rewrite(journal: Path, stored: Mapping[str, int]) -> None:
    kept = journal.with_suffix(".kept")
    with kept.open("w", encoding="utf-8", newline="\n") as stream:
        for number, row in enumerate(read_journal(journal), 1):
            if number <= stored.get(row["split"], 0):
                stream.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    kept.replace(journal)
