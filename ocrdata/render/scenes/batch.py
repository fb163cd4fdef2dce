"""Many scenes to a data directory: `images/` with ICDAR-2015 boxes beside, and lists of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from ocrdata.base import random_streams
from ocrdata.base.icdar import format_box
from ocrdata.base.parallel import Workers, ordered_map
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import Sample
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, is_test, open_list_file
from ocrdata.base.storage.files import FolderWriter
from ocrdata.base.storage.journal import append_row, open_journal, read_journal
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.errors import OptionError, PathLike, UnknownNameError
from ocrdata.render.lines.text_sampling import text_digest
from ocrdata.render.scenes.scene import render_scene
from ocrdata.render.scenes.scene_config import (
    BOX_UNITS,
    LETTER_CASES,
    MOST_DISTRACTORS,
    MOST_LINES,
    MOST_TEXTS,
    MOST_WORDS,
    SCENE_LAYOUTS,
    SCENES_FOLDER,
    SceneConfig,
    scene_key,
)
from ocrdata.render.text.font_coverage import drawable, nothing_to_draw
from ocrdata.render.text.glyphs import GlyphCache

_BLOCK = 8
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


def drawable_texts(
    texts: Sequence[str], config: SceneConfig, skipped: Dict[str, int]
) -> Tuple[str, ...]:
    """Returns the texts that a font can draw; counts the others by what is missing.

    Raises CorpusError or FontError where none is left.
    """
    places = drawable(texts, GlyphCache(config.faces, settings=config.settings), skipped)
    if not places:
        raise nothing_to_draw(config.faces, skipped)
    return tuple(texts[place] for place in places)


def texts_of(texts: Sequence[str], seed: int, number: int) -> Tuple[str, ...]:
    """Returns the texts that a scene may show, more than fit."""
    rng = random_streams.stream(seed, "scene-texts", number)
    count = MOST_TEXTS * MOST_LINES
    return tuple(rng.choices(texts, k=count))


def iterate_scenes(
    config: SceneConfig, texts: Sequence[str], count: int, workers: Workers = 0, start: int = 0
) -> Iterator[Sample]:
    """Yields the scenes from number `start` on, in order."""
    tasks = _tasks(config, texts, count, start // _BLOCK)
    skip = start % _BLOCK
    for samples in ordered_map(partial(_render, config), tasks, workers):
        yield from samples[skip:]
        skip = 0


def _tasks(
    config: SceneConfig, texts: Sequence[str], count: int, first: int = 0
) -> Iterator[_Task]:
    for number in range(first, -(-count // _BLOCK)):
        yield _task(config, texts, count, number)


def _task(config: SceneConfig, texts: Sequence[str], count: int, number: int) -> _Task:
    last = min(count, (number + 1) * _BLOCK)
    scenes = range(number * _BLOCK, last)
    return _Task(number, tuple(texts_of(texts, config.seed, scene) for scene in scenes))


def _render(config: SceneConfig, task: _Task) -> List[Sample]:
    return [
        render_scene(config, task.number * _BLOCK + place, texts)
        for place, texts in enumerate(task.texts)
    ]


def describe_scenes(config: SceneConfig, texts: Sequence[str], count: int) -> Dict[str, Any]:
    """Returns everything that decides the bytes of a run, as the manifest holds it."""
    return {
        **config.recipe.describe(),
        "size": list(config.size),
        "texts": list(config.texts),
        "heights": list(config.heights),
        "seed": config.seed,
        "format": config.form,
        "count": count,
        "fonts": [str(face) for face in config.faces],
        "dont_care": config.dont_care,
        "vertical": config.vertical,
        "curved": config.curved,
        "turned": config.turned,
        "boxes": config.boxes,
        "distractors": list(config.distractors),
        **config.settings.describe(),
        "words": list(config.words),
        "letter_case": config.letter_case,
        "layout": config.layout,
        "pictures": [str(path) for path in config.pictures],
        **({"avoid": text_digest([repr(config.avoid)])} if config.avoid else {}),
        "corpus": text_digest(texts),
    }


def check_scene_config(config: SceneConfig, count: int) -> None:
    """Raises OptionError for numbers out of range."""
    if not all(64 <= side <= 8192 for side in config.size):
        raise OptionError("--size must lie between 64x64 and 8192x8192.")
    if not 1 <= config.texts[0] <= config.texts[1] <= MOST_TEXTS:
        raise OptionError(f"--texts needs 1 <= LOW <= HIGH <= {MOST_TEXTS}.")
    if not 6 <= config.heights[0] <= config.heights[1] <= min(config.size):
        text = f"--text-height needs 6 <= LOW <= HIGH <= {min(config.size)}."
        raise OptionError(text)
    for name in ("dont_care", "vertical", "curved", "turned"):
        if not 0.0 <= getattr(config, name) <= 1.0:
            flag = "--" + name.replace("_", "-")
            raise OptionError(f"{flag} must lie in [0, 1], not {getattr(config, name)}.")
    if config.boxes not in BOX_UNITS:
        raise UnknownNameError("unit of boxes", config.boxes, BOX_UNITS)
    if config.layout not in SCENE_LAYOUTS:
        raise UnknownNameError("layout", config.layout, SCENE_LAYOUTS)
    if config.layout != "signs" and (config.curved or config.avoid):
        name = "--curved" if config.curved else "--avoid-text"
        raise OptionError(f"{name} is for signs, not for pages.", "Leave out one of the two.")
    if not 0 <= config.distractors[0] <= config.distractors[1] <= MOST_DISTRACTORS:
        raise OptionError(f"--distractors needs 0 <= LOW <= HIGH <= {MOST_DISTRACTORS}.")
    if not 1 <= config.words[0] <= config.words[1] <= MOST_WORDS:
        raise OptionError(f"--words needs 1 <= LOW <= HIGH <= {MOST_WORDS}.")
    if config.letter_case not in LETTER_CASES:
        raise UnknownNameError("letter case", config.letter_case, LETTER_CASES)
    if count < 1:
        raise OptionError(f"--limit must be 1 or more, not {count}.")


def render_scenes(
    data_dir: PathLike,
    texts: Sequence[str],
    config: SceneConfig,
    count: int = 1000,
    test_fraction: float = 0.1,
    run: RunOptions = RUN_DEFAULTS,
    skipped: Optional[Dict[str, int]] = None,
) -> ScenesSummary:
    """Renders scenes into `data_dir`; the side of a scene is decided by its name.

    Raises CorpusError and FontError where no text can be drawn, and what `staged_output` raises.
    """
    check_scene_config(config, count)
    skips = dict(skipped or {})
    kept = drawable_texts(texts, config, skips)
    options = {**describe_scenes(config, kept, count), "test_fraction": test_fraction}
    names = (SCENES_FOLDER, TRAIN_LIST, TEST_LIST)
    with staged_output(data_dir, names, "gen-scenes", options, run.overwrite, run.resume) as staged:
        regions, ignored = _write_scenes(staged, config, kept, count, run)
        train, test = _write_lists(staged, config, count, test_fraction)
        fonts = [str(face) for face in config.faces]
        summary = ScenesSummary(
            count, train, test=test, regions=regions, ignored=ignored, fonts=fonts, skipped=skips
        )
        staged.summary = dict(vars(summary))
    return summary


def _write_scenes(
    staged: Staged, config: SceneConfig, texts: Sequence[str], count: int, run: RunOptions
) -> Tuple[int, int]:
    folder = staged.path(SCENES_FOLDER).parent
    rows = read_journal(folder / _JOURNAL) if staged.resumed else ()
    done = {number: (regions, ignored) for number, regions, ignored in rows}
    blocks = range(-(-count // _BLOCK))
    left = (_task(config, texts, count, number) for number in blocks if number not in done)
    with open_journal(folder / _JOURNAL) as journal:
        for row in ordered_map(partial(_write_block, config, folder), left, run.workers):
            append_row(journal, row)
            done[row[0]] = (row[1], row[2])
            if run.on_progress:
                run.on_progress(min(count, len(done) * _BLOCK), count)
    return sum(row[0] for row in done.values()), sum(row[1] for row in done.values())


def _write_block(config: SceneConfig, folder: Path, task: _Task) -> Tuple[int, int, int]:
    regions = ignored = 0
    files = FolderWriter(folder)
    for sample in _render(config, task):
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
    return f"{folder}/gt_{name.rpartition('.')[0]}.txt"


def _write_lists(
    staged: Staged, config: SceneConfig, count: int, test_fraction: float
) -> Tuple[int, int]:
    counts = [0, 0]
    with open_list_file(staged.path(TRAIN_LIST)) as train, open_list_file(
        staged.path(TEST_LIST)
    ) as test:
        for number in range(count):
            key = scene_key(number, config.form)
            side = is_test(key, config.seed, test_fraction)
            (test if side else train).write(f"{key} {truth_key(key)}\n")
            counts[side] += 1
    return counts[0], counts[1]
