"""Maps that move to a database on disk, and everything that reads with them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrdata.base.names import UniqueNames
from ocrdata.base.run_options import RunOptions
from ocrdata.base.storage import disk_map, walking
from ocrdata.base.storage.disk_map import DiskMap, append_to
from ocrdata.base.storage.tree import Tree, natural
from ocrdata.check.repair_pictures import repair_lists
from ocrdata.errors import AnnotationError, OcrdataError
from ocrdata.importers import IMPORTERS
from ocrdata.importers.engine import import_dataset
from ocrdata.importers.repeats import ListedBefore
from ocrdata.pipelines.convert import convert
from ocrdata.pipelines.convert_sources import ImportedLayout

FIXTURES = Path(__file__).parent / "data" / "importers"
IN_PROCESS = RunOptions(workers=0)
# Digits of other scripts, zeros in front, bytes that are no UTF-8, and what parts keys.
NAMES = st.text(st.sampled_from("a/é图\0\1.09１٣\udcff\U0001f600"), max_size=9)
VALUES = st.one_of(
    st.integers(-(2**63), 2**64), NAMES, st.tuples(st.integers(), NAMES), st.just(())
)


def in_parts(name):
    """Natural order as lists of objects: texts by code points, numbers by value."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)], name


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("skdli"), NAMES, VALUES), max_size=40),
    st.integers(1, 7),
    st.booleans(),
)
def test_a_map_is_a_dictionary_whose_keys_come_sorted(steps, limit, numbers):
    before, disk_map.MEMORY_KEYS = disk_map.MEMORY_KEYS, limit
    try:
        ours = DiskMap(natural) if numbers else DiskMap()
        known = {}
        for what, key, value in steps:
            if what == "s":
                ours[key] = known[key] = value
            elif what == "d":
                assert ours.setdefault(key, value) == known.setdefault(key, value)
            elif what == "k":
                assert ours.get(key) == known.get(key) and (key in ours) == (key in known)
            elif what == "l":
                assert len(ours) == len(known)
            else:
                assert list(ours) == sorted(known, key=in_parts if numbers else str)
        assert {key: ours[key] for key in ours} == known
        with pytest.raises(KeyError):
            ours["no such key"]
    finally:
        disk_map.MEMORY_KEYS = before


@settings(max_examples=300, deadline=None)
@given(NAMES, NAMES)
def test_natural_order_as_bytes_is_that_of_texts_and_numbers(one, other):
    parts = in_parts(one)[0], in_parts(other)[0]
    assert (natural(one) < natural(other)) == (parts[0] < parts[1])
    assert (natural(one) == natural(other)) == (parts[0] == parts[1])


def test_what_moves_to_disk_gives_the_same_answers(monkeypatch):
    def answers():
        names, listed, lists = UniqueNames(), ListedBefore(), DiskMap()
        for number in range(60):
            name = f"Img-{number % 7}" if number % 2 else f"img-{number % 5}-2"
            yield names.take(name, f"group {number % 2}")
            try:
                truth = (f"text {number % 20}", ())
                yield listed.again(f"key {number % 30}", "f.txt", number, truth)
            except AnnotationError as error:
                yield str(error)
            append_to(lists, f"key {number % 4}", name)
        yield [(key, lists[key]) for key in lists]

    wanted = list(answers())
    assert any("has another label than in f.txt:" in str(one) for one in wanted)
    assert len({one for one in wanted[::2] if isinstance(one, str)}) > 30
    monkeypatch.setattr(disk_map, "MEMORY_KEYS", 3)
    assert list(answers()) == wanted


def test_a_full_disk_is_one_error(monkeypatch):
    monkeypatch.setattr(disk_map, "MEMORY_KEYS", 100)
    full = DiskMap()
    for number in range(100):
        full[f"{number:0200}"] = number
    full._table._database.execute("PRAGMA max_page_count = 12")
    with pytest.raises(OcrdataError, match="temporary files cannot be written: .*full.*TMPDIR"):
        for number in range(100, 400):
            full[f"{number:0200}"] = number


def content(folder):
    # Manifests have the time in them.
    paths = sorted(path for path in folder.rglob("*.*") if path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def everything(name, out):
    """Imports a data set, converts what is there, and repairs the result."""
    importer = IMPORTERS.load(name)
    found = import_dataset(importer, FIXTURES / name / "raw", out / "data", how=IN_PROCESS)
    layout = ImportedLayout(importer)
    convert(FIXTURES / name / "raw", out / "other", "paddleocr", run=IN_PROCESS, layout=layout)
    repair_lists(out / "data", out / "repaired", None)
    return found, content(out)


@pytest.mark.parametrize("name", ["icdar", "labelme", "paddleocr", "svtp", "tesseract", "yolo"])
def test_what_is_written_is_the_same_from_disk(name, tmp_path, monkeypatch):
    wanted = everything(name, tmp_path / "in memory")
    monkeypatch.setattr(disk_map, "MEMORY_KEYS", 2)
    monkeypatch.setattr(walking, "_PART", 2)
    assert everything(name, tmp_path / "on disk") == wanted and len(wanted[1]) > 9


def test_a_large_folder_is_walked_in_parts(tmp_path, monkeypatch):
    for number in range(25):
        (tmp_path / "deep" / f"{number}.txt").parent.mkdir(exist_ok=True)
        (tmp_path / "deep" / f"{number}.txt").write_text("")
        (tmp_path / f".{number}").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "1.txt")
    (tmp_path / "lost").symlink_to(tmp_path / "nowhere")
    (tmp_path / "again").symlink_to(tmp_path / "deep")
    with Tree(tmp_path) as tree:
        names, left_out = list(tree.names), list(tree.left_out.items())
    assert names == [*(f"deep/{number}.txt" for number in range(25)), "link"]
    monkeypatch.setattr(walking, "_PART", 4)
    parts = [files for _, files in walking.walk(tmp_path, in_parts=True)]
    assert max(map(len, parts)) == 4 and sum(map(len, parts)) == 51
    with Tree(tmp_path) as tree:
        assert (list(tree.names), list(tree.left_out.items())) == (names, left_out)


@pytest.mark.skipif(not shutil.which("tar"), reason="makes files with holes by GNU tar")
def test_members_of_a_tar_with_holes_are_read_whole(tmp_path):
    for name, holes in (("a.txt", 1 << 20), ("b.txt", 0)):
        with (tmp_path / name).open("wb") as stream:
            stream.write(b"begin")
            stream.seek(holes, 1)
            stream.write(b"end")
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for form in ("gnu", "posix"):
        packed = tmp_path / f"{form}.tar"
        command = ["tar", "-cS", f"--format={form}", "-f", str(packed), "-C", str(tmp_path)]
        subprocess.run([*command, "a.txt", "b.txt"], check=True)
        with Tree(packed) as tree:
            assert [tree.read(f"{packed.name}/{path.name}") for path in files] == [
                path.read_bytes() for path in files
            ]
            assert not tree._open[packed.name].members
