"""Recognition with lexicons against one edit distance at a time."""

from __future__ import annotations

import json
import random

import pytest
from click.testing import CliRunner

from ocrdata.cli import OcrdataGroup
from ocrdata.cli.evaluate_recognition import DATA_SETS, recognition
from ocrdata.errors import AnnotationError, OptionError
from ocrdata.metrics.lexicon import Lexicon
from ocrdata.metrics.recognition import alphanumeric, edit_distance
from ocrdata.metrics.words import CUSTOMS, read_words, score_words

GROUP = OcrdataGroup(commands={"recognition": recognition})


def random_word(rng, letters="abc1", longest=9):
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, longest)))


@pytest.mark.parametrize("seed", range(8))
def test_distances_equal_one_at_a_time(seed):
    rng = random.Random(seed)
    lexicon = Lexicon([random_word(rng) for _ in range(40)])
    for text in ["", *(random_word(rng, longest=12) for _ in range(25))]:
        wanted = [edit_distance(word, text) for word in lexicon.words]
        assert lexicon.distances(text).tolist() == wanted
        assert edit_distance(lexicon.nearest(text), text) == min(wanted)


def test_the_first_of_equally_near_words_is_taken():
    assert Lexicon(["cat", "bat"]).nearest("hat") == "cat"
    assert Lexicon(["bat", "cat", "hat"]).nearest("hat") == "hat"
    assert Lexicon([]).nearest("hat") == ""
    assert Lexicon(["It's", "..."], alphanumeric).words == ["its"]


@pytest.fixture
def read(tmp_path):
    """Three words in the form of `ocrdata evaluate crnn`, one of them with a mistake."""
    rows = [
        "key\ttruth\ttext\tconfidence\tcorrect",
        "a\tPRIVATE\tprivat3\t0.5\t0",
        "b\tit\tit\t0.9\t1",
        "c\tB-52\tb52\t0.9\t0",
    ]
    path = tmp_path / "predictions-test.tsv"
    path.write_text("\n".join(rows) + "\n")
    return path


def write_lexicons(path, words):
    rows = [{"key": key, "lexicons": {"50": words}} for key in "abc"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_customs_of_the_sets(read):
    exact, iiit5k = score_words(read), score_words(read, data_set="iiit5k")
    ic03, ic13 = score_words(read, data_set="icdar2003"), score_words(read, data_set="icdar2013")
    assert (exact.lines, exact.correct) == (3, 1)
    assert (iiit5k.lines, iiit5k.correct, iiit5k.left_out) == (3, 2, 0)
    assert (ic03.lines, ic03.correct, ic03.left_out) == (1, 0, 2)
    assert (ic13.lines, ic13.correct, ic13.left_out) == (2, 1, 1)
    assert sorted(CUSTOMS) == list(DATA_SETS)


@pytest.mark.parametrize("kind", ["50", "full", "file"])
def test_a_lexicon_puts_near_misses_right(read, tmp_path, kind):
    words = ["Private", "IT", "b52", "exit"]
    lexicons = write_lexicons(tmp_path / "lexicons.jsonl", words) if kind == "50" else None
    (tmp_path / "words.txt").write_text("\n".join(words))
    name = str(tmp_path / "words.txt") if kind == "file" else kind
    score = score_words(read, data_set="svt", lexicon=name, lexicons=lexicons)
    assert (score.accuracy, score.lines) == (1.0, 3)


def test_plain_results_need_labels(tmp_path):
    (tmp_path / "sample.txt").write_text("pic/a.png two words\npic/b.png lost\n")
    (tmp_path / "read.tsv").write_text("pic/a.png\ttwo words\n")
    words = list(read_words(tmp_path / "read.tsv", tmp_path / "sample.txt"))
    assert [tuple(word) for word in words] == [
        ("pic/a.png", "two words", "two words"),
        ("pic/b.png", "lost", ""),
    ]
    score = score_words(tmp_path / "read.tsv", tmp_path / "sample.txt")
    assert (score.accuracy, score.missing) == (0.5, 1)
    with pytest.raises(AnnotationError, match="read.tsv:1: .* --labels"):
        list(read_words(tmp_path / "read.tsv"))


@pytest.mark.parametrize(
    "lines, problem", [("x\tword\n", ":1: x is not in"), ("a\tb\na\tb\n", ":2: reads a again")]
)
def test_results_that_do_not_fit_the_labels_are_refused(tmp_path, lines, problem):
    (tmp_path / "sample.txt").write_text("a b\n")
    (tmp_path / "read.tsv").write_text(lines)
    with pytest.raises(AnnotationError, match=problem):
        list(read_words(tmp_path / "read.tsv", tmp_path / "sample.txt"))


def test_lexicons_that_are_wrong_are_named_by_line(read, tmp_path):
    path = write_lexicons(tmp_path / "lexicons.jsonl", ["it"])
    with pytest.raises(AnnotationError, match="jsonl:1: has no lexicon '1k'"):
        score_words(read, lexicon="1k", lexicons=path)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(AnnotationError, match="has no lexicon of b"):
        score_words(read, lexicon="50", lexicons=path)
    with pytest.raises(OptionError, match="--lexicons needs --lexicon"):
        score_words(read, lexicons=path)


def test_the_command_prints_one_object(read):
    words = ["recognition", "--predictions", str(read), "--data-set", "iiit5k", "--json"]
    result = CliRunner().invoke(GROUP, words)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["accuracy"] == pytest.approx(2 / 3)
    result = CliRunner().invoke(GROUP, [*words, "--protocol", "alphanumeric"])
    assert result.exit_code == 2
