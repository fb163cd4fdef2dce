"""Many lines to a data directory: `pic/`, `Train/sample.txt`, `Test/sample.txt`.

Pictures are rendered in blocks of 256, each a task of its own. A block's styles come from a random
stream of its own, so the bytes depend on the seed alone; a journal of finished blocks lets an
interrupted run go on.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, TextIO, Tuple

from ocrdata.base.outdir import MANIFEST, Staged, read_manifest, staged_output
from ocrdata.base.parallel import ordered_map
from ocrdata.base.split import TEST, TRAIN, open_list
from ocrdata.errors import (
    CorpusError,
    FontError,
    InputError,
    OptionError,
    PathLike,
    UnknownNameError,
)
from ocrdata.render.blocks import BOXES, PICTURES, STYLES, Job, part_name, picture_key, write_block
from ocrdata.render.effects import FORMATS
from ocrdata.render.glyphs import GlyphCache
from ocrdata.render.sampling import (
    BLOCK,
    TextPlan,
    drop_near_duplicates,
    on_test_side,
    plan_texts,
    text_digest,
)

OnProgress = Callable[[int, Optional[int]], None]

_JOURNAL = "blocks.jsonl"
# JPEG and PNG stop at 65,535 pixels, WebP at 16,383; a character takes 1.4 heights at the most.
_WIDEST = {"jpg": 65_000, "png": 65_000, "webp": 16_000}
_WIDEST_CHARACTER = 1.4


class TextOptions(NamedTuple):
    """How texts become pictures: how often, which ones, and what goes to Test."""

    variants: int = 5
    limit: Optional[int] = None
    test_fraction: float = 0.1
    sampling: str = "listed"
    min_count: int = 0
    characters: Tuple[str, ...] = ()
    lengths: Tuple[int, int] = (1, 24)
    near_duplicates: str = "keep"


TEXT_OPTIONS = TextOptions()


@dataclass(frozen=True)
class RenderSummary:
    """What a run of `render_lines` made; `skipped` counts texts and files by reason."""

    pictures: int
    train: int
    test: int
    texts: int
    characters: int
    fonts: List[str]
    skipped: Dict[str, int] = field(default_factory=dict)


def drawable(
    texts: Sequence[str], frequencies: Sequence[int], job: Job, skipped: Dict[str, int]
) -> Tuple[List[str], List[int]]:
    """Returns the texts that the fonts can draw, with their frequencies.

    Counts the others by what is missing, or because no picture is wide enough.
    """
    cache = GlyphCache(job.faces, job.latin, job.fallback)
    longest = int(_WIDEST[job.form] / (job.frame.height * _WIDEST_CHARACTER))
    kept, counts = [], []
    for text, frequency in zip(texts, frequencies):
        gap = cache.missing(text)
        if gap:
            reason = "no font has {} (U+{:04X})".format(gap, ord(gap))
        elif len(text) > longest and job.frame.length is None:
            reason = "too long for a picture ({} characters)".format(longest)
        else:
            kept.append(text)
            counts.append(frequency)
            continue
        skipped[reason] = skipped.get(reason, 0) + 1
    return kept, counts


def plan_lines(
    texts: Sequence[str],
    job: Job,
    options: TextOptions,
    skipped: Optional[Dict[str, int]] = None,
    frequencies: Sequence[int] = (),
) -> Tuple[TextPlan, RenderSummary]:
    """Returns what the pictures show and what `render_lines` would write.

    Raises CorpusError or FontError where no text is left to draw, OptionError for numbers out of
    range.
    """
    _check(job, options)
    skips: Counter[str] = Counter(skipped or {})
    if options.near_duplicates == "drop":
        frequencies = ()
        texts = drop_near_duplicates(texts, skips)
    kept, counts = drawable(texts, frequencies or [1] * len(texts), job, skips)
    letters, _ = drawable(options.characters, [1] * len(options.characters), job, skips)
    if not kept and not letters:
        raise _nothing_to_draw(job, skips)
    plan = plan_texts(
        options.sampling, kept, counts, options.variants, options.limit, job.seed, options.lengths,
        letters, options.min_count, options.test_fraction,
    )  # fmt: skip
    return plan, _foresee(plan, job, options, skips)


def _foresee(
    plan: TextPlan, job: Job, options: TextOptions, skips: Dict[str, int]
) -> RenderSummary:
    """Counts what a plan will give, by going through its texts once."""
    sides: Dict[str, bool] = {}
    characters: Set[str] = set()
    test = 0
    texts = 0
    for task in plan.tasks():
        for text in task.texts:
            side = sides.get(text)
            if side is None:
                side = on_test_side(text, job.seed, options.test_fraction)
                characters.update(text)
                texts += 1
                # Random texts hardly ever come twice: remembering them all would fill the memory.
                if plan.kind != "random":
                    sides[text] = side
            test += side
    fonts = [str(face) for face in (*job.faces, *job.latin)]
    return RenderSummary(
        plan.total, plan.total - test, test, texts, len(characters), fonts, dict(skips)
    )


def render_lines(
    data_dir: PathLike,
    texts: Sequence[str],
    job: Job,
    options: TextOptions = TEXT_OPTIONS,
    workers: int = 0,
    overwrite: bool = False,
    resume: bool = False,
    skipped: Optional[Dict[str, int]] = None,
    frequencies: Sequence[int] = (),
    on_progress: Optional[OnProgress] = None,
) -> RenderSummary:
    """Renders texts into `data_dir`; Train and Test are disjoint by text and near duplicate.

    Raises CorpusError where no text is left to draw, and what `staged_output` raises. `skipped`
    comes with the texts already left out, by reason.
    """
    plan, summary = plan_lines(texts, job, options, skipped, frequencies)
    names = [PICTURES, TRAIN, TEST]
    names += [name for name, wanted in ((BOXES, job.boxes), (STYLES, job.log)) if wanted]
    described = describe(plan, job, options)
    with staged_output(data_dir, names, "gen-pics", described, overwrite, resume) as staged:
        _write_pictures(staged, job, plan, workers, on_progress)
        write_lists(staged, plan, job, options.test_fraction)
        for name in (BOXES, STYLES):
            if name in names:
                _join_parts(staged.path(name), name, plan)
        staged.summary = dict(vars(summary))
    if overwrite:
        _drop_stale(Path(data_dir), names)
    return summary


def describe(plan: TextPlan, job: Job, options: TextOptions) -> Dict[str, Any]:
    """Returns everything that decides the bytes of a run, as the manifest holds it."""
    recipe = job.recipe
    return {
        "style": recipe.name,
        "recipe": {name: list(spread) for name, spread in recipe.spreads},
        "backgrounds": list(recipe.backgrounds),
        "overrides": dict(recipe.fixed),
        "height": job.frame.height, "width": job.frame.length, "vertical": job.frame.vertical,
        "format": job.form, "seed": job.seed, "boxes": job.boxes, "styles": job.log,
        "fonts": [str(face) for face in job.faces],
        "latin_fonts": [str(face) for face in job.latin],
        "fallback": job.fallback, "pictures": [str(path) for path in job.pictures],
        "variants": options.variants, "limit": options.limit, "sampling": options.sampling,
        "min_count": options.min_count, "test_fraction": options.test_fraction,
        "lengths": list(options.lengths), "texts": text_digest(plan.texts, plan.more),
        "replay": text_digest(map(repr, job.replay)),
    }  # fmt: skip


def _check(job: Job, options: TextOptions) -> None:
    if not 12 <= job.frame.height <= 512:
        text = "--height must lie between 12 and 512 pixels, not {}."
        raise OptionError(text.format(job.frame.height))
    if job.frame.length is not None and not 16 <= job.frame.length <= 16_000:
        text = "--width must lie between 16 and 16,000 pixels, not {}."
        raise OptionError(text.format(job.frame.length))
    if options.variants < 1:
        raise OptionError("--variants must be 1 or more, not {}.".format(options.variants))
    if not 0.0 <= options.test_fraction < 1.0:
        text = "--test-fraction must lie in [0, 1), not {}."
        raise OptionError(text.format(options.test_fraction))
    if job.form not in FORMATS:
        raise UnknownNameError("format", job.form, FORMATS)


def _nothing_to_draw(job: Job, skips: Dict[str, int]) -> Exception:
    reason = max(skips, key=lambda name: skips[name]) if skips else ""
    if reason.startswith("no font has"):
        fonts = ", ".join(str(face) for face in job.faces)
        hint = "Choose other fonts with --font, or leave it out to use the bundled ones."
        return FontError(fonts, "can draw none of the texts: {}".format(reason), hint=hint)
    return CorpusError("corpus", "holds no text to draw ({})".format(reason or "it is empty"))


def _write_pictures(
    staged: Staged, job: Job, plan: TextPlan, workers: int, on_progress: Optional[OnProgress]
) -> None:
    folder = staged.path(PICTURES).parent
    finished = _read_journal(folder / _JOURNAL) if staged.resumed else set()
    write = partial(write_block, job, folder)
    left = (plan.task(n) for n in range(-(-plan.total // BLOCK)) if n not in finished)
    done = min(plan.total, len(finished) * BLOCK)
    with (folder / _JOURNAL).open("a", encoding="utf-8") as journal:
        for number, count in ordered_map(write, left, workers):
            _log(journal, number)
            done += count
            if on_progress:
                on_progress(min(done, plan.total), plan.total)


def _log(journal: TextIO, number: int) -> None:
    # Flushed, not synced: a killed process loses nothing; after a power cut the files themselves
    # may be empty, and `ocrdata check` names them.
    journal.write(json.dumps(number) + "\n")
    journal.flush()


def _read_journal(path: Path) -> Set[int]:
    if not path.is_file():
        return set()
    lines = path.read_text(encoding="utf-8").split("\n")
    # What lies behind the last line feed was cut off while it was written.
    return {int(line) for line in lines[:-1] if line.isdigit()}


def write_lists(staged: Staged, plan: TextPlan, job: Job, test_fraction: float) -> None:
    """Writes the Train and Test lists of all pictures of a plan."""
    sides: Dict[str, bool] = {}
    with open_list(staged.path(TRAIN)) as train, open_list(staged.path(TEST)) as test:
        for task in plan.tasks():
            for place, text in enumerate(task.texts):
                side = sides.get(text)
                if side is None:
                    side = on_test_side(text, job.seed, test_fraction)
                    if plan.kind != "random":
                        sides[text] = side
                key = picture_key(task.number * BLOCK + place, job.form)
                (test if side else train).write("{} {}\n".format(key, text))


def _join_parts(folder: Path, name: str, plan: TextPlan) -> None:
    """Puts the rows of all blocks into one file, in order."""
    parts = [folder / part_name(number) for number in range(-(-plan.total // BLOCK))]
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
    for name in (BOXES, STYLES):
        if name not in names and (root / name / MANIFEST).is_file():
            try:
                ours = read_manifest(root / name)["command"] == "gen-pics"
            except InputError:
                ours = False
            if ours:
                shutil.rmtree(str(root / name))
