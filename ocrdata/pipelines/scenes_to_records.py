"""From the options of gen-scenes to what the renderer takes, and its scenes to shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import Sample
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST, is_test
from ocrdata.base.skips import Skips
from ocrdata.pipelines.found_texts import Polygons, outlines_of
from ocrdata.pipelines.scenes_to_export import scene_exporter, write_scene_export
from ocrdata.records.format.schema import RECORDS_DIR
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.stream import SampleStream, write_sample_stream
from ocrdata.records.write.writing import ShardsSummary
from ocrdata.render.effects.backgrounds import find_pictures
from ocrdata.render.fonts.fonts import default_fonts, find_fonts
from ocrdata.render.scenes.batch import (
    check_scene_config,
    describe_scenes,
    drawable_texts,
    iterate_scenes,
    render_scenes,
)
from ocrdata.render.scenes.scene_config import SceneConfig, scene_key, text_heights
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.text.type_settings import find_settings
from ocrdata.text.corpus import read_corpora
from ocrdata.text.phrases import CorpusOptions


@dataclass(frozen=True)
class SceneRequestOptions:
    """What is drawn and how, as gen-scenes names its options (docs/rendering.md).

    Args:
        size: width and height in pixels. texts: the least and most of a picture.
        text_height: the least and greatest em in pixels; None is 12 to 120, as far as they fit.
        dont_care, vertical, curved, turned: shares of texts, in [0, 1].
        layout: what a scene is of. boxes: what a region is.
        distractors: the least and most of a picture.
        words: the least and most texts of a line, where spaces part words. letter_case: "signs" or
            "keep". avoid: the texts that the pictures of `background` hold already, by their paths,
            as `found_texts.read_found_texts` gives them; None: not known.
        font, style, background: which faces draw, how texts look, pictures behind them.
        font_feature, language: what is asked of the faces: "smcp", "liga=0"; a tag of BCP 47.
        corpus, min_length, max_length, min_frequency: which texts are read.
        form: of the picture files, "jpg" or "png".
        count: how many pictures. test_fraction: share of them for Test.
        seed: decides everything random.
    """

    size: Tuple[int, int] = (640, 640)
    texts: Tuple[int, int] = (3, 15)
    text_height: Optional[Tuple[int, int]] = None
    dont_care: float = 0.08
    vertical: float = 0.12
    curved: float = 0.0
    turned: float = 1.0
    boxes: str = "auto"
    layout: str = "signs"
    distractors: Tuple[int, int] = (0, 8)
    words: Tuple[int, int] = (1, 4)
    letter_case: str = "signs"
    avoid: Optional[Dict[str, Polygons]] = None
    font: Tuple[str, ...] = ()
    font_feature: Tuple[str, ...] = ()
    language: str = ""
    corpus: Tuple[str, ...] = ()
    min_length: int = 1
    max_length: int = 12
    min_frequency: int = 0
    style: str = "scene"
    background: Tuple[str, ...] = ()
    form: str = "jpg"
    count: int = 1000
    test_fraction: float = 0.1
    seed: int = 0


class SceneRequest(NamedTuple):
    """What to draw: how, texts, how many, the share for Test, and what was left out already."""

    config: SceneConfig
    texts: List[str]
    number: int
    test_fraction: float
    skipped: Dict[str, int]


def read_scene_config(options: SceneRequestOptions, skipped: Dict[str, int]) -> SceneConfig:
    """Reads fonts, recipe and backgrounds; `skipped` counts what cannot be used, by reason."""
    fonts = options.font or default_fonts(options.corpus)
    faces = find_fonts(fonts, None, skipped)
    pictures = find_pictures(options.background, skipped)
    return SceneConfig(
        faces=tuple(faces),
        recipe=find_recipe(options.style),
        size=options.size,
        texts=options.texts,
        heights=text_heights(options.text_height, options.size),
        seed=options.seed,
        form=options.form,
        pictures=pictures,
        avoid=() if options.avoid is None else outlines_of(pictures, options.avoid),
        dont_care=options.dont_care,
        vertical=options.vertical,
        curved=options.curved,
        turned=options.turned,
        boxes=options.boxes,
        layout=options.layout,
        distractors=options.distractors,
        settings=find_settings(options.font_feature, options.language, faces),
        words=options.words,
        letter_case=options.letter_case,
    )


def read_scene_request(options: SceneRequestOptions) -> SceneRequest:
    """Reads fonts, corpora, recipe and backgrounds; raises what reading them raises."""
    skipped: Dict[str, int] = {}
    config = read_scene_config(options, skipped)
    taken = CorpusOptions(
        options.min_length, options.max_length, min_frequency=options.min_frequency
    )
    phrases = read_corpora(options.corpus, taken, skipped)
    texts = [phrase.text for phrase in phrases]
    return SceneRequest(config, texts, options.count, options.test_fraction, skipped)


def write_scenes(
    options: SceneRequestOptions,
    data_dir: Path,
    *,
    shards: Optional[int] = None,
    export: Optional[str] = None,
    run: RunOptions = RUN_DEFAULTS,
) -> Any:
    """Draws scenes as files, with `shards` as records, or with `export` too in another tool's
    format of that name; returns the summary.

    A dry run says what it would be. Raises what reading, rendering and writing raise.
    """
    exporter = scene_exporter(export, shards or 1, options.count) if export else None
    request = read_scene_request(options)
    if run.dry_run:
        return plan_scenes(request)
    if exporter:
        return write_scene_export(data_dir, exporter, request, run=run)
    if shards:
        return write_scene_records(data_dir, request, shards=shards, run=run)
    return render_scenes(
        data_dir,
        request.texts,
        request.config,
        count=request.number,
        test_fraction=request.test_fraction,
        run=run,
        skipped=request.skipped,
    )


def plan_scenes(request: SceneRequest) -> Dict[str, Any]:
    """Returns what a run would write."""
    config, count = request.config, request.number
    check_scene_config(config, count)
    kept = drawable_texts(request.texts, config, request.skipped)
    keys = (scene_key(number, config.form) for number in range(count))
    test = sum(is_test(key, config.seed, request.test_fraction) for key in keys)
    return {
        "scenes": count,
        "train": count - test,
        "test": test,
        "texts": len(kept),
        "fonts": [str(face) for face in config.faces],
        "skipped": request.skipped,
    }


def write_scene_records(
    data_dir: Path, request: SceneRequest, *, shards: int, run: RunOptions = RUN_DEFAULTS
) -> ShardsSummary:
    """Renders scenes into detection records and returns their summary."""
    config, count, fraction = request.config, request.number, request.test_fraction
    check_scene_config(config, count)
    skips = Skips()
    kept = drawable_texts(request.texts, config, request.skipped)
    skips.add(request.skipped, ())

    def samples(start: int) -> Iterator[Tuple[str, Sample]]:
        for sample in iterate_scenes(config, kept, count, run.workers, start):
            side = TEST_LIST if is_test(sample.key, config.seed, fraction) else TRAIN_LIST
            yield side, sample

    origin = {**describe_scenes(config, kept, count), "test_fraction": fraction}
    return write_sample_stream(
        SampleStream(samples, origin, None, skips, count),
        data_dir / RECORDS_DIR,
        options=WriteOptions(shards=shards, seed=config.seed),
        command="gen-scenes",
        run=run,
    )
