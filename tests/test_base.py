"""Samples, staged output, parallel map, random streams, registries."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrdata import errors
from ocrdata.base import random_streams
from ocrdata.base.parallel import ordered_map
from ocrdata.base.registry import Registry
from ocrdata.base.sample import read_sample_list, write_sample_list
from ocrdata.base.storage.files import read_whole
from ocrdata.base.storage.staging import read_manifest, staged_output, write_atomic

LABELS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda text: text.strip() and len(text.splitlines()) == 1)


@given(st.lists(LABELS, min_size=1, max_size=8))
def test_sample_list_round_trip(tmp_path_factory, labels):
    path = tmp_path_factory.mktemp("list") / "sample.txt"
    rows = [(f"pic/{i}.jpg", label) for i, label in enumerate(labels)]
    write_sample_list(path, rows)
    assert [(s.key, s.text) for s in read_sample_list(path, ".")] == rows


def test_sample_list_accepts_bom_crlf_and_spaces(tmp_path):
    path = tmp_path / "sample.txt"
    path.write_bytes("\ufeffa.jpg 第一 行\r\n\r\nb.jpg x\r\n".encode())
    assert [(s.key, s.text) for s in read_sample_list(path, tmp_path)] == [
        ("a.jpg", "第一 行"),
        ("b.jpg", "x"),
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a.jpg x\nb.jpg\n", ":2: has no label"),
        (b"../a.jpg x\n", ":1: '../a.jpg' is not a path inside"),
        (b"/a.jpg x\n", ":1: '/a.jpg' is not a path inside"),
        ("a.jpg 中文\n".encode("gbk"), ":1: is not UTF-8"),
    ],
)
def test_sample_list_names_the_line(tmp_path, content, place):
    path = tmp_path / "sample.txt"
    path.write_bytes(content)
    with pytest.raises(errors.AnnotationError) as caught:
        list(read_sample_list(path, tmp_path))
    assert str(path) + place in str(caught.value)


def test_staged_output_appears_whole(tmp_path):
    with staged_output(tmp_path, ("a", "b"), "make", {"seed": 1}) as staged:
        (staged.path("a") / "x").write_text("1")
        staged.path("b")
        staged.summary["made"] = 1
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a" / "x").read_text() == "1"
    assert read_manifest(tmp_path / "b")["summary"] == {"made": 1}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_staged_output_leaves_nothing_after_an_error(tmp_path):
    with pytest.raises(errors.OcrdataError), staged_output(tmp_path, ("a",), "make", {}) as staged:
        (staged.path("a") / "x").write_text("1")
        raise errors.OcrdataError("no")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_output_takes_the_folders_it_made_with_it(tmp_path):
    (tmp_path / "kept").mkdir()
    for root in (tmp_path / "a" / "b", tmp_path / "kept"):
        with pytest.raises(errors.InputError), staged_output(root, ("pic",), "test", {}):
            raise errors.InputError("f", "is bad")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_staged_output_refuses_replaces_and_spares(tmp_path):
    for overwrite in (False, True):
        with staged_output(tmp_path, ("a",), "make", {}, overwrite=overwrite) as staged:
            (staged.path("a") / str(overwrite)).write_text("")
    assert not (tmp_path / "a" / "False").exists()
    with pytest.raises(errors.OutputExistsError), staged_output(tmp_path, ("a",), "make", {}):
        pass
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo").write_text("")
    with pytest.raises(errors.OutputExistsError) as caught, staged_output(
        tmp_path, ("mine",), "make", {}, overwrite=True
    ):
        pass
    assert "not written by ocrdata" in str(caught.value)


@pytest.mark.parametrize("size", [0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 300_000])
def test_files_of_any_size_are_read_whole(tmp_path, size):
    data = random.Random(size).getrandbits(8 * size + 8).to_bytes(size + 1, "little")[:size]
    (tmp_path / "file").write_bytes(data)
    assert read_whole(str(tmp_path / "file")) == read_whole(tmp_path / "file") == data


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs Linux's /proc")
def test_what_does_not_tell_its_size_is_read_whole():
    given, taken = os.pipe()
    os.write(taken, b"a" * 5000)
    os.close(taken)
    assert read_whole(f"/proc/self/fd/{given}") == b"a" * 5000
    os.close(given)


def test_interrupted_output_is_resumed_with_the_same_options_only(tmp_path):
    with pytest.raises(KeyboardInterrupt), staged_output(tmp_path, ("a",), "make", {"n": 1}) as s:
        (s.path("a") / "x").write_text("1")
        raise KeyboardInterrupt
    with pytest.raises(errors.OutputExistsError), staged_output(tmp_path, ("a",), "make", {"n": 1}):
        pass
    with pytest.raises(errors.OptionError) as caught, staged_output(
        tmp_path, ("a",), "make", {"n": 2}, resume=True
    ):
        pass
    assert "another n" in str(caught.value)
    # As a kill in the middle of writing the manifest leaves it.
    (tmp_path / ".make.partial/a/.manifest.json.x1.tmp").write_bytes(b"{")
    with staged_output(tmp_path, ("a",), "make", {"n": 1}, resume=True) as staged:
        assert staged.resumed
    assert sorted(one.name for one in (tmp_path / "a").iterdir()) == ["manifest.json", "x"]


def test_write_atomic_leaves_no_temporary_file(tmp_path):
    write_atomic(tmp_path / "f", b"1")
    write_atomic(tmp_path / "f", b"22")
    assert [p.name for p in tmp_path.iterdir()] == ["f"]
    assert (tmp_path / "f").read_bytes() == b"22"


def test_write_atomic_names_the_file_that_was_meant(tmp_path):
    with pytest.raises(OSError) as caught:
        write_atomic(tmp_path / "absent" / "f", b"1")
    assert caught.value.filename == str(tmp_path / "absent" / "f")


def _square_or_fail(number):
    if number == 13:
        raise errors.AnnotationError("file", "is unlucky", number)
    return number * number


def _die(number):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.long
@pytest.mark.parametrize("workers", [0, 2])
def test_ordered_map_keeps_order_and_carries_errors(workers):
    assert list(ordered_map(_square_or_fail, range(12), workers)) == [n * n for n in range(12)]
    with pytest.raises(errors.AnnotationError, match="file:13: is unlucky"):
        list(ordered_map(_square_or_fail, range(20), workers))


@pytest.mark.long
def test_ordered_map_ends_whatever_was_cancelled():
    """Python 3.7's pool waited for ever in one of twenty: what was left was cancelled too late."""
    script = (
        "import multiprocessing\n"
        "from ocrdata.base import parallel\n"
        "from ocrdata.errors import OcrdataError\n"
        "quick = multiprocessing.get_context('fork')\n"
        "parallel.multiprocessing.get_context = lambda _: quick\n"
        "def fail(number):\n    if number == 3:\n        raise OcrdataError('no')\n"
        "for _ in range(150):\n"
        "    try:\n        list(parallel.ordered_map(fail, range(40), 2))\n"
        "    except OcrdataError:\n        print('ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=120)
    assert done.stdout.split() == [b"ended"] * 150


def test_ordered_map_reads_only_a_little_ahead():
    taken = []
    results = ordered_map(_square_or_fail, (taken.append(n) or 1 for n in range(1000)), 1)
    next(results)
    assert len(taken) < 10
    results.close()


def test_ordered_map_tells_of_a_killed_worker():
    with pytest.raises(errors.OcrdataError, match="ended before its work was done"):
        list(ordered_map(_die, range(3), 1))


BLAS = "OPENBLAS_NUM_THREADS"


def environment(**more):
    """That of this process, without what commands that were run in it have set."""
    return {**{name: value for name, value in os.environ.items() if name != BLAS}, **more}


# How a process is set up, what its workers are, and how they take a signal that it handles.
STARTED = """
import ctypes, multiprocessing, os, signal, sys, threading, time
import numpy
from ocrdata.base.parallel import ordered_map
{}
def seen(number):
    handler = signal.getsignal(signal.SIGTERM)
    return number, type(multiprocessing.current_process()).__name__, handler == signal.SIG_DFL, held
def ready(count):
    global held
    held = count
held = 0
if {}:
    signal.signal(signal.SIGTERM, lambda *_: None)
    for items, workers in ((range(1), 2), (range(4), 1), (range(0), 2)):
        found = list(ordered_map(seen, items, workers, before_fork=ready))
        assert not held  # nobody shares it
    found = list(ordered_map(seen, range(4), 2, before_fork=ready))
    assert [row[0] for row in found] == [0, 1, 2, 3]
    print({{row[1:] for row in found}}, len(multiprocessing.active_children()))
"""
SETTLED = "multiprocessing.current_process().name == 'MainProcess'"
NATIVE = (
    "c = ctypes.CDLL(None)\nc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, c.sleep, 60)"
)


@pytest.mark.parametrize(
    "before, main, kind",
    [
        # OpenBLAS has threads of its own here, and the script does not care for its workers.
        ("", "True", "ForkProcess"),
        ("threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", SETTLED, None),
        (NATIVE, SETTLED, None),
    ],
    ids=["alone", "beside a thread", "beside a native thread"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
def test_workers_are_forked_where_nothing_else_runs(tmp_path, before, main, kind):
    script = tmp_path / "script.py"
    script.write_text(STARTED.format(before, main))
    words = [sys.executable, str(script)]
    pipe = subprocess.PIPE
    done = subprocess.run(words, stdout=pipe, env=environment(), timeout=300, check=True)
    held = 2 if kind else 0
    assert done.stdout.decode().strip() == str({(kind or "SpawnProcess", True, held)}) + " 0"


COMMAND = """
import os
from ocrdata.cli import main
main(["list", "corpora"], standalone_mode=False)
import numpy
print(len(os.listdir("/proc/self/task")), os.environ["OPENBLAS_NUM_THREADS"])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted on Linux only")
def test_a_command_has_no_threads_of_openblas_unless_it_is_told_to():
    for more, left in (({}, "1 1"), ({BLAS: "2"}, " 2")):
        words = [sys.executable, "-c", COMMAND]
        done = subprocess.run(words, stdout=subprocess.PIPE, env=environment(**more), check=True)
        assert done.stdout.decode().strip().endswith(left)


def test_workers_leave_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, time\n"
        "from ocrdata.base.parallel import ordered_map\n"
        "def pid(_):\n    return os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    results = ordered_map(pid, range(99), 1)\n"
        "    print(next(results), flush=True)\n    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while _alive(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(worker)


def _alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0]
        return state != "Z"
    except OSError:
        return False


def test_streams_are_portable():
    # Fixed by the algorithms, not by this implementation's version: the same on 3.7 and 3.13.
    assert random_streams.stream(7, "a", 1).random() == 0.45579338607526587
    assert random_streams.bucket("床前明月光", "test-0") == 0.7815472952335689
    assert random_streams.uniform_block(0, "x", 0, 1, 2).tolist() == [
        [0.9481810595216205, 0.8754635341229018]
    ]


def test_streams_differ_by_each_part():
    firsts = {
        random_streams.stream(*key).random()
        for key in [(0, "a"), (1, "a"), (0, "b"), (0, "a", ""), (0, "", "a")]
    }
    assert len(firsts) == 5


def test_uniform_block_is_uniform():
    values = random_streams.uniform_block(3, "x", 5, 256, 32)
    assert values.shape == (256, 32)
    assert 0 <= values.min() and values.max() < 1
    assert abs(values.mean() - 0.5) < 0.02


def test_bucket_share_matches_the_fraction():
    shares = [random_streams.bucket(str(random.Random(n).random())) < 0.1 for n in range(4000)]
    assert 0.08 < sum(shares) / len(shares) < 0.12


def test_registry():
    registry = Registry("thing", {"path": "pathlib:Path", "purepath": "pathlib:PurePath"})
    assert registry.load("path").__name__ == "Path"
    with pytest.raises(errors.UnknownNameError, match="no thing is called pth. Did you mean path?"):
        registry.load("pth")
    with pytest.raises(AssertionError):
        Registry("thing", {"b": "x:y", "a": "x:y"})


def test_a_problem_that_asks_ends_with_its_question():
    error = errors.InputError("f", "no style is called scam. Did you mean scan?")
    assert str(error) == "f: no style is called scam. Did you mean scan?"


def test_errors_survive_the_way_between_processes():
    import pickle

    for error in (
        errors.AnnotationError("f", "is bad", 3, "Mend it."),
        errors.OutputExistsError("f"),
        errors.UnknownNameError("font", "x", ["xx"]),
        errors.MissingExtraError("TensorFlow", "train", "training needs it"),
    ):
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back)) == (type(error), str(error))


@pytest.mark.parametrize("seed", range(6))
def test_columns_of_hashes_compare_as_sets_and_lists_do(seed, monkeypatch):
    from ocrdata.base.storage import hash_columns

    for name, size in (("_RUN", 7), ("_AT_ONCE", 5), ("_IN_MEMORY", 2000)):
        monkeypatch.setattr(hash_columns, name, size)
    rng = random.Random(seed)
    known = [0, *(rng.getrandbits(64) for _ in range(30))]
    ours, others = (rng.choices(known, k=size) for size in (seed * 11, 25))
    columns = []
    for hashes in (ours, others):
        columns.append(hash_columns.HashColumn())
        for start in range(0, len(hashes), 4):
            columns[-1].extend(iter(hashes[start : start + 4]))
        assert len(columns[-1]) == len(hashes)

    def same(found, rows):
        assert (found.total, found.first) == (len(rows), rows[:5])

    rows = range(len(ours))
    same(hash_columns.repeats(columns[0]), [n for n in rows if ours[n] in ours[:n]])
    shared = [n for n in rows if ours[n] and ours[n] in others and ours[n] not in ours[:n]]
    same(hash_columns.first_shared(*columns), shared)
    same(hash_columns.missing_from(*columns), [n for n in rows if ours[n] not in others])
