"""The best checkpoint, stopping early, and several validation sets."""

from __future__ import annotations

import json
import shutil

import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import evaluate_lines, export_run, predict_lines, train_model  # noqa: E402
from train_support import metrics, options, tiny, write_numbers  # noqa: E402

from ocrdata.errors import CheckpointError, OptionError, RecordError  # noqa: E402
from ocrdata.reading.exported import open_network  # noqa: E402
from ocrdata.train.config.sources import InputOptions  # noqa: E402
from ocrdata.train.config.training import TrainOptions  # noqa: E402
from ocrdata.train.engine.best_checkpoint import BestCheckpoint, read_rule  # noqa: E402
from ocrdata.train.inference.evaluate import LineEvaluator  # noqa: E402
from ocrdata.train.inference.validation import ValidationResult  # noqa: E402
from ocrdata.train.run_dir import best_checkpoint, read_run, weights_hash  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
SCORES = {1: 0.1, 2: 0.5, 3: 0.3, 4: 0.5, 5: 0.2, 6: 0.9}


@pytest.fixture
def scored(monkeypatch):
    """Scores the checkpoints of a run as SCORES says; returns the steps that were scored."""
    steps = []

    def validate(self, checkpoint):
        step = int(checkpoint.rsplit("-", 1)[1])
        steps.append(step)
        figures = {"accuracy": SCORES[step], "character_error_rate": 1.0, "one_minus_ned": 0.0}
        return ValidationResult(10, figures)

    monkeypatch.setattr(LineEvaluator, "validate", validate)
    return steps


def run(data, output, inputs=None, resume=False, **chosen):
    given = options(**{"steps": 6, "eval_every": 1, "keep": 1, "save_every": 100, **chosen})
    told = []
    summary = train_model(
        "crnn",
        data,
        output,
        tiny(),
        given,
        InputOptions(**(inputs or {})),
        resume=resume,
        on_validation=told.append,
    )
    return summary, told


def test_the_best_checkpoint_outlives_the_newest_ones(numbers, plain, scored, tmp_path):
    summary, told = run(numbers, tmp_path, steps=5)
    found = read_run(tmp_path / "crnn", "crnn")
    assert found.steps() == [5] and summary.best_step == 2 and summary.stopped is None
    assert found.checkpoint("best").endswith("best.ckpt-2")
    assert [report.best for report in told] == [True, True, False, False, False]
    assert not list((tmp_path / "crnn").glob("*.partial"))
    best = {"output_dir": tmp_path, "checkpoint": "best"}
    picture = numbers / "pic/0000.png"
    for summary in (
        evaluate_lines("crnn", numbers, **best),
        predict_lines([picture], **best),
        export_run("crnn", **best),
    ):
        assert summary.checkpoint == "best.ckpt-2"
    network = open_network(tmp_path / "crnn", "recognition")
    assert network.description["weights"] == weights_hash(found.checkpoint("best"))
    network.close()
    with pytest.raises(CheckpointError, match="holds no best checkpoint.*--eval-every"):
        shutil.rmtree(str(tmp_path / "crnn"))
        run(numbers, tmp_path, steps=1, eval_every=0)
        read_run(tmp_path / "crnn", "crnn").checkpoint("best")


def test_a_resumed_run_keeps_the_same_best(numbers, plain, scored, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    alike = {"align_steps": 0}  # by itself it depends on --steps, which stands for a kill here
    run(numbers, whole, **alike)
    run(numbers, parts, steps=3, **alike)
    # Killed between the checkpoint and its validation, and before the best was copied.
    path = parts / "crnn/metrics.jsonl"
    kept = [line for line in path.read_text().splitlines(True) if '"step": 3, "val' not in line]
    path.write_text("".join(kept))
    summary, _ = run(numbers, parts, resume=True, **alike)
    assert scored == [1, 2, 3, 4, 5, 6, 1, 2, 3, 3, 4, 5, 6] and summary.best_step == 6
    assert metrics(whole / "crnn")[1] == metrics(parts / "crnn")[1]
    paths = [best_checkpoint(output / "crnn") for output in (whole, parts)]
    assert weights_hash(paths[0]) == weights_hash(paths[1])


def test_training_stops_after_validations_without_a_better_one(numbers, plain, scored, tmp_path):
    summary, _ = run(numbers, tmp_path, early_stopping_patience=3)
    assert summary.step == 5 and summary.best_step == 2 and scored == [1, 2, 3, 4, 5]
    assert summary.stopped == "no better validation than that of step 2 in 3 more"
    again, _ = run(numbers, tmp_path, resume=True, early_stopping_patience=3)
    assert again.step == 5 and again.stopped and len(scored) == 5
    more, _ = run(numbers, tmp_path, resume=True, early_stopping_patience=4)
    assert more.step == 6 and more.best_step == 6 and not more.stopped


def test_early_stopping_needs_something_to_go_by(tmp_path, plain):
    with pytest.raises(OptionError, match="needs --eval-every"):
        TrainOptions(early_stopping_patience=2, eval_every=0)
    data = write_numbers(tmp_path / "data", 16, validation_fraction=0.0)
    with pytest.raises(OptionError, match="needs a validation split that this process scores"):
        run(data, tmp_path, early_stopping_patience=2)


def test_several_sets_are_scored_and_named(numbers, plain, tmp_path):
    other = write_numbers(tmp_path / "other", 24, seed=7, validation_fraction=0.0)
    sets = {"validation_data": f"real={other}"}
    summary, told = run(numbers, tmp_path, sets, steps=2, eval_every=2)
    names = [(report.data_set, report.samples, report.best) for report in told]
    assert names[1] == ("real", 3, True) and names[0][0] == "validation" and not names[0][2]
    assert {"accuracy", "real.accuracy", "real.one_minus_ned"} <= set(summary.validation)
    assert [line.get("set") for line in metrics(tmp_path / "crnn")[1]] == [None, "real"]
    page = (tmp_path / "crnn/report.html").read_text(encoding="utf-8")
    assert "Validation, real" in page and "best accuracy of real, at step 2" in page
    strange = write_numbers(tmp_path / "strange", 8, characters="9876543210")
    with pytest.raises(RecordError, match="class 0 is '0' there and '9' here.*tfrecord --dict"):
        run(numbers, tmp_path / "b", {"validation_data": f"real={strange}"}, steps=1)


@pytest.mark.parametrize(
    "given, message",
    [
        ("icdar15", "takes NAME=FOLDER with commas between, not 'icdar15'"),
        ("a=x,a=y", "names a twice"),
        ("validation=x", "names validation twice"),
    ],
)
def test_what_is_no_list_of_sets_is_refused(given, message):
    with pytest.raises(OptionError, match=message):
        InputOptions(validation_data=given)


def test_the_rule_of_the_best():
    sets, ranked = ["validation", "real"], ("accuracy", "one_minus_ned", "character_error_rate")
    assert read_rule("", sets, ranked) == ("real", ("accuracy", "one_minus_ned"))
    assert read_rule("", sets[:1], ranked).data_set == "validation"
    assert read_rule("validation", sets, ranked) == ("validation", ("accuracy", "one_minus_ned"))
    assert read_rule("validation.one_minus_ned", sets, ranked)[1] == ("one_minus_ned",)
    with pytest.raises(OptionError, match="--best-by hmean is not scored. There are: validation"):
        read_rule("hmean", sets, ranked)
    best = BestCheckpoint(read_rule("character_error_rate", ["validation"], ranked), ())
    rates = [{"character_error_rate": rate} for rate in (0.3, 0.2, 0.2)]
    better = [best.note(step, "validation", figures) for step, figures in enumerate(rates)]
    assert better == [True, True, False]
    assert best.step == 1 and best.since == 1


def test_results_of_other_data_stand_beside_those_of_its_own(numbers, plain, tmp_path, monkeypatch):
    run(numbers, tmp_path, steps=1, eval_every=0)
    monkeypatch.chdir(tmp_path)
    write_numbers(tmp_path / "sets/other", 16, seed=5)
    own = evaluate_lines("crnn", numbers, tmp_path)
    other = evaluate_lines("crnn", "sets/other", tmp_path)
    assert own.predictions.endswith("predictions-test.tsv")
    assert other.predictions.endswith("predictions-sets-other-test.tsv")
    for name, summary in (("test", own), ("sets-other-test", other)):
        written = json.loads((tmp_path / f"crnn/evaluation-{name}.json").read_text())
        assert written["lines"] == summary.lines
    assert own.lines != other.lines
