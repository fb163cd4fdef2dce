"""Blocks of samples checked and packed, in any process."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.sample import Sample
from ocrdata.base.skips import BAD_PICTURE, Skips
from ocrdata.base.storage.files import read_local, read_whole
from ocrdata.base.storage.remote import as_path, is_remote
from ocrdata.errors import AnnotationError, InputError
from ocrdata.exporters.base import Exporter, Picture, Pictures, line_name, read_one
from ocrdata.exporters.cutting import Block
from ocrdata.exporters.found import Found, FoundLines
from ocrdata.exporters.pictures import read_picture
from ocrdata.images.header import ImageHeader
from ocrdata.images.plain import to_plain


class Packed(NamedTuple):
    """A packed block: what the split's writer takes, and a row for the journal."""

    block: Tuple[str, int, bool]
    payload: Any
    row: Dict[str, Any]


@dataclass(frozen=True)
class BlockPacker:
    """Reads and checks the pictures of a block, and packs them.

    With `exif` ("apply" or "ignore") they are made such as all readers decode alike.
    """

    exporter: Exporter
    folder: Path
    skip_errors: bool = False
    exif: Optional[str] = None

    def __call__(self, block: Block) -> Packed:
        skips, counts = Skips(errors=self.skip_errors), Counter()  # type: Skips, Counter[str]
        if isinstance(block.items, FoundLines):
            pictures, regions = _read_lines(block.items, block.first, skips), 0
        else:
            single = list(self._read(block, block.items, skips, counts))
            pictures = Pictures.of(single)
            regions = sum(len(picture.sample.regions) for picture in single)
        payload, rows = self.exporter.pack(self.folder, block.split, pictures, counts)
        row = {
            "split": block.split,
            "place": block.place,
            "taken": block.first + len(block.items),
            "rows": rows,
            "regions": regions,
            "changed": dict(counts),
            "skipped": dict(skips.counts),
            "examples": skips.examples,
        }
        return Packed((block.split, block.shard, block.ends), payload, row)

    def _read(
        self, block: Block, items: Sequence[Found], skips: Skips, counts: Counter[str]
    ) -> Iterator[Picture]:
        numbers = itertools.count(block.first)
        names = block.names or map(line_name, itertools.count(block.first))
        for number, name, found in zip(numbers, names, items):
            try:
                sample = found.sample if self.exif is None else self._plain(found.sample, counts)
                yield read_one(number, name, sample)
            except (InputError, ValueError) as error:
                skips.refuse(BAD_PICTURE, _problem(found, error))

    def _plain(self, sample: Sample, counts: Counter[str]) -> Sample:
        plain = to_plain(sample.image_bytes(), str(self.exif))
        if plain.converted:
            counts[f"picture encoded anew ({plain.converted})"] += 1
        return replace(sample, image=plain.data)


def _read_lines(lines: FoundLines, first: int, skips: Skips) -> Pictures:
    """Returns the pictures of lines whose numbers in their split begin with `first`."""
    data: List[bytes] = []
    headers: List[ImageHeader] = []
    rows: List[int] = []
    folder, read = lines.root + "/", read_whole if is_remote(lines.root) else read_local
    for row, key in enumerate(lines.keys):
        try:
            image = read(folder + key)
            headers.append(read_picture(image))
        except (OSError, ValueError) as error:
            skips.refuse(BAD_PICTURE, _problem(lines.found(row), error))
            continue
        data.append(image)
        rows.append(row)

    def one(at: int) -> Picture:
        number = first + rows[at]
        return Picture(number, line_name(number), data[at], headers[at], lines.sample(rows[at]))

    keys, texts = lines.keys, lines.texts
    if len(rows) < len(lines):
        keys, texts = [keys[row] for row in rows], [texts[row] for row in rows]
    return Pictures(data, keys, texts, one)


def _problem(found: Found, error: Exception) -> AnnotationError:
    if isinstance(error, InputError):
        problem = error.problem
    else:
        problem = f"cannot be read: {error.strerror}" if isinstance(error, OSError) else str(error)
    image = found.sample.image
    name = found.sample.key if isinstance(image, bytes) else as_path(image)
    hint = "Replace it, delete the line, or leave such pictures out with --skip-errors."
    if not found.path:
        return AnnotationError(str(name), f"picture {problem}", hint=hint)
    return AnnotationError(found.path, f"picture {name} {problem}", found.line, hint)
