"""Rendered lines straight into shards: what renders and what writes records meet here.

A shard is one task. It takes a run of pictures, renders those that belong to its split, and writes
them; a journal of finished shards lets an interrupted run go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.base.parallel import ordered_map
from ocrdata.base.random_streams import order_key
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import RECOGNITION, SPLITS
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST
from ocrdata.base.storage.files import FolderWriter
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import OptionError
from ocrdata.pipelines.line_request import RenderRequest
from ocrdata.pipelines.line_splits import (
    LineSplits,
    RangeCount,
    counted_splits,
    line_numbers_of,
    listed_splits,
    range_count,
    range_numbers,
    split_of_line,
)
from ocrdata.records.format.dataset_info import build_info, write_info
from ocrdata.records.format.schema import RECORDS_DIR, LineRecord, encode_line, shard_name
from ocrdata.records.write.shard_files import ShardFile, ShardTasks, write_shard_files
from ocrdata.render.lines.batch import write_lists
from ocrdata.render.lines.blocks import (
    LINES_FOLDER,
    RenderConfig,
    possible_labels,
    render_block,
)
from ocrdata.render.lines.planning import describe_lines, font_names, plan_lines
from ocrdata.render.lines.shared_glyphs import draw_shared_glyphs
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextPlan
from ocrdata.text.charset import Charset, collect_characters


@dataclass(frozen=True)
class RecordsSummary:
    """What was written: samples, shards and bytes of each split, and what was left out and why."""

    output: str
    splits: Dict[str, Dict[str, int]]
    pictures: int
    bytes: int
    classes: int
    dictionary_sha256: str
    fonts: List[str]
    skipped: Dict[str, int] = field(default_factory=dict)
    resumed_shards: int = 0


class _Shard(NamedTuple):
    """The lines of a split that go into a shard, by their ranks: the first, and behind the last."""

    split: str
    name: str
    ranks: Tuple[int, int]


class _Context(NamedTuple):
    """What every shard of a run needs; each worker gets it once."""

    plan: TextPlan
    config: RenderConfig
    charset: Charset
    folder: Path
    pictures: Optional[Path]
    test_fraction: float
    validation_fraction: float
    splits: Optional[LineSplits] = None

    def split_of(self, text: str) -> str:
        """Says which split a text and its near duplicates belong to."""
        return split_of_line(text, self.config.seed, self.test_fraction, self.validation_fraction)


_adopted: List[_Context] = []


def _adopt(context: _Context) -> None:
    _adopted[:] = [context]


# --- one shard, in a worker


def _write_shard(shard: _Shard) -> Dict[str, Any]:
    context = _adopted[0]
    file = ShardFile(context.folder, shard.name, shard.split, RECOGNITION)
    return file.write((line, encode_line(line)) for line in _lines(context, shard))


def _lines(context: _Context, shard: _Shard) -> Iterator[LineRecord]:
    assert context.splits is not None
    code = SPLITS.index(shard.split)
    numbers = line_numbers_of(context.splits, context.plan, context.split_of, code, shard.ranks)
    blocks = numbers // BLOCK_SIZE
    form = {"jpg": "jpeg"}.get(context.config.form, context.config.form)
    pictures = FolderWriter(context.pictures) if context.pictures else None
    for number in np.unique(blocks).tolist():
        task = context.plan.task(number)
        places = (numbers[blocks == number] - number * BLOCK_SIZE).tolist()
        for item in render_block(context.config, task, places):
            data, text = item.sample.image_bytes(), item.sample.text or ""
            if pictures:
                pictures.write(item.sample.key, data)
            classes = context.charset.encode(text)
            yield LineRecord(item.sample.key, data, form, *item.size, text, classes)


# --- all shards


def _count_range(number: int) -> RangeCount:
    context = _adopted[0]
    config = context.config
    labels = partial(possible_labels, config, config.letter_cases())
    return range_count(context.plan, number, context.split_of, labels)


def _survey(context: _Context, charset: Optional[Charset], run: RunOptions) -> _Context:
    """Returns the context with the splits of its lines and its dictionary.

    Without a dictionary it is that of all characters.
    """
    if context.plan.kind in ("listed", "balanced"):
        splits: LineSplits
        splits, texts = listed_splits(context.plan, context.split_of)
        cases = context.config.letter_cases()
        characters = {c for text in texts for c in possible_labels(context.config, cases, text)}
    else:
        numbers = range_numbers(context.plan)
        counts = ordered_map(_count_range, numbers, run.workers, _adopt, (context,))
        splits, characters = counted_splits(list(counts))
    return context._replace(charset=charset or collect_characters(characters), splits=splits)


def _plan_shards(splits: LineSplits, shards: int) -> List[_Shard]:
    planned = []
    for code, split in enumerate(SPLITS):
        lines = splits.count(code)
        count = min(shards, lines)
        for index in range(count):
            ranks = lines * index // count, lines * (index + 1) // count
            planned.append(_Shard(split, shard_name(split, index, count), ranks))
    return planned


class LineRecordOptions(NamedTuple):
    """How many shards each split gets, and whether picture files are written as well."""

    shards: int = 10
    validation_fraction: float = 0.1
    keep_pictures: bool = False


def write_line_records(
    data_dir: Path,
    request: RenderRequest,
    options: LineRecordOptions = LineRecordOptions(),  # noqa: B008 - it cannot change
    *,
    run: RunOptions = RUN_DEFAULTS,
) -> RecordsSummary:
    """Renders lines into sharded records under `data_dir`; the dictionary is that of the request.

    Without one it is made of the characters that the lines show. Texts are shuffled, so that each
    shard is a sample of them all. Raises what rendering and `staged_output` raise.
    """
    if request.config.boxes or request.config.log:
        raise OptionError("--boxes and --log-styles go with picture files, not with --records.")
    request = shuffled(request)
    plan, skips = plan_lines(
        request.texts, request.config, request.options, request.skipped, request.frequencies
    )
    kept = [LINES_FOLDER, TRAIN_LIST, TEST_LIST] if options.keep_pictures else []
    noted = _described(plan, request, options)
    with staged_output(
        data_dir, [RECORDS_DIR, *kept], "gen-pics", noted, run.overwrite, run.resume
    ) as staged:
        bare = _context(staged, plan, request, options)
        context = _survey(bare, request.dictionary, run)
        assert context.splits is not None
        planned = _plan_shards(context.splits, options.shards)
        totals, resumed = write_shard_files(staged, context.folder, _tasks(planned, context), run)
        write_info(context.folder, build_info(totals, context.charset, "none"))
        if options.keep_pictures:
            write_lists(staged, plan, request.config, request.options.test_fraction)
        result = RecordsSummary(
            output=str(data_dir / RECORDS_DIR),
            splits=totals.split_counts(),
            pictures=plan.total,
            bytes=totals.bytes,
            classes=context.charset.num_classes,
            dictionary_sha256=context.charset.sha256,
            fonts=font_names(request.config),
            skipped=skips,
        )
        staged.summary = {**vars(result), "output": RECORDS_DIR}
    return replace(result, resumed_shards=resumed)


def _described(
    plan: TextPlan, request: RenderRequest, options: LineRecordOptions
) -> Dict[str, Any]:
    return {
        **describe_lines(plan, request.config, request.options),
        "shards": options.shards,
        "validation_fraction": options.validation_fraction,
        "dictionary_sha256": request.dictionary.sha256 if request.dictionary else "",
        "keep_pictures": options.keep_pictures,
    }


def _context(
    staged: Staged, plan: TextPlan, request: RenderRequest, options: LineRecordOptions
) -> _Context:
    return _Context(
        plan=plan,
        config=request.config,
        charset=Charset(()),
        folder=staged.path(RECORDS_DIR),
        pictures=staged.path(LINES_FOLDER).parent if options.keep_pictures else None,
        test_fraction=request.options.test_fraction,
        validation_fraction=options.validation_fraction,
    )


def _tasks(shards: List[_Shard], context: _Context) -> ShardTasks:
    names, plan = [shard.name for shard in shards], context.plan
    draw = partial(draw_shared_glyphs, context.config, plan)
    return ShardTasks(
        names, shards, _write_shard, RECOGNITION, plan.total, _adopt, (context,), draw
    )


def shuffled(request: RenderRequest) -> RenderRequest:
    """Returns an order whose texts come mixed, the same way each time."""
    if request.config.replay or request.options.sampling == "random":
        return request
    salt = f"lines-{request.config.seed}"
    pairs = sorted(
        zip(request.texts, request.frequencies), key=lambda pair: order_key(pair[0], salt)
    )
    return request._replace(
        texts=[text for text, _ in pairs], frequencies=[count for _, count in pairs]
    )
