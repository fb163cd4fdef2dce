"""What lies at a path: one answer, by content where names are free."""

from __future__ import annotations

import gzip
import itertools
import shutil

import pytest
from scene_support import write_scenes
from test_shards import make_data

from ocrdata.check.artefact import check_path
from ocrdata.check.describe import describe_artefact
from ocrdata.errors import InputError, RecordError
from ocrdata.records.format.record_stream import compression_of
from ocrdata.records.format.tfrecord import read_records
from ocrdata.records.legacy.conversion import write_from
from ocrdata.records.sources.identify import ArtefactKind, identify
from ocrdata.records.sources.sampling import choose_samples
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shards import write_shards
from ocrdata.text.charset import read_charset, write_dictionary

KINDS = ArtefactKind


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = make_data(tmp_path_factory.mktemp("data") / "data")
    (folder / "char_dict").mkdir()
    write_dictionary(folder / "char_dict", read_charset(folder / "chinese.txt"))
    write_shards(folder, shards=2)
    return folder


@pytest.mark.parametrize(
    "part, kind",
    [
        ("", KINDS.DATA_DIR),
        ("Train", KINDS.SAMPLE_LIST),
        ("Train/sample.txt", KINDS.SAMPLE_LIST),
        ("char_dict", KINDS.DICTIONARY),
        ("char_dict/ord_2_index_map.json", KINDS.DICTIONARY),
        ("tfrecords", KINDS.SHARD_SET),
        ("tfrecords/dataset_info.json", KINDS.SHARD_SET),
        ("tfrecords/train-00000-of-00002.tfrecord", KINDS.RECORD_FILES),
        ("pic/0_0.jpg", KINDS.UNKNOWN),
        ("none", KINDS.MISSING),
    ],
)
def test_parts_of_a_data_folder(data, part, kind):
    found = identify(data / part)
    assert found.kind is kind
    if part in ("Train", "Train/sample.txt"):
        assert found.lists == {"Train": data / "Train/sample.txt"} and found.root == data
    if part == "":
        assert list(found.lists) == ["Train", "Test"] and found.records == data / "tfrecords"
    if kind is KINDS.SHARD_SET:
        assert found.path == found.records == data / "tfrecords"


@pytest.mark.parametrize(
    "names, kind",
    [
        (["run.json"], KINDS.RUN),
        (["saved_model.pb"], KINDS.MODEL),
        (["train_1.tfrecords"], KINDS.ORIGINAL_RECORDS),
        (["manifest.json"], KINDS.OUTPUT),
        ([], KINDS.UNKNOWN),
        (["notes.bin"], KINDS.UNKNOWN),
        (["a/b/1.jpg", "a/b/1.txt"], KINDS.IMAGES),
        (["a/.hidden/1.jpg"], KINDS.UNKNOWN),
        ([".pic.partial/1.jpg"], KINDS.DATA_DIR),
        (["empty-00000-of-00001"], KINDS.RECORD_FILES),
        (["chinese.txt", "images/1.jpg"], KINDS.DATA_DIR),
    ],
)
def test_folders(tmp_path, names, kind):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert identify(tmp_path).kind is kind


def test_a_folder_of_many_other_files_is_not_read_to_its_end(tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.bin").write_bytes(b"\0" * 40)
    assert identify(tmp_path).kind is KINDS.UNKNOWN


# --- record files of TensorFlow's own writer, under the names of its own tools


NAMES = {
    "fsns-00000-of-00002": "",
    "fsns-00001-of-00002": "",
    "x.record": "",
    "x-00000-of-00001.gz": "GZIP",
    "y-00000-of-00001.gz": "GZIP",
    "words": "",
    "z-00000-of-00001.zlib": "ZLIB",
    "z.bin": "ZLIB",
}


@pytest.fixture(scope="module")
def tensorflow_files(data, tmp_path_factory):
    """A folder with the training records of the data folder under each of the names."""
    compat = pytest.importorskip("ocrdata.train.compat", reason="there is no TensorFlow")
    folder = tmp_path_factory.mktemp("foreign")
    shards = sorted((data / "tfrecords").glob("train-*"))
    records = [list(read_records(shard)) for shard in shards]
    source = itertools.cycle(records)
    for name, compression in NAMES.items():
        options = compat.tf.io.TFRecordOptions(compression_type=compression)
        with compat.tf.io.TFRecordWriter(str(folder / name), options) as writer:
            for record in next(source):
                writer.write(record)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_records_are_known_by_their_first_bytes(tensorflow_files, tmp_path, name):
    path = tensorflow_files / name
    assert identify(path).kind is KINDS.RECORD_FILES
    assert compression_of(path) == (NAMES[name].lower() or "none")
    shown = choose_samples(path, 100)
    summary = check_path(path)
    assert summary.ok and summary.checked == {"records": len(shown)} and len(shown) > 5
    described = describe_artefact(path)
    assert described["compression"] == (NAMES[name].lower() or "none")
    assert "image/encoded" in described["first_record"]
    copy = tmp_path / "plain"
    shutil.copy(str(path), str(copy))
    assert identify(copy).kind is KINDS.RECORD_FILES


def test_a_folder_of_them_is_a_record_set_without_a_description(tensorflow_files, data, tmp_path):
    folder = tmp_path / "fsns"
    folder.mkdir()
    for name in ("fsns-00000-of-00002", "fsns-00001-of-00002"):
        shutil.copy(str(tensorflow_files / name), str(folder / name.replace("fsns", "fsns-train")))
    found = identify(folder)
    assert found.kind is KINDS.RECORD_FILES
    assert [path.name[-14:] for path in found.files] == ["00000-of-00002", "00001-of-00002"]
    total = sum(1 for path in found.files for _ in read_records(path))
    assert check_path(folder).checked == {"records": total}
    assert len(describe_artefact(folder)["files"]) == 2
    assert len(choose_samples(folder, 1000)) == total
    summary = write_from(
        folder, tmp_path / "set", options=WriteOptions(shards=1, validation_fraction=0)
    )
    assert summary.splits["train"]["samples"] == summary.samples == total
    from ocrdata.train.data.line_shards import read_line_shards
    from ocrdata.train.data.scene_sources import open_scenes

    for read in (read_line_shards, open_scenes):
        problem = "holds record files but no dataset_info.json.* ocrdata tfrecord --source"
        with pytest.raises(RecordError, match=problem):
            read(folder)


@pytest.mark.parametrize("kind", ["gzip", "zlib"])
def test_a_compressed_file_that_is_cut_off_says_so(tensorflow_files, tmp_path, kind):
    name = {"gzip": "x-00000-of-00001.gz", "zlib": "z.bin"}[kind]
    target = tmp_path / name
    data = (tensorflow_files / name).read_bytes()
    target.write_bytes(data[: len(data) // 2])
    with pytest.raises(RecordError, match=f"ends inside its {kind} stream"):
        list(read_records(target))


def test_what_only_looks_like_zlib_is_not_taken_for_it(tmp_path):
    target = tmp_path / "a.tfrecord"
    target.write_bytes(b"\x78\x9c" + b"no stream" * 9)
    assert compression_of(target) == "none"
    assert set(check_path(target).problems) == {"damaged-record"}


def test_other_gzip_files_are_not_records(tmp_path):
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"text\n" * 9))
    assert identify(tmp_path / "a.gz").kind is KINDS.UNKNOWN


# --- what was decided in six places


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_each_of_three_lists_can_be_shown(tmp_path, split):
    root = write_scenes(tmp_path / "data", 4, test=2)
    (root / "Validation").mkdir()
    (root / "Train/sample.txt").write_text("images/img_1.png images/img_1.txt\n")
    (root / "Validation/sample.txt").write_text("images/img_2.png images/img_2.txt\n")
    shown = choose_samples(root, 10, split)
    assert shown and {one.split for one in shown} == {split}
    assert {one.split for one in choose_samples(root, 12)} == {"train", "validation", "test"}
    described = describe_artefact(root)
    assert f"{split.capitalize()}/sample.txt" in described


def test_a_split_that_is_not_there_is_named(tmp_path):
    root = write_scenes(tmp_path / "data", 2, test=1)
    with pytest.raises(InputError, match="has no validation split. It has train, test"):
        choose_samples(root, 10, "validation")
