"""Journals: what was noted is read again, also where the last line was cut off."""

from __future__ import annotations

import pytest
from render_support import TEXTS, job, tree_digest

from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import RunOptions
from ocrdata.base.storage import journal
from ocrdata.render.lines import batch
from ocrdata.render.lines.batch import render_lines
from ocrdata.render.lines.text_sampling import TextOptions

ROWS = [3, [1, 2], {"b": "中", "a": None}, "line\nbreak"]


@pytest.mark.parametrize("lost", range(20))
def test_a_torn_line_does_not_run_into_the_next(tmp_path, lost):
    path = tmp_path / "done.jsonl"
    assert list(journal.read_journal(path)) == []
    with journal.open_journal(path) as stream:
        for row in ROWS:
            journal.append_row(stream, row)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - lost])
    kept = whole[: len(whole) - lost].count(b"\n")
    assert list(journal.read_journal(path)) == ROWS[:kept]
    with journal.open_journal(path) as stream:
        journal.append_row(stream, "more")
    assert list(journal.read_journal(path)) == [*ROWS[:kept], "more"]


def test_rendering_goes_on_behind_a_torn_line(tmp_path, monkeypatch):
    options = TextOptions(variants=200)
    render_lines(tmp_path / "whole", TEXTS, job("clean"), options)

    def stop(function, items, workers, **more):
        for count, result in enumerate(ordered_map(function, items, workers, **more)):
            if count == 3:
                raise KeyboardInterrupt
            yield result

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(batch, "ordered_map", stop)
        render_lines(tmp_path / "cut", TEXTS, job("clean"), options)
    (noted,) = tmp_path.rglob("blocks.jsonl")
    assert noted.read_bytes() == b"0\n1\n2\n"
    noted.write_bytes(b"0\n1\n2")
    render_lines(tmp_path / "cut", TEXTS, job("clean"), options, RunOptions(resume=True))
    assert tree_digest(tmp_path / "cut") == tree_digest(tmp_path / "whole")
