"""Iterators that threads read ahead: order, errors, and that no thread stays behind."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ocrdata
from ocrdata.errors import OptionError, RecordError
from ocrdata.pipelines.line_batches import BatchOptions, LineBatches
from ocrdata.records.sources.read_ahead import read_in_turn
from ocrdata.records.sources.shares import ReaderShare

OPTIONS = BatchOptions(4, pool=2)


def reading():
    return [one for one in threading.enumerate() if one.name == "ocrdata-reader"]


@pytest.fixture(autouse=True)
def no_thread_stays_behind():
    yield
    assert not reading()


def taken_in_turn(parts):
    rounds = itertools.zip_longest(*parts)
    return [one for around in rounds for one in around if one is not None]


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(), max_size=5), max_size=4), st.integers(1, 3))
def test_items_come_in_turn(parts, ahead):
    found = read_in_turn([partial(iter, part) for part in parts], ahead)
    assert list(found) == taken_in_turn(parts)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_give_the_batches_of_their_shares_in_turn(shards, threads):
    lines = LineBatches(shards, options=OPTIONS)
    shares = [ReaderShare(1, 2).within(part, threads) for part in range(threads)]
    wanted = taken_in_turn([list(lines.batches(3, share)) for share in shares])
    # One that is read beside another one is not disturbed.
    pairs = [lines.batches(3, ReaderShare(1, 2), threads, ahead=1) for _ in range(2)]
    for one, *others in itertools.zip_longest(wanted, *pairs):
        for other in others:
            assert one.texts == other.texts and one.keys == other.keys
            assert all(np.array_equal(*pair) for pair in zip(one[:4], other[:4]))


def test_an_error_comes_in_its_turn_and_as_it_is():
    def broken():
        yield "a"
        raise RecordError("shard", "is damaged")

    found = read_in_turn([broken, lambda: iter("bcd")], 2)
    assert [next(found), next(found)] == ["a", "b"]
    with pytest.raises(RecordError, match="shard.*is damaged"):
        next(found)
    assert not reading() and list(found) == []


def test_no_more_is_read_than_there_is_room_for():
    made = []

    def numbers(part):
        for number in range(1000):
            made.append(part)
            yield number

    found = read_in_turn([partial(numbers, part) for part in range(2)], 3)
    assert [next(found) for _ in range(5)] == [0, 0, 1, 1, 2]
    deadline = time.monotonic() + 5
    while len(made) < 11 and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    # What was taken, and three more of each.
    assert sorted(made) == [0] * 6 + [1] * 5
    found.close()


@pytest.mark.parametrize("how", ["break", "close", "forget", "error", "not begun"])
def test_threads_end_with_whoever_takes_their_items(shards, how):
    found = LineBatches(shards, options=OPTIONS).batches(threads=2)
    if how == "not begun":
        return
    next(found)
    assert reading()
    if how == "close":
        found.close()
    elif how == "error":
        with pytest.raises(ZeroDivisionError):
            for _ in found:
                raise ZeroDivisionError
    elif how == "break":
        for _ in found:
            break
    del found


def test_ctrl_c_reaches_whoever_waits():
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        begun.set()
        go_on.wait(100)
        yield 1

    def interrupt():
        begun.wait(100)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        go_on.set()

    # Where tests run side by side, the processes that run them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            next(read_in_turn([slow], 1))
    finally:
        signal.signal(signal.SIGINT, before)


def test_python_ends_quietly_while_threads_read(shards):
    code = (
        "import sys; from ocrdata.pipelines.line_batches import BatchOptions, LineBatches\n"
        "lines = LineBatches(sys.argv[1], options=BatchOptions(4, pool=2))\n"
        "found = lines.batches(threads=2); print(len(next(found).keys))"
    )
    command = [sys.executable, "-c", code, str(shards)]
    root = str(Path(ocrdata.__file__).resolve().parents[1])
    done = subprocess.run(command, capture_output=True, cwd=root)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [b"4"], b"")


def test_what_threads_cannot_do_is_refused(shards):
    lines = LineBatches(shards)
    with pytest.raises(OptionError, match="0 threads or more, not -1"):
        lines.batches(threads=-1)
    with pytest.raises(OptionError, match="at least 1 must be read ahead, not 0"):
        lines.batches(threads=2, ahead=0)
    drawn = ocrdata.generate_lines(["1"], count=3)
    with pytest.raises(OptionError, match="threads do not draw lines faster.*processes"):
        LineBatches(drawn, charset=ocrdata.collect_characters(["1"])).batches(threads=1)
