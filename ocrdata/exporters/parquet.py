"""Parquet as Hugging Face's `datasets` reads it: an image column, and the truth beside it.

image    struct<bytes, path>    the encoded picture, and the sample's key
text     string                 of a text line
objects  struct of lists        of a picture with regions: bbox (x, y, width, height in pixels),
                                polygon (x1, y1, x2, y2, ...), text, ignore
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Sequence, Tuple

from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.exporters.base import FormatInfo, Picture, Pictures, SplitWriter, library
from ocrdata.exporters.regions import as_box, as_points
from ocrdata.exporters.sharding import Shard, ShardExporter, ShardSequence

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts


def _libraries() -> Tuple[Any, Any]:
    why = "writing Parquet needs it"
    return library("pyarrow", "parquet", why), library("pyarrow.parquet", "parquet", why)


def _value(dtype: str) -> Dict[str, str]:
    return {"dtype": dtype, "_type": "Value"}


def _sequence(feature: Any) -> Dict[str, Any]:
    return {"feature": feature, "_type": "Sequence"}


# What `datasets` keeps in the schema, so that the column shows as pictures.
_FEATURES: Dict[str, Any] = {
    RECOGNITION: {"image": {"_type": "Image"}, "text": _value("string")},
    DETECTION: {
        "image": {"_type": "Image"},
        "objects": {
            "bbox": _sequence(_sequence(_value("float32"))),
            "polygon": _sequence(_sequence(_value("float32"))),
            "text": _sequence(_value("string")),
            "ignore": _sequence(_value("bool")),
        },
    },
}


def _schema(task: str) -> Any:
    arrow, _ = _libraries()
    numbers = arrow.list_(arrow.list_(arrow.float32()))
    objects = [("bbox", numbers), ("polygon", numbers)]
    objects += [("text", arrow.list_(arrow.string())), ("ignore", arrow.list_(arrow.bool_()))]
    truth = ("text", arrow.string()) if task == RECOGNITION else ("objects", arrow.struct(objects))
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    meta = json.dumps({"info": {"features": _FEATURES[task]}})
    return arrow.schema([("image", image), truth], {"huggingface": meta})


class _File(Shard):
    """A Parquet file in which each block is a row group."""

    def __init__(self, path: Path, task: str) -> None:
        self._arrow, parquet = _libraries()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._schema = _schema(task)
        self._stream = path.open("wb")
        # Pictures are compressed already, and no two are the same.
        self._writer = parquet.ParquetWriter(
            self._stream, self._schema, compression="NONE", use_dictionary=False
        )

    def add(self, payload: Any) -> None:
        data, paths, truth = payload
        arrow, (image, other) = self._arrow, self._schema
        # Half the time that a list of dictionaries takes.
        parts = [arrow.array(data, arrow.binary()), arrow.array(paths, arrow.string())]
        pictures = arrow.StructArray.from_arrays(parts, fields=list(image.type))
        columns = [pictures, arrow.array(truth, other.type)]
        self._writer.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()
        self._stream.close()


class ParquetExporter(ShardExporter):
    """Files of `samples_per_shard` rows, named as `datasets` finds their splits by."""

    def check(self) -> None:
        _libraries()

    def pack(
        self, folder: Path, split: str, pictures: Pictures, counts: Counts
    ) -> Tuple[Any, List[Any]]:
        truth: Sequence[Any] = pictures.texts
        if self.task == DETECTION:
            truth = [_objects(one) for one in pictures]
        return (pictures.data, pictures.keys, truth), [0] * len(pictures)

    def open(self, folder: Path, split: str, rows: Iterable[Any] = ()) -> SplitWriter:
        data = folder / "data"
        for path in list(data.glob(f"{split}-*-of-*.parquet")):
            # An interrupted run had begun to give them their names.
            path.replace(data / f"{path.name[: len(split) + 6]}.part")
        return ShardSequence(lambda number: _File(data / f"{split}-{number:05d}.part", self.task))

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        # A file's name tells how many there are.
        data = folder / "data"
        parts = sorted(data.glob(f"{split}-*.part"))
        total = len(parts) + len(list(data.glob(f"{split}-*.parquet")))
        for part in parts:
            part.replace(data / f"{part.stem}-of-{total:05d}.parquet")


def _objects(picture: Picture) -> Dict[str, Any]:
    regions = picture.sample.regions
    return {
        "bbox": [as_box(region) for region in regions],
        "polygon": [as_points(region.polygon) for region in regions],
        "text": [region.text for region in regions],
        "ignore": [region.ignore for region in regions],
    }


PARQUET = ParquetExporter(
    FormatInfo(
        "parquet",
        "Parquet of Hugging Face's datasets",
        "https://huggingface.co/docs/datasets/image_dataset",
        "Hugging Face datasets: load_dataset('folder'), and whatever reads Parquet",
        (RECOGNITION, DETECTION),
        """
  data/train-00000-of-00003.parquet ...        image, and text or objects
  data/validation-00000-of-00001.parquet       the same
  data/test-00000-of-00001.parquet
""",
        extra="parquet",
    ),
)
