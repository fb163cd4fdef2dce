"""One shard, written by one worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.base.sample import Region, Sample
from ocrdata.base.skips import BAD_LINE, BAD_PICTURE, Skips
from ocrdata.errors import AnnotationError, InputError
from ocrdata.images.encoding import prepare
from ocrdata.records.format.layouts import LAYOUTS, AnyRecord
from ocrdata.records.format.scene_record import SceneRecord
from ocrdata.records.format.schema import LineRecord
from ocrdata.records.sources.listed import Source
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shard_files import ShardFile
from ocrdata.records.write.shard_plan import ShardPlan, SourceSplits
from ocrdata.text.charset import Charset
from ocrdata.text.normalization import normalize_label


class ShardWriterConfig(NamedTuple):
    """What every shard of a run needs: where shards go, how to write them, where samples are."""

    folder: Path
    task: str
    charset: Optional[Charset]
    options: WriteOptions
    splits: Tuple[SourceSplits, ...] = ()

    def name_of(self, shard: ShardPlan) -> str:
        """Returns the file name of a shard."""
        layout = LAYOUTS[self.options.layout]
        return layout.name_of(shard.split, shard.number, shard.of, shard.first, shard.samples)


def _record(job: ShardWriterConfig, sample: Sample, converted: Dict[str, int]) -> AnyRecord:
    data, header, scale, change = prepare(sample.image_bytes(), job.options.pictures)
    if change:
        converted[change] = converted.get(change, 0) + 1
    if job.charset is not None:
        text = normalize_label(sample.text or "", job.options.text_normalization)
        return LineRecord(sample.key, data, *header, text, job.charset.encode(text))
    how = job.options.text_normalization
    regions = tuple(
        Region(r.polygon, normalize_label(r.text, how), r.ignore) for r in sample.regions
    )
    if scale != (1.0, 1.0):
        factor = np.array(scale, np.float32)
        regions = tuple(Region(r.polygon * factor, r.text, r.ignore) for r in regions)
    return SceneRecord(sample.key, data, *header, regions)


def _encoded(
    job: ShardWriterConfig, source: Source, sample: Sample, place: int, converted: Dict[str, int]
) -> Any:
    try:
        record = _record(job, sample, converted)
        return record, LAYOUTS[job.options.layout].encode(record)
    except InputError as error:
        raise _bad_image(source, place, sample, error.problem) from error
    except ValueError as error:
        raise _bad_image(source, place, sample, str(error)) from error


def _bad_image(source: Source, place: int, sample: Sample, problem: str) -> AnnotationError:
    name = sample.key if isinstance(sample.image, bytes) else sample.image
    hint = "Replace it, delete the line, or leave such lines out with --skip-errors."
    path, line = source.origin(place)
    return AnnotationError(path, f"picture {name} {problem}", line, hint)


def write_shard(job: ShardWriterConfig, shard: ShardPlan) -> Dict[str, Any]:
    """Writes one shard and returns its entry for the journal, in plain JSON values."""
    skips = Skips(errors=job.options.skip_errors)
    name, compression = job.name_of(shard), job.options.compression
    file = ShardFile(job.folder, name, shard.split, job.task, compression)
    splits = job.splits[shard.source]
    places = splits.places(shard.split, shard.first, shard.first + shard.samples)
    with splits.source as source:
        return file.write(_records(job, source, places, skips), skips)


def _records(
    job: ShardWriterConfig, source: Source, places: np.ndarray, skips: Skips
) -> Iterator[Tuple[AnyRecord, bytes]]:
    for place in places.tolist():
        reason = BAD_LINE
        try:
            sample = source.sample_at(place)
            reason = BAD_PICTURE
            yield _encoded(job, source, sample, place, skips.converted)
        except AnnotationError as error:
            skips.refuse(reason, error)
