"""A real data set to a data directory: what an importer yields, checked, filtered and written.

    words, or crops of scenes   pic/<group>/<number>.<suffix>, Train/sample.txt, Test/sample.txt,
                                and lexicons.jsonl beside a list whose words have lexicons
    scenes                      images/<split>/<name>.<suffix> with gt_<name>.txt (ICDAR 2015's
                                form) beside it, and lists of `picture truth` lines

An official test split is the Test list; a validation split is, where no test split is read with it,
and belongs to Train otherwise. Without either, a share of the texts (or scenes) is drawn by hash.
"""

from __future__ import annotations

import itertools
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, TextIO, Tuple

from ocrdata.base.parallel import Workers, ordered_map
from ocrdata.base.run_options import RUN_DEFAULTS, OnProgress, RunOptions
from ocrdata.base.sample import Sample, join_sample_line
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, open_list_file
from ocrdata.base.storage.journal import append_row, open_journal, read_journal
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.importers.base import MISSING, Importer, option_values
from ocrdata.importers.blocks import BlockWriter
from ocrdata.importers.labels import normalized_sample
from ocrdata.importers.run import (
    IMPORT_DEFAULTS,
    ImportOptions,
    ImportRun,
    ImportSummary,
    check_options,
    summarise,
)

LEXICONS = "lexicons.jsonl"
_JOURNAL = "blocks.jsonl"


def import_dataset(
    importer: Importer,
    root: PathLike,
    data_dir: PathLike,
    options: ImportOptions = IMPORT_DEFAULTS,
    how: RunOptions = RUN_DEFAULTS,
) -> ImportSummary:
    """Reads a data set from `root` and writes it into `data_dir`, all of it or nothing.

    Raises AnnotationError for bad input (unless `options.skip_errors`, which counts it) and what
    `staged_output` raises.
    """
    check_options(importer, options)
    run = ImportRun(importer, root, options)
    names = (run.directory, TRAIN_LIST, TEST_LIST)
    kept = _manifest_options(run)
    with staged_output(data_dir, names, "import", kept, how.overwrite, how.resume) as staged:
        _write_blocks(run, staged, how.workers, how.on_progress)
        train, test = _write_lists(staged)
        if not train + test:
            raise _nothing_written(root, summarise(run))
        summary = summarise(run, train, test)
        staged.summary = dict(vars(summary))
    return summary


def _nothing_written(root: PathLike, summary: ImportSummary) -> AnnotationError:
    counts = {**summary.unused, **summary.skipped_scenes, **summary.skipped}
    hint = "; ".join(f"{reason}: {count:,}" for reason, count in counts.items())
    return AnnotationError(root, "gave nothing to write", hint="Left out: " + hint)


def _manifest_options(run: ImportRun) -> Dict[str, Any]:
    options, rules = run.options, run.options.rules
    return {
        "dataset": run.importer.info.name,
        "source": as_path(run.root).name,
        "options": json.loads(json.dumps(option_values(run.importer))),
        "splits": list(run.lists),
        "crops": vars(options.crops) if options.crops else None,
        "charset": rules.charset.sha256 if rules.charset else None,
        "alphanumeric": rules.alphanumeric,
        "lower_case": rules.lower_case,
        "strip_punctuation": rules.strip_punctuation,
        "min_length": rules.min_length,
        "max_length": rules.max_length,
        "test_fraction": options.test_fraction,
        "seed": options.seed,
        "limit": options.limit,
        "skip_errors": options.skip_errors,
        "exif": run.exif,
        "text_normalization": options.text_normalization,
    }


def _write_blocks(
    run: ImportRun, staged: Staged, workers: Workers, on_progress: Optional[OnProgress]
) -> None:
    options = run.options
    writer = BlockWriter(
        str(staged.folder),
        options.rules,
        options.crops,
        options.test_fraction,
        options.seed,
        options.skip_errors,
        run.exif,
        options.text_normalization,
    )
    path = staged.folder / _JOURNAL
    finished = 0
    for result in read_journal(path):
        run.take(result)
        finished += 1
    left = itertools.islice(run.blocks(), finished, None)
    with open_journal(path) as journal:
        for result in ordered_map(writer, left, workers):
            run.take(result)
            append_row(journal, result)
            if on_progress:
                on_progress(run.samples, None)


def _write_lists(staged: Staged) -> Tuple[int, int]:
    counts = {TRAIN_LIST: 0, TEST_LIST: 0}
    with ExitStack() as stack:
        lists = {side: stack.enter_context(open_list_file(staged.path(side))) for side in counts}
        lexicons: Dict[str, TextIO] = {}
        for side, key, text, *words in _rows(staged.folder / _JOURNAL):
            lists[side].write(join_sample_line(key, text))
            counts[side] += 1
            if words:
                if side not in lexicons:
                    path = staged.path(side) / LEXICONS
                    stream = path.open("w", encoding="utf-8", newline="\n")
                    lexicons[side] = stack.enter_context(stream)
                row = {"key": key, "lexicons": words[0]}
                lexicons[side].write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    return counts[TRAIN_LIST], counts[TEST_LIST]


def _rows(path: Path) -> Iterator[List[Any]]:
    for result in read_journal(path):
        yield from result["rows"]


def plan_import(
    importer: Importer, root: PathLike, options: ImportOptions = IMPORT_DEFAULTS
) -> ImportSummary:
    """Reads all annotations, without needing or opening pictures, and writes nothing.

    `samples`, `regions`, `ignored` and `skipped` are what an import would meet; pictures that are
    missing are counted. `train` and `test` are not known before pictures are read, and 0.
    """
    check_options(importer, options)
    run = ImportRun(importer, root, options)
    skipped, failed = run.tally.skipped, run.tally.failed
    for _, given in run.read(pictures=False):
        how, counts = options.text_normalization, run.tally.counts
        sample = normalized_sample(given, how, options.rules, counts)
        run.tally.counts["regions"] += len(sample.regions)
        run.tally.counts["ignored"] += sum(region.ignore for region in sample.regions)
        texts = [region.text for region in sample.regions if not region.ignore]
        texts = [sample.text] if sample.text is not None else texts if options.crops else []
        for reason in filter(None, map(options.rules.reason, texts)):
            skipped[reason] = skipped.get(reason, 0) + 1
        if not _is_there(sample):
            failed[MISSING] = failed.get(MISSING, 0) + 1
    return summarise(run)


def _is_there(sample: Sample) -> bool:
    if isinstance(sample.image, bytes):
        return bool(sample.image)
    return as_path(sample.image).is_file()
