"""Writers that are killed, run out of disk or may not write: nothing torn, nothing lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess

import pytest
from forks import Nursery
from test_shards import make_data, tree

from ocrdata.records.write.shards import write_shards

# Counts everything that changes the disk, and dies in front of the change of a given number.
KILLER = """
import os, signal, sys
from pathlib import Path
limit, count = {limit}, 0

def counted(function):
    def call(*args, **kwargs):
        global count
        count += 1
        if count == limit:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return call

from ocrdata.records.sources import spool
from ocrdata.records.format import tfrecord_writer
for owner, name in (
    (os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir"), (Path, "open"),
    (tfrecord_writer.RecordWriter, "write"), (tfrecord_writer._Sink, "write"), (os, "fdopen"),
):
    setattr(owner, name, counted(getattr(owner, name)))
spool.CHUNK = 16

def from_lists(data):
    import itertools
    from ocrdata.base.sample import read_sample_list
    def open_samples(start):
        pairs = ((name, sample) for name in ("Train", "Test")
                 for sample in read_sample_list(data / name / "sample.txt", data))
        return itertools.islice(pairs, start, None)
    return open_samples

kind, data, output = {kind!r}, Path({data!r}), Path({output!r})
if kind == "lists":
    from ocrdata.records.write.shards import write_shards
    write_shards(data, output, shards=5, resume=True)
else:
    from ocrdata.records.write.options import WriteOptions
    from ocrdata.base.run_options import RunOptions
    from ocrdata.records.write.stream import SampleStream, write_sample_stream
    write_sample_stream(SampleStream(from_lists(data), {{}}), output,
                        options=WriteOptions(shards=5), run=RunOptions(resume=True))
print(count)
"""


@pytest.fixture(scope="module")
def nursery():
    made = Nursery("import ocrdata.records.write.shards, ocrdata.records.write.stream")
    yield made
    made.close()


@pytest.fixture
def start(nursery, tmp_path):
    """Runs the above in a process of its own; returns its exit code and what it wrote."""

    def call(limit, kind, data, output):
        log = tmp_path / "log"
        log.write_bytes(b"")
        code = KILLER.format(limit=limit, kind=kind, data=str(data), output=str(output))
        ended = nursery.start(code, log).wait()
        return ended, log.read_text(encoding="utf-8")

    return call


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("kind", ["lists", "stream"])
def test_killed_at_twenty_moments(tmp_path, start, kind):
    data = make_data(tmp_path / "data", variants=8)
    ended, said = start(-1, kind, data, tmp_path / "whole")
    assert ended == 0, said
    total, whole = int(said.splitlines()[-1]), tree(tmp_path / "whole")
    moments = random.Random(7).sample(range(1, total + 1), 20)
    for moment in moments:
        output = tmp_path / "out"
        assert start(moment, kind, data, output)[0] == -signal.SIGKILL
        check_what_is_visible(tmp_path, output, whole)
        ended, said = start(-1, kind, data, output)
        finished = "nothing to resume" in said
        assert ended == 0 or finished, said
        assert tree(output) == whole
        assert not list(tmp_path.glob(".*.partial")) or finished
        shutil.rmtree(str(output))


def check_what_is_visible(folder, output, whole):
    if output.exists():
        assert tree(output) == whole
    for shard in folder.glob(".*.partial/out/*.tfrecord"):
        assert shard.read_bytes() == whole[shard.name]


# --- a disk that is full, or may not be written


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of its own, and a way to change it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if not mount or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    words = [mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(words, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield disk, lambda how: subprocess.run([mount, "-o", "remount," + how, str(disk)], check=True)
    subprocess.run([shutil.which("umount"), str(disk)], check=True)


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
def test_a_full_disk(run, tmp_path, small_disk, workers):
    disk, remount = small_disk
    data = make_data(tmp_path / "data", variants=20)
    write_shards(data, data / "whole", shards=6)
    words = ["tfrecord", "--data-dir", data, "--output", disk / "out", "--shards", 6]
    words += ["--workers", workers]
    result = run(*words, code=1)
    assert "No space left on device" in result.output and "--resume" in result.output
    assert not (disk / "out").exists()
    whole = tree(data / "whole")
    shards = list((disk / ".tfrecord.partial" / "out").glob("*.tfrecord"))
    assert shards
    assert all(shard.read_bytes() == whole[shard.name] for shard in shards)
    remount("size=10m")
    run(*words, "--resume")
    assert tree(disk / "out") == whole


def test_a_full_disk_while_taking_a_stream_and_unpacking(run, tmp_path, small_disk):
    disk, remount = small_disk
    data = make_data(tmp_path / "data", variants=20)
    run("pack", data, "--output", tmp_path / "a.tar.gz")
    words = ["tfrecord", "--source", tmp_path / "a.tar.gz", "--output", disk / "out"]
    words += ["--dictionary", data / "chinese.txt", "--workers", 0]
    assert "No space left on device" in run(*words, code=1).output
    assert not (disk / "out").exists()
    remount("size=10m")
    run(*words, "--resume")
    remount("size=10m,ro")
    result = run("unpack", tmp_path / "a.tar.gz", "--output", disk / "data", code=1)
    assert "Read-only file system" in result.output
    remount("rw")


def test_a_target_that_may_not_be_written(run, tmp_path, small_disk):
    disk, remount = small_disk
    data = make_data(tmp_path / "data")
    remount("ro")
    words = ["tfrecord", "--data-dir", data, "--output", disk / "out", "--workers", 0]
    result = run(*words, code=1)
    assert "cannot write to" in result.output and "Read-only file system" in result.output
    assert result.output.count("\n") == 1 and not list(disk.iterdir())
    remount("rw")
