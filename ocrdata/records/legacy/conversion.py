"""Shards from anything but the lists of a data directory."""

from __future__ import annotations

import dataclasses
from typing import Optional

from ocrdata.base.findings import Findings
from ocrdata.base.parallel import Workers
from ocrdata.base.progress import OnProgress
from ocrdata.base.skips import Skips
from ocrdata.errors import PathLike
from ocrdata.records.legacy.samples import open_originals
from ocrdata.records.sources.inputs import open_input
from ocrdata.records.write.options import WRITE_DEFAULTS, WriteOptions
from ocrdata.records.write.stream import write_sample_stream
from ocrdata.records.write.writing import ShardsSummary
from ocrdata.text.charset import read_charset


def write_from(
    path: PathLike,
    output_dir: PathLike,
    *,
    original: bool = False,
    dictionary: Optional[PathLike] = None,
    options: WriteOptions = WRITE_DEFAULTS,
    workers: Workers = 0,
    overwrite: bool = False,
    resume: bool = False,
    dry_run: bool = False,
    on_progress: Optional[OnProgress] = None,
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
        source, found = open_originals(path, charset)
    else:
        source = open_input(path)
    skips = Skips(errors=options.skip_errors, unclear=options.skip_errors)
    summary = write_sample_stream(
        source.opener(skips),
        output_dir,
        origin=source.origin,
        charset=charset or source.charset,
        options=options,
        skips=skips,
        workers=workers,
        overwrite=overwrite,
        resume=resume,
        dry_run=dry_run,
        on_progress=on_progress,
    )
    return dataclasses.replace(summary, problems=dict(found.counts))
