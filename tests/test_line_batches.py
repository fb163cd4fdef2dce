"""Batches of text lines for any framework: every line once, in every division of the work."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ocrdata
from ocrdata.errors import CharsetError, OptionError, RecordError
from ocrdata.pipelines.line_batches import BatchOptions, LineBatches
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.line_table import RecordProblem, read_table
from ocrdata.records.format.schema import LineRecord, encode_line, line_of
from ocrdata.records.format.tfrecord import read_records
from ocrdata.records.sources.shares import ReaderShare, read_record_blocks, runs_of
from ocrdata.text.packed_texts import PackedTexts, TextEncoder
from ocrdata.text.visual_order import LineOrder


def keys_of(batches):
    return [key for batch in batches for key in batch.keys]


def truth_of(shards, split="train"):
    return {sample.key: sample for sample in ocrdata.read_samples(shards, split)}


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
@pytest.mark.parametrize("shuffle", [True, False])
def test_each_line_comes_once_whoever_reads_it(shards, parts, shuffle):
    lines = LineBatches(shards, options=BatchOptions(8, shuffle=shuffle, even=False, pool=3))
    wanted = sorted(truth_of(shards))
    for epoch in (0, 1):
        found = [keys_of(lines.batches(epoch, ReaderShare(part, parts))) for part in range(parts)]
        assert sorted(itertools.chain(*found)) == wanted and lines.samples == len(wanted)
        assert max(map(len, found)) - min(map(len, found)) <= 1
    orders = [keys_of(lines.batches(epoch)) for epoch in (0, 0, 1)]
    assert orders[0] == orders[1] and (orders[0] != orders[2]) == shuffle


def test_even_shares_leave_out_less_than_one_for_each(shards):
    lines = LineBatches(shards, options=BatchOptions(4))
    for parts in (2, 5):
        sizes = [len(keys_of(lines.batches(0, ReaderShare(part, parts)))) for part in range(parts)]
        assert len(set(sizes)) == 1 and 0 <= lines.samples - sum(sizes) < parts


def test_batches_hold_what_the_records_hold(shards):
    truth, lines = truth_of(shards), LineBatches(shards, options=BatchOptions(8))
    widths = []
    for batch in lines.batches():
        assert batch.images.dtype == np.uint8 and batch.images.shape[:3] == (len(batch.keys), 1, 32)
        ends = np.cumsum(batch.lengths)
        for place, key in enumerate(batch.keys):
            image = ocrdata.load_image(truth[key])
            height, width = image.shape[:2]
            assert batch.widths[place] == width and height == 32
            shown = batch.images[place, 0, :, :width].astype(int)
            assert abs(shown - image.mean(axis=2)).max() <= 3
            assert not batch.images[place, 0, :, width:].any()
            classes = batch.classes[ends[place] - batch.lengths[place] : ends[place]]
            assert lines.charset.decode(classes.tolist()) == truth[key].text == batch.texts[place]
        widths.append(batch.widths)
    # A shuffled order alone would pad several times as much.
    spread = np.mean([(one.max() - one).mean() for one in widths[:-1]])
    everything = np.concatenate(widths)
    assert spread < (everything.max() - everything).mean() / 3


def test_pictures_are_brought_to_size(shards):
    options = BatchOptions(5, height=24, channels=3, width=40, drop_last=True, shuffle=False)
    batches = list(LineBatches(shards, "test", options=options).batches())
    assert [len(batch.keys) for batch in batches] == [5] * (len(truth_of(shards, "test")) // 5)
    assert all(batch.images.shape[1:3] == (3, 24) for batch in batches)
    assert max(batch.images.shape[3] for batch in batches) == 40
    stretched = BatchOptions(5, min_width=280)
    widths = [batch.widths.min() for batch in LineBatches(shards, options=stretched).batches()]
    assert min(widths) == 280 < max(widths)


def test_rendered_lines_are_shared_without_a_gap():
    texts = ["12", "345", "6789"]
    lines = ocrdata.generate_lines(texts, count=600, seed=3)
    charset = ocrdata.collect_characters(texts)
    batches = LineBatches(lines, charset=charset, options=BatchOptions(50, pool=2))
    found = [keys_of(batches.batches(0, ReaderShare(part, 2))) for part in (0, 1)]
    assert all(found) and sorted(itertools.chain(*found)) == sorted(line.key for line in lines)
    endless = LineBatches(ocrdata.generate_lines(texts), charset=charset)
    assert endless.samples is None and len(next(endless.batches()).keys) == 64
    with pytest.raises(OptionError, match="collect_characters"):
        LineBatches(lines)


def test_transparent_and_gray_pictures_are_decoded_alike(tmp_path):
    gray = np.tile(np.arange(0, 250, 5, dtype=np.uint8), (32, 1))
    from io import BytesIO

    from PIL import Image

    clear = np.dstack([np.zeros((32, 50, 3), np.uint8), np.zeros((32, 50), np.uint8)])
    stream = BytesIO()
    Image.fromarray(clear).save(stream, "PNG")
    samples = [
        ocrdata.make_sample("gray.png", gray, "a"),
        ocrdata.make_sample("clear.png", stream.getvalue(), "b"),
    ]
    pairs = [("train", sample) for sample in samples]
    options = ocrdata.WriteOptions(shards=1, validation_fraction=0.0)
    ocrdata.write_records(pairs, tmp_path / "set", options=options)
    (batch,) = LineBatches(tmp_path / "set").batches()
    images = dict(zip(batch.texts, batch.images[:, 0]))
    assert (images["a"] == gray).all() and (images["b"] == 255).all()


@pytest.mark.parametrize("where", ["length", "data", "end"])
def test_damage_is_named(shards, tmp_path, where):
    import shutil

    shutil.copytree(str(shards), str(tmp_path / "set"))
    path = sorted((tmp_path / "set").glob("train-*"))[1]
    data = bytearray(path.read_bytes())
    if where == "end":
        del data[-3:]
    else:
        data[3 if where == "length" else 40] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(RecordError, match=f"{path.name}.*record"):
        list(LineBatches(tmp_path / "set").batches())


def test_a_wrong_source_is_refused(shards, tmp_path):
    with pytest.raises(RecordError, match="has no split nothing. It has: train, validation"):
        LineBatches(shards, "nothing")
    with pytest.raises(RecordError, match="has no dataset_info.json"):
        LineBatches(tmp_path)
    with pytest.raises(OptionError, match="channels must be 1 or 3"):
        BatchOptions(channels=2).check()
    with pytest.raises(OptionError, match="no share 2 of 2"):
        next(LineBatches(shards).batches(0, ReaderShare(2, 2)))


# --- runs of records, against plain counting


@given(st.lists(st.integers(0, 9), max_size=6), st.data())
def test_runs_cover_a_range(counts, data):
    total = sum(counts)
    first = data.draw(st.integers(0, total))
    last = data.draw(st.integers(first, total))
    every = [(str(file), number) for file, count in enumerate(counts) for number in range(count)]
    files = [(str(file), count) for file, count in enumerate(counts)]
    found = [
        (run.path, number)
        for run in runs_of(files, first, last)
        for number in range(run.skip, run.skip + run.records)
    ]
    assert found == every[first:last]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_run_is_a_part_of_the_file(rendered, tmp_path, compression):
    from ocrdata.records.write.shards import write_shards

    write_shards(rendered, tmp_path / "set", shards=1, compression=compression)
    (path,) = (tmp_path / "set").glob("train-*")
    every = list(read_records(path))
    (run,) = runs_of([(path, len(every))], 7, 20)
    blocks = list(read_record_blocks(run))
    found = [block.data[a:b] for block in blocks for a, b in zip(block.starts, block.ends)]
    assert found == every[7:20] and blocks[0].first == 7


# --- records read many at a time, against the reader of any protocol buffer

lines = st.builds(
    LineRecord,
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=9),
    st.binary(max_size=300),
    st.sampled_from(["jpeg", "png"]),
    st.integers(-3, 70_000) | st.sampled_from([1 << 30, 1 << 33, (1 << 63) - 1]),
    st.integers(-3, 70_000),
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=200),
    st.lists(st.integers(-1, 1 << 40), max_size=9),
)


def rows_of(records):
    """What a table holds of each record, or the row and the words of the error."""
    edges = np.cumsum([0, *map(len, records)]).tolist()
    try:
        table = read_table(b"".join(records), edges[:-1], edges[1:])
    except RecordProblem as error:
        return error.row, str(error)
    images = [table.data[start:end] for start, end in table.image.tolist()]
    sizes = (table.height.tolist(), table.width.tolist(), table.jpeg.tolist())
    return list(zip(table.keys, images, table.texts, *sizes))


def slow_rows_of(records):
    rows = []
    for row, record in enumerate(records):
        try:
            line = line_of(decode_example(record))
        except ValueError as error:
            return row, str(error)
        names = (line.key.encode(), line.image, line.text.encode())
        sizes = (min(max(0, size), (1 << 30) - 1) for size in (line.height, line.width))
        rows.append((*names, *sizes, line.format == "jpeg"))
    return rows


@settings(max_examples=50)
@given(st.lists(lines, min_size=1, max_size=5))
def test_records_are_read_as_by_the_slow_reader(given):
    records = list(map(encode_line, given))
    assert rows_of(records) == slow_rows_of(records)


# Of a class without an end the slow reader says more than that.
small = lines.map(lambda line: line._replace(classes=[abs(one) % 8192 for one in line.classes]))


@settings(max_examples=50)
@given(st.lists(small, min_size=2, max_size=3), st.data())
def test_damaged_records_are_read_as_by_the_slow_reader(given, data):
    first, *others = map(encode_line, given)
    record = bytearray(first)
    for _ in range(data.draw(st.integers(1, 3))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del record[data.draw(st.integers(0, len(record))) :]
    record = bytes(record)
    for records in ([record, *others], [*others, record]):
        assert rows_of(records) == slow_rows_of(records)


# --- many texts at once, against one by one

texts = st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=5), max_size=6)


@settings(max_examples=30)
@given(texts)
def test_packed_texts_are_the_texts(given):
    packed = PackedTexts.of_bytes([text.encode() for text in given])
    assert packed == given and list(packed) == given and len(packed) == len(given)
    assert packed.lengths.tolist() == list(map(len, given)) and packed[1:] == given[1:]
    assert pickle.loads(pickle.dumps(packed)) == PackedTexts.of(given)  # noqa: S301 - our own
    charset = ocrdata.collect_characters([*given, "x"])
    if "\n" not in packed.joined and "\r" not in packed.joined:
        order = LineOrder(charset)
        wanted = [one for text in given for one in order.encode(text)]
        assert TextEncoder(order).encode(packed).tolist() == wanted


def test_a_text_that_is_damaged_is_not_mended_by_the_next():
    with pytest.raises(UnicodeDecodeError):
        PackedTexts.of_bytes([b"a\xc3", b"\xa4"])
    with pytest.raises(CharsetError, match="U\\+007A"):
        encoder = TextEncoder(LineOrder(ocrdata.collect_characters(["abc"])))
        encoder.encode(PackedTexts.of(["ab", "az"]))
