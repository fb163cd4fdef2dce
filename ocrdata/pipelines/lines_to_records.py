"""Rendered lines straight into shards: what renders and what writes records meet here.

A shard is one task. It takes a run of pictures, renders those that belong to its split, and writes
them; a journal of finished shards lets an interrupted run go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from ocrdata.base.parallel import Workers, ordered_map
from ocrdata.base.progress import OnProgress
from ocrdata.base.random_streams import bucket, order_key
from ocrdata.base.sample import SPLITS, TEST, TRAIN, VALIDATION
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, is_test
from ocrdata.base.storage.files import FolderWriter
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import OptionError
from ocrdata.pipelines.line_request import RenderRequest
from ocrdata.records.format.dataset_info import build_info, write_info
from ocrdata.records.format.schema import RECORDS_DIR, LineRecord, encode_line, shard_name
from ocrdata.records.format.statistics import LineStatistics
from ocrdata.records.format.tfrecord_writer import drop_unfinished, open_writer
from ocrdata.records.write.shard_journal import Journal
from ocrdata.records.write.writing import split_counts
from ocrdata.render.lines.batch import write_lists
from ocrdata.render.lines.blocks import LINES_FOLDER, RenderConfig, render_block
from ocrdata.render.lines.planning import describe_lines, font_names, plan_lines
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextPlan, near_key
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
    """The pictures, by number, that go into a shard (int64 [n], in order)."""

    split: str
    name: str
    numbers: np.ndarray


class _Context(NamedTuple):
    """What every shard of a run needs; each worker gets it once."""

    plan: TextPlan
    config: RenderConfig
    charset: Charset
    folder: Path
    pictures: Optional[Path]
    test_fraction: float
    validation_fraction: float

    def split_of(self, text: str) -> str:
        """Says which split a text and its near duplicates belong to."""
        key = near_key(text)
        if is_test(key, self.config.seed, self.test_fraction):
            return TEST
        place = bucket(key, f"validation-{self.config.seed}")
        return VALIDATION if place < self.validation_fraction else TRAIN


_adopted: List[_Context] = []


def _adopt(context: _Context) -> None:
    _adopted[:] = [context]


# --- one shard, in a worker


def _write_shard(shard: _Shard) -> Dict[str, Any]:
    context, statistics = _adopted[0], LineStatistics()
    with open_writer(context.folder / shard.name, "none") as writer:
        for line in _lines(context, shard):
            statistics.add(line)
            writer.write(encode_line(line))
    return {
        "file": shard.name,
        "split": shard.split,
        "samples": writer.count,
        "bytes": writer.size,
        "sha256": writer.sha256,
        "statistics": statistics.as_dict(),
    }


def _lines(context: _Context, shard: _Shard) -> Iterator[LineRecord]:
    blocks = shard.numbers // BLOCK_SIZE
    form = {"jpg": "jpeg"}.get(context.config.form, context.config.form)
    pictures = FolderWriter(context.pictures) if context.pictures else None
    for number in np.unique(blocks).tolist():
        task = context.plan.task(number)
        places = (shard.numbers[blocks == number] - number * BLOCK_SIZE).tolist()
        for item in render_block(context.config, task, places):
            data, text = item.sample.image_bytes(), item.sample.text or ""
            if pictures:
                pictures.write(item.sample.key, data)
            classes = context.charset.encode(text)
            yield LineRecord(item.sample.key, data, form, *item.size, text, classes)


# --- all shards


def _survey(context: _Context) -> Tuple[np.ndarray, Set[str]]:
    """Returns each picture's split (uint8 [n], an index of SPLITS) and all characters."""
    splits = np.zeros(context.plan.total, np.uint8)
    characters: Set[str] = set()
    known: Dict[str, int] = {}
    for task in context.plan.tasks():
        for place, text in enumerate(task.texts, task.number * BLOCK_SIZE):
            split = known.get(text)
            if split is None:
                split = SPLITS.index(context.split_of(text))
                characters.update(context.config.label(text))
                # Random texts hardly ever come twice.
                if context.plan.kind != "random":
                    known[text] = split
            splits[place] = split
    return splits, characters


def _plan_shards(splits: np.ndarray, shards: int) -> List[_Shard]:
    planned = []
    for code, split in enumerate(SPLITS):
        members = np.flatnonzero(splits == code)
        count = min(shards, len(members))
        for index in range(count):
            low, high = (len(members) * edge // count for edge in (index, index + 1))
            planned.append(_Shard(split, shard_name(split, index, count), members[low:high]))
    return planned


def _write_all(
    staged: Staged,
    context: _Context,
    shards: List[_Shard],
    workers: Workers,
    on_progress: Optional[OnProgress],
) -> Tuple[List[Dict[str, Any]], int]:
    drop_unfinished(context.folder)
    journal = Journal(staged.folder, context.folder)
    done = journal.finished() if staged.resumed else {}
    todo = [shard for shard in shards if shard.name not in done]
    written = ordered_map(_write_shard, todo, workers, _adopt, (context,))
    entries, count = [], 0
    for shard in shards:
        entry = done.get(shard.name)
        if entry is None:
            entry = next(written)
            journal.append(entry)
        entries.append(entry)
        count += entry["samples"]
        if on_progress:
            on_progress(count, context.plan.total)
    # A task of a cluster may have been begun more than once.
    drop_unfinished(context.folder)
    return entries, len(done)


def write_line_records(
    data_dir: Path,
    request: RenderRequest,
    shards: int,
    validation_fraction: float,
    keep_pictures: bool = False,
    workers: Workers = 0,
    overwrite: bool = False,
    resume: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> RecordsSummary:
    """Renders lines into sharded records under `data_dir`; the dictionary is that of the order.

    Without one it is made of the characters that the lines show. Texts are shuffled, so that each
    shard is a sample of them all. Raises what rendering and `staged_output` raise.
    """
    if request.config.boxes or request.config.log:
        raise OptionError("--boxes and --log-styles go with picture files, not with --records.")
    request = _shuffled(request)
    plan, skips = plan_lines(
        request.texts, request.config, request.options, request.skipped, request.frequencies
    )
    options = {
        **describe_lines(plan, request.config, request.options),
        "shards": shards,
        "validation_fraction": validation_fraction,
        "dictionary_sha256": request.dictionary.sha256 if request.dictionary else "",
        "keep_pictures": keep_pictures,
    }
    names = [RECORDS_DIR, *([LINES_FOLDER, TRAIN_LIST, TEST_LIST] if keep_pictures else [])]
    fraction = request.options.test_fraction
    with staged_output(data_dir, names, "gen-pics", options, overwrite, resume) as staged:
        folder = staged.path(RECORDS_DIR)
        pictures = staged.path(LINES_FOLDER).parent if keep_pictures else None
        context = _Context(
            plan, request.config, Charset(()), folder, pictures, fraction, validation_fraction
        )
        splits, characters = _survey(context)
        charset = request.dictionary or collect_characters(characters)
        context = context._replace(charset=charset)
        planned = _plan_shards(splits, shards)
        entries, resumed = _write_all(staged, context, planned, workers, on_progress)
        write_info(folder, build_info(entries, charset, "none"))
        if keep_pictures:
            write_lists(staged, plan, request.config, fraction)
        result = RecordsSummary(
            str(data_dir / RECORDS_DIR),
            split_counts(entries),
            plan.total,
            sum(entry["bytes"] for entry in entries),
            charset.num_classes,
            charset.sha256,
            font_names(request.config),
            skips,
        )
        staged.summary = {**vars(result), "output": RECORDS_DIR}
    return RecordsSummary(**{**vars(result), "resumed_shards": resumed})


def _shuffled(request: RenderRequest) -> RenderRequest:
    if request.config.replay or request.options.sampling == "random":
        return request
    salt = f"lines-{request.config.seed}"
    pairs = sorted(
        zip(request.texts, request.frequencies), key=lambda pair: order_key(pair[0], salt)
    )
    return request._replace(
        texts=[text for text, _ in pairs], frequencies=[count for _, count in pairs]
    )
