"""Small files written one after the other, also where the disk takes only a part of one."""

from __future__ import annotations

import os

import pytest

from ocrdata.base.storage.files import FolderWriter


def test_files_are_written_and_replaced(tmp_path):
    files = FolderWriter(tmp_path / "deep")
    files.write("a/b/one.jpg", b"x" * 9000)
    files.write("a/b/one.jpg", b"shorter")
    files.write("a/two.txt", b"")
    files.write("three.txt", b"3")
    found = {path: path.read_bytes() for path in (tmp_path / "deep").rglob("*") if path.is_file()}
    names = {str(path.relative_to(tmp_path / "deep")).replace(os.sep, "/") for path in found}
    assert names == {"a/b/one.jpg", "a/two.txt", "three.txt"}
    assert sorted(found.values()) == [b"", b"3", b"shorter"]


def test_what_the_disk_takes_in_parts_is_whole(tmp_path, monkeypatch):
    """As on a disk that is nearly full, where a call may write less than it was given."""
    real, data = os.write, bytes(range(256)) * 20
    monkeypatch.setattr(os, "write", lambda handle, left: real(handle, left[:1000]))
    FolderWriter(tmp_path).write("pic/one.jpg", data)
    assert (tmp_path / "pic" / "one.jpg").read_bytes() == data

    def full(handle, left):
        if len(left) < 3000:
            raise OSError(28, "No space left on device")
        return real(handle, left[:1000])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        FolderWriter(tmp_path).write("pic/two.jpg", data)
