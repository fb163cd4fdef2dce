"""Clusters of real processes on this machine, with and without accidents."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from ocrdata.errors import OptionError, TrainingError
from ocrdata.train.cluster.launch import Process, cluster_processes, free_ports, launch_cluster
from ocrdata.train.cluster.tf_config import ClusterTask, read_cluster, wait_for

pytest_plugins = ["train_fixtures"]
NAMES = ["a:1", "b:2", "c:3", "d:4"]


def config(spec, job, index=0):
    return json.dumps({"cluster": spec, "task": {"type": job, "index": index}})


@pytest.mark.parametrize(
    ("spec", "chief", "trainers"),
    [
        ({"chief": NAMES[:1], "worker": NAMES[1:3], "ps": NAMES[3:]}, "chief", 3),
        ({"master": NAMES[:1], "worker": NAMES[1:3], "ps": NAMES[3:]}, "master", 3),
        ({"worker": NAMES[:2], "evaluator": NAMES[3:]}, "worker", 2),
    ],
)
def test_the_ways_of_writing_a_cluster(spec, chief, trainers):
    cluster = read_cluster(config(spec, "worker", "1"))
    assert (cluster.chief.job, cluster.chief.address) == (chief, "a:1")
    assert len(cluster.trainers) == trainers and cluster.trainers[0] == cluster.chief
    assert cluster.me.index == 1 and "evaluator" not in cluster.servers


def test_no_cluster():
    assert read_cluster("") is None and read_cluster("{}") is None
    assert read_cluster(config({"chief": ["a:1"]}, "chief")) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "cannot be read"),
        ('{"cluster": {"chief": ["a:1"]}}', "task"),
        (config({"chief": "a:1"}, "chief"), "a list"),
        (config({"chief": ["a:1"], "boss": ["b:1"]}, "boss"), "boss"),
        (config({"chief": ["a:1"], "master": ["b:1"]}, "chief"), "more than one chief"),
        (config({"ps": ["a:1"]}, "ps"), "neither chief nor worker"),
        (config({"chief": ["a:1"], "worker": ["b:1"]}, "worker", 1), "worker 1"),
        (config({"chief": ["a"], "worker": ["b:1"]}, "worker"), "'a'"),
    ],
)
def test_a_bad_cluster_is_explained(text, problem):
    with pytest.raises(OptionError, match=problem):
        read_cluster(text)


def test_a_process_that_never_comes_is_named():
    task = ClusterTask("worker", 3, f"localhost:{free_ports(1)[0]}")
    with pytest.raises(TrainingError, match=r"worker 3 \(localhost:\d+\) did not answer for 0"):
        wait_for([task], 0.0)


def test_launching_needs_two_processes(tmp_path):
    with pytest.raises(OptionError, match="--workers 2"):
        cluster_processes(1, 0, False, tmp_path)


def test_launched_processes_have_an_environment_and_a_log(tmp_path):
    seen = []
    crew = [Process(name, {"OCRDATA_X": name}, tmp_path / (name + ".log")) for name in "ab"]
    summary = launch_cluster(crew, ["--version"], echo=seen.append)
    assert summary.exit_codes == {"a": 0, "b": 0} and seen[0].startswith("ocrdata ")
    with pytest.raises(TrainingError, match="exit code 2.*nonsense"):
        launch_cluster(crew, ["nonsense"])


CODE = """
import os, signal
from pathlib import Path
from test_models_contract import SMALL, SOURCES
from train_support import options
from ocrdata.train.config.training import settings_from
from train_runs import train_model
from ocrdata.train.models import MODELS
place = Path({output!r})
def step(report):
    for at, name in {accidents!r}:
        mark = place / "{{}}.{{}}".format(name, at)
        if report.step == at and not mark.exists():
            mark.write_text("")
            os.kill(int((place / (name + ".pid")).read_text()), signal.{signal})
small = {{**SMALL[{model!r}], **{small!r}}}
net = settings_from(MODELS.load({model!r}).card.options, small)
train_model({model!r}, {data!r}, place, net, options(**{chosen!r}), resume=True, on_step=step,
      data_options=SOURCES.get({model!r}))
"""
# The form of the LSTM whose graph is made soonest, where the form is not what is looked at.
QUICK = {"lstm": "block"}
CHOSEN = {
    "steps": 20,
    "save_every": 6,
    "intra_threads": 1,
    "cluster_timeout": 120.0,
    "optimizer": "momentum",
    "learning_rate": 1e-4,
    "warmup_steps": 0,
}


def code(model, data, output, accidents=(), kind="SIGKILL", small=(), **changed):
    return CODE.format(
        data=str(data),
        output=str(output),
        model=model,
        chosen={**CHOSEN, **changed},
        accidents=list(accidents),
        signal=kind,
        small=dict(small),
    )


@pytest.fixture
def begin(nursery):
    """Starts a process of a cluster, and leaves its number where the others find it."""

    def call(process, script):
        started = nursery.start(script, process.log, process.environment)
        process.log.with_suffix(".pid").write_text(str(started.pid))
        return started

    return call


@pytest.fixture
def run_cluster(begin):
    """Runs a chief, a worker and a ps task; starts again what is killed. Returns restarts."""

    def call(script, output):
        crew, restarts = cluster_processes(2, 1, False, output), 0
        running = {process.name: begin(process, script) for process in crew}
        give_up = time.monotonic() + 420
        while any(process.poll() != 0 for process in running.values()):
            if time.monotonic() > give_up:
                for process in running.values():
                    process.kill()
                pytest.fail("".join(process.log.read_text() for process in crew))
            for process in crew:
                ended = running[process.name].poll()
                assert ended in (None, 0, -signal.SIGKILL), process.log.read_text()
                if ended == -signal.SIGKILL:
                    running[process.name] = begin(process, script)
                    restarts += 1
            time.sleep(0.05)
        return restarts

    return call


def same_losses(output, alone, model):
    from train_support import metrics

    ours, theirs = metrics(output / model)[0], alone(model)
    assert [line["step"] for line in ours] == list(range(1, CHOSEN["steps"] + 1))
    losses = [line["loss"] for line in ours]
    np.testing.assert_allclose(losses, theirs, rtol=2e-2)
    np.testing.assert_allclose(losses[:2], theirs[:2], rtol=1e-4)


@pytest.fixture
def training():
    """Skips the test where nothing can be trained."""
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")


@pytest.mark.tf
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_cluster_whose_worker_and_chief_are_killed_takes_the_course_of_one_process(
    training, numbers, alone, run_cluster, tmp_path
):
    """Kill -9 the worker at step 8 and the chief at step 15; both are started again."""
    script = code("crnn", numbers, tmp_path, [(8, "worker-0"), (15, "chief-0")])
    assert run_cluster(script, tmp_path) == 2
    same_losses(tmp_path, alone, "crnn")


@pytest.mark.tf
@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the system has no SIGSTOP")
def test_a_worker_that_is_frozen_ends_the_wait_and_is_named(training, numbers, begin, tmp_path):
    """Its connections stay open, as those of a host that vanishes do: only a clock tells."""
    script = code(
        "crnn", numbers, tmp_path, [(8, "worker-0")], "SIGSTOP", QUICK, cluster_timeout=20.0
    )
    crew = cluster_processes(2, 1, False, tmp_path)
    running = {process.name: begin(process, script) for process in crew}
    log, give_up = tmp_path / "chief-0.log", time.monotonic() + 300
    try:
        while "did not answer" not in log.read_text() and running["chief-0"].poll() is None:
            assert time.monotonic() < give_up
            time.sleep(0.1)
        # The chief waits a while for calls that cannot end before the worker does.
        running["worker-0"].kill()
        assert running["chief-0"].wait(300) == 1 and running["ps-0"].wait(300) == 0
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    words = log.read_text()
    assert "worker 0 (localhost:" in words and "did not answer for 20 seconds" in words
    assert (tmp_path / "crnn" / "checkpoint").exists()


@pytest.mark.tf
@pytest.mark.slow
@pytest.mark.newer
def test_a_detector_trains_in_a_cluster_as_in_one_process(
    training, scenes, alone, run_cluster, tmp_path
):
    assert run_cluster(code("east", scenes, tmp_path), tmp_path) == 0
    same_losses(tmp_path, alone, "east")


@pytest.mark.tf
@pytest.mark.slow
def test_an_evaluator_scores_the_checkpoints_of_the_others(training, numbers, tmp_path):
    words = ["train", "crnn", "--steps", "6", "--save-every", "3", "--batch-size", "8"]
    words += ["--width-multiplier", "0.1", "--lstm-units", "16", "--lstm", "block"]
    words += ["--data-dir", str(numbers), "--output-dir", str(tmp_path / "out")]
    launch_cluster(cluster_processes(2, 0, True, tmp_path / "logs"), words)
    lines = (tmp_path / "out/crnn/validation.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows[-1]["step"] == 6 and {row["step"] for row in rows} <= {3, 6}
    assert 0.0 <= rows[-1]["validation"]["accuracy"] <= 1.0


@pytest.mark.tf
def test_the_end_of_python_waits_for_what_was_left_to_itself():
    # TensorFlow's calls that come back while Python ends would abort it, and the exit code with it.
    words = "import os, time; from ocrdata.train.cluster.timeouts import within\n"
    words += "print(within(0.1, lambda: (time.sleep(1.5), os.write(1, b'back'))))"
    done = subprocess.run([sys.executable, "-u", "-c", words], stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == [b"False", b"back"]
