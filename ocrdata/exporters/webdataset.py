"""WebDataset: tar files in which the members of a sample stand side by side.

    000000000.jpg  000000000.txt     a text line and its label, UTF-8
    000000000.jpg  000000000.json    a picture, its key and its regions

Members have no time of their own, so the same samples give the same bytes.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Tuple

from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.exporters.base import SHORT, FormatInfo, Picture, Pictures, SplitWriter, library
from ocrdata.exporters.files import to_json
from ocrdata.exporters.regions import as_points
from ocrdata.exporters.sharding import Shard, ShardExporter, ShardSequence

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

# A tar ends with two empty blocks, and is filled up to a multiple of twenty.
_BLOCK, _RECORD = 512, 10_240


class _Tar(Shard):
    """A tar made of pieces of tars."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = path.open("wb")
        self._size = 0

    def add(self, payload: Any) -> None:
        self._stream.write(payload)
        self._size += len(payload)

    def close(self) -> None:
        end = self._size + 2 * _BLOCK
        self._stream.write(bytes(-(-end // _RECORD) * _RECORD - self._size))
        self._stream.close()


def _library() -> Any:
    return library("webdataset", "webdataset", "writing WebDataset's tar files needs it")


class WebDatasetExporter(ShardExporter):
    """Tar files of `samples_per_shard` samples."""

    def check(self) -> None:
        _library()

    def pack(
        self, folder: Path, split: str, pictures: Pictures, counts: Counts
    ) -> Tuple[Any, List[Any]]:
        stream = io.BytesIO()
        writer = _library().TarWriter(stream, encoder=False, mtime=0.0)
        for picture in pictures:
            suffix = picture.file_name.rpartition(".")[2]
            name, data = self._truth(picture)
            sample = {"__key__": f"{picture.number:09d}", suffix: picture.data, name: data}
            writer.write(sample)
        size = writer.tarstream.offset
        writer.close()
        return stream.getvalue()[:size], [0] * len(pictures)

    def _truth(self, picture: Picture) -> Tuple[str, bytes]:
        if self.task == RECOGNITION:
            return "txt", picture.text.encode("utf-8")
        row: Dict[str, Any] = {
            "key": picture.sample.key,
            "regions": [
                {"polygon": as_points(one.polygon), "text": one.text, "ignore": one.ignore}
                for one in picture.sample.regions
            ],
        }
        return "json", to_json(row).encode("utf-8")

    def open(self, folder: Path, split: str, rows: Iterable[Any] = ()) -> SplitWriter:
        return ShardSequence(lambda number: _Tar(folder / f"{SHORT[split]}-{number:06d}.tar"))


WEBDATASET = WebDatasetExporter(
    FormatInfo(
        "webdataset",
        "tar files of WebDataset",
        "https://github.com/webdataset/webdataset",
        "webdataset, Hugging Face datasets, DALI, LitData",
        (RECOGNITION, DETECTION),
        """
  train-000000.tar  train-000001.tar ...   000000000.jpg and 000000000.txt, or .json with regions
  val-000000.tar    test-000000.tar ...    the same
""",
        extra="webdataset",
    ),
)
