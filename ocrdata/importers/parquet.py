"""Parquet as Hugging Face's `datasets` writes it: an image column, and the truth beside it.

image    struct<bytes, path>, or the bytes alone
text     string                 of a text line; --text-attribute names another column
objects  struct of lists, or list of structs, of a picture with regions: bbox (x, y, width, height),
         polygon (x1, y1, x2, y2, ...), text, ignore
"""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from ocrdata.base.sample import DETECTION, RECOGNITION, Sample
from ocrdata.errors import AnnotationError, MissingExtraError, PathLike
from ocrdata.importers.base import BAD, MISSING, DatasetInfo, ImportedSample, OnProblem
from ocrdata.importers.containers import ContainerImporter, regions_of
from ocrdata.importers.splits import split_of
from ocrdata.importers.tool_files import SPLITS_OF_TOOLS

_NUMBER = re.compile(r"(-\d{5}-of-\d{5}(-[0-9a-f]+)?)?\.parquet$")
_ROWS = 64
_OBJECTS = ("objects", "regions", "annotations")


class _Columns(NamedTuple):
    """What the columns of a file are called."""

    image: str
    truth: str


class ParquetImporter(ContainerImporter):
    """Files of rows, each a picture with its truth."""

    def is_container(self, name: str) -> bool:
        return name.lower().endswith(".parquet")

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        return split_of(_NUMBER.sub("", name), root)

    def samples(self, path: Path, name: str, report: OnProblem) -> Iterator[Sample]:
        for number, row in enumerate(_rows(path, list(self._columns(path))), 1):
            image, truth = row
            key = _key(name, number, image)
            data = _content(path, image)
            if not data:
                report(MISSING, AnnotationError(path, f"row {number} has no picture"), key)
                continue
            try:
                yield self._sample(path, key, data, truth)
            except ValueError as error:
                report(BAD, AnnotationError(path, f"row {number} {error}"), key)

    def _sample(self, path: Path, key: str, data: bytes, truth: Any) -> Sample:
        if self.task == RECOGNITION:
            if not isinstance(truth, str):
                raise ValueError(f"has {type(truth).__name__} where its text should be")
            return ImportedSample(key, data, truth, (), str(path))
        regions = regions_of(_as_rows(truth), self.text_attribute)
        return ImportedSample(key, data, None, regions, str(path))

    def keys(self, path: Path, name: str) -> Iterator[str]:
        column = self._columns(path).image
        # Without the bytes, where they have a column of their own.
        found = _schema(path).field(column).type
        inner = f"{column}.path" if hasattr(found, "num_fields") and found.num_fields else column
        for number, (image,) in enumerate(_rows(path, [inner]), 1):
            yield _key(name, number, image)

    def _columns(self, path: Path) -> _Columns:
        schema = _schema(path)
        wanted = self.text_attribute if self.task == RECOGNITION else _OBJECTS
        truth = next((name for name in wanted if name in schema.names), None)
        image = _image_column(schema)
        if image is None or truth is None:
            what = "pictures" if image is None else wanted[0]
            other = RECOGNITION if self.task == DETECTION else DETECTION
            hint = f"Name it with --text-attribute, or ask for --task {other}."
            problem = f"has no column of {what}, but {', '.join(schema.names)}"
            raise AnnotationError(path, problem, hint=hint if image else "")
        return _Columns(image, truth)


def _library() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet", "reading Parquet needs it") from error


def _schema(path: Path) -> Any:
    parquet = _library()
    try:
        with path.open("rb") as stream:
            return parquet.read_schema(stream)
    except (OSError, ValueError) as error:
        raise AnnotationError(path, f"is damaged or not Parquet: {error}") from error


def _rows(path: Path, columns: List[str]) -> Iterator[List[Any]]:
    parquet = _library()
    try:
        with path.open("rb") as stream:
            file = parquet.ParquetFile(stream)
            for batch in file.iter_batches(batch_size=_ROWS, columns=columns):
                # In the file's order, whatever that of `columns` is.
                found = {name: batch.column(place) for place, name in enumerate(batch.schema.names)}
                values = [found[name.partition(".")[0]].to_pylist() for name in columns]
                yield from map(list, zip(*values))
    except (OSError, ValueError) as error:
        raise AnnotationError(path, f"is damaged: {error}") from error


def _image_column(schema: Any) -> Optional[str]:
    """Returns the column that `datasets` calls an image, or that is called so."""
    meta = (schema.metadata or {}).get(b"huggingface", b"{}")
    try:
        features: Dict[str, Any] = json.loads(meta.decode("utf-8"))["info"]["features"]
    except (KeyError, TypeError, ValueError):
        features = {}
    told = [name for name, one in features.items() if _is_image_feature(one)]
    names = (*told, "image", "img", "picture", "jpg", "png")
    return next((name for name in names if name in schema.names), None)


def _is_image_feature(feature: Any) -> bool:
    return isinstance(feature, dict) and feature.get("_type") == "Image"


def _key(name: str, number: int, image: Any) -> str:
    path = image.get("path") if isinstance(image, dict) else None
    file = re.split(r"[\\/]", path)[-1] if path else ""
    return f"{name}/{number}/{file}" if file.strip(".") else f"{name}/{number}"


def _content(path: Path, image: Any) -> bytes:
    if not isinstance(image, dict):
        return image or b""
    if image.get("bytes"):
        return bytes(image["bytes"])
    beside = str(image.get("path") or "")
    if not beside or ".." in beside.split("/") or beside.startswith("/"):
        return b""
    try:
        return (path.parent / beside).read_bytes()
    except OSError:
        return b""


def _as_rows(truth: Any) -> Any:
    """Returns a struct of lists as a list of mappings."""
    if not isinstance(truth, dict):
        return truth
    names = [name for name, values in truth.items() if isinstance(values, list)]
    lengths = {len(truth[name]) for name in names}
    if len(lengths) > 1:
        raise ValueError("has lists of different lengths in its objects")
    return [dict(zip(names, values)) for values in zip(*(truth[name] for name in names))]


PARQUET_FILES = ParquetImporter(
    DatasetInfo(
        "parquet",
        "Parquet of Hugging Face's datasets",
        homepage="https://huggingface.co/docs/datasets/image_dataset",
        licence="your own",
        tasks=(RECOGNITION, DETECTION),
        splits=SPLITS_OF_TOOLS,
        tree="""
  data/train-00000-of-00003.parquet ...        image, and text (--task detection: objects)
  data/validation-00000-of-00001.parquet       the same
  data/test-00000-of-00001.parquet
""",
    ),
    options=("text_attribute",),
)
