"""The import rows: each package imports from lower rows only."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "ocrdata"
ROWS = {
    "errors": 0,
    "base": 1,
    "images": 2,
    "text": 2,
    "geometry": 2,
    "metrics": 2,
    "importers": 3,
    "exporters": 3,
    "render": 3,
    "reading": 3,
    "records": 3,
    "packing": 3,
    "pages": 3,
    "check": 3,
    "gallery": 3,
    "pipelines": 4,
    "train": 4,
    "scale": 4,
    "api": 5,
    "torch": 5,
    "cli": 5,
    "__main__": 6,
    "__init__": 6,
}
# Besides their own row: what reads shards needs the records package.
ALSO = {
    "check": {"reading", "records"},
    "gallery": {"records", "render"},
    "metrics": {"geometry"},
    "reading": {"records"},
    "pages": {"check", "gallery", "records"},
    "train": {"pipelines"},
}
# Inside a package: each room imports from lower rooms of it only. A module that lies in no room
# of its package counts as one.
ROOMS = {
    "base": {"storage": 0, "": 1},
    "images": {
        "header": 0,
        "plain_header": 1,
        "decode": 2,
        "plain": 3,
        "encoding": 4,
        "fitting": 4,
    },
    "records": {"format": 0, "sources": 1, "write": 2, "legacy": 3},
    "render": {"style": 0, "fonts": 0, "text": 1, "effects": 2, "lines": 3, "scenes": 4},
    "train": {
        "protocols": 0,
        "onednn": 0,
        "compat": 1,
        "config": 2,
        "tf_errors": 3,
        "data": 4,
        "devices": 4,
        "data/sources": 5,
        "models/layers": 5,
        "models": 6,
        "run_dir": 6,
        "inference": 7,
        "tasks": 8,
        "export": 8,
        "cluster": 9,
        "engine": 10,
    },
}
ONLY_IN = {
    "click": "cli",
    "tensorflow": "train",
    "apache_beam": "scale",
    "distributed": "scale",
    "torch": "torch",
}

FILES = sorted(ROOT.rglob("*.py"))


def package_of(path):
    first = path.relative_to(ROOT).parts[0]
    return first[:-3] if first.endswith(".py") else first


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide their row"
            yield node.module
            if node.module == "ocrdata":
                for alias in node.names:
                    yield "ocrdata." + alias.name


def test_every_package_has_a_row():
    assert {package_of(path) for path in FILES} <= set(ROWS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_only_lower_rows(path):
    here = package_of(path)
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        parts = name.split(".")
        assert ONLY_IN.get(parts[0], here) == here, f"{path} imports {name}"
        if parts[0] != "ocrdata" or len(parts) < 2 or parts[1] == "__version__":
            continue
        there = parts[1]
        allowed = there == here or there in ALSO.get(here, ())
        assert allowed or ROWS[there] < ROWS[here], f"{path} imports {name}"


def room_of(package, parts):
    """Returns the room of a module, given by its names below the package: "" where it has none."""
    inner = "/".join(parts[:2])
    return next((room for room in (inner, parts[0]) if room in ROOMS[package]), "")


@pytest.mark.parametrize(
    "path",
    [p for p in FILES if package_of(p) in ROOMS and p.name != "__init__.py"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_rooms_import_lower_rooms_only(path):
    here = path.relative_to(ROOT).with_suffix("").parts
    rows = ROOMS[here[0]]
    own = room_of(here[0], here[1:])
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        there = name.split(".")[1:]
        if there[:1] != [here[0]] or len(there) < 2:
            continue
        room = room_of(here[0], there[1:])
        lower = rows[room] < rows[own] or (rows[room] == rows[own] and "" in rows)
        assert room == own or lower, f"{path} imports {name}"


def test_rooms_are_those_that_exist():
    for package, rows in ROOMS.items():
        folders = {
            one.relative_to(ROOT / package).as_posix()
            for one in (ROOT / package).rglob("*")
            if one.is_dir()
        }
        modules = {one.stem for one in (ROOT / package).glob("*.py")}
        assert set(rows) - {""} <= folders | modules, package
        assert {f for f in folders if (ROOT / package / f / "__init__.py").is_file()} <= set(rows)


def test_the_design_page_has_the_same_rows():
    page = (ROOT.parent / "docs/design.md").read_text(encoding="utf-8")
    told = {}
    for row, packages in re.findall(r"^\| (\d) \| (.*) \|$", page, re.M):
        # What is in brackets says what they import besides.
        for name in re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", packages)):
            told[name] = int(row)
    assert told == ROWS
