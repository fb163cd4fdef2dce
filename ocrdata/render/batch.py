"""Many lines to a data directory: `pic/`, `Train/sample.txt`, `Test/sample.txt`.

Pictures are rendered in blocks of 256, each a task of its own. A block's styles come from a random
stream of its own, so the bytes depend on the seed alone; a journal of finished blocks lets an
interrupted run go on.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, TextIO, Tuple

from ocrdata.base import seeds
from ocrdata.base.outdir import Staged, staged_output
from ocrdata.base.parallel import ordered_map
from ocrdata.base.sample import Sample
from ocrdata.base.split import TEST, TRAIN, is_test, open_list
from ocrdata.errors import CorpusError, FontError, OptionError, PathLike
from ocrdata.render.fonts import FontFace, GlyphCache, font_characters
from ocrdata.render.line import draw_jpeg
from ocrdata.render.style import DRAWS, Recipe, draw_style, find_recipe

OnProgress = Callable[[int, Optional[int]], None]

BLOCK = 256
FOLDER_SIZE = 10_000
PICTURES = "pic"
_JOURNAL = "blocks.jsonl"


@dataclass(frozen=True)
class Task:
    """One block: its number and its texts, the first of them being picture `number * BLOCK`."""

    number: int
    texts: Tuple[str, ...]


@dataclass(frozen=True)
class RenderSummary:
    """What a run of `render_lines` made; `skipped` counts texts by reason."""

    pictures: int
    train: int
    test: int
    texts: int
    characters: int
    fonts: List[str]
    skipped: Dict[str, int] = field(default_factory=dict)


class LineRenderer:
    """Renders blocks of lines; picklable, with the glyph cache made where it is used."""

    def __init__(self, faces: Sequence[FontFace], recipe: Recipe, height: int, seed: int) -> None:
        self.faces, self.recipe, self.height, self.seed = list(faces), recipe, height, seed
        self._cache = None  # type: Optional[GlyphCache]

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "_cache": None}

    def render(self, task: Task) -> List[Sample]:
        """Returns the samples of a block, in order."""
        if self._cache is None:
            self._cache = GlyphCache(self.faces)
        rows = seeds.uniform_block(self.seed, "line-style", task.number, BLOCK, DRAWS).tolist()
        samples = []
        for place, text in enumerate(task.texts):
            style = draw_style(rows[place], self.recipe)
            data = draw_jpeg(text, style, self.height, self._cache)
            samples.append(Sample(picture_key(task.number * BLOCK + place), data, text))
        return samples


def picture_key(number: int) -> str:
    """Returns the path of a picture, `pic/<group>/<number>.jpg`, at most 10,000 to a group."""
    return "{}/{:04d}/{:08d}.jpg".format(PICTURES, number // FOLDER_SIZE, number)


def drawable(texts: Iterable[str], faces: Sequence[FontFace], skipped: Dict[str, int]) -> List[str]:
    """Returns the texts that at least one face can draw; counts the others by what is missing."""
    coverage = [font_characters(face) for face in faces]
    everywhere = frozenset.intersection(*coverage)
    kept = []
    for text in texts:
        needed = set(text)
        if needed <= everywhere or any(needed <= known for known in coverage):
            kept.append(text)
        else:
            gap = min((sorted(needed - known) for known in coverage), key=len)[0]
            reason = "no font has {} (U+{:04X})".format(gap, ord(gap))
            skipped[reason] = skipped.get(reason, 0) + 1
    return kept


def plan_tasks(texts: Sequence[str], variants: int, limit: Optional[int]) -> Iterator[Task]:
    """Yields the blocks: every text once, then all of them again, `variants` rounds in all."""
    count = len(texts) * variants
    numbers = iter(range(min(count, limit or count)))
    for number in itertools.count():
        places = list(itertools.islice(numbers, BLOCK))
        if not places:
            return
        yield Task(number, tuple(texts[place % len(texts)] for place in places))


def plan_lines(
    texts: Sequence[str],
    faces: Sequence[FontFace],
    variants: int,
    limit: Optional[int],
    test_fraction: float,
    seed: int,
    skipped: Dict[str, int],
) -> Tuple[List[str], RenderSummary]:
    """Returns the texts that can be drawn and what `render_lines` would write.

    Raises CorpusError or FontError where no text is left to draw.
    """
    skips = Counter(skipped)  # type: Counter[str]
    kept = drawable(texts, faces, skips)
    if not kept:
        raise _nothing_to_draw(faces, skips)
    total = min(len(kept) * variants, limit or len(kept) * variants)
    sides = [is_test(text, seed, test_fraction) for text in kept]
    test = sum(sides[number % len(kept)] for number in range(total))
    used = kept[:total]
    return kept, RenderSummary(
        total, total - test, test, len(used), len(set("".join(used))),
        [str(face) for face in faces], dict(skips),
    )  # fmt: skip


def render_lines(
    data_dir: PathLike,
    texts: Sequence[str],
    faces: Sequence[FontFace],
    style: str = "print",
    height: int = 32,
    variants: int = 10,
    limit: Optional[int] = None,
    test_fraction: float = 0.1,
    seed: int = 0,
    workers: int = 0,
    overwrite: bool = False,
    resume: bool = False,
    skipped: Optional[Dict[str, int]] = None,
    on_progress: Optional[OnProgress] = None,
) -> RenderSummary:
    """Renders each text `variants` times into `data_dir`, at `height` pixels.

    Train and Test are disjoint by text. Raises CorpusError where no text is left to draw, and what
    `staged_output` raises. `skipped` comes with the texts already left out, by reason.
    """
    _check_numbers(height, variants, test_fraction)
    renderer = LineRenderer(faces, find_recipe(style), height, seed)
    kept, summary = plan_lines(texts, faces, variants, limit, test_fraction, seed, skipped or {})
    options = {
        "style": style, "height": height, "variants": variants, "limit": limit, "seed": seed,
        "test_fraction": test_fraction, "fonts": [str(face) for face in faces],
        "texts": _texts_digest(kept),
    }  # fmt: skip
    with staged_output(
        data_dir, (PICTURES, TRAIN, TEST), "gen-pics", options, overwrite, resume
    ) as staged:
        tasks = plan_tasks(kept, variants, limit)
        _write_pictures(staged, renderer, tasks, workers, summary.pictures, on_progress)
        _write_lists(staged, kept, summary.pictures, seed, test_fraction)
        staged.summary = dict(vars(summary))
    return summary


def _check_numbers(height: int, variants: int, test_fraction: float) -> None:
    if not 12 <= height <= 512:
        raise OptionError("--height must lie between 12 and 512 pixels, not {}.".format(height))
    if variants < 1:
        raise OptionError("--variants must be 1 or more, not {}.".format(variants))
    if not 0.0 <= test_fraction < 1.0:
        raise OptionError("--test-fraction must lie in [0, 1), not {}.".format(test_fraction))


def _nothing_to_draw(faces: Sequence[FontFace], skips: Dict[str, int]) -> Exception:
    reason = max(skips, key=lambda name: skips[name]) if skips else ""
    if reason.startswith("no font has"):
        fonts = ", ".join(str(face) for face in faces)
        hint = "Choose other fonts with --font, or leave it out to use the bundled ones."
        return FontError(fonts, "can draw none of the texts: {}".format(reason), hint=hint)
    return CorpusError("corpus", "holds no text to draw ({})".format(reason or "it is empty"))


def _texts_digest(texts: Sequence[str]) -> str:
    """Names a list of texts, so that a resumed run goes on with the very same one."""
    import hashlib

    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode("utf-8") + b"\n")
    return digest.hexdigest()


def _write_pictures(
    staged: Staged,
    renderer: LineRenderer,
    tasks: Iterable[Task],
    workers: int,
    total: int,
    on_progress: Optional[OnProgress],
) -> None:
    folder = staged.path(PICTURES).parent
    finished = _read_journal(folder / _JOURNAL) if staged.resumed else set()
    write = partial(_write_block, renderer, folder)
    left = (task for task in tasks if task.number not in finished)
    done = min(total, len(finished) * BLOCK)
    with (folder / _JOURNAL).open("a", encoding="utf-8") as journal:
        for number, count in ordered_map(write, left, workers):
            _log(journal, number)
            done += count
            if on_progress:
                on_progress(min(done, total), total)


def _write_block(renderer: LineRenderer, folder: Path, task: Task) -> Tuple[int, int]:
    samples = renderer.render(task)
    for parent in {(folder / sample.key).parent for sample in samples}:
        parent.mkdir(parents=True, exist_ok=True)
    for sample in samples:
        (folder / sample.key).write_bytes(sample.image_bytes())
    return task.number, len(samples)


def _log(journal: TextIO, number: int) -> None:
    # Flushed, not synced: a killed process loses nothing; after a power cut the files themselves
    # may be empty, and `ocrdata check` names them.
    journal.write(json.dumps(number) + "\n")
    journal.flush()


def _read_journal(path: Path) -> "set[int]":
    if not path.is_file():
        return set()
    lines = path.read_text(encoding="utf-8").split("\n")
    # What lies behind the last line feed was cut off while it was written.
    return {int(line) for line in lines[:-1] if line.isdigit()}


def _write_lists(
    staged: Staged, texts: Sequence[str], total: int, seed: int, test_fraction: float
) -> None:
    with open_list(staged.path(TRAIN)) as train, open_list(staged.path(TEST)) as test:
        for number in range(total):
            text = texts[number % len(texts)]
            chosen = test if is_test(text, seed, test_fraction) else train
            chosen.write("{} {}\n".format(picture_key(number), text))
