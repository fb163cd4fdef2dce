"""Many lines to a data directory: `pic/`, `Train/sample.txt`, `Test/sample.txt`.

Pictures are rendered in blocks of 256, each a task of its own. A block's styles come from a random
stream of its own, so the bytes depend on the seed alone; a journal of finished blocks lets an
interrupted run go on.
"""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Dict, Optional, Sequence

from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, open_list_file
from ocrdata.base.storage.files import remove_tree
from ocrdata.base.storage.journal import append_row, open_journal, read_journal
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import MANIFEST, Staged, read_manifest, staged_output
from ocrdata.errors import (
    InputError,
    PathLike,
)
from ocrdata.render.lines.blocks import (
    BOXES_FOLDER,
    LINES_FOLDER,
    STYLES_FOLDER,
    RenderConfig,
    image_key,
    labels_of,
    part_name,
    write_block,
)
from ocrdata.render.lines.planning import (
    RenderSummary,
    describe_lines,
    dry_run_lines,
    plan_lines,
)
from ocrdata.render.lines.shared_glyphs import draw_shared_glyphs
from ocrdata.render.lines.text_sampling import (
    BLOCK_SIZE,
    TEXT_OPTIONS,
    TextOptions,
    TextPlan,
    on_test_side,
)

_JOURNAL = "blocks.jsonl"


def render_lines(
    data_dir: PathLike,
    texts: Sequence[str],
    config: RenderConfig,
    options: TextOptions = TEXT_OPTIONS,
    run: RunOptions = RUN_DEFAULTS,
    skipped: Optional[Dict[str, int]] = None,
    frequencies: Sequence[int] = (),
) -> RenderSummary:
    """Renders texts into `data_dir`; Train and Test are disjoint by text and near duplicate.

    Raises CorpusError where no text is left to draw, and what `staged_output` raises. `skipped`
    comes with the texts already left out, by reason.
    """
    plan, skips = plan_lines(texts, config, options, skipped, frequencies)
    summary = dry_run_lines(plan, config, options, skips)
    names = [LINES_FOLDER, TRAIN_LIST, TEST_LIST]
    names += [
        name
        for name, wanted in ((BOXES_FOLDER, config.boxes), (STYLES_FOLDER, config.log))
        if wanted
    ]
    described = describe_lines(plan, config, options)
    with staged_output(data_dir, names, "gen-pics", described, run.overwrite, run.resume) as staged:
        _write_images(staged, config, plan, run)
        write_lists(staged, plan, config, options.test_fraction)
        for name in (BOXES_FOLDER, STYLES_FOLDER):
            if name in names:
                _join_parts(staged.path(name), name, plan)
        staged.summary = dict(vars(summary))
    if run.overwrite:
        _drop_stale(as_path(data_dir), names)
    return summary


def _write_images(staged: Staged, config: RenderConfig, plan: TextPlan, run: RunOptions) -> None:
    folder = staged.path(LINES_FOLDER).parent
    finished = set(read_journal(folder / _JOURNAL)) if staged.resumed else set()
    write = partial(write_block, config, folder)
    left = (plan.task(n) for n in range(-(-plan.total // BLOCK_SIZE)) if n not in finished)
    done = min(plan.total, len(finished) * BLOCK_SIZE)
    draw = partial(draw_shared_glyphs, config, plan)
    with open_journal(folder / _JOURNAL) as journal:
        for number, count in ordered_map(write, left, run.workers, before_fork=draw):
            append_row(journal, number)
            done += count
            if run.on_progress:
                run.on_progress(min(done, plan.total), plan.total)


def write_lists(staged: Staged, plan: TextPlan, config: RenderConfig, test_fraction: float) -> None:
    """Writes the Train and Test lists of all pictures of a plan."""
    sides: Dict[str, bool] = {}
    with open_list_file(staged.path(TRAIN_LIST)) as train, open_list_file(
        staged.path(TEST_LIST)
    ) as test:
        for task in plan.tasks():
            labels = labels_of(config, task)
            for place, text in enumerate(task.texts):
                side = sides.get(text)
                if side is None:
                    side = on_test_side(text, config.seed, test_fraction)
                    if plan.kind != "random":
                        sides[text] = side
                key = image_key(task.number * BLOCK_SIZE + place, config.form)
                (test if side else train).write(f"{key} {labels[place]}\n")


def _join_parts(folder: Path, name: str, plan: TextPlan) -> None:
    """Puts the rows of all blocks into one file, in order."""
    parts = [folder / part_name(number) for number in range(-(-plan.total // BLOCK_SIZE))]
    target = folder / (name + ".jsonl")
    # A run that was killed while it tidied up has the whole file, and some of the parts.
    if not target.is_file():
        with (folder / ".whole").open("wb") as stream:
            for part in parts:
                with part.open("rb") as rows:
                    shutil.copyfileobj(rows, stream)
        (folder / ".whole").replace(target)
    for part in parts:
        if part.is_file():
            part.unlink()


def _drop_stale(root: Path, names: Sequence[str]) -> None:
    """Removes boxes and styles of the pictures that were replaced."""
    for name in (BOXES_FOLDER, STYLES_FOLDER):
        if name not in names and (root / name / MANIFEST).is_file():
            try:
                ours = read_manifest(root / name)["command"] == "gen-pics"
            except InputError:
                ours = False
            if ours:
                remove_tree(root / name)
