"""Tasks on storage: read one by one, and never larger than a sample."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tracemalloc

import pytest

from ocrdata.base.sample import Sample
from ocrdata.errors import AnnotationError
from ocrdata.importers.blocks import ImportBlock, ImportItem
from ocrdata.scale.tasks import TaskFolder


def sizes(block):
    """Returns the sizes of a block's pictures, and the most memory that reading them took."""
    tracemalloc.start()
    try:
        found = [len(item.sample.image) for item in block.items]
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_block_is_read_sample_by_sample(tmp_path):
    size = 1 << 20
    items = tuple(ImportItem(n, None, "", "", Sample(str(n), bytes(size))) for n in range(20))
    tasks = TaskFolder(tmp_path)
    assert tasks.write((sizes, None, ()), [ImportBlock(0, items)]) == 1
    tasks.run(0)
    ((found, most),) = tasks.results()
    assert found == [size] * 20 and most < 3.5 * size


def test_any_item_can_be_read(tmp_path):
    tasks = TaskFolder(tmp_path)
    items = [(number, "x" * number) for number in range(30)]
    tasks.write((tuple, None, ()), items)
    for number in (29, 0, 7):
        tasks.run(number)
    assert tasks.is_unfinished()
    for number in range(30):
        tasks.run(number)
    assert list(tasks.results()) == items and not tasks.is_unfinished()


def test_what_is_left_is_worked_on_under_its_new_numbers(tmp_path):
    """A worker that knows the items of a killed run is given those of the next one."""
    items = [f"{number:03d}" for number in range(6)]
    killed, resumed = TaskFolder(tmp_path), TaskFolder(tmp_path)
    killed.write((str.upper, None, ()), items)
    killed.run(0)
    resumed.write((str.upper, None, ()), items[2:])
    # What the killed run had handed out either ends as it would have, or says that it cannot.
    with contextlib.suppress(FileNotFoundError):
        killed.run(1)
    for number in range(4):
        resumed.run(number)
    assert list(resumed.results()) == items[2:]


def refuse(number):
    raise AnnotationError("list.txt", "is wrong", number)


def test_an_error_is_a_result(tmp_path):
    tasks = TaskFolder(tmp_path)
    tasks.write((refuse, None, ()), [3])
    tasks.run(0)
    with pytest.raises(AnnotationError, match="list.txt:3"):
        tasks.raise_failure()
    tasks.write((str, None, ()), [3])
    assert tasks.is_unfinished()
    tasks.run(0)
    assert list(tasks.results()) == ["3"]


@pytest.mark.parametrize("left", [0, 5, "zeros"])
def test_a_result_that_was_cut_off_is_made_again(tmp_path, left):
    tasks, items = TaskFolder(tmp_path), ["a" * 90, "b" * 90]
    for _ in range(2):
        tasks.write((str.upper, None, ()), items)
        for number in range(2):
            tasks.run(number)
        assert list(tasks.results()) == ["A" * 90, "B" * 90]
        path = next((tmp_path / "results").iterdir())
        path.write_bytes(bytes(99) if left == "zeros" else path.read_bytes()[:left])


def test_without_beam_the_extra_is_named(tmp_path):
    code = "import sys; sys.modules['apache_beam'] = None; from ocrdata.cli import main; main()"
    words = ["gen-pics", "--data-dir", str(tmp_path / "data"), "--runner", "DirectRunner"]
    done = subprocess.run([sys.executable, "-c", code, *words], stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b'pip install "ocrdata[beam]"' in done.stderr and b"Traceback" not in done.stderr
