"""Dictionaries: classes, the three generations of files, and what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrdata.errors import CharsetError
from ocrdata.text.charset import (
    DICTIONARY_DIR,
    Charset,
    collect_characters,
    read_charset,
    write_characters,
    write_dictionary,
)
from ocrdata.text.dictionary_maps import GENERATIONS

CHARACTERS = st.lists(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n"),
    min_size=1,
    unique=True,
)


@given(CHARACTERS)
def test_every_generation_round_trips(tmp_path_factory, characters):
    charset = Charset(tuple(characters))
    folder = tmp_path_factory.mktemp("dict")
    write_characters(folder / "chinese.txt", charset)
    assert read_charset(folder / "chinese.txt") == charset
    for generation in GENERATIONS:
        (folder / generation).mkdir(exist_ok=True)
        write_dictionary(folder / generation, charset, generation)
        assert read_charset(folder / generation) == charset


def test_a_first_class_that_looks_like_a_signature(tmp_path):
    charset = Charset(("\ufeff", "a"))
    write_characters(tmp_path / "chinese.txt", charset)
    assert read_charset(tmp_path / "chinese.txt") == charset
    (tmp_path / "signed.txt").write_text("a\nb\n", encoding="utf-8-sig")
    assert read_charset(tmp_path / "signed.txt") == Charset(("a", "b"))


@given(CHARACTERS, st.data())
def test_encode_and_decode(characters, data):
    charset = Charset(tuple(characters))
    text = "".join(data.draw(st.lists(st.sampled_from(characters))))
    indices = charset.encode(text)
    assert [characters[i] for i in indices] == list(text)
    assert charset.decode([charset.blank, *indices, -1]) == text
    assert charset.num_classes == len(characters) + 1 == charset.blank + 1


def test_the_hash_is_that_of_the_file(tmp_path):
    charset = collect_characters(["乙甲", "甲a\n"])
    assert charset.characters == ("a", "乙", "甲")
    write_characters(tmp_path / "chinese.txt", charset)
    content = (tmp_path / "chinese.txt").read_bytes()
    assert content == "a\n乙\n甲\n".encode()
    assert charset.sha256 == hashlib.sha256(content).hexdigest()


def test_the_dictionary_of_a_data_folder_is_found(tmp_path):
    (tmp_path / DICTIONARY_DIR).mkdir()
    write_dictionary(tmp_path / DICTIONARY_DIR, Charset(("一", "二")))
    assert read_charset(tmp_path).characters == ("一", "二")


def test_an_unknown_character_is_named():
    with pytest.raises(CharsetError, match=r"'龘' \(U\+9F98\) of 'a龘' is not in its 1 characters"):
        Charset(("a",)).encode("a龘")
    assert Charset(("a",)).missing("b龘b") == ["b", "龘"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("甲\n甲\n", ":2: repeats '甲' of line 1"),
        ("甲乙\n", ":1: holds 2 characters"),
        ("甲\n\n乙\n", ":2: holds 0 characters"),
        ("", "holds no characters"),
    ],
)
def test_a_bad_character_list_is_refused(tmp_path, content, problem):
    path = tmp_path / "chinese.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CharsetError) as caught:
        read_charset(path)
    assert str(path) + (problem if problem[0] == ":" else ": " + problem) in str(caught.value)


def test_a_character_list_may_have_a_bom_crlf_and_odd_characters(tmp_path):
    path = tmp_path / "chinese.txt"
    path.write_bytes("\ufeff甲\r\n \r\n\u2028\r\n乙".encode())
    assert read_charset(path).characters == ("甲", " ", "\u2028", "乙")


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"ord_map.json": {"0": "97", "2": "98"}}, "has no class 1"),
        ({"ord_map.json": {"0": "97", "1": "97"}}, "gives two classes to U\\+0061"),
        ({"ord_map.json": {"0": "x"}}, "'0': 'x' is not an entry"),
        ({"ord_map.json": ["a"]}, "is not an object of strings"),
        ({"char_dict.json": {"97": "a"}}, "holds no dictionary"),
        (
            {"ord_2_index_map.json": {"97": "0"}, "index_2_ord_map.json": {"0": "98"}},
            "gives class 0 to U\\+0062, but another entry to U\\+0061",
        ),
        ({"char_dict.json": {"98": "b"}, "ord_map.json": {"0": "97"}}, "disagree on U\\+0061"),
        ({"char_dict.json": {"98": "a"}, "ord_map.json": {"0": "97"}}, "is not an entry"),
    ],
)
def test_a_bad_dictionary_is_refused(tmp_path, files, problem):
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(CharsetError, match=problem):
        read_charset(tmp_path)


def test_truncated_json_names_the_line(tmp_path):
    (tmp_path / "ord_map.json").write_text('{"0": "97",\n')
    with pytest.raises(CharsetError, match=r"ord_map.json:2: is not JSON"):
        read_charset(tmp_path)


def test_real_dictionaries_of_all_generations(shared):
    chinese = read_charset(shared / "uai_crnn_chinese")
    assert (len(chinese), chinese.num_classes) == (3789, 3790)
    assert len(read_charset(shared / "uai_crnn_en")) == 546
    sizes = {"en": 36, "cn": 5824, "npu": 36}
    for name, size in sizes.items():
        assert len(read_charset(shared / "crnn_tf" / f"ord_map_{name}.json")) == size
    poem = (shared / "uai_crnn_chinese" / "THUOCL_poem.txt").read_text(encoding="utf-8")
    phrases = [line.split("\t")[0] for line in poem.splitlines()]
    assert set(collect_characters(phrases).characters) == set(chinese.characters)


def test_real_files_are_written_to_the_byte(shared, tmp_path):
    write_dictionary(tmp_path, read_charset(shared / "uai_crnn_chinese"))
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (shared / "uai_crnn_chinese" / path.name).read_bytes()
    write_dictionary(tmp_path, read_charset(shared / "crnn_tf" / "ord_map_cn.json"), "suffixed")
    for ours, real in (("ord_map", "ord_map_cn"), ("char_dict", "char_dict_cn")):
        real_file = shared / "crnn_tf" / (real + ".json")
        assert (tmp_path / (ours + ".json")).read_bytes() == real_file.read_bytes()
