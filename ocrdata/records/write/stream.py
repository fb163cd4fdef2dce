"""Samples that are made or read only once, such as the renderer's, to TFRecord shards.

The samples are kept on disk (`spool.py`) until all are known, and then planned and written like
sample lists. The shards are those that the same samples give by way of picture files and lists.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Iterable, List, Mapping, Optional, Tuple

from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import DETECTION, RECOGNITION, Sample
from ocrdata.base.skips import Skips
from ocrdata.base.storage.files import remove_tree
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.records.sources.spool import Spool, SpooledList
from ocrdata.records.write.options import WRITE_DEFAULTS, WriteOptions
from ocrdata.records.write.writing import TFRECORD_COMMAND, ShardSetWriter, ShardsSummary, target_of
from ocrdata.text.charset import Charset, collect_characters
from ocrdata.text.normalization import normalize_label

_SPOOL = "spool"
OpenSamples = Callable[[int], Iterable[Tuple[str, Sample]]]


@dataclass(frozen=True)
class SampleStream:
    """Samples that are made or read in one order, and what is known of them.

    Args:
        open_samples: `open_samples(start)` yields (list, sample) from sample number `start` on,
            always in the same order. `list` is "Train", "Validation" or "Test", or "" throughout
            where the samples are still to be divided. `start` is 0 unless a run is resumed, and
            then any number. All samples have a text, or all have regions.
        origin: what decides the samples, in plain JSON values. It goes into the manifest, and a
            resumed run must have the same.
        charset: the dictionary; by default the characters of all labels, by code point.
        skips: what `open_samples` leaves out, which goes into the summary.
        total: how many samples there will be, for `on_progress`, which counts twice as many: once
            when a sample is taken and once when it is in its shard.
    """

    open_samples: OpenSamples
    origin: Mapping[str, Any]
    charset: Optional[Charset] = None
    skips: Skips = field(default_factory=Skips)
    total: Optional[int] = None


def write_sample_stream(
    stream: SampleStream,
    output_dir: PathLike,
    *,
    options: WriteOptions = WRITE_DEFAULTS,
    command: str = TFRECORD_COMMAND,
    run: RunOptions = RUN_DEFAULTS,
) -> ShardsSummary:
    """Writes a stream of samples as a shard set, in bounded memory and a deterministic order.

    `output_dir`, the folder of the shard set, is staged beside, as `.<command>.partial`, and
    renamed at the end. A dry run takes all samples, into a temporary folder, and says what would be
    written. An interrupted run can be resumed: samples taken and shards written are not made again.
    Raises AnnotationError and CharsetError (naming the key), OutputExistsError, OptionError.
    """
    options.check()
    target = target_of(output_dir)
    if run.dry_run:
        with tempfile.TemporaryDirectory(prefix="ocrdata-") as folder:
            spool = Spool(folder)
            _fill(spool, stream, 0, run)
            work, sources = _work(spool, target, stream, options)
            return work.planned(sources)
    noted = {
        **options.as_dict(),
        "origin": dict(stream.origin),
        "dictionary_sha256": stream.charset.sha256 if stream.charset else "",
    }
    with staged_output(
        target.parent, (target.name,), command, noted, run.overwrite, run.resume
    ) as staged:
        spool, taken = _take(stream, staged, run)
        work, sources = _work(spool, target, stream, options)
        summary = work.write(sources, staged, _behind(taken, run))
        remove_tree(spool.folder)
    return summary


def _work(
    spool: Spool, target: Path, stream: SampleStream, options: WriteOptions
) -> Tuple[ShardSetWriter, List[SpooledList]]:
    sources = [SpooledList(spool, name) for name in _names(spool)]
    task = DETECTION if spool.has_regions() else RECOGNITION
    charset = stream.charset
    if task == RECOGNITION and charset is None:
        how = options.text_normalization
        charset = collect_characters(normalize_label(text, how) for text in spool.texts())
    work = ShardSetWriter(target, task, charset, options)
    work.skips.add(stream.skips.counts, stream.skips.examples)
    return work, sources


def _fill(spool: Spool, stream: SampleStream, count: int, run: RunOptions) -> int:
    for more in spool.extend(stream.open_samples(count)):
        count += more
        run.tell(count, 2 * stream.total if stream.total else None)
    return count


def _take(stream: SampleStream, staged: Staged, run: RunOptions) -> Tuple[Spool, int]:
    """Puts the samples on disk; returns where they are and how many there are."""
    spool = Spool(staged.path(_SPOOL))
    count = spool.recover() if staged.resumed else 0
    if not spool.is_closed():
        count = _fill(spool, stream, count, run)
        spool.close(stream.skips)
    else:
        stream.skips.add(*spool.skipped())
    return spool, count


def _behind(taken: int, run: RunOptions) -> RunOptions:
    """Returns the run with its progress moved behind that of taking the samples."""
    return replace(run, on_progress=lambda done, _: run.tell(taken + done, 2 * taken))


def _names(spool: Spool) -> List[str]:
    names = spool.names()
    if not names:
        raise AnnotationError(spool.folder.parent, "nothing came to be written")
    if "" in names and len(names) > 1:
        raise ValueError(f"samples of a stream are in lists, or none is: {names}")
    return names
