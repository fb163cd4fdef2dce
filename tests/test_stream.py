"""A stream of samples gives the shards that the same samples give by way of files and lists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from test_shards import TEXTS, lines_of, make_data, tree

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import Region, Sample, read_sample_list
from ocrdata.errors import AnnotationError, CharsetError, OptionError
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.scene_record import scene_of
from ocrdata.records.format.tfrecord import read_examples
from ocrdata.records.sources import spool as spools
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shards import write_shards
from ocrdata.records.write.stream import SampleStream, write_sample_stream
from ocrdata.text.charset import read_charset


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path / "data")


def from_lists(data, in_memory=True):
    def open_samples(start):
        pairs = (
            (name, Sample(s.key, s.image_bytes() if in_memory else s.image, s.text))
            for name in ("Train", "Test")
            for s in read_sample_list(data / name / "sample.txt", data)
        )
        return itertools.islice(pairs, start, None)

    return open_samples


def write(open_samples, folder, **options):
    run = RunOptions(options.pop("workers", 0), resume=options.pop("resume", False))
    stream = SampleStream(open_samples, {"made": "here"}, options.pop("charset", None))
    return write_sample_stream(stream, folder, options=WriteOptions(**options), run=run)


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_gives_the_bytes_of_the_files(data, tmp_path, in_memory, workers):
    write_shards(data, shards=3, seed=4)
    write(from_lists(data, in_memory), tmp_path / "out", shards=3, seed=4, workers=workers)
    assert tree(tmp_path / "out") == tree(data / "tfrecords")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


def test_the_dictionary_may_be_given(data, tmp_path):
    charset = read_charset(data / "chinese.txt")
    summary = write(from_lists(data), tmp_path / "out", charset=charset)
    assert summary.dictionary_sha256 == charset.sha256
    short = type(charset)(charset.characters[1:])
    with pytest.raises(CharsetError, match="is not in the dictionary"):
        write(from_lists(data), tmp_path / "other", charset=short)
    assert not (tmp_path / "other").exists()


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", [0, 5, 16, 29])
def test_an_interrupted_stream_is_resumed(data, tmp_path, monkeypatch, after):
    monkeypatch.setattr(spools, "_CHUNK", 8)
    write(from_lists(data), tmp_path / "whole", shards=2)
    starts = []

    def cut(start):
        for number, pair in enumerate(from_lists(data)(start)):
            if start == 0 and number == after:
                raise Killed
            yield pair

    with pytest.raises(Killed):
        write(cut, tmp_path / "out", shards=2)
    assert not (tmp_path / "out").exists()
    resumed = lambda start: (starts.append(start), cut(start) if start else from_lists(data)(0))[1]  # noqa: E731
    write(resumed, tmp_path / "out", shards=2, resume=True)
    assert starts == [after // 8 * 8]
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_stream_without_lists_is_divided_by_text(data, tmp_path):
    pairs = [("", sample) for _, sample in from_lists(data)(0)]
    write(lambda start: pairs[start:], tmp_path / "tfrecords", test_fraction=0.3)
    texts = {
        split: {line.text for line in lines_of(tmp_path, split)}
        for split in ("train", "validation", "test")
    }
    assert set().union(*texts.values()) == set(TEXTS)
    assert all(texts.values()) and sum(map(len, texts.values())) == len(TEXTS)


def test_a_validation_list_is_kept_whole(data, tmp_path):
    names = ["Train", "Validation", "Test"]
    pairs = [(names[i % 3], sample) for i, (_, sample) in enumerate(from_lists(data)(0))]
    write(lambda start: pairs[start:], tmp_path / "tfrecords")
    for place, split in enumerate(("train", "validation", "test")):
        assert {line.key for line in lines_of(tmp_path, split)} == {
            sample.key for _, sample in pairs[place::3]
        }


def test_regions_become_detection_records(data, tmp_path):
    image = (data / "pic" / "0_1.png").read_bytes()
    polygons = [np.array([[0, 0], [9, 1], [9.5, 8], [0, 7]], np.float32)] * 2
    regions = (Region(polygons[0], "春眠"), Region(polygons[1][:3], "", True))
    pairs = [("Train", Sample(f"{i}.png", image, None, regions[:i])) for i in range(3)]
    summary = write(lambda start: pairs[start:], tmp_path / "out", validation_fraction=0)
    shards = read_shard_set(tmp_path / "out")
    assert (summary.task, shards.task, shards.has_dictionary) == ("detection",) * 2 + (False,)
    found = {}
    for _, path, _ in shards.shards():
        for features in read_examples(path):
            scene = scene_of(features)
            found[scene.key] = scene
    for _, sample in pairs:
        scene = found[sample.key]
        assert scene.image == image and len(scene.regions) == len(sample.regions)
        for ours, theirs in zip(scene.regions, sample.regions):
            assert (ours.text, ours.ignore) == (theirs.text, theirs.ignore)
            np.testing.assert_array_equal(ours.polygon, theirs.polygon)


def test_nothing_and_wrong_calls(data, tmp_path):
    with pytest.raises(AnnotationError, match="nothing came"):
        write(lambda start: [], tmp_path / "out")
    with pytest.raises(OptionError, match="layout npu-crnn is not for detection"):
        image = (data / "pic" / "0_1.png").read_bytes()
        write(lambda start: [("", Sample("a", image))], tmp_path / "out", layout="npu-crnn")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_damaged_picture_is_named_by_its_key(tmp_path):
    pairs = [("Train", Sample("a/b.jpg", b"\xff\xd8 torn", "x"))]
    with pytest.raises(AnnotationError, match=r"a/b\.jpg: picture a/b\.jpg is a JPEG cut off"):
        write(lambda start: pairs[start:], tmp_path / "out")
