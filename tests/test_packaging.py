"""The wheel holds every package and asset, and works without the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def read_project():
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_listed():
    listed = set(read_project()["tool"]["setuptools"]["packages"])
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "ocrdata").rglob("__init__.py")
    }
    assert listed == found | {"ocrdata.fonts", "ocrdata.corpora"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The wheel's content, as pip would lay it down."""
    folder = tmp_path_factory.mktemp("wheel")
    # A copy: setuptools leaves files of earlier builds in the folder it builds in.
    source = folder / "source"
    source.mkdir()
    for name in ("ocrdata", "fonts", "corpora"):
        shutil.copytree(str(ROOT / name), str(source / name))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(str(ROOT / name), str(source / name))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    result = subprocess.run(
        [*command, "--wheel-dir", str(folder), str(source)], stderr=subprocess.PIPE, cwd=str(folder)
    )
    assert result.returncode == 0, result.stderr.decode()
    (wheel,) = folder.glob("ocrdata-*.whl")
    with zipfile.ZipFile(str(wheel)) as archive:
        archive.extractall(str(folder / "site"))
    return folder / "site"


@pytest.mark.long
def test_the_wheel_renders_in_an_empty_directory(unpacked, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    for words in (
        ["gen-pics", "--limit", "40", "--workers", "0"],
        ["build-dict"],
        ["tfrecord", "--shards", "2", "--workers", "0"],
    ):
        subprocess.run(
            [sys.executable, "-m", "ocrdata", *words],
            cwd=str(tmp_path),
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    assert len(list((tmp_path / "data" / "pic").rglob("*.jpg"))) == 40
    assert len(list((tmp_path / "data" / "tfrecords").glob("train-*-of-00002.tfrecord"))) == 2


def test_the_wheel_has_licences_beside_the_fonts(unpacked):
    fonts = unpacked / "ocrdata" / "fonts"
    assert len(list(fonts.glob("OFL-*.txt"))) == len(list(fonts.glob("*.?tf"))) == 3
    assert (unpacked / "ocrdata" / "corpora" / "SOURCES.md").is_file()
