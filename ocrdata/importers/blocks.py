"""Blocks of samples checked, cut and written to files, in any process.

A block's result is a plain dict that fits on a line of the journal: rows for the lists, counts by
reason, and the problems that were met.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.icdar import format_box
from ocrdata.base.sample import Region, Sample
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, is_test
from ocrdata.base.storage.files import FolderWriter
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import AnnotationError, InputError
from ocrdata.geometry.polygons import smallest_quad
from ocrdata.images.decode import IGNORE, decode_image
from ocrdata.images.plain import PlainImage, to_plain
from ocrdata.importers.base import DAMAGED, MISSING, ImportedSample
from ocrdata.importers.crops import CropOptions, cut_regions, encode_crop
from ocrdata.importers.filters import TextFilter
from ocrdata.importers.labels import normalized_sample
from ocrdata.text.normalization import DEFAULT_NORMALIZATION

_FOLDER_SIZE = 10_000
# Scenes rarely hold more than 150 texts, so a folder of their crops stays below FOLDER_SIZE.
SCENES_A_FOLDER = 64
LINES_DIR, SCENES_DIR = "pic", "images"
MAX_PROBLEMS = 20


class MissingImageError(AnnotationError):
    """A picture that an annotation names is not there."""


class ImportItem(NamedTuple):
    """A sample with its number in the run, its list (None: by hash), and its name for a scene."""

    number: int
    side: Optional[str]
    folder: str
    name: str
    sample: Sample


class ImportBlock(NamedTuple):
    """Consecutive samples, and their place among the blocks."""

    number: int
    items: Tuple[ImportItem, ...]


@dataclass
class Tally:
    """What a block, or the whole run, came to; problems beyond the first are only counted.

    `skipped` counts what the lists are of (words, crops or scenes), `failed` whole samples.
    """

    counts: Dict[str, int] = field(default_factory=Counter)
    skipped: Dict[str, int] = field(default_factory=Counter)
    failed: Dict[str, int] = field(default_factory=Counter)
    converted: Dict[str, int] = field(default_factory=Counter)
    problems: List[str] = field(default_factory=list)
    errors: int = 0

    def error(self, reason: str, error: AnnotationError) -> None:
        self.errors += 1
        self.failed[reason] = self.failed.get(reason, 0) + 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(str(error))

    def add(self, other: Dict[str, Any]) -> None:
        """Adds the tally part of a block's result."""
        for name in ("counts", "skipped", "failed", "converted"):
            mine = getattr(self, name)
            for key, count in other[name].items():
                mine[key] = mine.get(key, 0) + count
        self.errors += other["errors"]
        self.problems += other["problems"][: MAX_PROBLEMS - len(self.problems)]


@dataclass(frozen=True)
class BlockWriter:
    """Writes the pictures of a block below `folder` and returns its result."""

    folder: str
    rules: TextFilter
    crops: Optional[CropOptions] = None
    test_fraction: float = 0.0
    seed: int = 0
    skip_errors: bool = False
    exif: str = IGNORE
    normalization: str = DEFAULT_NORMALIZATION

    def __call__(self, block: ImportBlock) -> Dict[str, Any]:
        tally, rows = Tally(), []  # type: Tally, List[Sequence[Any]]
        for given in block.items:
            sample = normalized_sample(given.sample, self.normalization, self.rules, tally.counts)
            item, reason = given._replace(sample=sample), None
            if item.sample.text is not None:
                reason = self.rules.reason(item.sample.text)
            if reason:
                tally.skipped[reason] += 1
                continue
            try:
                rows += self._write(item, tally)
            except AnnotationError as error:
                if not self.skip_errors:
                    raise
                missing = isinstance(error, MissingImageError)
                tally.error(MISSING if missing else DAMAGED, error)
        return {"number": block.number, "rows": rows, **vars(tally)}

    def _write(self, item: ImportItem, tally: Tally) -> List[Sequence[Any]]:
        picture = _load(item.sample, self.exif)
        if picture.converted:
            kind = picture.converted
            tally.converted[kind] = tally.converted.get(kind, 0) + 1
        if item.sample.text is not None:
            return [self._write_word(item, picture)]
        if self.crops:
            rows = self._write_crops(item, picture, self.crops, tally)
        else:
            rows = [self._write_scene(item, picture, tally)]
        tally.counts["regions"] += len(item.sample.regions)
        tally.counts["ignored"] += sum(region.ignore for region in item.sample.regions)
        return rows

    def _write_word(self, item: ImportItem, picture: PlainImage) -> Sequence[Any]:
        text, number = self.rules.label(str(item.sample.text)), item.number
        key = f"{LINES_DIR}/{number // _FOLDER_SIZE:04d}/{number:08d}.{picture.suffix}"
        self._save(key, picture.data)
        return [item.side or self._side(text), key, text, *_lexicons(item.sample)]

    def _write_crops(
        self, item: ImportItem, picture: PlainImage, options: CropOptions, tally: Tally
    ) -> List[Sequence[Any]]:
        rows: List[Sequence[Any]] = []
        number = item.number
        try:
            image = decode_image(picture.data)
        except ValueError as error:
            raise _problem(item.sample, str(error)) from error
        for place, text, crop in cut_regions(image, item.sample.regions, options, self.rules):
            if isinstance(crop, str):
                tally.skipped[crop] += 1
                continue
            key = f"{LINES_DIR}/{number // SCENES_A_FOLDER:04d}/{number:08d}_{place:03d}.png"
            self._save(key, encode_crop(crop))
            rows.append([item.side or self._side(text), key, text, *_lexicons(item.sample)])
        return rows

    def _write_scene(self, item: ImportItem, picture: PlainImage, tally: Tally) -> Sequence[Any]:
        side = item.side or self._side(item.sample.key)
        folder = f"{SCENES_DIR}/{item.folder or side.lower()}"
        key = f"{folder}/{item.name}.{picture.suffix}"
        truth = f"{folder}/gt_{item.name}.txt"
        lines = [self._line(region, tally) for region in item.sample.regions]
        self._save(key, picture.data)
        self._save(truth, "".join(line + "\n" for line in lines).encode("utf-8"))
        return [side, key, truth]

    def _line(self, region: Region, tally: Tally) -> str:
        polygon = region.polygon
        if len(polygon) < 4:
            polygon = smallest_quad(polygon)
            tally.counts["triangles made quads"] += 1
        text = "###" if region.ignore else " ".join(region.text.splitlines())
        return format_box(polygon.tolist(), text)

    def _side(self, text: str) -> str:
        return TEST_LIST if is_test(text, self.seed, self.test_fraction) else TRAIN_LIST

    def _save(self, key: str, data: bytes) -> None:
        FolderWriter(as_path(self.folder)).write(key, data)


def _load(sample: Sample, exif: str) -> PlainImage:
    try:
        return to_plain(sample.image_bytes(), exif)
    except InputError as error:
        if not isinstance(sample.image, bytes) and not as_path(sample.image).exists():
            lost = _problem(sample, f"there is no picture {sample.key}")
            raise MissingImageError(lost.path, lost.problem, lost.line) from error
        raise _problem(sample, f"the picture {sample.key} {error.problem}") from error
    except ValueError as error:
        raise _problem(sample, f"the picture {sample.key} {error}") from error


def _problem(sample: Sample, what: str) -> AnnotationError:
    if isinstance(sample, ImportedSample):
        return sample.problem(what)
    return AnnotationError(sample.key, what)


def _lexicons(sample: Sample) -> List[Dict[str, Tuple[str, ...]]]:
    lexicons = sample.lexicons if isinstance(sample, ImportedSample) else ()
    return [dict(lexicons)] if lexicons else []
