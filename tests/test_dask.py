"""Beam's DaskRunner on real processes: the bytes of the local path, and what kills do to it."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_beam import assert_same, files_of, road  # noqa: F401

from ocrdata.base.storage.remote import as_path
from ocrdata.records.sources import listed

pytest.importorskip("apache_beam", reason="apache-beam is not installed (Python 3.9 or newer)")
pytest.importorskip("distributed", reason="Dask is not installed (Python 3.10 or newer)")

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[1]
LINES = ["gen-pics", "--records", "--style", "scene", "--limit", "1500", "--shards", "8"]
QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical"}


def environment():
    return {**os.environ, **QUIET, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}


def start(module, *words):
    command = [sys.executable, "-m", "distributed.cli." + module, *map(str, words)]
    return subprocess.Popen(
        command,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process):
    """Kills a process with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def cluster(folder, workers=2):
    """A scheduler and workers, each a process group of its own; yields them and the file."""
    file = folder / "scheduler.json"
    scheduler = start(
        "dask_scheduler",
        "--port",
        0,
        "--scheduler-file",
        file,
        "--no-dashboard",
        "--host",
        "127.0.0.1",
    )
    members = [
        start(
            "dask_worker",
            "--scheduler-file",
            file,
            "--nthreads",
            1,
            "--no-nanny",
            "--no-dashboard",
            "--local-directory",
            folder / f"worker{number}",
        )
        for number in range(workers)
    ]
    try:
        yield file, scheduler, members
    finally:
        for process in (scheduler, *members):
            kill(process)


@pytest.fixture(scope="module")
def s3_server():
    """An S3 server on this machine, which what is started behind it finds; None without moto."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        yield None
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        host, port = server.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield server
    server.stop()


@pytest.fixture(scope="module")
def shared_cluster(tmp_path_factory, s3_server):
    with cluster(tmp_path_factory.mktemp("dask")) as (file, _, _):
        wait_for_workers(file, 2)
        yield file


def wait_for_workers(file, count):
    import distributed

    while not file.is_file():
        time.sleep(0.1)
    with distributed.Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(count, timeout=300)


def on_dask(file):
    return ["--runner", "DaskRunner", "--runner-option", f"dask_scheduler_file={file}"]


@pytest.mark.parametrize(
    "words",
    [
        ["gen-pics", "--corpus", "dates", "--limit", "300"],
        [*LINES[:2], "--corpus", "dates", "--limit", "300", "--shards", "3"],
        ["gen-scenes", "--count", "9", "--size", "64x64", "--texts", "1", "--records"],
        ["import", "icdar2015", None],
    ],
    ids=["files", "records", "scenes", "import"],
)
def test_the_bytes_are_those_of_the_local_path(
    run,
    tmp_path,
    shared_cluster,
    road,  # noqa: F811
    words,
    monkeypatch,
):
    words = [road if word is None else word for word in words]
    ways = {"local": ["--workers", "0"], "dask": on_dask(shared_cluster)}
    for name, how in ways.items():
        run(*words, "--data-dir", tmp_path / name, *how)
    assert_same(tmp_path / "local", tmp_path / "dask")
    if words[0] == "import":
        # The plan is divided, too.
        monkeypatch.setattr(listed, "PART_BYTES", 150)
        for name, how in ways.items():
            run("tfrecord", "--shards", "2", "--data-dir", tmp_path / name, *how)
        assert_same(tmp_path / "local", tmp_path / "dask")
    if words[-2] == "--limit":
        for name, how in ways.items():
            target = tmp_path / f"{name}-tool" / "lists"
            run("convert", tmp_path / name, target, "--to", "paddleocr", *how)
        assert_same(tmp_path / "local-tool", tmp_path / "dask-tool")


def test_an_s3_server_takes_the_place_of_a_folder(run, tmp_path, shared_cluster, s3_server):
    here, there = tmp_path / "data", bucket(s3_server, "bucket")
    for data, how in ((here, ["--workers", "0"]), (there, on_dask(shared_cluster))):
        words = ["--corpus", "dates", "--data-dir"]
        run(*LINES[:2], "--limit", "120", "--shards", "2", *words, data, *how)
        lists = data / "lists"
        run("gen-pics", "--limit", "30", *words, lists, "--workers", "0")
        run("build-dict", "--data-dir", lists)
        run("tfrecord", "--data-dir", lists, "--shards", "2", *how)
    found = content(there)
    assert len(found) > 40 and found == content(here)


def test_errors_of_tasks_are_named_as_they_are_locally(run, tmp_path, shared_cluster, road):  # noqa: F811
    import zipfile

    with zipfile.ZipFile(str(road / "ch4_training_images.zip"), "a") as images:
        images.writestr("img_10.jpg", b"no picture")
    truth = road / "ch4_training_localization_transcription_gt.zip"
    with zipfile.ZipFile(str(truth), "a") as texts:
        texts.writestr("gt_img_10.txt", "1,1,9,1,9,9,1,9,word\n")
    words = ["import", "icdar2015", road, "--data-dir", tmp_path / "data"]
    outputs = [
        run(*words, *how, code=1).output for how in (["--workers", "0"], on_dask(shared_cluster))
    ]
    assert outputs[0] == outputs[1] and "img_10.jpg" in outputs[0]


def test_a_check_finds_the_same_and_leaves_nothing(run, tmp_path, shared_cluster):
    data = tmp_path / "data"
    words = ["--corpus", "dates", "--limit", "300", "--shards", "3", "--workers", "0"]
    run(*LINES[:2], *words, "--data-dir", data)
    shard = sorted((data / "tfrecords").glob("*.tfrecord"))[1]
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(bytes(content))
    ways = (["--workers", "0"], on_dask(shared_cluster))
    outputs = [run("check", data, "--json", *how, code=1).output for how in ways]
    assert outputs[0] == outputs[1] and "damaged-record" in outputs[0]
    assert not list(tmp_path.glob(".*")) and not list(data.glob(".*"))


def test_the_example_starts_a_cluster_and_ends_it(tmp_path):
    commands = tmp_path / "bin"
    commands.mkdir()
    modules = {"ocrdata": "ocrdata", "dask": "dask", "python": ""}
    for name, module in modules.items():
        words = f'-m {module} "$@"' if module else '"$@"'
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}\n')
        (commands / name).chmod(0o755)
    path = os.pathsep.join([str(commands), os.environ["PATH"]])
    process = subprocess.Popen(
        ["bash", str(ROOT / "examples" / "dask.sh"), str(tmp_path / "data")],
        env={
            **environment(),
            "PATH": path,
            "LINES_TO_RENDER": "300",
            "WORKERS": "1",
            "OCRDATA_QUIET": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        printed = process.communicate(timeout=600)[0].decode()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, printed
    assert (tmp_path / "data" / "tfrecords" / "dataset_info.json").is_file()


def launcher(folder, file, *more):
    command = [sys.executable, "-m", "ocrdata", *LINES, "--data-dir", str(folder), *on_dask(file)]
    return subprocess.Popen(
        [*command, *more], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def results_in(folder):
    """Returns the results that tasks have left."""
    return list((folder / ".gen-pics.partial" / ".beam" / "0" / "results").glob("[!.]*"))


def wait_for_results(folder, count):
    """Waits until so many tasks have left a result."""
    end = time.time() + 300
    while len(results_in(folder)) < count:
        assert time.time() < end, "no task was finished"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What the killed runs must come to."""
    from click.testing import CliRunner

    from ocrdata.cli import main

    folder = tmp_path_factory.mktemp("expected") / "data"
    done = CliRunner().invoke(main, [*LINES, "--data-dir", str(folder), "--workers", "0"])
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_what_is_killed_loses_nothing(tmp_path, expected, s3_server, place):
    """Kill -9 a launcher, then a worker of the run that goes on, then a scheduler of another."""
    root = tmp_path / "data" if place == "folder" else bucket(s3_server, "killed")
    one, other = root / "one", root / "other"
    with cluster(tmp_path) as (file, scheduler, members):
        wait_for_workers(file, 2)
        process = launcher(one, file)
        wait_for_results(one, 2)
        process.kill()
        process.communicate()
        there = len(results_in(one))
        process = launcher(one, file, "--resume")
        wait_for_results(one, there + 3)
        kill(members[0])
        output = process.communicate(timeout=300)[0].decode()
        assert process.returncode == 0, output
        process = launcher(other, file)
        wait_for_results(other, 2)
        kill(scheduler)
        output = process.communicate(timeout=300)[0].decode()
    assert process.returncode == 1 and "Traceback" not in output
    assert "the pipeline on DaskRunner failed" in output and "--resume" in output
    assert 2 <= len(results_in(other)) < 24
    resume(other)
    assert content(one) == content(other) == content(expected)


def resume(data):
    """Finishes the run, here; finished shards are not drawn again."""
    from click.testing import CliRunner

    from ocrdata.cli import main

    words = [*LINES, "--data-dir", str(data), "--resume", "--workers", "0"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output


def bucket(s3_server, name):
    """Returns the path of a new bucket; skips the test where there can be none."""
    if s3_server is None:
        pytest.skip("moto is not installed")
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    fsspec.filesystem("s3").mkdir(name)
    return as_path(f"s3://{name}/data")


def content(root):
    """Returns the bytes of all files below a folder, or what stands in for it on a server."""
    if isinstance(root, Path):
        return {str(name): (root / name).read_bytes() for name in files_of(root)}
    return {str(path.relative_to(root)): path.read_bytes() for path in root.files()}


@pytest.mark.parametrize(("count", "workers"), [(0, 2), (3, 2), (96, 2), (100_000, 100)])
def test_chunks_of_tasks_are_few_and_get_smaller(count, workers):
    from ocrdata.scale.dask import DaskCluster

    edges = DaskCluster("", workers).edges(count)
    sizes = [end - start for start, end in zip(edges, edges[1:])]
    assert sum(sizes) == count and sizes == sorted(sizes, reverse=True)
    assert len(sizes) <= 28 * workers and sizes[-workers:] == [1] * min(workers, count)
    assert max(sizes, default=0) <= max(1, count / workers / 16)


def test_chunks_are_worked_on_in_their_order(tmp_path):
    """Dask alone takes them backwards, by their names: the first and largest at the end."""
    import dask.bag
    import distributed

    from ocrdata.scale.dask import _first_chunks_first

    begun = tmp_path / "begun"

    def note(number):
        with begun.open("a") as stream:
            stream.write(f"{number}\n")

    chunks = dask.bag.from_sequence(range(24), npartitions=24).map(note)
    here = {"processes": False, "n_workers": 1, "threads_per_worker": 1}
    with distributed.Client(**here, dashboard_address=None) as client, _first_chunks_first():
        client.compute(chunks).result()
    order = [int(line) for line in begun.read_text().split()]
    # The worker is given two before the others wait for their turn.
    assert sorted(order) == list(range(24)) and order[2:] == sorted(order[2:])


PICTURES = """
import resource, sys, threading
from ocrdata.scale.freed_memory import keep_freed_memory

def draw():
    for _ in range(200):
        b"x" * (1 << 20)

if sys.argv[1] == "keep":
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
thread = threading.Thread(target=draw)
thread.start()
thread.join()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this is about glibc's malloc")
def test_workers_keep_the_memory_of_a_picture_for_the_next_one():
    """Under what Dask sets for its workers; a picture of 1 MB has 256 pages."""

    def new_pages(threshold, how):
        command = [sys.executable, "-c", PICTURES, how]
        set_before = {**environment(), "MALLOC_TRIM_THRESHOLD_": threshold}
        return int(subprocess.check_output(command, env=set_before))

    assert new_pages("65536", "leave") > 200 * 256 and new_pages("65536", "keep") < 20 * 256
    # A value of the user's own, which Dask leaves alone.
    assert new_pages("131072", "keep") > 200 * 256


def test_what_is_wrong_with_workers_is_found_before_the_work(run, tmp_path, monkeypatch):
    from ocrdata.scale import dask, handshake

    ours = handshake.facts_of({})
    other = ours._replace(versions={**ours.versions, "Pillow": "1.0"}, sees_storage=False)

    class Client:
        scheduler = type("Scheduler", (), {"address": "tcp://a:1"})

        def scheduler_info(self, n_workers):
            return {"workers": {"tcp://a:2": {}, "tcp://a:3": {}}}

        def run(self, *_, **__):
            return {"tcp://a:2": other, "tcp://a:3": ModuleNotFoundError("No module 'ocrdata'")}

    with pytest.raises(dask.OcrdataError) as caught:
        dask._check_workers(Client(), ours, tmp_path / "probe")
    assert "tcp://a:2 has Pillow 1.0, not" in str(caught.value)
    assert "tcp://a:2 does not see the folder" in str(caught.value)
    assert "tcp://a:3 cannot run ocrdata (ModuleNotFoundError" in str(caught.value)
    words = ["gen-pics", "--data-dir", tmp_path / "data", "--limit", "10", "--runner", "DaskRunner"]
    words += ["--runner-option", "dask_client_address=127.0.0.1:1"]
    words += ["--runner-option", "dask_connection_timeout=1"]
    assert "no Dask scheduler answers at 127.0.0.1:1" in run(*words, code=1).output


def test_the_files_that_work_names_are_compared(tmp_path):
    from ocrdata.render.fonts.fonts import FontFace
    from ocrdata.scale.handshake import describe_difference, facts_of

    font = tmp_path / "a.ttf"
    font.write_bytes(b"one")
    call = (len, None, ((FontFace(font), "a text"), {"x": [1, 2]}))
    ours = facts_of(call)
    assert list(ours.files) == [str(font)]
    font.write_bytes(b"two")
    assert describe_difference(ours, facts_of(ours.files)) == [f"has another {font}"]
    font.unlink()
    assert describe_difference(ours, facts_of(ours.files)) == [f"does not have {font}"]
