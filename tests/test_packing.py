"""Packs: the same bytes every time, and nothing that an archive says is taken on trust."""

from __future__ import annotations

import gzip
import hashlib
import io
import multiprocessing
import tarfile

import pytest
from PIL import Image

from ocrdata.base.storage import tar as guards
from ocrdata.check.artefact import check_path
from ocrdata.errors import AnnotationError, InputError, OutputExistsError
from ocrdata.packing.pack import pack_folder
from ocrdata.packing.unpack import unpack_archive, unpack_once


@pytest.fixture
def scenes(tmp_path):
    """Three pictures with ground truth, one of them in a folder of its own."""
    root = tmp_path / "scenes"
    (root / "deep").mkdir(parents=True)
    for number, name in enumerate(("img_2", "img_10", "deep/字")):
        Image.new("RGB", (64, 48), (number, 9, 9)).save(root / (name + ".jpg"))
        folder, _, stem = name.rpartition("/")
        truth = root / folder / f"gt_{stem}.txt"
        truth.write_text(f"1,2,30,2,30,20,1,20,text {number}\n", encoding="utf-8")
    return root


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


def test_there_and_back(scenes, tmp_path):
    summary = pack_folder(scenes, tmp_path / "a.tar.gz")
    assert (summary.pictures, summary.texts) == (3, 3)
    unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(scenes)


def test_archives_that_hold_the_folder_itself(scenes, tmp_path):
    """As `tar -czf scenes.tar.gz .` makes them."""
    with tarfile.open(str(tmp_path / "a.tar.gz"), "w:gz") as tar:
        tar.add(str(scenes), ".")
    unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(scenes)
    assert check_path(tmp_path / "a.tar.gz").checked == {"pictures": 3}


def test_the_same_files_give_the_same_bytes(scenes, tmp_path):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    for path in scenes.rglob("*.jpg"):
        path.write_bytes(path.read_bytes())
        path.chmod(0o600)
    other = tmp_path / "elsewhere"
    scenes.rename(other)
    digest = pack_folder(other, tmp_path / "b.tar.gz").sha256
    data = (tmp_path / "b.tar.gz").read_bytes()
    assert (tmp_path / "a.tar.gz").read_bytes() == data
    assert hashlib.sha256(data).hexdigest() == digest
    # No time and no name in the head of the gzip stream.
    assert data[4:8] == bytes(4) and not data[3] & 8


def test_members_are_plain_and_a_truth_comes_before_its_picture(scenes, tmp_path):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    with tarfile.open(str(tmp_path / "a.tar.gz")) as tar:
        entries = tar.getmembers()
    assert [entry.name for entry in entries] == [
        "gt_img_10.txt",
        "img_10.jpg",
        "gt_img_2.txt",
        "img_2.jpg",
        "deep/gt_字.txt",
        "deep/字.jpg",
    ]
    assert {(e.mtime, e.uid, e.gid, e.uname, e.mode) for e in entries} == {(0, 0, 0, "", 0o644)}


def test_unpaired_files(scenes, tmp_path):
    (scenes / "gt_img_2.txt").unlink()
    (scenes / "notes.md").write_text("x")
    with pytest.raises(AnnotationError, match=r"img_2\.jpg: has no ground-truth file"):
        pack_folder(scenes, tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()
    summary = pack_folder(scenes, tmp_path / "a.tar.gz", skip_errors=True)
    assert summary.pictures == 2
    assert sorted(summary.skipped.values()) == [1, 1]


def test_existing_archives_and_folders_are_kept(scenes, tmp_path):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    with pytest.raises(OutputExistsError):
        pack_folder(scenes, tmp_path / "a.tar.gz")
    with pytest.raises(OutputExistsError):
        unpack_archive(tmp_path / "a.tar.gz", scenes, overwrite=True)
    unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out")
    with pytest.raises(OutputExistsError):
        unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out")
    unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out", overwrite=True)
    assert contents(tmp_path / "out") == contents(scenes)


# --- archives made to harm


def made(path, *entries):
    with tarfile.open(str(path), "w:gz") as tar:
        for name, kind, extra in entries:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                entry.linkname = extra
                tar.addfile(entry)
            else:
                entry.size = len(extra)
                tar.addfile(entry, io.BytesIO(extra))
    return path


FILE, LINK, HARD = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([("../evil", FILE, b"x")], "leads out"),
        ([("a/../../evil", FILE, b"x")], "leads out"),
        ([("/tmp/evil", FILE, b"x")], "leads out"),
        ([("..\\evil", FILE, b"x")], "another folder"),
        ([("C:evil", FILE, b"x")], "another folder"),
        ([("a", LINK, "/etc"), ("a/passwd", FILE, b"x")], "is a link"),
        ([("a", HARD, "/etc/passwd")], "is a link"),
        ([("null", tarfile.CHRTYPE, b"")], "neither file nor folder"),
        ([("pipe", tarfile.FIFOTYPE, b"")], "neither file nor folder"),
        ([("a", FILE, b"x"), ("a", FILE, b"y")], "comes twice"),
        ([("a", FILE, b"x"), ("a/b", FILE, b"y")], "lies in what is a file"),
        ([(".", FILE, b"x")], "has no name"),
        ([("n" * 300, FILE, b"x")], "more than 255 bytes"),
    ],
)
def test_unsafe_members_are_refused_and_nothing_is_left(tmp_path, entries, problem):
    archive = made(tmp_path / "a.tar.gz", ("good.jpg", FILE, b"x"), *entries)
    with pytest.raises(InputError, match=problem):
        unpack_archive(archive, tmp_path / "out" / "here")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.tar.gz"]
    assert not (tmp_path / "out" / "here").exists()
    assert not list(tmp_path.rglob("evil")) and not list(tmp_path.rglob("good.jpg"))


def test_limits(scenes, tmp_path, monkeypatch):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    with pytest.raises(InputError, match="more than 2 files"):
        unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out", max_files=2)
    with pytest.raises(InputError, match="more than 50 bytes"):
        unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out", max_bytes=50)
    monkeypatch.setattr(guards, "FREE_BYTES", 1 << 20)
    bomb = made(tmp_path / "b.tar.gz", ("zeros", FILE, bytes(20 << 20)))
    with pytest.raises(InputError, match="unpacked"):
        unpack_archive(bomb, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_header_made_to_fill_the_memory(tmp_path):
    # A long-name header whose "name" has 100 MB.
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 100 << 20
    with gzip.open(tmp_path / "a.tar.gz", "wb") as stream:
        stream.write(entry.tobuf(tarfile.GNU_FORMAT) + bytes(100 << 20))
    with pytest.raises(InputError, match="header of 104,857,"):
        unpack_archive(tmp_path / "a.tar.gz", tmp_path / "out")


def test_archives_cut_anywhere_and_other_files(scenes, tmp_path):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    data = (tmp_path / "a.tar.gz").read_bytes()
    cut = tmp_path / "cut.tar.gz"
    for end in range(0, len(data), 7):
        cut.write_bytes(data[:end])
        with pytest.raises(InputError):
            unpack_archive(cut, tmp_path / "out")
    cut.write_bytes(b"not a tar at all" * 100)
    with pytest.raises(InputError, match="not a sound tar archive"):
        unpack_archive(cut, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- once per host


def test_unpacked_once_for_many_processes(scenes, tmp_path):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        call = [(tmp_path / "a.tar.gz", tmp_path / "cache")] * 3
        folders = set(pool.starmap(unpack_once, call))
    (folder,) = folders
    before = (folder / "manifest.json").stat().st_mtime_ns
    assert unpack_once(tmp_path / "a.tar.gz", tmp_path / "cache") == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == before
    assert contents(folder) == contents(scenes)


def test_another_archive_of_the_same_name_is_another_folder(scenes, tmp_path):
    pack_folder(scenes, tmp_path / "a.tar.gz")
    first = unpack_once(tmp_path / "a.tar.gz", tmp_path / "cache")
    (scenes / "img_2.jpg").write_bytes(b"other")
    pack_folder(scenes, tmp_path / "a.tar.gz", overwrite=True)
    second = unpack_once(tmp_path / "a.tar.gz", tmp_path / "cache")
    assert first != second
    assert (second / "img_2.jpg").read_bytes() == b"other"


def test_commands(run, scenes, tmp_path):
    archive = tmp_path / "a.tar.gz"
    assert "pictures: 3" in run("pack", scenes, "--output", archive).output
    run("unpack", archive, "--output", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(scenes)
    message = run("unpack", archive, "--output", tmp_path / "no", "--max-bytes", "1KB", code=1)
    assert "more than 1,000 bytes" in message.output
    assert "200MB" in run("unpack", archive, "--max-bytes", "many", code=2).output
