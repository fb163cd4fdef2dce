"""The check of pictures with regions, archives and runs, and the repairs that are safe."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image
from test_check import data  # noqa: F401
from test_packing import FILE, LINK, made, scenes  # noqa: F401
from test_shards import append_line, lines_of, make_data

from ocrdata.base.sample import Region
from ocrdata.check.artefact import check_path
from ocrdata.check.verify_regions import region_problems
from ocrdata.errors import OptionError, OutputExistsError
from ocrdata.packing.pack import pack_folder
from ocrdata.records.format.tfrecord import read_records
from ocrdata.records.legacy.conversion import write_from
from ocrdata.records.sources.truth import parse_regions
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shards import write_shards
from ocrdata.text.charset import Charset

BAD = {
    "polygon-wrong-order": "1,2,1,20,30,20,30,2,a",
    "polygon-crosses-itself": "1,2,30,20,30,2,1,20,b",
    "polygon-outside": "1,2,90,2,90,20,1,20,c",
    "polygon-without-area": "5,5,25,5,15,5,10,5,d",
}


def plant(root):
    (root / "gt_img_2.txt").write_text("".join(line + "\n" for line in BAD.values()))


@pytest.mark.parametrize(
    ("points", "kinds"),
    [
        ([(0, 0), (64, 0), (64, 48), (0, 48)], []),
        ([(0, 0), (65, 0), (65, 48), (0, 48)], []),
        ([(0, 0), (9, 0), (0, 9)], []),
        ([(0, 0), (66, 0), (66, 48), (0, 48)], ["polygon-outside"]),
        ([(0, 0), (0, 9), (9, 9), (9, 0)], ["polygon-wrong-order"]),
        ([(0, 0), (9, 9), (9, 0), (0, 9)], ["polygon-crosses-itself"]),
        ([(3, 3)] * 4, ["polygon-without-area"]),
        ([(-9, 0), (float("nan"), 0), (0, 9)], ["polygon-outside"]),
    ],
)
def test_outlines(points, kinds):
    assert region_problems(Region(np.array(points, np.float32), ""), 64, 48) == kinds


def kinds_of(path, **options):
    return set(check_path(path, **options).problems)


def test_regions_are_checked_wherever_they_are(scenes, tmp_path):  # noqa: F811
    assert check_path(scenes).ok
    plant(scenes)
    assert kinds_of(scenes) == set(BAD)
    pack_folder(scenes, tmp_path / "a.tar.gz")
    assert kinds_of(tmp_path / "a.tar.gz") == set(BAD)
    options = WriteOptions(validation_fraction=0)
    write_from(scenes, tmp_path / "out", options=options)
    assert kinds_of(tmp_path / "out") == set(BAD)
    (scenes / "Train").mkdir()
    (scenes / "Train" / "sample.txt").write_text("img_2.jpg gt_img_2.txt\n")
    assert kinds_of(scenes) == set(BAD)


def test_truths_and_pictures_that_are_alone_or_damaged(scenes):  # noqa: F811
    (scenes / "gt_img_2.txt").unlink()
    (scenes / "img_10.jpg").write_bytes((scenes / "img_10.jpg").read_bytes()[:-9])
    (scenes / "deep" / "gt_字.txt").write_text("1,2,3\n")
    found = check_path(scenes)
    assert found.problems == {"no-truth": 1, "damaged-picture": 1, "bad-truth": 1}
    assert "gt_字.txt:1:" in found.examples["bad-truth"][0]


def test_archives(scenes, tmp_path):  # noqa: F811
    pack_folder(scenes, tmp_path / "a.tar.gz")
    assert check_path(tmp_path / "a.tar.gz").checked == {"pictures": 3}
    cut = tmp_path / "b.tar.gz"
    cut.write_bytes((tmp_path / "a.tar.gz").read_bytes()[:-30])
    assert kinds_of(cut) == {"damaged-archive"}
    made(cut, ("a.jpg", FILE, b"x"), ("a.jpg", FILE, b"y"), ("b", LINK, "/"), ("../c", FILE, b""))
    found = check_path(cut)
    assert found.problems == {"unsafe-member": 2, "repeated-key": 1}
    with tarfile.open(str(tmp_path / "c.tar"), "w") as tar:
        tar.addfile(tarfile.TarInfo("empty"), io.BytesIO())
    assert check_path(tmp_path / "c.tar").checked == {"pictures": 0}


def test_the_same_picture_in_two_lists_of_an_archive(tmp_path):
    root = make_data(tmp_path / "data")
    (root / "pic" / "again.jpg").write_bytes((root / "pic" / "0_0.jpg").read_bytes())
    append_line(root, "pic/again.jpg 春眠", "Test")
    pack_folder(root, tmp_path / "a.tar.gz")
    counts = check_path(tmp_path / "a.tar.gz").problems
    assert counts == {"picture-in-two-splits": 1, "text-in-two-splits": 1}


def test_three_lists_are_compared(tmp_path):
    root = make_data(tmp_path / "data")
    (root / "Validation").mkdir()
    (root / "pic" / "again.jpg").write_bytes((root / "pic" / "8_0.jpg").read_bytes())
    append_line(root, "pic/again.jpg 新", "Validation")
    assert check_path(root, allow=("missing-character",)).problems == {"picture-in-two-splits": 1}


def make_run(folder):
    folder.mkdir()
    charset = Charset(tuple("abc"))
    entry = {"characters": "abc", "sha256": charset.sha256, "num_classes": 4}
    run = {"dictionary": entry, "model": "crnn", "options": {}}
    (folder / "run.json").write_text(json.dumps(run))
    for name in ("model.ckpt-7.index", "model.ckpt-7.data-00000-of-00001"):
        (folder / name).write_bytes(b"x")
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-7"\n')
    (folder / "metrics.jsonl").write_text('{"step": 7}\n')
    return folder


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda f: (f / "run.json").write_text("{"), "is not JSON"),
        (lambda f: (f / "run.json").write_text("[]"), "is not a description of a run"),
        (lambda f: (f / "model.ckpt-7.index").unlink(), "has no .index"),
        (lambda f: (f / "model.ckpt-7.data-00000-of-00001").write_bytes(b""), "0 of 1 data"),
        (lambda f: (f / "checkpoint").unlink(), "no checkpoint is the newest"),
        (lambda f: (f / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-8"'), "-8"),
        (lambda f: (f / "metrics.jsonl").write_text("{}\n{tor"), "metrics.jsonl:2"),
        (
            lambda f: (f / "run.json").write_text(
                (f / "run.json").read_text().replace('"abc"', '"abd"')
            ),
            "does not have the hash",
        ),
    ],
)
def test_runs(tmp_path, spoil, problem):
    run = make_run(tmp_path / "crnn")
    assert check_path(run).checked == {"checkpoints": 1}
    spoil(run)
    found = check_path(run)
    assert found.problems == {"damaged-run": 1}
    assert problem in found.examples["damaged-run"][0]


# --- repairs


def test_sound_records_are_recovered(data, tmp_path):  # noqa: F811
    shard = sorted((data / "tfrecords").glob("train-*"))[0]
    records = list(read_records(shard))
    content = bytearray(shard.read_bytes())
    content[40] ^= 1
    shard.write_bytes(bytes(content))
    found = check_path(shard, fix=tmp_path / "fixed.tfrecord")
    assert (found.kept, found.changed) == (len(records) - 1, {"damaged-record": 1})
    assert list(read_records(tmp_path / "fixed.tfrecord")) == records[1:]
    assert check_path(tmp_path / "fixed.tfrecord").ok
    with pytest.raises(OutputExistsError):
        check_path(shard, fix=tmp_path / "fixed.tfrecord")


def test_a_shard_set_is_written_anew_without_damage(data, tmp_path):  # noqa: F811
    everything = {line.key for line in lines_of(data)}
    first, second = sorted((data / "tfrecords").glob("train-*"))[:2]
    content = bytearray(first.read_bytes())
    content[-7] ^= 16
    first.write_bytes(bytes(content))
    found = check_path(data / "tfrecords", fix=tmp_path / "tfrecords")
    assert found.changed == {"picture missing or damaged": 1}
    assert check_path(tmp_path / "tfrecords").ok
    assert len(everything - {line.key for line in lines_of(tmp_path)}) == 1
    second.unlink()
    check_path(data / "tfrecords", fix=tmp_path / "more" / "tfrecords")
    assert check_path(tmp_path / "more" / "tfrecords").ok


def test_texts_of_test_are_taken_out_of_train(data, tmp_path):  # noqa: F811
    Image.new("L", (30, 30), 3).save(data / "pic" / "new.png")
    append_line(data, "pic/new.png 春眠", "Test")
    append_line(data, "pic/missing.png 春眠")
    write_shards(data, shards=2, overwrite=True, skip_errors=True)
    assert "text-in-two-splits" in kinds_of(data / "tfrecords")
    check_path(data / "tfrecords", fix=tmp_path / "tfrecords")
    assert check_path(tmp_path / "tfrecords").ok
    texts = {line.text for line in lines_of(data, "test")}
    assert {line.text for line in lines_of(tmp_path, "test")} == texts and "春眠" in texts
    assert "春眠" not in {line.text for line in lines_of(tmp_path, "train")}
    found = check_path(data, fix=tmp_path / "lists", allow=("unreferenced-picture",))
    assert found.changed["missing-picture"] == 1
    assert check_path(tmp_path / "lists").ok


def test_ground_truth_is_put_right(scenes, tmp_path):  # noqa: F811
    plant(scenes)
    found = check_path(scenes, fix=tmp_path / "fixed")
    assert found.kept == 3 and set(found.changed) == set(BAD)
    assert check_path(tmp_path / "fixed").ok
    regions = parse_regions((tmp_path / "fixed" / "gt_img_2.txt").read_bytes(), "x")
    assert [region.text for region in regions] == ["a", "b", "c"]
    assert regions[0].polygon.tolist() == [[1, 2], [30, 2], [30, 20], [1, 20]]
    assert sorted(regions[1].polygon.tolist()) == sorted(regions[0].polygon.tolist())
    assert regions[2].polygon.max() == 64
    before = (scenes / "img_2.jpg").read_bytes()
    assert (tmp_path / "fixed" / "img_2.jpg").read_bytes() == before


def test_what_cannot_be_repaired(tmp_path):
    run = make_run(tmp_path / "crnn")
    (run / "run.json").write_text("{")
    with pytest.raises(OptionError, match="repairs data, not models"):
        check_path(run, fix=tmp_path / "fixed")
    assert not (tmp_path / "fixed").exists()


def test_the_command(run, scenes, tmp_path):  # noqa: F811
    plant(scenes)
    result = run("check", scenes, "--fix", tmp_path / "fixed", "--workers", 0, code=1)
    assert "polygon-wrong-order: 1" in result.output and "repaired" in result.output
    run("check", tmp_path / "fixed", "--workers", 0)
