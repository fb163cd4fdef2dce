"""One shard, written by one worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, NamedTuple

from ocrdata.errors import AnnotationError, InputError
from ocrdata.records.images import read_header
from ocrdata.records.info import LineStatistics
from ocrdata.records.plan import ShardPlan
from ocrdata.records.schema import LineRecord, encode_line
from ocrdata.records.skips import BAD_PICTURE, Skips
from ocrdata.records.sources import SampleList
from ocrdata.records.tfrecord import open_writer
from ocrdata.text.charset import Charset


class Job(NamedTuple):
    """What every shard of a run needs: where pictures lie and shards go, and how to write them."""

    root: Path
    folder: Path
    charset: Charset
    compression: str
    skip_errors: bool


def _line(job: Job, source: SampleList, offset: int) -> LineRecord:
    sample = source.sample_at(offset)
    text = sample.text or ""
    try:
        data = sample.image_bytes()
        header = read_header(data)
    except InputError as error:
        raise _bad_picture(source, offset, sample.key, error.problem) from error
    except ValueError as error:
        raise _bad_picture(source, offset, sample.key, str(error)) from error
    return LineRecord(sample.key, data, *header, text, job.charset.encode(text))


def _bad_picture(source: SampleList, offset: int, key: str, problem: str) -> AnnotationError:
    text = "picture {} {}".format(source.root / key, problem)
    hint = "Replace it, delete the line, or leave such lines out with --skip-errors."
    return AnnotationError(source.path, text, source.number_at(offset), hint)


def write_shard(job: Job, shard: ShardPlan) -> Dict[str, Any]:
    """Writes one shard and returns its entry for the journal, in plain JSON values."""
    statistics = LineStatistics()
    skips = Skips(errors=job.skip_errors)
    with SampleList(shard.source, job.root) as source, open_writer(
        job.folder / shard.name, job.compression
    ) as writer:
        for offset in shard.offsets.tolist():
            try:
                line = _line(job, source, offset)
            except AnnotationError as error:
                skips.refuse(BAD_PICTURE, error)
                continue
            statistics.add(line)
            writer.write(encode_line(line))
    return {
        "file": shard.name,
        "split": shard.split,
        "samples": writer.count,
        "bytes": writer.size,
        "sha256": writer.sha256,
        "statistics": statistics.as_dict(),
        "skipped": dict(skips.counts),
        "skipped_examples": skips.examples,
    }
