"""Paths of other machines: the same bytes there as here, and clear words where that cannot be."""

from __future__ import annotations

import functools
import http.server
import pickle
import threading
import zipfile

import pytest

from ocrdata.base.storage import files, walking
from ocrdata.base.storage.remote import RemotePath, as_path, is_remote
from ocrdata.errors import OptionError
from ocrdata.records.sources import listed

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")


@pytest.fixture
def bucket():
    """An object store with nothing in it."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    store.pseudo_dirs[:] = [""]
    return as_path("memory://bucket")


@pytest.fixture
def server(tmp_path):
    """A folder, and the address at which a web server on this machine shows it."""
    pytest.importorskip("aiohttp", reason="aiohttp is not installed")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    folder = tmp_path / "www"
    folder.mkdir()
    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def content(root):
    found = root.files() if is_remote(root) else filter(lambda p: p.is_file(), root.rglob("*"))
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


# --- the paths


def test_only_urls_are_remote(tmp_path):
    assert as_path(tmp_path) is not None and not is_remote(as_path(str(tmp_path)))
    path = as_path("gs://bucket/data/")
    assert isinstance(path, RemotePath) and as_path(path) is path
    assert str(path / "pic" / "1.jpg") == "gs://bucket/data/pic/1.jpg"
    assert pickle.loads(pickle.dumps(path)) == path


def test_names_are_taken_apart_as_pathlib_does(tmp_path):
    here, there = tmp_path / "a" / "b.tar.gz", as_path("s3://bucket") / "a" / "b.tar.gz"
    for name in ("name", "stem", "suffix"):
        assert getattr(here, name) == getattr(there, name)
    assert here.with_suffix(".x").name == there.with_suffix(".x").name
    assert str(there.parent.parent) == "s3://bucket" and there.parent.name == "a"
    assert str(there.relative_to(as_path("s3://bucket"))) == str(here.relative_to(tmp_path))


@pytest.mark.parametrize("kind", ["local", "memory", "file"])
def test_files_behave_alike_everywhere(tmp_path, bucket, kind):
    roots = {"local": tmp_path, "memory": bucket, "file": as_path(f"file://{tmp_path}")}
    root = roots[kind] / "some" / "folder"
    root.mkdir(parents=True, exist_ok=True)
    with (root / "a.txt").open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("eins\n")
    with (root / "a.txt").open("ab") as stream:
        stream.write(b"zwei\ndr")
    assert (root / "a.txt").read_text(encoding="utf-8") == "eins\nzwei\ndr"
    files.cut_off(root / "a.txt", 10)
    (root / "b.bin").write_bytes(b"old")
    (root / "a.txt").replace(root / "b.bin")
    assert (root / "b.bin").read_bytes() == b"eins\nzwei\n" and not (root / "a.txt").exists()
    assert (root / "b.bin").stat().st_size == 10 and root.is_dir() and not root.is_file()
    assert [path.name for path in root.parent.glob("*/b.*")] == ["b.bin"]
    assert [(folder.name, names) for folder, names in walking.walk(root)] == [("folder", ["b.bin"])]
    with files.open_for_seeking(root / "b.bin", 512) as stream:
        stream.seek(5)
        assert stream.readline() == b"zwei\n"
    with pytest.raises(FileNotFoundError) as caught:
        (root / "none").read_bytes()
    assert caught.value.strerror == "No such file or directory"
    files.remove_tree(root)
    assert not root.exists()


def test_object_stores_choose_the_size_of_what_they_are_sent(bucket, monkeypatch):
    kind, asked = type(fsspec.filesystem("memory")), []
    original = kind.open
    monkeypatch.setattr(
        kind,
        "open",
        lambda self, path, mode, **more: (
            asked.append((mode, more)),
            original(self, path, mode, **more),
        )[1],
    )
    for mode in ("wb", "ab", "rb"):
        (bucket / "a").open(mode, 512).close()
    # s3fs refuses parts of less than 5 MB, gcsfs less than 256 KB.
    assert asked == [("wb", {}), ("wb", {}), ("rb", {"block_size": 512})]


def test_a_folder_arrives_with_its_manifest_last(bucket, monkeypatch):
    for name in ("manifest.json", "z.bin", "deep/manifest.json"):
        (bucket / "from" / name).write_bytes(name.encode())
    copied = []
    original = type(fsspec.filesystem("memory")).cp_file
    monkeypatch.setattr(
        type(fsspec.filesystem("memory")),
        "cp_file",
        lambda self, one, other, **more: (copied.append(other), original(self, one, other)),
    )
    files.move_tree(bucket / "from", bucket / "to", last="manifest.json")
    assert copied[-1].endswith("to/manifest.json") and len(copied) == 3
    assert set(content(bucket / "to")) == {"manifest.json", "z.bin", "deep/manifest.json"}
    assert not (bucket / "from").exists()


def test_what_needs_a_local_file_says_so(run, tmp_path, bucket):
    with pytest.raises(OptionError, match="memory://bucket is on another machine"):
        open(bucket)  # noqa: PTH123, SIM115
    (bucket / "a.jpg").write_bytes(b"x")
    output = run("pack", "memory://bucket", "--output", tmp_path / "x.tar.gz", code=2).output
    assert "a local path is needed here" in output


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("ftq://host/data", 2, "no file system is called ftq://"),
        ("abfs://data", 1, "abfs:// paths need another package."),
    ],
)
def test_what_cannot_be_reached_is_said_in_a_line(run, url, code, words):
    if code == 1:
        pytest.importorskip("fsspec")
        if _there("adlfs"):
            pytest.skip("adlfs is installed")
    output = run("gen-pics", "--data-dir", url, "--limit", "5", "--workers", "0", code=code).output
    assert words in output and len(output.splitlines()) == 1


def _there(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


# --- the commands


def stages(run, data):
    local = ["--workers", "0"]
    pics = ["gen-pics", "--corpus", "dates", "--limit", "120", *local]
    run(*pics, "--data-dir", data, "--boxes")
    run("gen-chars", "--data-dir", data)
    run("build-dict", "--data-dir", data)
    run("tfrecord", "--data-dir", data, "--shards", "2", *local)
    run(*pics, "--data-dir", data / "records", "--records", "--keep-pictures", "--shards", "2")
    run("gen-scenes", "--data-dir", data / "s", "--count", "9", "--size", "96x96", *local)
    run("tfrecord", "--source", data / "s" / "images", "--output", data / "t", *local)
    run("tfrecord", "--source", data / "tfrecords", "--output", data / "u", *local)
    run("import", "icdar", data / "s" / "images", "--data-dir", data / "i", "--crops", *local)
    run("gen-sample", "--data-dir", data, "--overwrite")


@pytest.mark.long
def test_every_stage_gives_the_same_bytes_there(run, tmp_path, bucket, monkeypatch):
    # Plans are divided, too.
    monkeypatch.setattr(listed, "PART_BYTES", 1000)
    stages(run, tmp_path / "data")
    stages(run, bucket / "data")
    here, there = content(tmp_path / "data"), content(bucket / "data")
    assert set(here) == set(there) and len(here) > 300
    # It notes where the characters came from.
    assert [name for name in here if here[name] != there[name]] == ["char_dict/manifest.json"]
    assert run("check", bucket / "data", "--workers", "0").output.startswith("path: memory://")
    run("preview", bucket / "data", "--output", tmp_path / "sheet.png")
    assert "samples: 105" in run("info", bucket / "data").output


def test_an_output_is_not_replaced_and_an_interrupted_run_goes_on(run, bucket, monkeypatch):
    words = ["gen-pics", "--data-dir", bucket / "d", "--corpus", "dates", "--limit", "600"]
    words += ["--workers", "0"]
    run(*words)
    whole = content(bucket / "d")
    assert "Pass --overwrite" in run(*words, code=1).output
    from ocrdata.render.lines import batch

    calls = []

    def stop(job, folder, task):
        if calls:
            raise KeyboardInterrupt
        calls.append(task.number)
        return original(job, folder, task)

    original = batch.write_block
    monkeypatch.setattr(batch, "write_block", stop)
    run(*words, "--overwrite", code=1)
    assert (bucket / "d" / ".gen-pics.partial" / "blocks.jsonl").read_bytes() == b"0\n"
    monkeypatch.setattr(batch, "write_block", original)
    run(*words, "--resume")
    assert content(bucket / "d") == whole


@pytest.mark.long
def test_a_packed_set_is_read_from_a_web_server(run, tmp_path, bucket, server):
    folder, address = server
    run("gen-scenes", "--data-dir", bucket, "--count", "9", "--size", "96x96", "--workers", "0")
    with zipfile.ZipFile(str(folder / "set.zip"), "w") as packed:
        for name, data in content(bucket / "images").items():
            packed.writestr(name, data)
    for source, name in ((folder, "a"), (address, "b")):
        words = ["import", "icdar", f"{source}/set.zip", "--data-dir", tmp_path / name]
        run(*words, "--workers", "0")
    assert content(tmp_path / "a") == content(tmp_path / "b")
    missing = run("import", "icdar", address + "/no.zip", "--data-dir", tmp_path, code=2).output
    assert "does not exist" in missing


@pytest.mark.tf
def test_shards_there_are_trained_on_from_a_copy(run, tmp_path, bucket, monkeypatch):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    from ocrdata.train.data.line_shards import read_line_shards

    monkeypatch.setenv("OCRDATA_CACHE_DIR", str(tmp_path / "cache"))
    words = ["--corpus", "dates", "--limit", "60", "--records", "--shards", "2", "--workers", "0"]
    run("gen-pics", "--data-dir", bucket, *words)
    shards = read_line_shards(bucket)
    for _ in range(2):
        copies = [shard.path.read_bytes() for shard in shards.require("train")]
    names = [path for _, path, _ in shards.described.shards("train")]
    assert copies == [path.read_bytes() for path in names] and len(copies) == 2
    assert len(list((tmp_path / "cache").iterdir())) == 2
