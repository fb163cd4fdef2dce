"""The lines of ICDAR text files, there and back, and what is refused."""

from __future__ import annotations

import io
import random
import tarfile

import pytest

from ocrdata.base.encodings import decode_lines
from ocrdata.base.icdar import format_box, quote, split_numbers, split_outline, unquote
from ocrdata.base.storage.tree import Tree, natural
from ocrdata.errors import AnnotationError


@pytest.mark.parametrize("seed", range(50))
def test_any_text_survives_writing_and_reading(seed):
    rng = random.Random(seed)
    text = "".join(rng.choice('"\\, a字#') for _ in range(rng.randint(0, 8))).strip()
    points = [(rng.randint(-9, 900), rng.randint(0, 900) / 4) for _ in range(4)]
    numbers, rest = split_numbers(format_box(points, text), 8)
    assert unquote(rest) == text
    assert numbers == [value for point in points for value in point]


@pytest.mark.parametrize("seed", range(50))
def test_outlines_of_any_number_of_points_survive(seed):
    rng = random.Random(seed)
    text = "".join(rng.choice('"\\, 字15.') for _ in range(rng.randint(0, 9))).strip()
    count = rng.choice([4, 5, 6, 14, 31])
    points = [(rng.randint(-9, 900), rng.randint(0, 900) / 4) for _ in range(count)]
    found, rest = split_outline(format_box(points, text))
    assert found == points and unquote(rest) == text


def test_numbers_in_a_text_are_no_corners():
    quad = "1,2,9,2,9,8,1,8,"
    for text in ("5,6,7", "5,6,", "5", '5,"x"', "", '"5,6"', '"5,6,\\"x\\""'):
        points, rest = split_outline(quad + text)
        assert len(points) == 4 and rest == text
    points, rest = split_outline(quad + '5, 6 ,"1,2"')
    assert points == [(1, 2), (9, 2), (9, 8), (1, 8), (5, 6)] and rest == '"1,2"'
    with pytest.raises(ValueError, match="has 11 numbers before its text"):
        split_outline(quad + '5,6,7,"x"')


@pytest.mark.parametrize("text", ['"', '"open', 'close"', 'a "b" c', "\\", "a\\", ""])
def test_quotes_are_added_only_where_they_are_needed(text):
    assert quote(text) == text and unquote(text) == text
    assert unquote(quote(f'"{text}"')) == f'"{text}"'


def test_quoted_text_reads_as_the_official_scorer_reads_it():
    assert unquote(' "Tiredness"') == "Tiredness"
    assert unquote('"\\"HIGHER"') == '"HIGHER'
    assert unquote('"a, \\\\b"') == "a, \\b"
    assert unquote('in "the" middle') == 'in "the" middle'


@pytest.mark.parametrize("line", ["1,2,3", "1,2,x,4,t", "1,2,inf,4,t", "1,,3,4,t", "1;2;3;4"])
def test_numbers_that_are_none_are_refused(line):
    with pytest.raises(ValueError):
        split_numbers(line, 4)


def test_lines_keep_their_numbers_over_marks_and_breaks():
    data = "\ufeffone\r\n\r\ntwo\u2028still two\n".encode()
    assert list(decode_lines(data, "x")) == [(1, "one"), (3, "two\u2028still two")]
    with pytest.raises(AnnotationError, match="x:2: is not UTF-8"):
        list(decode_lines(b"a\n\xff\n", "x"))


def test_names_sort_as_people_count():
    names = ["img_10.jpg", "img_2.jpg", "a/1", "img_1.jpg"]
    assert sorted(names, key=natural) == ["a/1", "img_1.jpg", "img_2.jpg", "img_10.jpg"]


def test_a_tree_passes_over_what_systems_leave_behind(tmp_path):
    for name in ("a.txt", ".hidden", "Thumbs.db", "__MACOSX/a.txt", "deep/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    with Tree(tmp_path) as tree:
        assert list(tree.names) == ["a.txt", "deep/b.txt"]
        assert tree.read("deep/b.txt") == b"deep/b.txt"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x1f\x8b\x08 cut"])
@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_what_only_looks_like_an_archive_is_one_error(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AnnotationError, match="damaged archive"):
        Tree(tmp_path)


def test_members_of_a_large_tar_are_found_by_index(tmp_path, monkeypatch):
    with tarfile.open(str(tmp_path / "a.tar"), "w") as tar:
        for number in range(300):
            entry = tarfile.TarInfo(f"x/{number % 299}.txt")
            entry.size = len(str(number))
            tar.addfile(entry, io.BytesIO(str(number).encode()))
    monkeypatch.setattr(tarfile.TarFile, "getmember", None)
    with Tree(tmp_path / "a.tar") as tree:
        found = [tree.read(f"a.tar/x/{number}.txt") for number in range(299)]
    # Of a name that comes twice the last counts, as when it is unpacked.
    assert found == [b"299", *(str(number).encode() for number in range(1, 299))]
