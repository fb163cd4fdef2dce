"""Reading corpora: bundled, lexicon, plain files, frequency files, running text."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrdata.errors import CorpusError, OptionError, UnknownNameError
from ocrdata.text.corpus import (
    CORPORA,
    DEFAULT_CORPORA,
    corpus_names,
    read_corpora,
    read_corpus,
)
from ocrdata.text.phrases import CorpusOptions, Phrase
from ocrdata.text.words import cut_text, read_jieba_words


@pytest.fixture
def write(tmp_path):
    """Writes bytes or text into a file and returns its path."""

    def call(content, name="corpus.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return call


def texts(source, skips=None, **options):
    return [phrase.text for phrase in read_corpus(source, CorpusOptions(**options), skips)]


def test_the_real_poem_list_is_read_whole(shared):
    path = shared / "uai_crnn_chinese" / "THUOCL_poem.txt"
    phrases = list(read_corpus(path))
    assert len(phrases) == 13703
    assert len(set("".join(phrase.text for phrase in phrases))) == 3789
    # Against the file read the plainest way: every pair, in order.
    pairs = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line]
    assert [(phrase.text, phrase.frequency) for phrase in phrases] == [
        (text, int(count)) for text, count in pairs
    ]


def test_bom_crlf_and_spaces_are_no_part_of_a_text(write):
    path = write("\ufeff春眠不觉晓\r\n\r\n  处处 闻啼鸟\u3000\r\n")
    skips = {}
    assert texts(path, skips=skips) == ["春眠不觉晓", "处处 闻啼鸟"]
    assert skips == {"empty line": 1}


def test_a_file_without_a_last_line_break_keeps_its_last_line(write):
    assert texts(write("一\n二")) == ["一", "二"]


def test_frequencies_and_their_minimum(write):
    path = write("\n江山\t12\n如画\t 3\r\n豪杰\t0\n")
    assert list(read_corpus(path)) == [Phrase("江山", 12), Phrase("如画", 3), Phrase("豪杰", 0)]
    skips = {}
    assert texts(path, min_frequency=3, skips=skips) == ["江山", "如画"]
    assert skips == {"empty line": 1, "too rare": 1}


@pytest.mark.parametrize("broken", ["如画\tmany", "如画\t-3", "如画\t1_000", "如画\t", "如画"])
def test_a_broken_frequency_is_named_with_its_line(write, broken):
    path = write("江山\t12\n" + broken + "\n")
    with pytest.raises(CorpusError) as error:
        list(read_corpus(path))
    assert str(error.value).startswith(f"{path}:2: ")
    assert "phrase<TAB>count" in error.value.hint


@pytest.mark.parametrize(("encoding", "name"), [("gbk", "GB18030"), ("utf-16", "UTF-16")])
def test_other_encodings_are_refused_with_the_command_that_converts(write, encoding, name):
    path = write(b"Tang\n" * (encoding == "gbk") + "白日依山尽\n".encode(encoding))
    with pytest.raises(CorpusError) as error:
        list(read_corpus(path))
    assert "{}:{}: is not UTF-8".format(path, 2 if encoding == "gbk" else 1) in str(error.value)
    assert f"iconv -f {name} -t UTF-8 {path}" in error.value.hint


def test_what_cannot_be_drawn_is_counted(write):
    path = write("甲\n好\x07的\n坏\u200b字\na\tb\n好的\n")
    skips = {}
    assert texts(path, skips=skips) == ["甲", "好的"]
    assert skips == {"control character": 2, "character without a visible form": 1}


def test_lengths_and_repetitions_are_counted_by_reason(write):
    path = write("一\n一二\n一二三\n一二\n一二三四\n")
    skips = {}
    assert texts(path, min_length=2, max_length=3, skips=skips) == ["一二", "一二三"]
    assert skips == {"too short": 1, "too long": 1, "repeated": 1}
    assert texts(path, unique=False) == ["一", "一二", "一二三", "一二", "一二三四"]


def test_the_limit_stops_before_the_next_line_is_read(write):
    path = write("甲\n乙\n".encode() + b"\xff\n")
    assert texts(path, limit=2) == ["甲", "乙"]
    with pytest.raises(CorpusError, match=":3: is not UTF-8"):
        texts(path, limit=3)


def test_a_folder_is_read_in_the_order_of_its_paths(write, tmp_path):
    for name, text in (("b.txt", "乙"), ("a/z.txt", "甲"), ("c.md", "丙"), ("a.txt", "丁")):
        write(text, "folder/" + name)
    assert texts(tmp_path / "folder") == ["丁", "甲", "乙"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="holds no .txt file"):
        read_corpus(tmp_path / "empty")


def test_several_sources_take_turns_and_share_no_text(write):
    one, two = write("甲\n乙\n", "one.txt"), write("乙\t5\n丙\t6\n", "two.txt")
    skips = {}
    merged = list(read_corpora([one, two], skips=skips))
    assert merged == [Phrase("甲"), Phrase("乙", 5), Phrase("丙", 6)]
    assert skips == {"repeated": 1}
    assert [phrase.text for phrase in read_corpora([one, one])] == ["甲", "乙"]


def test_no_source_means_the_bundled_corpora():
    merged = {phrase.text for phrase in read_corpora()}
    assert merged == {text for name in DEFAULT_CORPORA for text in texts(name)}
    assert set(corpus_names()) == set(DEFAULT_CORPORA) | {"english", "lexicon"}


def test_a_corpus_without_usable_text_says_why(write):
    with pytest.raises(CorpusError, match=r"no usable text \(2 empty line\)"):
        list(read_corpus(write("\n  \n")))
    with pytest.raises(CorpusError, match="no usable text"):
        list(read_corpus(write(b"")))
    with pytest.raises(CorpusError, match=r"poems: holds no usable text \(1,815 too short\)"):
        list(read_corpus("poems", CorpusOptions(min_length=8)))


def test_a_corpus_that_the_limits_empty_is_passed_over_where_another_has_texts(write):
    short, long = write("短\n", "short.txt"), write("这一行很长\n", "long.txt")
    skips = {}
    found = [
        phrase.text for phrase in read_corpora([short, long], CorpusOptions(min_length=4), skips)
    ]
    assert found == ["这一行很长"] and skips == {"too short": 1}
    assert (
        min(len(phrase.text) for phrase in read_corpora(options=CorpusOptions(min_length=16))) >= 16
    )
    with pytest.raises(CorpusError, match=r"short.txt: holds no usable text \(1 too short\)"):
        list(read_corpora([short, long], CorpusOptions(min_length=9)))
    with pytest.raises(CorpusError, match=r"empty.txt: holds no usable text \(1 empty line\)"):
        list(read_corpora([write("\n", "empty.txt"), long]))


def test_unknown_sources_are_refused_before_anything_is_read(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean poems"):
        read_corpus("peoms")
    with pytest.raises(UnknownNameError, match="amounts, dates, english, lexicon"):
        read_corpus("xyz")
    with pytest.raises(CorpusError, match="no such file") as error:
        read_corpora(["poems", tmp_path / "absent.txt"])
    assert "poems" in error.value.hint


def test_a_bundled_name_as_a_path_is_a_file(write, tmp_path, monkeypatch):
    write("自己的诗\n", "poems")
    monkeypatch.chdir(tmp_path)
    assert texts("./poems") == ["自己的诗"]
    assert len(texts("poems")) > 1000


@pytest.mark.parametrize(
    "options",
    [{"min_length": 0}, {"min_length": 3, "max_length": 2}, {"limit": 0}, {"cut_length": 0}],
)
def test_impossible_limits_are_refused(options):
    with pytest.raises(OptionError):
        CorpusOptions(**options)


def jieba_entries():
    import jieba

    with jieba.get_module_res("dict.txt") as lines:
        return [line.decode("utf-8").split() for line in lines]


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_the_lexicon_takes_parts_of_speech_by_prefix_and_frequency():
    entries = jieba_entries()
    wanted = {word for word, count, tag in entries if tag[:2] in ("ns", "nt") and int(count) >= 50}
    phrases = list(read_corpus("lexicon:ns, nt", CorpusOptions(min_frequency=50)))
    assert {phrase.text for phrase in phrases} == wanted
    counts = [phrase.frequency for phrase in phrases]
    assert counts == sorted(counts, reverse=True)
    assert len(read_jieba_words()) == len(entries)


@pytest.mark.parametrize("source", ["lexicon:", "lexicon:qq", "lexicon:n,qq"])
def test_an_unknown_part_of_speech_is_refused(source):
    with pytest.raises(OptionError):
        read_corpus(source)


def test_running_text_is_cut_between_words():
    text = "自然语言处理是人工智能领域中的一个重要方向，见《北京大学学报》2024年3.14期。你好,世界!"
    pieces = list(cut_text(text, 8))
    assert pieces[-5:] == ["北京大学学报", "2024年", "3.14期", "你好", "世界"]
    for word in ("自然语言", "人工智能", "领域", "重要", "方向"):
        assert any(word in piece for piece in pieces), word
    assert max(map(len, pieces)) <= 8
    assert list(cut_text("don't stop at 12:30", 30)) == ["don't stop at 12:30"]


MARKS = "，。！？；：、“”《》（）…— \u3000\t"


@settings(max_examples=150, deadline=None)
@given(
    st.text(alphabet="中文分词是自然语言处理的基础北京大学ABCab 123" + MARKS), st.integers(1, 12)
)
def test_cutting_loses_nothing_but_separators(text, longest):
    pieces = list(cut_text(text, longest))
    assert all(1 <= len(piece) <= longest and piece == piece.strip() for piece in pieces)
    kept = "".join(pieces).replace(" ", "")
    assert kept == "".join(character for character in text if character not in MARKS)
    assert not set("".join(pieces)) & (set(MARKS) - {" "})


def test_a_word_longer_than_a_phrase_is_split():
    assert list(cut_text("abcdefghij", 4)) == ["abcd", "efgh", "ij"]
    with pytest.raises(OptionError):
        list(cut_text("甲", 0))


def test_a_cut_corpus_keeps_to_both_limits(write):
    path = write("春江潮水连海平，海上明月共潮生。\n……\n他说：“好。”\n")
    skips = {}
    found = texts(path, cut_length=7, min_length=2, skips=skips)
    assert found == ["春江潮水连海平", "海上明月共潮生", "他说"]
    assert skips == {"empty line": 1, "too short": 1}
    assert max(map(len, texts(path, cut_length=10, max_length=4))) <= 4


def test_cutting_is_quiet_and_writes_no_cache(tmp_path):
    code = "from ocrdata.text.words import cut_text; list(cut_text('北京大学生活动中心在哪里', 4))"
    command = [sys.executable, "-B", "-W", "error", "-c", code]
    paths = {"PYTHONPATH": ":".join(filter(None, sys.path)), "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=paths, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not list(tmp_path.iterdir())


def test_every_corpus_has_a_description():
    assert list(CORPORA) == sorted(CORPORA)
    assert all(CORPORA.values())
