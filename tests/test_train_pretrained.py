"""First weights of a reader: from runs, with another dictionary, and from the originals' files."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import train_model  # noqa: E402
from train_support import one_layer, options, tiny, weights, write_numbers  # noqa: E402

from ocrdata.cli import main  # noqa: E402
from ocrdata.errors import CheckpointError  # noqa: E402
from ocrdata.text.charset import Charset  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.sources import InputOptions  # noqa: E402
from ocrdata.train.engine.class_weights import carry_classes  # noqa: E402
from ocrdata.train.engine.pretrained import Pretrained  # noqa: E402
from ocrdata.train.models.crnn import Crnn  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
EMA = "/ExponentialMovingAverage"
NOTHING_LEARNED = {"steps": 1, "learning_rate": 1e-30, "warmup_steps": 0}


@pytest.fixture(scope="module")
def first(numbers, tmp_path_factory):
    """The folder of a run of one layer that has taken ten steps, with averaged weights."""
    output = tmp_path_factory.mktemp("first")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Crnn, "build", one_layer)
        train_model("crnn", numbers, output, tiny(), options(steps=10, ema=0.9))
    return output / "crnn"


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """The same numbers with a dictionary that has them in another order, and letters between."""
    return write_numbers(tmp_path_factory.mktemp("letters") / "data", 40, characters="9a8b76543210")


def begin(data, output, first, **chosen):
    """Takes one step at a learning rate of nothing; returns the report and what was saved."""
    told = []
    train_model(
        "crnn",
        data,
        output,
        tiny(**chosen),
        options(**NOTHING_LEARNED),
        InputOptions(pretrained=str(first)),
        on_pretrained=told.append,
    )
    return told[0], weights(output / "crnn", 1)


def test_a_run_with_the_same_dictionary_gives_all_its_weights(numbers, first, plain, tmp_path):
    report, found = begin(numbers, tmp_path, first)
    saved = weights(first, 10)
    assert report.loaded == 2 and not report.missing and report.classes is None
    for name in ("crnn/logits/weights", "crnn/logits/biases"):
        assert np.array_equal(found[name], saved[name + EMA])
        assert not np.array_equal(found[name], saved[name])


@pytest.mark.parametrize("place", ["", "model.ckpt-10.index"])
def test_classes_go_over_by_character(letters, first, plain, tmp_path, place):
    report, found = begin(letters, tmp_path, first / place)
    assert vars(report.classes) == {"carried": 10, "new": 2, "dropped": 0}
    saved = weights(first, 10)
    before, now = "0123456789", "9a8b76543210"
    for name in ("crnn/logits/weights", "crnn/logits/biases"):
        for place, character in enumerate(now):
            if character in before:
                old = saved[name + EMA][..., before.index(character)]
                assert np.array_equal(found[name][..., place], old)
        assert np.array_equal(found[name][..., -1], saved[name + EMA][..., -1])  # the blank
    new = found["crnn/logits/weights"][:, now.index("a")]
    assert 0 < np.abs(new).max() < 0.5 and len(set(new.tolist())) > 10
    assert "10 characters and the blank carried over, 2 new, 0 dropped" in report.sentence()


def test_carried_classes_agree_with_a_loop():
    ours, theirs = Charset(tuple("xyz")), Charset(tuple("zwx"))
    fresh, saved = np.arange(8.0).reshape(2, 4), 10 + np.arange(8.0).reshape(2, 4)
    expected = [[12.0, 1.0, 10.0, 13.0], [16.0, 5.0, 14.0, 17.0]]
    assert carry_classes(fresh, saved, ours, theirs).tolist() == expected
    assert fresh[0, 0] == 0.0


def test_a_run_of_another_size_is_refused_with_its_options(letters, first, plain, tmp_path):
    with pytest.raises(CheckpointError, match="trained with --color gray: give the same"):
        begin(letters, tmp_path, first, color="rgb")
    with pytest.raises(CheckpointError, match="Did you mean .*crnn"):
        begin(letters, tmp_path / "b", first.parent)


# As CRNN_Tensorflow's graph names its variables, in a scope of the caller's, and the Chinese form.
TENSORFLOW = {
    "crnn/conv1/weights": "net/feature_extraction_module/conv1/conv/W",
    "crnn/conv1/BatchNorm/gamma": "net/feature_extraction_module/conv1/bn/gamma",
    "crnn/conv3/weights": "net/feature_extraction_module/conv3/W",
    "crnn/conv3/BatchNorm/moving_mean": "net/feature_extraction_module/bn3/moving_mean",
    "crnn/rnn2/bw/lstm_cell/kernel": "net/sequence_rnn_module/stack_bidirectional_rnn/cell_1/"
    "bidirectional_rnn/bw/lstm_cell/kernel",
    "crnn/logits/weights": "net/sequence_rnn_module/w",
}
CHINESE = {
    "crnn/conv1/weights": "shadow/cnn_subnetwork/conv1/W",
    "crnn/conv5/BatchNorm/beta": "shadow/cnn_subnetwork/bn5/beta",
    "crnn/rnn1/fw/lstm_cell/bias": "shadow/cnn_subnetwork/LSTMLayers/stack_bidirectional_rnn/"
    "cell_0/bidirectional_rnn/fw/basic_lstm_cell/bias",
    "crnn/logits/biases": "shadow/cnn_subnetwork/LSTMLayers/fully_connected/biases",
}


def inputs_of_a_line():
    return {"images": tf.zeros([1, 32, 32, 1], tf.uint8), "widths": tf.constant([32])}


@pytest.mark.parametrize("names", [TENSORFLOW, CHINESE])
def test_checkpoints_of_the_originals_are_loaded_by_their_names(tmp_path, names):
    model = Crnn(tiny(), 11)
    path = str(tmp_path / "shadownet.ckpt-7")
    draw = np.random.RandomState(3)
    with tf.Graph().as_default(), v1.Session() as session:
        model.build(inputs_of_a_line(), training=True)
        shapes = {v.op.name: v.shape.as_list() for v in v1.global_variables()}
        values = {name: draw.rand(*shapes[name]).astype("f") for name in names}
    with tf.Graph().as_default(), v1.Session() as session:
        made = [v1.Variable(values[ours], name=theirs) for ours, theirs in names.items()]
        made.append(v1.Variable(1.0, name=names["crnn/conv1/weights"] + "/Momentum"))
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, path, write_meta_graph=False)
    with tf.Graph().as_default(), v1.Session() as session:
        model.build(inputs_of_a_line(), training=True)
        session.run(v1.global_variables_initializer())
        given = Pretrained(path, model, Charset(tuple("0123456789")))
        given.initializer()(None, session)
        found = session.run({v.op.name: v for v in v1.global_variables()})
    assert given.report.loaded == len(names) and given.report.unused == 1
    for name, value in values.items():
        assert np.array_equal(found[name], value), name


def test_the_command_says_it_in_one_line(letters, first, plain, tmp_path, capsys):
    words = ["train", "crnn", "--data-dir", letters, "--output-dir", tmp_path, "--steps", 1]
    words += ["--width-multiplier", 0.125, "--lstm-units", 24, "--eval-every", 0]
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in [*words, "--pretrained", first]])
    shown = capsys.readouterr()
    assert not ended.value.code
    assert f"2 of 2 variables begin with {first}; 10 characters and the blank" in shown.err
    assert json.loads((tmp_path / "crnn/run.json").read_text())["options"]["pretrained"]
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in [*words, "--overwrite", "--pretrained", tmp_path / "none"]])
    assert ended.value.code == 1 and "none: does not exist." in capsys.readouterr().err
