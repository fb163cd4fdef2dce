"""Any data set of ours, or pictures with ground truth, to the files that another tool reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence

from ocrdata.base import sample_lists as lists
from ocrdata.base.random_streams import bucket
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import (
    DETECTION,
    RECOGNITION,
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
)
from ocrdata.base.skips import Skips
from ocrdata.base.storage.staging import staged_output
from ocrdata.errors import AnnotationError, OptionError, PathLike
from ocrdata.exporters import EXPORTERS
from ocrdata.exporters.base import Exporter
from ocrdata.exporters.engine import ConvertSummary, ExportRun
from ocrdata.exporters.found import Found, FoundItem, FoundLines
from ocrdata.importers.labels import LABELS_NORMALIZED
from ocrdata.pipelines.convert_sources import (
    ConvertSource,
    ImportedLayout,
    ListedLines,
    ListedSample,
    ReadSamples,
    open_source,
)
from ocrdata.records.write.writing import target_of

CONVERT_COMMAND = "convert"
_SPLIT_OF = {lists.TRAIN_LIST: TRAIN, lists.VALIDATION_LIST: VALIDATION, lists.TEST_LIST: TEST}


@dataclass(frozen=True)
class ConvertOptions:
    """How samples are chosen and divided.

    Args:
        task: "recognition" or "detection"; by default what the samples are for.
        samples_per_shard: of formats with many files.
        validation_fraction: share of the training texts that becomes validation, where there is no
            list for it, in [0, 1).
        test_fraction: share of the texts of samples that belong to no list, in [0, 1).
        limit: the most samples of each split.
        skip_errors: leaves out and counts wrong lines and damaged pictures.
    """

    task: Optional[str] = None
    samples_per_shard: int = 10_000
    validation_fraction: float = 0.0
    test_fraction: float = 0.0
    seed: int = 0
    limit: Optional[int] = None
    skip_errors: bool = False

    def check(self) -> None:
        """Raises OptionError for a value out of range."""
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                flag = "--" + name.replace("_", "-")
                raise OptionError(f"{flag} must lie in [0, 1), not {value}.")
        if self.samples_per_shard < 1:
            raise OptionError(
                f"--samples-per-shard must be 1 or more, not {self.samples_per_shard}."
            )


CONVERT_DEFAULTS = ConvertOptions()


def convert(
    source: PathLike,
    target: PathLike,
    form: str,
    options: ConvertOptions = CONVERT_DEFAULTS,
    *,
    run: RunOptions = RUN_DEFAULTS,
    layout: Optional[ImportedLayout] = None,
) -> ConvertSummary:
    """Writes the samples at `source` into the folder `target` in the format called `form`.

    `source` is a data folder, a sample list, a shard set, or pictures with ground truth in a folder
    or an archive; with `layout` it is what an importer reads. Raises InputError and AnnotationError
    (file, line) for what is wrong with it, OptionError for a format that cannot hold it,
    MissingExtraError, OutputExistsError.
    """
    options.check()
    given = open_source(source, layout)
    skips = Skips(errors=options.skip_errors)
    exporter = _exporter(form, options, lambda: _task(given.read, source))
    where = target_of(target)
    noted = {**asdict(options), "format": form, "task": exporter.task, "origin": given.origin}
    if options.validation_fraction and _has_validation(given):
        options = replace(options, validation_fraction=0.0)

    def stream(_: Any) -> Iterator[FoundItem]:
        if given.lines is not None:
            return _numbered_lines(given.lines(skips), options)
        return _numbered(given.read(skips), options)

    if run.dry_run:
        return _planned(_numbered(given.read(skips), options), exporter, where, skips)
    with staged_output(
        where.parent, (where.name,), CONVERT_COMMAND, noted, run.overwrite, run.resume
    ) as staged:
        export = ExportRun(exporter, staged, where.name, options.skip_errors, given.exif)
        export.write(stream, run.workers, run.on_progress)
        # What the reader left out is known anew after each run, what the blocks did is counted.
        export.skips.add(skips.counts, skips.examples)
        summary = export.summary(where, str(source))
        if skips.normalized:
            changed = {**summary.changed, LABELS_NORMALIZED: skips.normalized}
            summary = replace(summary, changed=changed)
        staged.summary = {**vars(summary), "output": where.name}
    return summary


def _exporter(form: str, options: ConvertOptions, find_task: Callable[[], str]) -> Exporter:
    exporter: Exporter = EXPORTERS.load(form)
    tasks = exporter.info.tasks
    task = options.task or (tasks[0] if len(tasks) == 1 else find_task())
    if task not in tasks:
        known = [name for name in EXPORTERS.names() if task in EXPORTERS.load(name).info.tasks]
        raise OptionError(f"{form} is not for {task}.", f"Formats for it: {', '.join(known)}.")
    return replace(exporter, task=task, samples_per_shard=options.samples_per_shard)


def _task(read: ReadSamples, source: PathLike) -> str:
    for _, sample, _, _ in read(Skips(errors=True)):
        return RECOGNITION if sample.text is not None else DETECTION
    raise AnnotationError(source, "has no sample that can be used")


def _planned(
    stream: Iterable[Found], exporter: Exporter, target: Path, skips: Skips
) -> ConvertSummary:
    splits: Dict[str, int] = {}
    regions = 0
    for found in stream:
        splits[found.split] = splits.get(found.split, 0) + 1
        regions += len(found.sample.regions)
    return ConvertSummary(
        output=str(target),
        format=exporter.info.name,
        task=exporter.task,
        splits={split: splits[split] for split in SPLITS if split in splits},
        samples=sum(splits.values()),
        regions=regions,
        skipped=dict(skips.counts),
        skipped_examples=skips.examples,
    )


# --- which split a sample goes to


def _has_validation(source: ConvertSource) -> bool:
    names = source.names or (name for name, _, _, _ in source.read(Skips(errors=True)))
    return lists.VALIDATION_LIST in names


def _numbered(rows: Iterable[ListedSample], options: ConvertOptions) -> Iterator[Found]:
    taken: Dict[str, int] = {}
    divided = options.validation_fraction or options.test_fraction
    if not divided and options.limit is None:
        for place, (name, sample, path, line) in enumerate(rows):
            yield Found(place, _SPLIT_OF.get(name, TRAIN), sample, path, line)
        return
    for place, (name, sample, path, line) in enumerate(rows):
        if divided:
            split = split_for(name, sample.text or sample.key, options)
        else:
            split = _SPLIT_OF.get(name, TRAIN)
        if options.limit is not None:
            count = taken[split] = taken.get(split, 0) + 1
            if count > options.limit:
                continue
        yield Found(place, split, sample, path, line)


def _numbered_lines(parts: Iterable[ListedLines], options: ConvertOptions) -> Iterator[FoundLines]:
    taken: Counter[str] = Counter()
    place = 0
    for source, columns in parts:
        path, root, count = str(source.path), str(source.root), len(columns.keys)
        for split, rows in _rows_by_split(source.name, columns.texts, options).items():
            if options.limit is not None:
                rows = rows[: max(0, options.limit - taken[split])]
            taken[split] += len(rows)
            if rows:
                places = [place + row for row in rows]
                some = columns if len(rows) == count else columns.chosen(rows)
                yield FoundLines(split, root, path, places, some.numbers, some.keys, some.texts)
        place += count


def _rows_by_split(
    name: str, texts: Sequence[str], options: ConvertOptions
) -> Mapping[str, Sequence[int]]:
    if not (options.validation_fraction or options.test_fraction):
        return {_SPLIT_OF.get(name, TRAIN): range(len(texts))}
    rows: Dict[str, List[int]] = {}
    for row, text in enumerate(texts):
        rows.setdefault(split_for(name, text, options), []).append(row)
    return rows


def split_for(name: str, group: str, options: ConvertOptions) -> str:
    """Returns the split of a sample from its list and its text, as `ocrdata tfrecord` divides."""
    if name in (lists.VALIDATION_LIST, lists.TEST_LIST):
        return _SPLIT_OF[name]
    if (
        not name
        and options.test_fraction
        and lists.is_test(group, options.seed, options.test_fraction)
    ):
        return TEST
    if not options.validation_fraction:
        return TRAIN
    place = bucket(group, f"validation-{options.seed}")
    return VALIDATION if place < options.validation_fraction else TRAIN
