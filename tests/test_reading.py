"""Reading whole pictures without TensorFlow: CTC, crops, order, end-to-end figures."""

from __future__ import annotations

import itertools
import json
from collections import Counter

import cv2
import numpy as np
import pytest

from ocrdata.errors import CheckpointError, OptionError, UnknownNameError
from ocrdata.geometry import rbox
from ocrdata.geometry.outlines import find_outlines
from ocrdata.metrics.end_to_end import EndToEndScore
from ocrdata.reading import ctc
from ocrdata.reading.exported import Network, find_network, open_network
from ocrdata.reading.lines import LineReader, ready_line, scaled_width
from ocrdata.reading.scenes import SceneReader
from ocrdata.reading.words import ReadOptions, cut, in_reading_order, read_word_crops, views_of


def log_probabilities(draw, steps, lines, classes):
    values = draw.normal(size=(steps, lines, classes)) * 2
    return values - np.log(np.exp(values).sum(axis=2, keepdims=True))


def collapsed(path, blank):
    return tuple(c for c, _ in itertools.groupby(path) if c != blank)


def test_probabilities_are_sums_over_all_paths():
    draw = np.random.Generator(np.random.Philox(1))
    scores, lengths = log_probabilities(draw, 5, 3, 3), [5, 3, 1]
    for line, length in enumerate(lengths):
        total = Counter()
        for path in itertools.product(range(3), repeat=length):
            chance = sum(scores[step, line, c] for step, c in enumerate(path))
            total[collapsed(path, 2)] += np.exp(chance)
        texts = list(total)
        same = np.repeat(scores[:, line : line + 1], len(texts), axis=1)
        found = ctc.text_probability(same, [length] * len(texts), texts)
        np.testing.assert_allclose(found, [total[text] for text in texts], rtol=1e-9)
        assert np.isclose(found.sum(), 1.0)


def test_best_paths_merge_and_drop_blanks():
    draw = np.random.Generator(np.random.Philox(2))
    scores, lengths = log_probabilities(draw, 9, 20, 4), draw.integers(1, 10, 20)
    expected = [
        list(collapsed(scores[:length, line].argmax(axis=1), 3))
        for line, length in enumerate(lengths)
    ]
    assert ctc.best_paths(scores, lengths) == expected and any(expected)


def test_a_line_of_the_right_height_is_left_as_it_is():
    picture = np.random.Generator(np.random.Philox(3)).integers(0, 256, (32, 50, 3))
    picture = picture.astype(np.uint8)
    assert (ready_line(picture, 32, 3)[:, :, ::-1] == picture).all()
    assert ready_line(picture, 32, 1).shape == (32, 50, 1)
    assert ready_line(picture, 16, 1).shape == (16, scaled_width(32, 50, 16), 1)
    assert ready_line(picture, 32, 1, width=40).shape == (32, 40, 1)
    assert (ready_line(picture, 32, 3, min_width=50) == ready_line(picture, 32, 3)).all()


def test_a_narrow_line_is_stretched_as_the_network_was_taught():
    picture = np.tile(np.arange(0, 120, 5, dtype=np.uint8), (32, 1))  # 24 pixels wide
    expected = cv2.resize(picture, (100, 32), interpolation=cv2.INTER_LINEAR)[:, :, None]
    found = ready_line(picture, 32, 1, min_width=100)
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert ready_line(picture, 32, 1, width=60, min_width=100).shape == (32, 60, 1)
    seen = []

    def say(feeds):
        seen.append(feeds["widths"].tolist())
        return {"scores": np.zeros((2, 1, 3), np.float32), "lengths": np.array([2])}

    lines = {"height": 32, "channels": 1, "width": 0}
    for asked in (lines, {**lines, "min_width": 100}):
        description = {"dictionary": {"characters": "ab"}, "lines": asked}
        LineReader(Fixed(description, say)).read([picture])
    assert seen == [[24], [100]]  # exports from before there was a least width have none


# --- crops and order


def test_a_turned_text_is_cut_out_upright():
    flat = np.full((40, 120, 3), 255, np.uint8)
    flat[10:30, 10:30], flat[10:30, 60:110] = 0, (0, 0, 200)
    turn = cv2.getRotationMatrix2D((60, 20), -30, 1.0)
    turn[:, 2] += 60
    picture = cv2.warpAffine(flat, turn, (260, 200), borderValue=(255, 255, 255))
    corners = np.array([[0, 0], [120, 0], [120, 40], [0, 40]], np.float64)
    outline = (corners @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    found = cut(picture, outline, 0.0)
    assert abs(found.shape[0] - 40) <= 1 and abs(found.shape[1] - 120) <= 1
    resized = cv2.resize(found, (120, 40)).astype(int)
    assert np.abs(resized - flat).mean() < 8
    # Outlines of other than four corners count as their smallest rectangle.
    more = np.insert(outline, 1, outline[:2].mean(axis=0), axis=0)
    assert np.abs(cv2.resize(cut(picture, more, 0.0), (120, 40)).astype(int) - flat).mean() < 8


def test_a_column_is_turned_or_its_cells_are_put_side_by_side():
    column = np.arange(60 * 20 * 3).reshape(60, 20, 3) % 251
    kept, turned, stacked = views_of(column, "auto")
    assert (kept == column).all() and (turned == np.rot90(column)).all()
    for cell in range(3):
        part = stacked[:, 20 * cell : 20 * cell + 20]
        assert (part == column[20 * cell : 20 * cell + 20]).all()
    assert [view.shape[:2] for view in views_of(column, "stack")] == [(20, 60)]
    assert len(views_of(column[:25], "auto")) == 1 and views_of(column[:1], "auto") == []


def test_words_are_read_row_by_row():
    def box(left, top):
        right, bottom = left + 30, top + 10
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)

    rows = [[(50, 2), (10, 0), (90, 3)], [(40, 22), (5, 20)]]
    boxes = [box(*place) for row in rows for place in row]
    order = in_reading_order(boxes)
    assert [tuple(boxes[n][0]) for n in order] == [(10, 0), (50, 2), (90, 3), (5, 20), (40, 22)]
    assert in_reading_order([]) == []


class Fixed(Network):
    """A network with fixed outputs."""

    def __init__(self, description, make):
        self.description, self.run = description, make


def test_reading_end_to_end_with_networks_that_are_known():
    """A detector that sees dark pixels, and a reader that says how wide the line was."""
    picture = np.full((128, 160, 3), 255, np.uint8)
    picture[32:48, 16:80], picture[80:112, 32:40] = 0, 0

    def find(feeds):
        quads = np.array(
            [[[16, 32], [80, 32], [80, 48], [16, 48]], [[32, 80], [40, 80], [40, 112], [32, 112]]],
            np.float32,
        )
        assert feeds["images"].shape == (1, 128, 160, 3)
        maps = rbox.encode_rboxes(quads, np.zeros(2, bool), (128, 160))
        return {"score": maps.score[None] * 0.9, "geometry": maps.geometry[None]}

    def say(feeds):
        wide = [int(width > 100) for width in feeds["widths"]]
        scores = np.log(np.full((4, len(wide), 3), 0.05, np.float32))
        scores[:, np.arange(len(wide)), wide] = np.log(0.9)
        return {"scores": scores, "lengths": np.full(len(wide), 4)}

    scenes = SceneReader(Fixed({"outlines": {"kind": "rbox"}, "fitting": {"max_side": 500}}, find))
    lines = {"height": 32, "channels": 1, "width": 0}
    reader = LineReader(Fixed({"dictionary": {"characters": "ab"}, "lines": lines}, say))
    words = read_word_crops(picture, scenes, reader, ReadOptions(margin=0.0, vertical="turn"))
    assert [word.text for word in words] == ["b", "b"]
    np.testing.assert_allclose(words[0].polygon[0], [16, 32], atol=1)
    kept = read_word_crops(picture, scenes, reader, ReadOptions(margin=0.0, vertical="keep"))
    assert [word.text for word in kept] == ["b", "a"]
    assert read_word_crops(picture, scenes, reader, ReadOptions(min_confidence=0.99)) == []
    json.dumps(words[0].as_dict())


def test_the_rule_of_an_export_gives_what_its_function_gives():
    quads = np.array([[[10, 10], [90, 20], [88, 40], [8, 30]]], np.float32)
    maps = rbox.encode_rboxes(quads, np.zeros(1, bool), (64, 128))
    values = {"score": maps.score * 0.7, "geometry": maps.geometry}
    found, _ = find_outlines(values, {"kind": "rbox", "threshold": 0.6}, (2.0, 1.0))
    expected, _ = rbox.detect_rboxes(*values.values(), threshold=0.6, scale=(2.0, 1.0))
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(UnknownNameError, match="rbox"):
        find_outlines(values, {"kind": "rbx"})


# --- end-to-end figures


def square(left, top, side=10.0):
    return np.array(
        [[left, top], [left + side, top], [left + side, top + side], [left, top + side]]
    )


def test_end_to_end_counts_place_and_text():
    score = EndToEndScore()
    truth = [square(0, 0), square(20, 0), square(40, 0), square(60, 0)]
    found = [square(1, 0), square(20, 1), square(60, 0), square(90, 0)]
    ignored = [False, False, False, True]
    score.add(truth, ["one", "two", "three", "###"], ignored, found, ["one", "tw0", "x", "y"])
    assert (score.ground_truth, score.detections, score.matched, score.correct) == (3, 3, 2, 1)
    assert (score.precision, score.recall) == (1 / 3, 1 / 3) and score.hmean == pytest.approx(1 / 3)
    score.add([], [], [], [square(0, 0)], ["more"])
    assert (score.images, score.detections) == (2, 4)
    other = EndToEndScore("alphanumeric")
    other.add([square(0, 0)], ["It's"], [False], [square(0, 0)], ["ITS"])
    assert other.correct == 1


# --- what is wrong is said


def test_what_is_no_exported_model_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(CheckpointError, match="does not exist.*ocrdata export crnn"):
        open_network(tmp_path / "nothing", "recognition")
    with pytest.raises(CheckpointError, match="holds no exported model for detection"):
        find_network(tmp_path / "nothing", "detection")
    pytest.importorskip("onnxruntime", reason="ONNX needs the extra onnx")
    with pytest.raises(CheckpointError, match="onnxruntime can run"):
        open_network(tmp_path / "model.onnx", "detection")


def test_options_out_of_range():
    with pytest.raises(OptionError, match="--margin"):
        ReadOptions(margin=2.0)
    with pytest.raises(UnknownNameError, match="stack"):
        ReadOptions(vertical="stak")
    with pytest.raises(CheckpointError, match="what it reads"):
        LineReader(Fixed({"model": "crnn", "dictionary": {"characters": "aa"}}, None))
    with pytest.raises(CheckpointError, match="outlines"):
        SceneReader(Fixed({"model": "east"}, None))
