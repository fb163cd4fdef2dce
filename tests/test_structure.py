"""The bars of benchmarks/structure.py hold, and each measure finds what it is there to find."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import structure  # noqa: E402

MODULES = structure.read_modules()


@pytest.mark.parametrize("measure", structure.MEASURES, ids=lambda measure: measure.__name__)
def test_a_bar_holds(measure):
    found = measure(MODULES)
    assert found.holds, (found.what, found.figure, found.bar, list(found.places))


def module(name, text):
    return structure.parse_module(name, name.replace(".", "/")[8:] + ".py", text)


def test_a_circle_through_a_function_and_a_third_module_is_found():
    modules = [
        module("ocrdata.a", "from ocrdata import b\n"),
        module("ocrdata.b", "def f():\n    from ocrdata.c import g\n"),
        module("ocrdata.c", "import ocrdata.a\n"),
        module("ocrdata.d", "from typing import TYPE_CHECKING\nimport ocrdata.a\n"),
    ]
    assert structure.circles(modules) == [["ocrdata.a", "ocrdata.b", "ocrdata.c"]]
    assert structure.circles(modules[1:]) == []


def test_parameters_of_commands_do_not_count():
    wide = "def f(a, b, c, d, e, f, *, g, h): ...\n"
    method = "class C:\n    def f(self, a, b, c, d, e, f, g): ...\n"
    modules = [
        module("ocrdata.a", wide),
        module("ocrdata.b", "@main.command()\n" + wide),
        module("ocrdata.c", method),
    ]
    assert structure.wide_functions(modules).places == ["a.py:1 f (8)"]


def test_calls_names_and_formats_are_counted():
    modules = [
        module("ocrdata.a", "X = 1\ny = f(1, 2, 3, 4, 5, 6, 7)\nz = '{}'.format(y)\n"),
        module("ocrdata.b", "X = 2\n_HINT = '{}'\n_y = f(1, 2, 3, 4, 5, 6, g=7)\n"),
        module("ocrdata.c", "def f(name):\n    return _HINT.format(name)\n"),
    ]
    assert structure.long_calls(modules).places == ["a.py:2"]
    assert structure.repeated_names(modules).places == ["X: a.py, b.py"]
    assert structure.format_calls(modules).places == ["a.py:3"]


def test_any_is_found_in_texts_and_inside_of_types():
    text = "def f(a: 'List[Any]', b: int, *c: typing.Any) -> str:\n    d: Any = a\n"
    found = structure.any_share([module("ocrdata.train.a", text), module("ocrdata.b", text)])
    assert found.figure == 60.0
