"""From the options of gen-scenes to what the renderer takes, and its scenes to shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ocrdata.base.parallel import Workers
from ocrdata.base.progress import OnProgress
from ocrdata.base.sample import Sample
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, is_test
from ocrdata.base.skips import Skips
from ocrdata.records.format.schema import RECORDS_DIR
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.stream import write_sample_stream
from ocrdata.render.effects.backgrounds import find_pictures
from ocrdata.render.scenes.batch import (
    check_scene_config,
    describe_scenes,
    drawable_texts,
    iterate_scenes,
)
from ocrdata.render.scenes.scene_config import SceneConfig, scene_key
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.text.fonts import default_fonts, find_fonts
from ocrdata.text.corpus import read_corpora
from ocrdata.text.phrases import CorpusOptions


def read_scene_job(
    size: Tuple[int, int],
    texts: Tuple[int, int],
    text_height: Tuple[int, int],
    dont_care: float,
    vertical: float,
    curved: float,
    turned: float,
    boxes: str,
    distractors: Tuple[int, int],
    font: Tuple[str, ...],
    corpus: Tuple[str, ...],
    min_length: int,
    max_length: int,
    min_frequency: int,
    style: str,
    background: Tuple[str, ...],
    form: str,
    seed: int,
) -> Tuple[SceneConfig, List[str], Dict[str, int]]:
    """Reads fonts, corpora, recipe and backgrounds; returns what was left out as well."""
    skipped: Dict[str, int] = {}
    config = SceneConfig(
        tuple(find_fonts(font or default_fonts(corpus), None, skipped)),
        find_recipe(style),
        size,
        texts,
        (float(text_height[0]), float(text_height[1])),
        seed,
        form,
        find_pictures(background, skipped),
        dont_care,
        vertical,
        curved,
        turned,
        boxes,
        distractors,
    )
    taken = CorpusOptions(min_length, max_length, min_frequency=min_frequency)
    phrases = read_corpora(corpus, taken, skipped)
    return config, [phrase.text for phrase in phrases], skipped


def plan_scenes(
    config: SceneConfig, texts: List[str], count: int, test_fraction: float, skipped: Dict[str, int]
) -> Dict[str, Any]:
    """Returns what a run would write."""
    check_scene_config(config, count)
    kept = drawable_texts(texts, config, skipped)
    test = sum(is_test(scene_key(n, config.form), config.seed, test_fraction) for n in range(count))
    return {
        "scenes": count,
        "train": count - test,
        "test": test,
        "texts": len(kept),
        "fonts": [str(face) for face in config.faces],
        "skipped": skipped,
    }


def write_scene_records(
    data_dir: Path,
    config: SceneConfig,
    texts: List[str],
    count: int,
    shards: int,
    test_fraction: float,
    workers: Workers,
    overwrite: bool,
    resume: bool,
    skipped: Dict[str, int],
    on_progress: Optional[OnProgress] = None,
) -> Any:
    """Renders scenes into detection records and returns their summary."""
    check_scene_config(config, count)
    skips = Skips()
    kept = drawable_texts(texts, config, skipped)
    skips.add(skipped, ())

    def samples(start: int) -> Iterator[Tuple[str, Sample]]:
        for sample in iterate_scenes(config, kept, count, workers, start):
            side = TEST_LIST if is_test(sample.key, config.seed, test_fraction) else TRAIN_LIST
            yield side, sample

    origin = {**describe_scenes(config, kept, count), "test_fraction": test_fraction}
    return write_sample_stream(
        samples,
        data_dir / RECORDS_DIR,
        origin=origin,
        options=WriteOptions(shards=shards, seed=config.seed),
        skips=skips,
        command="gen-scenes",
        total=count,
        workers=workers,
        overwrite=overwrite,
        resume=resume,
        on_progress=on_progress,
    )
