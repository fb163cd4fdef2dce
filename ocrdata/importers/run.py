"""One import seen from the parent process: what is read, which list it goes to, what went wrong."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from ocrdata.base.names import UniqueNames, plain_name
from ocrdata.base.sample import DETECTION, TEST, TRAIN, VALIDATION, Sample
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST
from ocrdata.errors import AnnotationError, OcrdataError, OptionError, PathLike, UnknownNameError
from ocrdata.importers.base import Importer
from ocrdata.importers.blocks import LINES_DIR, SCENES_DIR, ImportBlock, ImportItem, Tally
from ocrdata.importers.crops import CropOptions
from ocrdata.importers.filters import TextFilter
from ocrdata.importers.labels import LABELS_NORMALIZED
from ocrdata.importers.unused import Unused
from ocrdata.text.normalization import DEFAULT_NORMALIZATION

_WORDS_A_BLOCK, _SCENES_A_BLOCK = 256, 8


@dataclass(frozen=True)
class ImportOptions:
    """How a data set is imported; see `ocrdata import --help`.

    `exif` is "apply" or "ignore", or None for what the importer's tool does.
    """

    splits: Tuple[str, ...] = ()
    crops: Optional[CropOptions] = None
    rules: TextFilter = TextFilter()
    test_fraction: float = 0.1
    seed: int = 0
    limit: Optional[int] = None
    skip_errors: bool = False
    max_errors: Optional[int] = None
    exif: Optional[str] = None
    text_normalization: str = DEFAULT_NORMALIZATION


IMPORT_DEFAULTS = ImportOptions()


@dataclass(frozen=True)
class ImportSummary:
    """What was read and written; `skipped` and `converted` count by reason.

    `samples` are the words or scenes found, `regions` the texts of the scenes. Of words and scenes,
    `samples` are `train` and `test` (the lines of the lists) and `skipped` together. Of crops, they
    are those written and `skipped_scenes`, and `regions` are `train`, `test` and `skipped`.
    `unused` counts what lies there besides: pictures without an annotation, archives beside their
    own folder, dead links. A plan has no `train` and `test`.
    """

    dataset: str
    kind: str
    lists: Dict[str, str]
    samples: int
    train: Optional[int] = None
    test: Optional[int] = None
    regions: int = 0
    ignored: int = 0
    triangles_made_quads: int = 0
    labels_normalized: int = 0
    skipped: Dict[str, int] = field(default_factory=dict)
    skipped_scenes: Dict[str, int] = field(default_factory=dict)
    unused: Dict[str, int] = field(default_factory=dict)
    converted: Dict[str, int] = field(default_factory=dict)
    problems: List[str] = field(default_factory=list)


class ImportRun:
    """The parent's side of an import: reads samples, counts problems, gives out blocks."""

    def __init__(self, importer: Importer, root: PathLike, options: ImportOptions) -> None:
        self.importer, self.root, self.options = importer, root, options
        self.lists = choose_lists(importer, root, options.splits)
        self.tally, self.samples = Tally(), 0
        self.unused = Unused(importer, root)
        self.scenes = importer.task == DETECTION and options.crops is None

    @property
    def kind(self) -> str:
        if self.importer.task != DETECTION:
            return "words"
        return "scenes" if self.scenes else "crops"

    @property
    def directory(self) -> str:
        """The directory that the pictures go to."""
        return SCENES_DIR if self.scenes else LINES_DIR

    @property
    def exif(self) -> str:
        """Whether orientation marks are followed: "apply" or "ignore"."""
        return self.options.exif or self.importer.exif

    def report(self, reason: str, error: Optional[AnnotationError], *keys: str) -> None:
        self.unused.take(*keys)
        self.samples += 1
        if error is None:
            self.tally.failed[reason] = self.tally.failed.get(reason, 0) + 1
            return
        if not self.options.skip_errors:
            raise error
        self.tally.error(reason, error)
        self.check_errors()

    def check_errors(self) -> None:
        most = self.options.max_errors
        if most is not None and self.tally.errors > most:
            last = (self.tally.problems or [""])[-1]
            message = f"more than {most:,} errors, the last one: {last}"
            raise OcrdataError(message, "Raise --max-errors, or repair the data set.")

    def take(self, result: Dict[str, Any]) -> None:
        """Adds the result of a block."""
        self.tally.add(result)
        self.check_errors()

    def read(self, pictures: bool = True) -> Iterator[Tuple[str, Sample]]:
        """Yields (split, sample)."""
        for split in self.lists:
            samples = self.importer.read(self.root, split, self.report, pictures)
            for sample in itertools.islice(samples, self.options.limit):
                self.samples += 1
                self.unused.take(sample.key)
                yield split, sample
        # With --split or --limit, what is left over was not asked for.
        if not self.options.splits and self.options.limit is None:
            self.unused.count()

    def blocks(self) -> Iterator[ImportBlock]:
        """Yields the samples in blocks, numbered from 0."""
        size = _WORDS_A_BLOCK if self.importer.task != DETECTION else _SCENES_A_BLOCK
        items = self._items()
        for number in itertools.count():
            block = tuple(itertools.islice(items, size))
            if not block:
                return
            yield ImportBlock(number, block)

    def _items(self) -> Iterator[ImportItem]:
        names = UniqueNames()
        for number, (split, sample) in enumerate(self.read()):
            side, name = self.lists[split], ""
            if self.scenes:
                name = names.take(plain_name(sample.key), split)
            yield ImportItem(number, side or None, split if side else "", name, sample)


def choose_lists(importer: Importer, root: PathLike, splits: Sequence[str]) -> Dict[str, str]:
    """Returns which list each split goes to; "" where samples are divided by hash.

    Raises UnknownNameError for a split the data set does not have.
    """
    for split in splits:
        if split not in importer.info.splits:
            raise UnknownNameError("split", split, importer.info.splits)
    chosen = [split for split in importer.info.splits if split in splits]
    if len(chosen) > 1:
        _check_told(importer, root, chosen)
    chosen = chosen or importer.splits(root)
    if chosen == [TRAIN]:
        return {TRAIN: ""}
    validation = TRAIN_LIST if TEST in chosen else TEST_LIST
    lists = {TRAIN: TRAIN_LIST, VALIDATION: validation, TEST: TEST_LIST}
    return {split: lists[split] for split in chosen}


def _check_told(importer: Importer, root: PathLike, chosen: Sequence[str]) -> None:
    """Raises AnnotationError for several splits of files that do not tell theirs."""
    there = importer.splits(root)
    lost = [split for split in chosen if split not in there]
    if lost:
        problem = f"nothing tells which of its files are for {lost[0]}"
        hint = "Name folders train, val and test, or give one --split at a time."
        raise AnnotationError(root, problem, hint=hint)


def check_options(importer: Importer, options: ImportOptions) -> None:
    """Raises OptionError for options that do not go together."""
    if not 0.0 <= options.test_fraction < 1.0:
        problem = f"--test-fraction must lie in [0, 1), not {options.test_fraction}."
        raise OptionError(problem)
    if options.crops and importer.task != DETECTION:
        raise OptionError("--crops cuts words out of scenes; this is a set of words already.")
    scenes = importer.task == DETECTION and options.crops is None
    if scenes and options.rules != TextFilter(ignore_marks=options.rules.ignore_marks):
        raise OptionError("text filters are for words: add --crops.")
    if options.max_errors is not None and not options.skip_errors:
        raise OptionError("--max-errors belongs to --skip-errors.")


def summarise(
    run: ImportRun, train: Optional[int] = None, test: Optional[int] = None
) -> ImportSummary:
    """Returns what the run came to."""
    tally, crops = run.tally, run.kind == "crops"
    skipped = Counter(tally.skipped)
    if not crops:
        skipped.update(tally.failed)
    return ImportSummary(
        dataset=run.importer.info.name,
        kind=run.kind,
        lists={split: side or "Train and Test by hash" for split, side in run.lists.items()},
        samples=run.samples,
        train=train,
        test=test,
        regions=tally.counts.get("regions", 0),
        ignored=tally.counts.get("ignored", 0),
        triangles_made_quads=tally.counts.get("triangles made quads", 0),
        labels_normalized=tally.counts.get(LABELS_NORMALIZED, 0),
        skipped=dict(skipped),
        skipped_scenes=dict(tally.failed) if crops else {},
        unused=dict(run.unused.counts),
        converted=dict(tally.converted),
        problems=tally.problems + run.unused.examples,
    )
