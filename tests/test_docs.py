"""The README says what is true: its table is the commands' own help, its commands exist."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

from ocrdata.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh.md").read_text(encoding="utf-8")


def first_sentence(command):
    text = " ".join(command.help.split("\n\n")[0].split())
    return text.split(". ")[0].rstrip(".")


def rows(group=main, path="ocrdata"):
    for name, command in group.commands.items():
        words = f"{path} {name}"
        if isinstance(command, click.Group):
            yield from rows(command, words)
        else:
            yield f"| `{words}` | {first_sentence(command)} |"


def table():
    return "\n".join(["| command | does |", "|---|---|", *rows()])


def test_the_command_table_is_the_commands_help():
    inside = re.search(r"<!-- commands:.*?-->\n(.*?)\n?<!-- end of commands -->", README, re.S)
    assert inside.group(1) == table(), "write this into README.md:\n" + table()


def commands_of(text):
    for line in text.splitlines():
        for part in re.findall(r"(?:^    \$ |`)(ocrdata [^`#]*)", line):
            words = shlex.split(part.replace("..", ""))
            yield words[1:]


PAGES = [
    README,
    *(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))),
]


@pytest.mark.parametrize("words", [w for page in PAGES for w in commands_of(page)], ids=" ".join)
def test_every_command_in_the_docs_exists(words):
    command = main
    while words and isinstance(command, click.Group):
        if words[0].startswith("-"):
            words = words[2:]
            continue
        if words[0] == "COMMAND":
            return
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_chinese_first_screen_has_the_same_commands():
    first = README.split("## Try it")[0]
    assert list(commands_of(CHINESE)) == list(commands_of(first))


IMPORT = re.compile(r"^ *from (ocrdata[.\w]*) import ([\w, ]+)", re.M)


@pytest.mark.parametrize("text", PAGES, ids=lambda text: text.split("\n")[0])
def test_what_pages_import_exists(text):
    for module, names in IMPORT.findall(text):
        known = dir(importlib.import_module(module))
        assert [name for name in re.findall(r"\w+", names) if name not in known] == []


def test_links_lead_somewhere():
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), (page.name, link)


# --- paths

SOURCES = sorted((ROOT / "ocrdata").rglob("*.py"))
# The changelog speaks of what was, docs/migration of the programs that are replaced.
WRITTEN = [
    *(page for page in ROOT.glob("*.md") if page.name != "CHANGELOG.md"),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "benchmarks").glob("*.md"),
]
# Of this repository: `ocrdata/x/y.py`, `x/y.py` inside the package, `tests/x.py`.
PATH = re.compile(
    r"`((?:ocrdata|tests|benchmarks|docs|examples|corpora|fonts)(?:/[\w.-]+)+|[\w/]+/\w+\.py)`"
)


def exists(path):
    return (ROOT / path).exists() or (ROOT / "ocrdata" / path).exists()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_paths_in_pages_exist(page):
    found = PATH.findall(page.read_text(encoding="utf-8"))
    assert [path for path in found if not exists(path)] == []


def test_paths_in_docstrings_and_comments_exist():
    lost = []
    for source in SOURCES:
        for path in PATH.findall(source.read_text(encoding="utf-8")):
            # A path may be said from the package, or from the folder of the file that says it.
            if not exists(path) and not (source.parent / path).exists():
                lost.append((source.relative_to(ROOT).as_posix(), path))
    assert lost == []


def test_the_check_of_paths_can_fail():
    assert PATH.findall("`ocrdata/a/b.py` `train/c.py` `docs/d.md` `x.py` `a/b.jpg`") == [
        "ocrdata/a/b.py",
        "train/c.py",
        "docs/d.md",
    ]
    assert exists("train/run_dir.py") and not exists("train/c.py")


DOTTED = re.compile(r"\bocrdata((?:\.[a-z_]\w*)+\.\w+)")
NOT_CODE = ("ocrdata.corpora", "ocrdata.fonts")  # folders of files that are installed as packages


def defined(path):
    """Returns the names at the top of a module, which is read and not imported."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (one.id for one in targets if isinstance(one, ast.Name))


def is_named(dotted):
    """Says whether ".package.module.name" is a package, a module or a name at the top of one."""
    place = ROOT / "ocrdata"
    for part in dotted.split(".")[1:]:
        if (place / part).is_dir():
            place = place / part
        elif (place / f"{part}.py").is_file():
            place = place / f"{part}.py"
        else:
            # What a class has, behind its name, is not looked at; a package may load names late.
            source = place if place.suffix else place / "__init__.py"
            return part in defined(source) or f'"{part}"' in source.read_text(encoding="utf-8")
    return True


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_names_of_code_in_pages_exist(page):
    found = DOTTED.findall(page.read_text(encoding="utf-8"))
    found = [name for name in found if not f"ocrdata{name}".startswith(NOT_CODE)]
    assert [name for name in found if not is_named(name)] == []


def test_names_of_code_in_messages_and_docstrings_exist():
    lost = []
    for source in (ROOT / "ocrdata").rglob("*.py"):
        found = DOTTED.findall(source.read_text(encoding="utf-8"))
        lost += [(source.name, name) for name in found if not is_named(name)]
    assert lost == []


def test_the_check_of_names_can_fail():
    assert DOTTED.findall("`ocrdata.images.fitting.fit_image(a)`") == [".images.fitting.fit_image"]
    assert is_named(".images.fitting.fit_image") and is_named(".train.models.layers.lstm")
    assert not is_named(".images.fitting.fit_picture") and not is_named(".train.models.lstm")
