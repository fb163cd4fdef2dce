"""Scores of text lines, against brute force."""

from __future__ import annotations

import functools
import random

import pytest

from ocrdata.errors import UnknownNameError
from ocrdata.metrics.recognition import RecognitionScore, alphanumeric, edit_distance


def slow_distance(first, second):
    """The definition, by recursion."""

    @functools.lru_cache(maxsize=None)
    def least(i, j):
        if not i or not j:
            return i + j
        same = first[i - 1] == second[j - 1]
        return min(
            least(i - 1, j) + 1, least(i, j - 1) + 1, least(i - 1, j - 1) + (0 if same else 1)
        )

    return least(len(first), len(second))


def test_edit_distance_equals_the_definition():
    draw = random.Random(3)
    for _ in range(600):
        first, second = (
            "".join(draw.choice("ab中𠀀") for _ in range(draw.randint(0, 9))) for _ in "ab"
        )
        assert edit_distance(first, second) == slow_distance(first, second), (first, second)


def test_edit_distance_of_long_lines():
    draw = random.Random(5)
    first = "".join(draw.choice("abcd") for _ in range(170))
    second = first[:40] + "xyz" + first[55:130] + first[131:] + "q"
    assert edit_distance(first, second) == slow_distance(first, second)
    assert edit_distance("a" * 3000, "b" * 2000) == 3000


@pytest.mark.parametrize(
    "first, second, edits",
    [("kitten", "sitting", 3), ("", "", 0), ("", "三", 1), ("壹贰", "贰壹", 2)],
)
def test_edit_distance_of_known_pairs(first, second, edits):
    assert edit_distance(first, second) == edits == edit_distance(second, first)


def test_figures_by_hand():
    pairs = [("abcd", "abcd"), ("ab", "abc"), ("abcde", ""), ("a", "xyz")]
    score = RecognitionScore().add_all(pairs)
    assert (score.lines, score.correct, score.edits, score.characters) == (4, 1, 9, 12)
    assert score.figures() == {
        "accuracy": 0.25,
        "character_error_rate": 9 / 12,
        "one_minus_ned": pytest.approx((1 + 2 / 3 + 0 + 0) / 4),
    }


def test_alphanumeric_protocol_compares_lower_case_letters_and_digits():
    assert alphanumeric("It's 5 o'clock, 中!") == "its5oclock"
    score = RecognitionScore("alphanumeric")
    assert score.add("Hello-World", "helloworld")
    assert not score.add("Hello", "hell")
    assert score.add("中文", "") and not score.add("中文", "a")
    assert (score.lines, score.correct, score.unscored) == (2, 1, 2)


def test_exact_protocol_minds_case_and_signs():
    score = RecognitionScore("exact")
    assert not score.add("Hello", "hello") and not score.add("a b", "ab")
    assert score.accuracy == 0.0


def test_unknown_protocol_names_the_known_ones():
    with pytest.raises(UnknownNameError, match="exact"):
        RecognitionScore("exakt")


def test_no_lines_give_no_division_by_zero():
    assert set(RecognitionScore().figures().values()) == {0.0}
