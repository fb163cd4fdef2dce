"""The import rows: each package imports from lower rows only."""

from __future__ import annotations

import ast
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
    "cli": 5,
    "__main__": 6,
}
# Besides their own row: what reads shards needs the records package.
ALSO = {
    "check": {"reading", "records"},
    "gallery": {"records"},
    "metrics": {"geometry"},
    "reading": {"records"},
    "pages": {"check", "gallery", "records"},
}
ONLY_IN = {"click": "cli", "tensorflow": "train", "apache_beam": "scale"}

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
    assert {package_of(path) for path in FILES} - {"__init__"} <= set(ROWS)


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
        assert allowed or ROWS[there] < ROWS.get(here, 0), f"{path} imports {name}"
