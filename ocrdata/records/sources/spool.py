"""Samples of a stream kept on disk until all are known, so that they can be shuffled.

A spool is a folder of chunks. A chunk is a record file and an index with a line of JSON for each
sample; the index is written last, so a chunk without one is unfinished. Pictures that are files
are kept as their paths.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from ocrdata.base.sample import Sample
from ocrdata.base.skips import Skips
from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import dump_json, read_json, write_atomic
from ocrdata.errors import PathLike
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.example import bytes_feature, encode_example
from ocrdata.records.format.scene_record import region_features, regions_of
from ocrdata.records.format.tfrecord import record_at
from ocrdata.records.format.tfrecord_writer import open_writer
from ocrdata.records.sources.listed import SampleRow, Source, Span

Listed = Tuple[str, Sample]

# Few enough that an interrupted run repeats little, many enough that chunks are few. A multiple
# of the renderer's blocks.
_CHUNK = 4096
_CHUNK_BYTES = 1 << 28
# Chunks whose samples are planned together.
PART_CHUNKS = 64
# A place is the number of a chunk and an offset in it.
_SHIFT = 40
_CLOSED = "closed"
_KEY, _IMAGE, _PATH, _TEXT = "key", "image", "path", "text"


def _encode(sample: Sample) -> bytes:
    features = {_KEY: bytes_feature(sample.key.encode("utf-8"))}
    if isinstance(sample.image, bytes):
        features[_IMAGE] = bytes_feature(sample.image)
    else:
        features[_PATH] = bytes_feature(str(as_path(sample.image).resolve()).encode("utf-8"))
    if sample.text is not None:
        features[_TEXT] = bytes_feature(sample.text.encode("utf-8"))
    else:
        features.update(region_features(sample.regions))
    return encode_example(features)


def _decode(data: bytes) -> Sample:
    features = decode_example(data)
    values: Dict[str, Any] = {
        name: features[name].values[0] for name in (_KEY, _IMAGE, _PATH, _TEXT) if name in features
    }
    key = values[_KEY].decode("utf-8")
    image = values[_IMAGE] if _IMAGE in values else as_path(values[_PATH].decode("utf-8"))
    if _TEXT in values:
        return Sample(key, image, values[_TEXT].decode("utf-8"))
    return Sample(key, image, None, regions_of(features))


def _index_of(chunk: Path) -> Path:
    return chunk.with_suffix(".index")


class Spool:
    """The chunks in a folder, in order."""

    def __init__(self, folder: PathLike) -> None:
        self.folder = as_path(folder)

    def _chunk(self, number: int) -> Path:
        return self.folder / f"{number:06d}.samples"

    def chunks(self) -> List[Path]:
        """Returns the finished chunks."""
        return [index.with_suffix(".samples") for index in sorted(self.folder.glob("*.index"))]

    def recover(self) -> int:
        """Removes what an interrupted run left unfinished; returns how many samples are there."""
        sound = samples = 0
        for number, chunk in enumerate(self.chunks()):
            head = _read_head(chunk)
            if chunk != self._chunk(number) or not head or file_sha256(chunk) != head["sha256"]:
                break
            sound, samples = number + 1, samples + int(head["samples"])
        if sound < len(self.chunks()) and self.is_closed():
            (self.folder / _CLOSED).unlink()
        keep = {self._chunk(number).stem for number in range(sound)}
        for path in self.folder.iterdir():
            if path.stem not in keep and path.name != _CLOSED:
                path.unlink()
        return samples

    def close(self, skips: Skips) -> None:
        """Notes that all samples are there, and what their reader left out."""
        found = {"counts": dict(skips.counts), "examples": skips.examples}
        write_atomic(self.folder / _CLOSED, dump_json(found))

    def skipped(self) -> Tuple[Dict[str, int], List[str]]:
        """Returns what the reader of the samples left out, and examples."""
        found = read_json(self.folder / _CLOSED)
        return found["counts"], found["examples"]

    def is_closed(self) -> bool:
        """Says whether all samples are there."""
        return (self.folder / _CLOSED).is_file()

    def extend(self, samples: Iterable[Listed]) -> Iterator[int]:
        """Appends samples; yields after each chunk how many it holds."""
        number = len(self.chunks())
        stream = iter(samples)
        while True:
            rows = self._write(self._chunk(number), stream)
            if not rows:
                return
            yield rows
            number += 1

    def _write(self, chunk: Path, samples: Iterator[Listed]) -> int:
        lines, offset, count = [], 0, 0
        with open_writer(chunk) as writer:
            for name, sample in samples:
                data = _encode(sample)
                row = [name, offset, sample.key, sample.text or ""]
                lines.append(json.dumps(row, ensure_ascii=False))
                writer.write(data)
                offset += len(data) + 16
                count += 1
                if count == _CHUNK or offset >= _CHUNK_BYTES:
                    break
        if not count:
            chunk.unlink()
            return 0
        head = json.dumps({"samples": count, "sha256": writer.sha256})
        # json keeps line breaks inside texts escaped, so a line is a sample.
        text = "\n".join([head, *lines]) + "\n"
        write_atomic(_index_of(chunk), text.encode("utf-8"))
        return count

    def names(self) -> List[str]:
        """Returns the lists that the samples belong to, in the order of their first samples."""
        seen: Dict[str, None] = {}
        for _, row in self.rows():
            seen.setdefault(row[0])
        return list(seen)

    def rows(self, span: Optional[Span] = None) -> Iterator[Tuple[int, List[Any]]]:
        """Yields (place, [list, offset, key, text]) of all samples, or those of some chunks."""
        for number in range(*(span or (0, len(self.chunks())))):
            with _index_of(self._chunk(number)).open("rb") as stream:
                next(stream)
                for line in stream:
                    row = json.loads(line.decode("utf-8"))
                    yield number << _SHIFT | row[1], row

    def sample(self, place: int) -> Sample:
        """Returns the sample at a place."""
        chunk = self._chunk(place >> _SHIFT)
        return _decode(record_at(chunk, place & (1 << _SHIFT) - 1))

    def has_regions(self) -> bool:
        """Says whether the first sample is a picture with regions instead of a label."""
        return any(self.sample(place).text is None for place, _ in itertools.islice(self.rows(), 1))

    def texts(self) -> Iterator[str]:
        """Yields the labels."""
        for _, row in self.rows():
            yield row[3]


def _read_head(chunk: Path) -> Optional[Dict[str, Any]]:
    try:
        with _index_of(chunk).open("rb") as stream:
            head = json.loads(stream.readline().decode("utf-8"))
            return head if chunk.is_file() else None
    except (OSError, ValueError):
        return None


class SpooledList(Source):
    """The samples of a spool that belong to one list."""

    def __init__(self, spool: Spool, name: str) -> None:
        self.spool = spool
        self.name = name
        self.path = spool.folder

    def parts(self) -> List[Span]:
        count = len(self.spool.chunks())
        edges = [*range(0, count, PART_CHUNKS), count]
        return list(zip(edges, edges[1:]))

    def rows(self, skips: Skips, span: Optional[Span] = None) -> Iterator[SampleRow]:
        for place, (name, _, key, text) in self.spool.rows(span):
            if name == self.name:
                yield SampleRow(place, 0, key, text)

    def sample_at(self, place: int) -> Sample:
        return self.spool.sample(place)

    def size_at(self, place: int) -> int:
        try:
            image = self.sample_at(place).image
            return len(image) if isinstance(image, bytes) else as_path(image).stat().st_size
        except OSError:
            return 0

    def origin(self, place: int) -> Tuple[PathLike, Optional[int]]:
        return self.key_at(place), None
