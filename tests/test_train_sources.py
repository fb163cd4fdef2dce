"""Readers that learn from several sources, rendering jobs among them."""

from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import train_model  # noqa: E402
from train_support import metrics, options, tiny, weights, write_numbers  # noqa: E402

from ocrdata.base.parallel import ordered_map  # noqa: E402
from ocrdata.errors import (  # noqa: E402
    InputError,
    OcrdataError,
    OptionError,
    RecordError,
    UnknownNameError,
)
from ocrdata.pipelines import render_job  # noqa: E402
from ocrdata.pipelines.line_request import LineRequestOptions  # noqa: E402
from ocrdata.pipelines.render_job import read_line_job, read_scene_job  # noqa: E402
from ocrdata.pipelines.render_lines import LineOutput, write_request  # noqa: E402
from ocrdata.pipelines.scenes_to_records import SceneRequestOptions  # noqa: E402
from ocrdata.records.format.decode import decode_example  # noqa: E402
from ocrdata.records.format.schema import line_of  # noqa: E402
from ocrdata.text.charset import Charset  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.sources import InputOptions  # noqa: E402
from ocrdata.train.data.line_dataset import training_batches  # noqa: E402
from ocrdata.train.data.line_images import ImageSpec  # noqa: E402
from ocrdata.train.data.sources import rendered  # noqa: E402
from ocrdata.train.data.sources.line_sources import open_lines  # noqa: E402
from ocrdata.train.data.sources.mixture import choose_sources  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
DIGITS = Charset(tuple("0123456789"))


@pytest.fixture
def here(monkeypatch):
    """Draws in this process, where a test is not about processes."""
    monkeypatch.setattr(
        rendered, "ordered_map", lambda function, items, workers: map(function, items)
    )


@pytest.fixture
def job(tmp_path):
    """A file with a table of gen-pics that draws numbers, one of which has a letter."""
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"{n}\n" for n in range(100, 140)) + "12a\n", encoding="utf-8")
    path = tmp_path / "numbers.toml"
    path.write_text(
        f'[gen-pics]\ncorpus = "{texts}"\nfont = "latin"\nstyle = "scan"\nset = ["noise=3"]\n',
        encoding="utf-8",
    )
    return path


class Counting:
    """A job whose samples are their numbers."""

    block_size = 4
    sha256 = ""

    def block(self, number):
        return list(range(number * 4, number * 4 + 4))


def test_samples_come_by_number_in_whatever_order(here):
    samples = rendered.RenderedSamples(Counting(), 1, kept=3)
    asked = [0, 1, 5, 2, 30, 29, 8, 400, 0, 0, 13, 12, 11]
    assert [samples.get(number) for number in asked] == asked
    samples.close()


def test_processes_draw_what_the_command_draws(job, tmp_path):
    draw = read_line_job(job, DIGITS, 7)
    samples = rendered.RenderedSamples(draw, 2)
    try:
        drawn = [line_of(decode_example(samples.get(number))) for number in (256, 3, 0)]
    finally:
        samples.close()
    asked = LineRequestOptions(
        corpus=(str(tmp_path / "texts.txt"),),
        font=("latin",),
        style=("scan",),
        overrides=("noise=3",),
        seed=7,
        limit=257,
        variants=9,
        test_fraction=0.0,
    )
    write_request(asked, LineOutput(tmp_path / "data"))
    for number, line in zip((256, 3, 0), drawn):
        # The command draws the number with a letter, too: up to it both are the same.
        if number < 40:
            assert line.image == (tmp_path / "data" / line.key).read_bytes()
        assert line.text == str(100 + number % 40) and line.classes == DIGITS.encode(line.text)
    assert draw.skipped == {"character not in the dictionary: a": 1}


def test_sources_take_turns_in_their_shares():
    choice = choose_sources([4, 1, 0.001], 3)
    counts = Counter()
    places = [choice.place(number) for number in range(2500)]
    for source, place in places:
        assert place == counts[source]
        counts[source] += 1
    assert choice.before(2500) == [counts[0], counts[1], counts[2]]
    assert 0.79 < counts[0] / 2500 < 0.81 and 0.19 < counts[1] / 2500 < 0.21 and counts[2] in (2, 3)
    assert len({tuple(source for source, _ in places[n : n + 9]) for n in range(0, 900, 9)}) > 9


def texts_of(lines, step, count):
    """Returns keys and texts of some batches from a step on."""
    with tf.Graph().as_default(), v1.Session() as session:
        start = tf.constant(lines.order.start(step), tf.int64)
        data = training_batches(lines.order, ImageSpec(32, 1), start)
        iterator = v1.data.make_initializable_iterator(data)
        session.run(iterator.initializer)
        batch = iterator.get_next()
        found = []
        for _ in range(count):
            values = session.run((batch["image/source_id"], batch["image/text"]))
            found.append(list(zip(*(value.tolist() for value in values))))
        return found


def test_a_mixture_goes_on_at_any_step_as_if_it_had_not_stopped(numbers, job, here):
    mixed = InputOptions(sources=f"{numbers}=1,render:{job}=3")
    lines = open_lines(numbers, mixed, 4, 3, 5)
    whole = texts_of(lines, 0, 9)
    for step in (1, 4, 6):
        assert texts_of(lines, step, 2) == whole[step : step + 2]
    drawn = sum(len(text) == 3 and key.endswith(b".jpg") for each in whole for key, text in each)
    assert 20 < drawn < 34 and lines.order.samples == 0
    other = open_lines(numbers, InputOptions(sources=f"{numbers}=1,render:{job}=3"), 4, 3, 6)
    assert texts_of(other, 0, 2) != whole[:2] and other.sha256 != lines.sha256


def test_finite_sources_come_as_often_as_their_weights_say(numbers, tmp_path):
    few = write_numbers(tmp_path / "few", 8, seed=9)
    with tarfile.open(str(tmp_path / "few.tar"), "w") as archive:
        for name in ("pic", "Train", "Test"):
            archive.add(str(few / name), name)
    lines = open_lines(numbers, InputOptions(sources=f"{numbers},{tmp_path}/few.tar=4"), 8, 2, 0)
    try:
        own = lines.shards.samples("train")
        assert lines.order.samples == own + 4 * 7
        found = [each for batch in texts_of(lines, 0, lines.order.samples // 8) for each in batch]
    finally:
        lines.close()
    packed = {f"pic/{n:04d}.png".encode() for n in range(8)}
    counts = Counter(key for key, _ in found)
    assert len(counts) > 0.9 * own and sum(counts[key] for key in packed) >= 20


def train(data, output, sources, **chosen):
    resume = chosen.pop("resume", False)
    return train_model(
        "crnn",
        data,
        output,
        tiny(),
        options(**{"steps": 6, "save_every": 3, "align_steps": 0, **chosen}),
        InputOptions(sources=sources, render_workers=chosen.get("workers", 1)),
        resume=resume,
    )


def test_a_resumed_run_on_drawn_lines_takes_the_same_course(numbers, job, plain, here, tmp_path):
    sources = f"render:{job}"
    summary = train(numbers, tmp_path / "whole", sources)
    train(numbers, tmp_path / "parts", sources, steps=3)
    train(numbers, tmp_path / "parts", sources, resume=True)
    whole, parts = (weights(tmp_path / name / "crnn", 6) for name in ("whole", "parts"))
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    assert summary.skipped == {"character not in the dictionary: a": 1}
    lines = metrics(tmp_path / "whole/crnn")[0]
    assert all(0.0 <= line["waiting"] <= 1.0 for line in lines[1:]) and len(lines) == 6
    with pytest.raises(OptionError, match="started with --sources"):
        train(numbers, tmp_path / "parts", f"render:{job},{numbers}", resume=True)


@pytest.mark.parametrize(
    "table, kind, message",
    [
        ("[gen-scenes]", InputError, r"has no table \[gen-pics\]"),
        ("[gen-pics]\nlimit = 4", UnknownNameError, "option of a rendering job .* limit"),
        ("[gen-pics]\nfnot = 'latin'", UnknownNameError, "Did you mean font"),
        ("[gen-pics]\nheight = 'x'", InputError, "height takes another kind of value than 'x'"),
        ("[gen-pics]\nheight = 32.5", InputError, "height takes another kind of value than 32.5"),
        ("[gen-pics]\nface = 'first'", InputError, "face takes another kind of value than 'first'"),
        ("[gen-pics]\nfit = 1", InputError, "fit takes another kind of value than 1"),
        ("[gen-pics]\nstyle-x = 1", UnknownNameError, "Did you mean style"),
        ("[gen-pics]\nquality = [80, 90]", InputError, "quality takes another kind of value"),
        ("[gen-pics]\ndirection = 'down'", UnknownNameError, "no direction is called down"),
        ("[gen-pics]\nnear-duplicates = 'no'", UnknownNameError, "near duplicates is called no"),
        ("[gen-pics]\nsampling = 'balanced'", OptionError, "balanced texts have an end"),
        ("gen-pics", InputError, "is not TOML"),
    ],
)
def test_wrong_jobs_are_named(tmp_path, table, kind, message):
    path = tmp_path / "job.toml"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(kind, match=message):
        read_line_job(path, DIGITS, 0)


@pytest.mark.parametrize(
    "values, message",
    [
        ("text_height = 'tall'", "text_height takes LOW..HIGH, not 'tall'"),
        ("texts = [3, 15]", r"texts takes LOW..HIGH, not \[3, 15\]"),
        ("curved = 1.5", r"--curved must lie in \[0, 1\], not 1.5"),
        ("words = '9'", "--words needs 1 <= LOW <= HIGH"),
    ],
)
def test_wrong_jobs_of_scenes_are_named(tmp_path, values, message):
    path = tmp_path / "job.toml"
    path.write_text(f"[gen-scenes]\n{values}\n", encoding="utf-8")
    with pytest.raises(OcrdataError, match=message):
        read_scene_job(path, 0)


@pytest.mark.parametrize(
    "values, expected",
    [
        (
            "size = '640x480'\ntext-height = '16..40'\ntexts = 4\ncurved = 1\nfont = 'latin'",
            SceneRequestOptions((640, 480), (4, 4), (16, 40), curved=1.0, font=("latin",), seed=3),
        ),
        (
            "quality = 80\nset = ['noise=3']\nface = '1'\nfit = true\ndictionary = 'chars'",
            LineRequestOptions(
                quality="80",
                overrides=("noise=3",),
                face=1,
                fit=True,
                dictionary=Path("chars"),
                seed=3,
            ),
        ),
    ],
)
def test_values_of_a_job_are_read_as_if_typed(tmp_path, values, expected):
    path = tmp_path / "job.toml"
    path.write_text(f"[gen]\n{values}\n", encoding="utf-8")
    assert render_job._read_options(path, "gen", type(expected), 3) == expected


def test_wrong_sources_are_named(numbers, job, tmp_path):
    with pytest.raises(RecordError, match="holds no records, which give the dictionary"):
        open_lines(tmp_path, InputOptions(sources=f"render:{job}"), 4, 2, 0)
    with pytest.raises(InputError, match="none.toml: does not exist. --sources takes"):
        open_lines(numbers, InputOptions(sources="render:none.toml"), 4, 2, 0)
    with pytest.raises(OptionError, match="names no folder"):
        InputOptions(sources="render:")
    with pytest.raises(OptionError, match="--epochs needs data with an end"):
        train(numbers, tmp_path, f"render:{job}", steps=None, epochs=1.0)
    strange = write_numbers(tmp_path / "strange", 8, characters="9876543210")
    with pytest.raises(RecordError, match="class 0 is '0' there and '9' here"):
        open_lines(numbers, InputOptions(sources=f"{numbers},{strange}"), 4, 2, 0)


def test_one_process_and_two_draw_the_same(job):
    draw = read_line_job(job, DIGITS, 0)
    first = [next(ordered_map(draw.block, iter([1]), workers)) for workers in (0, 1)]
    assert first[0] == first[1] and len(first[0]) == draw.block_size
