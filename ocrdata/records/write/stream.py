"""Samples that are made or read only once, such as the renderer's, to TFRecord shards.

The samples are kept on disk (`spool.py`) until all are known, and then planned and written like
sample lists. The shards are those that the same samples give by way of picture files and lists.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Callable, Iterable, List, Mapping, Optional, Tuple

from ocrdata.base.parallel import Workers
from ocrdata.base.progress import OnProgress
from ocrdata.base.sample import DETECTION, RECOGNITION, Sample
from ocrdata.base.skips import Skips
from ocrdata.base.storage.files import remove_tree
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.records.sources.spool import Listed, Spool, SpooledList
from ocrdata.records.write.options import WRITE_DEFAULTS, WriteOptions
from ocrdata.records.write.writing import TFRECORD_COMMAND, ShardSetWriter, ShardsSummary, target_of
from ocrdata.text.charset import Charset, collect_characters

_SPOOL = "spool"
OpenSamples = Callable[[int], Iterable[Tuple[str, Sample]]]


def write_sample_stream(
    open_samples: OpenSamples,
    output_dir: PathLike,
    *,
    origin: Mapping[str, Any],
    charset: Optional[Charset] = None,
    options: WriteOptions = WRITE_DEFAULTS,
    skips: Optional[Skips] = None,
    command: str = TFRECORD_COMMAND,
    total: Optional[int] = None,
    workers: Workers = 0,
    overwrite: bool = False,
    resume: bool = False,
    dry_run: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> ShardsSummary:
    """Writes a stream of samples as a shard set, in bounded memory and a deterministic order.

    Args:
        open_samples: `open_samples(start)` yields (list, sample) from sample number `start` on,
            always in the same order. `list` is "Train", "Validation" or "Test", or "" throughout
            where the samples are still to be divided. `start` is 0 unless a run is resumed, and
            then any number. All samples have a text, or all have regions.
        output_dir: the folder of the shard set; it is staged beside, as
            `.<command>.partial`, and renamed at the end.
        origin: what decides the samples, in plain JSON values. It goes into the manifest, and a
            resumed run must have the same.
        charset: the dictionary; by default the characters of all labels, by code point.
        skips: what `open_samples` leaves out, which goes into the summary.
        total: how many samples there will be, for `on_progress`, which counts twice as many: once
            when a sample is taken and once when it is in its shard.
        dry_run: takes all samples, into a temporary folder, and says what would be written.

    An interrupted run can be resumed: samples taken and shards written are not made again.
    Raises AnnotationError and CharsetError (naming the key), OutputExistsError, OptionError.
    """
    options.check()
    target = target_of(output_dir)
    left_out = skips or Skips()
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="ocrdata-") as folder:
            spool = Spool(folder)
            _fill(spool, open_samples(0), 0, total, on_progress)
            work, sources = _work(spool, target, charset, options, left_out)
            return work.planned(sources)
    noted = {
        **options.as_dict(),
        "origin": dict(origin),
        "dictionary_sha256": charset.sha256 if charset else "",
    }
    with staged_output(target.parent, (target.name,), command, noted, overwrite, resume) as staged:
        spool, taken = _take(open_samples, staged, left_out, total, on_progress)
        work, sources = _work(spool, target, charset, options, left_out)
        summary = work.write(sources, staged, workers, _behind(taken, on_progress))
        remove_tree(spool.folder)
    return summary


def _work(
    spool: Spool, target: Path, charset: Optional[Charset], options: WriteOptions, skips: Skips
) -> Tuple[ShardSetWriter, List[SpooledList]]:
    sources = [SpooledList(spool, name) for name in _names(spool)]
    task = DETECTION if spool.has_regions() else RECOGNITION
    if task == RECOGNITION and charset is None:
        charset = collect_characters(spool.texts())
    work = ShardSetWriter(target, task, charset, options)
    work.skips.add(skips.counts, skips.examples)
    return work, sources


def _fill(
    spool: Spool,
    samples: Iterable[Listed],
    count: int,
    total: Optional[int],
    move: Optional[OnProgress],
) -> int:
    for more in spool.extend(samples):
        count += more
        if move:
            move(count, 2 * total if total else None)
    return count


def _take(
    open_samples: OpenSamples,
    staged: Staged,
    skips: Skips,
    total: Optional[int],
    move: Optional[OnProgress],
) -> Tuple[Spool, int]:
    """Puts the samples on disk; returns where they are and how many there are."""
    spool = Spool(staged.path(_SPOOL))
    count = spool.recover() if staged.resumed else 0
    if not spool.is_closed():
        count = _fill(spool, open_samples(count), count, total, move)
        spool.close(skips)
    else:
        skips.add(*spool.skipped())
    return spool, count


def _behind(taken: int, move: Optional[OnProgress]) -> Optional[OnProgress]:
    if move is None:
        return None
    inner = move

    def both(done: int, _: Optional[int]) -> None:
        inner(taken + done, 2 * taken)

    return both


def _names(spool: Spool) -> List[str]:
    names = spool.names()
    if not names:
        raise AnnotationError(spool.folder.parent, "nothing came to be written")
    if "" in names and len(names) > 1:
        raise ValueError(f"samples of a stream are in lists, or none is: {names}")
    return names
