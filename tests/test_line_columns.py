"""Lists read in columns, and by parts, against the lines read and parsed one by one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ocrdata.base.sample import parse_sample_line, read_lines
from ocrdata.base.skips import Skips
from ocrdata.errors import InputError
from ocrdata.records.sources import line_columns
from ocrdata.records.sources.listed import SampleList

PLAIN_KEYS, PLAIN_TEXTS = ["a/b.jpg", "x.png"], ["abc", "中 文"]
KEYS = [*PLAIN_KEYS, "/abs.jpg", "../up.jpg", "a/../b.jpg", "..", "a..b.jpg", "", "sp ace.jpg"]
KEYS += ["n\0l.jpg", "é.png", "a\u2028b.jpg"]
TEXTS = [*PLAIN_TEXTS, "", "  ", "x\ty", "...", "../y", "\x85a", "a\rb", " lead", "trail "]
ENDS = ["\n", "\r\n", "\n\n", "\r\r\n"]


def lines(keys, gaps, texts, ends):
    line = st.tuples(*map(st.sampled_from, (keys, gaps, texts, ends))).map("".join)
    return st.lists(line, max_size=12).map("".join)


LISTS = st.one_of(
    lines(PLAIN_KEYS, [" "], PLAIN_TEXTS, ["\n"]), lines(KEYS, [" ", "\t"], TEXTS, ENDS)
)


def one_by_one(path):
    rows, bad = [], []
    for number, line in read_lines(path):
        try:
            rows.append((number, *parse_sample_line(path, number, line)))
        except InputError as error:
            bad.append(str(error))
    return rows, bad


@settings(max_examples=300, deadline=None)
@given(LISTS, st.booleans(), st.booleans(), st.data())
def test_columns_and_parts_are_the_lines_one_by_one(tmp_path_factory, body, mark, ended, data):
    path = tmp_path_factory.getbasetemp() / "list.txt"
    body = body if ended else body.rstrip("\n")
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + body.encode("utf-8"))
    expected, bad = one_by_one(path)
    size = path.stat().st_size
    cuts = data.draw(
        st.lists(st.integers(4, max(4, size - 1)), max_size=2, unique=True).map(sorted)
    )
    edges = [0, *(cuts if size > 4 else ()), size]
    kept, line_columns.CHUNK_BYTES = line_columns.CHUNK_BYTES, 24
    try:
        source = SampleList(path, path.parent)
        skipped = [Skips(errors=True) for _ in range(3)]
        rows = list(source.rows(skipped[0]))
        columns = [row for found in source.columns(skipped[1]) for row in zip(*found)]
        spans = zip(edges, edges[1:])
        parts = [row for span in spans for row in source.rows(skipped[2], span)]
    finally:
        line_columns.CHUNK_BYTES = kept
    assert [(row.number, row.key, row.text) for row in rows] == expected
    assert columns == [tuple(row) for row in rows]
    # Lines of a part are numbered from its beginning.
    assert [(row.place, row.key, row.text) for row in parts] == [
        (row.place, row.key, row.text) for row in rows
    ]
    assert all(source.row_at(row.place) == (row.key, row.text) for row in rows)
    assert [sum(one.counts.values()) for one in skipped] == [len(bad)] * 3
    assert skipped[0].examples == bad[:5]
