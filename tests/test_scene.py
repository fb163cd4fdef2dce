"""Scenes: boxes on the ink, nothing overlaps or leaves the picture, the same for any workers."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from render_support import tree_digest
from shapely.geometry import Polygon

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import read_sample_list
from ocrdata.cli.gen_scenes import gen_scenes
from ocrdata.errors import CorpusError, FontError, OptionError
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.sources.truth import parse_regions
from ocrdata.render.effects.warp import Placement, warp_ink
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.scenes.batch import iterate_scenes, render_scenes
from ocrdata.render.scenes.occupancy import OccupancyGrid, put_block
from ocrdata.render.scenes.scene_config import SceneConfig
from ocrdata.render.scenes.scene_layout import bend, part_outlines, set_block
from ocrdata.render.style.line_style import NEUTRAL
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.text.glyphs import GlyphCache

TEXTS = ["风华正茂", "2024年", "No.12-34", "人民币壹万元整", "出口", "小心地滑", "A座", "北京大学"]


def config(**more):
    plain = {"words": (1, 1), "letter_case": "keep"}
    settings = {"size": (320, 256), "texts": (4, 9), "heights": (12.0, 40.0), **plain, **more}
    return SceneConfig(tuple(find_fonts(())), find_recipe("scene"), **settings)


def invoke(*words, code=0):
    result = CliRunner().invoke(gen_scenes, [str(word) for word in words], obj={"quiet": True})
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def area(quad):
    return cv2.contourArea(quad.astype(np.float32))


@pytest.mark.parametrize("curved", [0.0, 0.5])
def test_regions_stay_inside_and_apart(curved):
    counts = []
    for sample in iterate_scenes(config(curved=curved), TEXTS, 30):
        quads = [region.polygon for region in sample.regions]
        counts.append(len(quads))
        for i, quad in enumerate(quads):
            assert quad.shape in ((4, 2), (14, 2)) and quad.dtype == np.float32
            assert quad.min() >= 0 and (quad.max(0) <= (320, 256)).all()
            assert cv2.contourArea(quad, oriented=True) > 0, "clockwise on the screen"
            for other in quads[:i]:
                overlap = Polygon(quad).intersection(Polygon(other)).area
                assert overlap < 0.02 * min(area(quad), area(other))
    assert min(counts) >= 1 and max(counts) <= 9 and np.mean(counts) > 4


@pytest.mark.long
def test_labels_are_the_texts_or_dont_care():
    seen = set()
    for sample in iterate_scenes(config(dont_care=0.3), TEXTS, 30):
        for region in sample.regions:
            assert region.ignore == (region.text == "###")
            seen.add(region.text)
    assert {"###"} < seen <= {*TEXTS, "###"}
    sharp = config(dont_care=0.0, heights=(20.0, 40.0))
    texts = [region.text for s in iterate_scenes(sharp, TEXTS, 20) for region in s.regions]
    assert texts.count("###") < 0.05 * len(texts), "only what perspective made too small"


@pytest.mark.parametrize("vertical", [False, True])
def test_quads_hold_the_ink_of_their_lines(vertical):
    cache = GlyphCache(find_fonts(()))
    style = NEUTRAL._replace(rotation=17.0, shear=0.15, perspective_x=0.2, weight=0.4)
    block = set_block(["国家图书", "馆藏"], style, 24.0, vertical, cache)
    centre = OccupancyGrid(400, 400).find(block, style, __import__("random").Random(1))
    matrix, _ = put_block(block, style, centre)
    place = Placement(matrix, 400, 400, block.scale, None, None, 0.0, 0.0, False)
    ink = warp_ink(block.ink, place, 2).astype(int)
    quads = part_outlines(block, matrix)
    inside = np.zeros((400, 400), np.uint8)
    for quad in quads:
        one = inside * 0
        cv2.fillConvexPoly(one, np.rint(quad - 0.5).astype(np.int32), 1)
        rows = cv2.dilate(one, np.ones((3, 3), np.uint8))
        assert 0.1 < (ink[one > 0] > 100).mean() < 0.9
        inside |= rows
    assert ink[inside == 0].sum() < 0.01 * ink.sum() and len(quads) == 2


@pytest.mark.parametrize("turned, low, high", [(0.0, 1.0, 1.0), (0.5, 0.3, 0.7), (1.0, 0.0, 0.2)])
def test_the_share_that_is_turned(turned, low, high):
    upright = [
        bool(np.allclose(region.polygon, box(*region.polygon.min(0), *region.polygon.max(0))))
        for sample in iterate_scenes(config(turned=turned, dont_care=0.0), TEXTS, 20)
        for region in sample.regions
    ]
    assert low <= np.mean(upright) <= high


def box(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


@pytest.mark.parametrize("sweep", [-2.4, -0.6, 0.6, 2.4])
def test_outlines_hold_the_ink_of_curved_lines(sweep):
    cache = GlyphCache(find_fonts(()))
    straight = set_block(["国家图书馆藏书"], NEUTRAL, 24.0, False, cache)
    block = bend(straight, sweep)
    inside = np.zeros(block.ink.shape, np.uint8)
    (outline,) = part_outlines(block, np.eye(3))
    cv2.fillPoly(inside, [np.rint(outline - 0.5).astype(np.int32)], 1)
    assert outline.shape == (14, 2) and cv2.contourArea(outline, oriented=True) > 0
    assert block.ink[inside == 0].sum() < 0.01 * block.ink.sum()
    # A line keeps its middle's length, so a ring's piece has the area of the straight line's box.
    assert abs(block.ink.sum(dtype=float) / straight.ink.sum() - 1) < 0.05
    assert abs(cv2.contourArea(outline) / straight.ink.size - 1) < 0.06
    # The first point is where reading begins: on the left, and above the last point.
    assert outline[0, 0] < outline[6, 0] and outline[3, 1] < outline[10, 1]
    ends = outline[[0, 6, 7, 13], 1]
    assert (ends.min() > outline[3, 1]) == (sweep > 0)


def test_text_can_be_seen_in_its_region():
    steps = []
    for sample in iterate_scenes(config(heights=(24.0, 48.0), dont_care=0.0), TEXTS, 12):
        picture = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_GRAYSCALE)
        for region in sample.regions:
            mask = np.zeros(picture.shape, np.uint8)
            cv2.fillConvexPoly(mask, np.rint(region.polygon).astype(np.int32), 1)
            low, high = np.percentile(picture[mask > 0], (4, 96))
            steps.append(high - low)
    assert min(steps) > 35, "contrast survives light, noise and compression"


@pytest.mark.parametrize("curved", [0.0, 0.6])
def test_files_are_what_importers_and_records_read(tmp_path, curved):
    wanted = config(curved=curved)
    summary = render_scenes(tmp_path, TEXTS, wanted, 20)
    rows = [
        (sample.key, sample.text)
        for name in ("Train", "Test")
        for sample in read_sample_list(tmp_path / name / "sample.txt", tmp_path)
    ]
    assert len(rows) == 20 == summary.train + summary.test
    samples = {sample.key: sample for sample in iterate_scenes(wanted, TEXTS, 20)}
    points = []
    for key, truth in rows:
        assert (tmp_path / key).read_bytes() == samples[key].image
        regions = parse_regions((tmp_path / truth).read_bytes(), truth)
        assert [(r.text, r.ignore) for r in regions] == [
            (r.text, r.ignore) for r in samples[key].regions
        ]
        for read, made in zip(regions, samples[key].regions):
            assert np.abs(read.polygon - made.polygon).max() < 0.01
            points.append(len(read.polygon))
    assert set(points) == ({4, 14} if curved else {4})
    assert summary.regions == sum(len(sample.regions) for sample in samples.values())


@pytest.mark.long
def test_same_bytes_for_any_workers_and_after_a_resumed_run(tmp_path, monkeypatch):
    for workers in (0, 2):
        render_scenes(tmp_path / str(workers), TEXTS, config(), 30, run=RunOptions(workers))
    calls = []

    def fails_later(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    from ocrdata.render.scenes import batch

    real = batch._write_block
    monkeypatch.setattr(batch, "_write_block", fails_later)
    with pytest.raises(KeyboardInterrupt):
        render_scenes(tmp_path / "cut", TEXTS, config(), 30)
    summary = render_scenes(tmp_path / "cut", TEXTS, config(), 30, run=RunOptions(resume=True))
    digests = {tree_digest(tmp_path / name) for name in ("0", "2", "cut")}
    assert len(digests) == 1 and len(calls) == 5
    assert summary.scenes == 30


def test_the_command_and_its_records(tmp_path):
    words = ["--limit", "12", "--size", "200x160", "--texts", "2..4", "--corpus", "places"]
    result = invoke(*words, "--data-dir", tmp_path, "--workers", "0", "--json")
    summary = json.loads(result.stdout.splitlines()[0])
    assert summary["scenes"] == 12 and summary["regions"] > 12
    invoke(*words, "--data-dir", tmp_path, "--workers", "0", "--records", "--shards", "2")
    shards = read_shard_set(tmp_path / "tfrecords")
    assert shards.task == "detection"
    assert sum(split["samples"] for split in shards.info["splits"].values()) == 12
    plan = invoke(*words, "--data-dir", tmp_path / "no", "--dry-run", "--json").stdout
    assert json.loads(plan)["scenes"] == 12 and not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "big"], "is not NxN"),
        (["--texts", "a..b"], "is not N..N"),
    ],
)
def test_ranges_that_are_none(tmp_path, words, message):
    assert message in invoke(*words, "--data-dir", tmp_path / "x", code=2).output


def test_what_cannot_be_drawn_is_named(tmp_path):
    with pytest.raises(FontError, match="can draw none of the texts: no font has"):
        render_scenes(tmp_path / "d", ["\U0001f600"], config())
    with pytest.raises(CorpusError, match="holds no text"):
        render_scenes(tmp_path / "d", [], config())
    for wrong in (config(size=(20, 20)), config(texts=(3, 99)), config(heights=(4.0, 9.0))):
        with pytest.raises(OptionError):
            render_scenes(tmp_path / "d", TEXTS, wrong)
    assert not (tmp_path / "d").exists()


def test_user_pictures_are_backgrounds(tmp_path):
    from ocrdata.errors import InputError
    from ocrdata.render.effects.backgrounds import find_pictures

    green = np.zeros((300, 400, 3), np.uint8)
    green[..., 1] = 200
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "a.png"), green)
    (tmp_path / "photos" / "b.jpg").write_bytes(b"no picture")
    skips = {}
    found = find_pictures([tmp_path / "photos"], skips)
    assert [path.name for path in found] == ["a.png"]
    assert skips == {"background b.jpg is not a picture that can be read": 1}
    sample = next(iterate_scenes(config(pictures=found, texts=(1, 1)), TEXTS, 1))
    picture = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_COLOR)
    assert np.median(picture[..., 1]) > np.median(picture[..., 0]) + 80
    with pytest.raises(InputError, match="b.jpg: is not a picture that can be read"):
        find_pictures([tmp_path / "photos" / "b.jpg"])


# --- words, and what is no text


WORDS = ["over the hill", "by 12 pm", "a-b c"]


@pytest.mark.parametrize(
    ("boxes", "texts", "expected"),
    [
        ("word", WORDS, {"over", "the", "hill", "by", "12", "pm", "a-b", "c"}),
        ("auto", WORDS, {"over", "the", "hill", "by", "12", "pm", "a-b", "c"}),
        ("line", WORDS, set(WORDS)),
        ("auto", ["今天 12 点", "北京"], {"今天 12 点", "北京"}),
        ("word", ["今天 12 点", "北京"], {"今天", "12", "点", "北京"}),
    ],
)
def test_what_gets_a_box(boxes, texts, expected):
    chosen = config(boxes=boxes, dont_care=0.0, heights=(20.0, 32.0), vertical=0.0)
    seen = {r.text for sample in iterate_scenes(chosen, texts, 12) for r in sample.regions}
    assert seen - {"###"} == expected


@pytest.mark.parametrize("sweep", [0.0, 0.9, -0.9])
@pytest.mark.parametrize("weight", [0.0, 0.6])
def test_words_hold_their_ink_and_share_none(sweep, weight):
    cache = GlyphCache(find_fonts(()))
    style = NEUTRAL._replace(weight=weight, spacing=0.05)
    block = bend(set_block(["Quay bog xx"], style, 32.0, False, cache, [True]), sweep)
    assert block.texts == ("Quay", "bog", "xx")
    times = np.zeros(block.ink.shape, np.uint8)
    for outline in part_outlines(block, np.eye(3)):
        inside = np.zeros_like(times)
        cv2.fillPoly(inside, [np.rint(outline - 0.5).astype(np.int32)], 1)
        times += inside
        # As tight as the word's own letters: "xx" has neither ascenders nor descenders.
        rows = np.flatnonzero((block.ink * inside).max(axis=1) > 64)
        assert sweep or rows.max() - rows.min() + 1 > 0.85 * np.ptp(outline[:, 1])
    assert block.ink[times == 0].sum() < 0.01 * block.ink.sum() and times.max() == 1


def test_distractors_are_the_same_in_every_process_and_change_no_text():
    from ocrdata.render.scenes.distractor_shapes import DRAWERS
    from ocrdata.render.scenes.distractors import VARIANTS, distractor

    for number in range(len(DRAWERS) * VARIANTS):
        one = distractor(number)
        distractor.cache_clear()
        again = distractor(number)
        assert (one == again).all() and one.shape[2] == 4
        assert 0.005 < (one[..., 3] > 128).mean() <= 1.0
    bare = list(iterate_scenes(config(distractors=(0, 0)), TEXTS, 6))
    full = list(iterate_scenes(config(distractors=(9, 9)), TEXTS, 6))
    pixels = [[cv2.imdecode(np.frombuffer(s.image, np.uint8), 1) for s in x] for x in (bare, full)]
    differences = [np.abs(a.astype(int) - b).mean() for a, b in zip(*pixels)]
    assert min(differences) > 3


def test_wrong_boxes_and_distractors_are_refused(tmp_path):
    invoke("--boxes", "letter", "--data-dir", tmp_path / "d", code=2)
    for wrong in ("9..3", "0..99"):
        with pytest.raises(OptionError, match="--distractors needs 0 <= LOW <= HIGH"):
            low, high = map(int, wrong.split(".."))
            render_scenes(tmp_path / "d", TEXTS, config(distractors=(low, high)))
    assert not (tmp_path / "d").exists()
