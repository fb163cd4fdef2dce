"""Shards from anything but the lists of a data directory."""

from __future__ import annotations

import dataclasses
from typing import Optional

from ocrdata.base.findings import Findings
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.skips import Skips
from ocrdata.errors import PathLike
from ocrdata.records.legacy.samples import open_originals
from ocrdata.records.sources.inputs import open_input
from ocrdata.records.write.options import WRITE_DEFAULTS, WriteOptions
from ocrdata.records.write.stream import SampleStream, write_sample_stream
from ocrdata.records.write.writing import ShardsSummary
from ocrdata.text.charset import read_charset
from ocrdata.text.normalization import NO_NORMALIZATION


def write_from(
    path: PathLike,
    output_dir: PathLike,
    *,
    original: bool = False,
    dictionary: Optional[PathLike] = None,
    options: WriteOptions = WRITE_DEFAULTS,
    run: RunOptions = RUN_DEFAULTS,
) -> ShardsSummary:
    """Writes a shard set from pictures with ground truth, a tar pack, another set or an original.

    Args:
        path: a folder or archive of pictures, a shard set, or (`original`) the record files of
            one of the systems that `originals.py` lists.
        dictionary: a folder or a file; that of a shard set, else all characters, by default.
            An original's lines need the one they were written with.

    Raises AnnotationError, CharsetError, RecordError, OutputExistsError, OptionError.
    """
    options.check()
    charset = read_charset(dictionary) if dictionary else None
    found = Findings()
    if original:
        # Their labels are classes already, of a dictionary that is kept.
        options = dataclasses.replace(options, text_normalization=NO_NORMALIZATION)
        source, found = open_originals(path, charset)
    else:
        source = open_input(path)
    skips = Skips(errors=options.skip_errors, unclear=options.skip_errors)
    used = charset or source.charset
    stream = SampleStream(source.opener(skips), source.origin, used, skips)
    summary = write_sample_stream(stream, output_dir, options=options, run=run)
    return dataclasses.replace(summary, problems=dict(found.counts))
