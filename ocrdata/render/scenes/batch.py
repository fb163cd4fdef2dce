"""Many scenes to a data directory: `images/` with ICDAR-2015 boxes beside, and lists of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from ocrdata.base import rng
from ocrdata.base.icdar import format_box
from ocrdata.base.parallel import Workers, ordered_map
from ocrdata.base.sample import Sample
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, is_test, open_list
from ocrdata.base.storage.files import FolderWriter
from ocrdata.base.storage.journal import note, open_journal, read_journal
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import OptionError, PathLike
from ocrdata.render.lines.text_sampling import text_digest
from ocrdata.render.scenes.scene import (
    IMAGES,
    MOST_LINES,
    MOST_TEXTS,
    SceneJob,
    render_scene,
    scene_key,
)
from ocrdata.render.text.font_coverage import drawable, nothing_to_draw
from ocrdata.render.text.glyphs import GlyphCache

OnProgress = Callable[[int, Optional[int]], None]

BLOCK = 8
_JOURNAL = "blocks.jsonl"


@dataclass(frozen=True)
class ScenesSummary:
    """What a run of `render_scenes` made; `ignored` are the regions marked as don't-care."""

    scenes: int
    train: int
    test: int
    regions: int
    ignored: int
    fonts: List[str]
    skipped: Dict[str, int] = field(default_factory=dict)


class _Task(NamedTuple):
    number: int
    texts: Tuple[Tuple[str, ...], ...]


def drawable_texts(texts: Sequence[str], job: SceneJob, skipped: Dict[str, int]) -> Tuple[str, ...]:
    """Returns the texts that a font can draw; counts the others by what is missing.

    Raises CorpusError or FontError where none is left.
    """
    places = drawable(texts, GlyphCache(job.faces), skipped)
    if not places:
        raise nothing_to_draw(job.faces, skipped)
    return tuple(texts[place] for place in places)


def texts_of(texts: Sequence[str], seed: int, number: int) -> Tuple[str, ...]:
    """Returns the texts that a scene may show, more than fit."""
    chance = rng.stream(seed, "scene-texts", number)
    count = MOST_TEXTS * MOST_LINES
    return tuple(texts[chance.randrange(len(texts))] for _ in range(count))


def iterate_scenes(
    job: SceneJob, texts: Sequence[str], count: int, workers: Workers = 0, start: int = 0
) -> Iterator[Sample]:
    """Yields the scenes from number `start` on, in order."""
    tasks = _tasks(job, texts, count, start // BLOCK)
    skip = start % BLOCK
    for samples in ordered_map(partial(_render, job), tasks, workers):
        yield from samples[skip:]
        skip = 0


def _tasks(job: SceneJob, texts: Sequence[str], count: int, first: int = 0) -> Iterator[_Task]:
    for number in range(first, -(-count // BLOCK)):
        yield _task(job, texts, count, number)


def _task(job: SceneJob, texts: Sequence[str], count: int, number: int) -> _Task:
    last = min(count, (number + 1) * BLOCK)
    scenes = range(number * BLOCK, last)
    return _Task(number, tuple(texts_of(texts, job.seed, scene) for scene in scenes))


def _render(job: SceneJob, task: _Task) -> List[Sample]:
    return [
        render_scene(job, task.number * BLOCK + place, texts)
        for place, texts in enumerate(task.texts)
    ]


def describe_scenes(job: SceneJob, texts: Sequence[str], count: int) -> Dict[str, Any]:
    """Returns everything that decides the bytes of a run, as the manifest holds it."""
    recipe = job.recipe
    return {
        "style": recipe.name, "recipe": {name: list(spread) for name, spread in recipe.spreads},
        "overrides": dict(recipe.fixed), "size": list(job.size), "texts": list(job.texts),
        "heights": list(job.heights), "seed": job.seed, "format": job.form, "count": count,
        "fonts": [str(face) for face in job.faces], "dont_care": job.dont_care,
        "vertical": job.vertical, "curved": job.curved, "turned": job.turned,
        "pictures": [str(path) for path in job.pictures],
        "corpus": text_digest(texts),
    }  # fmt: skip


def check_job(job: SceneJob, count: int) -> None:
    """Raises OptionError for numbers out of range."""
    if not all(64 <= side <= 8192 for side in job.size):
        raise OptionError("--size must lie between 64x64 and 8192x8192.")
    if not 1 <= job.texts[0] <= job.texts[1] <= MOST_TEXTS:
        raise OptionError("--texts needs 1 <= LOW <= HIGH <= {}.".format(MOST_TEXTS))
    if not 6 <= job.heights[0] <= job.heights[1] <= min(job.size):
        text = "--text-height needs 6 <= LOW <= HIGH <= {}.".format(min(job.size))
        raise OptionError(text)
    if count < 1:
        raise OptionError("--limit must be 1 or more, not {}.".format(count))


def render_scenes(
    data_dir: PathLike,
    texts: Sequence[str],
    job: SceneJob,
    count: int = 1000,
    test_fraction: float = 0.1,
    workers: Workers = 0,
    overwrite: bool = False,
    resume: bool = False,
    skipped: Optional[Dict[str, int]] = None,
    on_progress: Optional[OnProgress] = None,
) -> ScenesSummary:
    """Renders scenes into `data_dir`; the side of a scene is decided by its name.

    Raises CorpusError and FontError where no text can be drawn, and what `staged_output` raises.
    """
    check_job(job, count)
    skips = dict(skipped or {})
    kept = drawable_texts(texts, job, skips)
    options = {**describe_scenes(job, kept, count), "test_fraction": test_fraction}
    names = (IMAGES, TRAIN_LIST, TEST_LIST)
    with staged_output(data_dir, names, "gen-scenes", options, overwrite, resume) as staged:
        regions, ignored = _write_scenes(staged, job, kept, count, workers, on_progress)
        train, test = _write_lists(staged, job, count, test_fraction)
        fonts = [str(face) for face in job.faces]
        summary = ScenesSummary(count, train, test, regions, ignored, fonts, skips)
        staged.summary = dict(vars(summary))
    return summary


def _write_scenes(
    staged: Staged,
    job: SceneJob,
    texts: Sequence[str],
    count: int,
    workers: Workers,
    on_progress: Optional[OnProgress],
) -> Tuple[int, int]:
    folder = staged.path(IMAGES).parent
    rows = read_journal(folder / _JOURNAL) if staged.resumed else ()
    done = {number: (regions, ignored) for number, regions, ignored in rows}
    blocks = range(-(-count // BLOCK))
    left = (_task(job, texts, count, number) for number in blocks if number not in done)
    with open_journal(folder / _JOURNAL) as journal:
        for row in ordered_map(partial(_write_block, job, folder), left, workers):
            note(journal, row)
            done[row[0]] = (row[1], row[2])
            if on_progress:
                on_progress(min(count, len(done) * BLOCK), count)
    return sum(row[0] for row in done.values()), sum(row[1] for row in done.values())


def _write_block(job: SceneJob, folder: Path, task: _Task) -> Tuple[int, int, int]:
    regions = ignored = 0
    files = FolderWriter(folder)
    for sample in _render(job, task):
        files.write(sample.key, sample.image_bytes())
        rows = [format_box(region.polygon.tolist(), region.text) for region in sample.regions]
        text = "".join(row + "\n" for row in rows)
        files.write(truth_key(sample.key), text.encode("utf-8"))
        regions += len(rows)
        ignored += sum(region.ignore for region in sample.regions)
    return task.number, regions, ignored


def truth_key(key: str) -> str:
    """Returns the path of a scene's boxes: gt_<name>.txt beside it."""
    folder, _, name = key.rpartition("/")
    return "{}/gt_{}.txt".format(folder, name.rpartition(".")[0])


def _write_lists(
    staged: Staged, job: SceneJob, count: int, test_fraction: float
) -> Tuple[int, int]:
    counts = [0, 0]
    with open_list(staged.path(TRAIN_LIST)) as train, open_list(staged.path(TEST_LIST)) as test:
        for number in range(count):
            key = scene_key(number, job.form)
            side = is_test(key, job.seed, test_fraction)
            (test if side else train).write("{} {}\n".format(key, truth_key(key)))
            counts[side] += 1
    return counts[0], counts[1]
