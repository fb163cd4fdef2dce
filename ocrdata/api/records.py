"""Shard sets written from any samples."""

from __future__ import annotations

import itertools
from typing import Iterable, Iterator, Optional, Tuple, Union

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import SPLITS, Sample
from ocrdata.base.skips import Skips
from ocrdata.errors import OptionError, PathLike, UnknownNameError
from ocrdata.records.sources.inputs import LIST_OF
from ocrdata.records.write.options import WRITE_DEFAULTS, WriteOptions
from ocrdata.records.write.stream import SampleStream, write_sample_stream
from ocrdata.records.write.writing import ShardsSummary
from ocrdata.text.charset import Charset

SplitSample = Tuple[str, Sample]


def write_records(
    samples: Iterable[Union[Sample, SplitSample]],
    output_dir: PathLike,
    *,
    charset: Optional[Charset] = None,
    options: WriteOptions = WRITE_DEFAULTS,
    overwrite: bool = False,
    workers: int = 0,
) -> ShardsSummary:
    """Writes samples as sharded, verified TFRecords, as `ocrdata tfrecord` does.

    The folder is there when all of it is written, or not at all. The same samples and options give
    the same bytes, in whatever order the samples come. Memory stays small: samples are kept on
    disk, beside the folder, until all have come.

    Args:
        samples: with a text each, or with regions each, and keys that are unique. Either all come
            with their split, as (split, sample) with "train", "validation" or "test"; or none does,
            and the texts are shared out as `options` says.
        output_dir: a new folder, for the shards and their dataset_info.json.
        charset: the classes of texts; by default all characters that occur, by code point.
        options: how many shards, which share goes to validation and test, compression and layout.
        overwrite: replaces the folder where it is a shard set that was written so.
        workers: processes that write; 0 writes in this one.

    Returns how many samples, shards and bytes each split has. Raises AnnotationError and
    CharsetError, naming the sample's key, OutputExistsError, OptionError and UnknownNameError.
    """
    stream = SampleStream(
        lambda start: itertools.islice(_named(samples), start, None),
        {"samples": "given by a program"},
        charset,
        Skips(errors=options.skip_errors, unknown=options.unknown == "skip"),
    )
    run = RunOptions(workers, overwrite)
    return write_sample_stream(stream, output_dir, options=options, run=run)


def _named(samples: Iterable[Union[Sample, SplitSample]]) -> Iterator[SplitSample]:
    divided: Optional[bool] = None
    for one in samples:
        split, sample = ("", one) if isinstance(one, Sample) else one
        if split and split not in SPLITS:
            raise UnknownNameError("split", split, SPLITS)
        if divided is None:
            divided = bool(split)
        if divided != bool(split):
            raise OptionError("some samples come with a split, and some without.")
        yield LIST_OF.get(split, ""), sample
