"""Lines of a folder or pack without records: written as records for as long as a training runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ocrdata.base.sample_lists import TRAIN_LIST
from ocrdata.base.skips import MISSING_CHARACTER, Skips
from ocrdata.base.storage.digest import file_sha256
from ocrdata.errors import CharsetError, InputError
from ocrdata.images.encoding import KEEP_AS_IS, prepare
from ocrdata.records.format.schema import LineRecord, encode_line
from ocrdata.records.format.tfrecord_writer import open_writer
from ocrdata.records.sources.inputs import open_input
from ocrdata.text.charset import Charset
from ocrdata.train.data.line_shards import LineShard


class TemporaryShards:
    """One record file in a temporary folder, and a hash of it."""

    def __init__(self, folder: "tempfile.TemporaryDirectory[str]", samples: int) -> None:
        self._folder = folder
        path = Path(folder.name) / NAME
        self.shard, self.sha256 = LineShard(path, samples), file_sha256(path)

    def close(self) -> None:
        """Removes the folder."""
        self._folder.cleanup()


NAME = "train.tfrecord"


def shards_of_listed(path: Path, charset: Charset) -> TemporaryShards:
    """Returns the training lines of a folder or pack as records.

    Lines whose characters the dictionary has not, and pictures that are damaged, are left out.
    Raises InputError where nothing is left.
    """
    folder = tempfile.TemporaryDirectory(prefix="ocrdata-")
    skips, count = Skips(errors=True, unknown=True, unclear=True), 0
    try:
        with open_writer(Path(folder.name) / NAME) as writer:
            for name, sample in open_input(path).read(skips):
                if name not in ("", TRAIN_LIST) or not sample.text:
                    continue
                try:
                    classes = charset.encode(sample.text)
                    data, header, _, _ = prepare(sample.image_bytes(), KEEP_AS_IS)
                except CharsetError as error:
                    skips.refuse(MISSING_CHARACTER, error, charset.missing(sample.text)[0])
                    continue
                writer.write(
                    encode_line(LineRecord(sample.key, data, *header, sample.text, classes))
                )
                count += 1
        if not count:
            raise InputError(path, f"holds no line to learn from. {skips}")
    except BaseException:
        folder.cleanup()
        raise
    return TemporaryShards(folder, count)
