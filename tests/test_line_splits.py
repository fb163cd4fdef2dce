"""Splits of lines, against going through all of them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrdata.base.random_streams import bucket
from ocrdata.base.sample import SPLITS
from ocrdata.pipelines import line_splits
from ocrdata.pipelines.line_splits import (
    counted_splits,
    line_numbers_of,
    listed_splits,
    range_count,
    range_numbers,
)
from ocrdata.render.lines.text_sampling import TextPlan


def split_of(text):
    return SPLITS[int(bucket(text, "here") * 2.999)]


def one_by_one(plan):
    """The codes of all lines, and all characters, from the texts themselves."""
    texts = [text for task in plan.tasks() for text in task.texts]
    return np.array([SPLITS.index(split_of(text)) for text in texts]), set("".join(texts))


def check(plan, splits, characters, low, high):
    codes, expected = one_by_one(plan)
    assert characters == expected and len(codes) == plan.total
    for code in range(len(SPLITS)):
        members = np.flatnonzero(codes == code)
        assert splits.count(code) == len(members)
        ranks = int(low * len(members)), int(high * len(members))
        found = line_numbers_of(splits, plan, split_of, code, ranks)
        assert found.dtype == np.int64 and found.tolist() == members[slice(*ranks)].tolist()


TEXTS = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=12)
SHARE = st.floats(0, 1)


@given(TEXTS, st.integers(1, 60), st.lists(st.text("xyz", min_size=1), max_size=5), SHARE, SHARE)
def test_texts_in_turn(texts, listed, more, one, other):
    plan = TextPlan("listed", listed + len(more), 3, texts, more=more)
    splits, shown = listed_splits(plan, split_of)
    check(plan, splits, {c for text in shown for c in text}, min(one, other), max(one, other))


@pytest.mark.parametrize("kind", ["frequency", "random"])
@settings(max_examples=12)
@given(TEXTS, st.integers(1, 2000), SHARE, SHARE)
def test_drawn_texts(kind, texts, total, one, other):
    before, line_splits.RANGE_BLOCKS, line_splits.RANGE = line_splits.RANGE_BLOCKS, 2, 512
    try:
        if kind == "frequency":
            shares = np.arange(1, len(texts) + 1) / len(texts)
            plan = TextPlan(kind, total, 5, texts, shares)
        else:
            plan = TextPlan(kind, total, 5, sorted(set("".join(texts))), lengths=(1, 3))
        counts = [range_count(plan, n, split_of, str) for n in range_numbers(plan)]
        splits, characters = counted_splits(counts)
        check(plan, splits, characters, min(one, other), max(one, other))
    finally:
        line_splits.RANGE_BLOCKS, line_splits.RANGE = before, before * 256


@pytest.mark.parametrize("sampling", ["frequency", "random", "balanced"])
def test_shards_hold_the_lines_that_files_show(run, tmp_path, sampling):
    """Records of any sampling hold each picture once, in the split that its text has."""
    from ocrdata.records.format.tfrecord import example_of, scan_records

    words = ["gen-pics", "--corpus", "dates", "--sampling", sampling, "--limit", "300"]
    words += ["--variants", "1", "--records", "--shards", "3", "--data-dir"]
    run(*words, tmp_path / "a", "--workers", "0")
    run(*words, tmp_path / "b", "--workers", "2")
    names = sorted(path.name for path in (tmp_path / "a" / "tfrecords").iterdir())
    keys, sides = [], {}
    for name in names:
        content = (tmp_path / "a" / "tfrecords" / name).read_bytes()
        if name != "manifest.json":
            assert content == (tmp_path / "b" / "tfrecords" / name).read_bytes()
        if name.endswith(".tfrecord"):
            path = tmp_path / "a" / "tfrecords" / name
            for record in scan_records(path):
                features = example_of(path, record)
                keys.append(features["image/source_id"].values[0])
                text = features["image/text"].values[0]
                assert sides.setdefault(text, name.split("-")[0]) == name.split("-")[0]
    assert len(set(keys)) == len(keys) >= 300
