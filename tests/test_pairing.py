"""Which text belongs to which picture: one answer, whatever asks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image

from ocrdata.base.pairing import pair_names
from ocrdata.errors import AnnotationError, OcrdataError

TRUTHS = {
    "img_1.txt": "1,1,9,1,9,9,1,9,one\n",
    "gt_img_1.txt": "1,1,9,1,9,9,1,9,one\n20,1,29,1,29,9,20,9,two\n",
    "gt_1.txt": "1,1,9,1,9,9,1,9,one\n",
}


def folder_of(root, names):
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name in TRUTHS:
            (root / name).write_text(TRUTHS[name])
        else:
            pixels = np.random.RandomState(number).randint(0, 255, (40, 60, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(str(root / name))
    return root


# --- everything that asks; each returns {picture: number of texts}


def of_records(root, out):
    from ocrdata.records.format.dataset_info import read_shard_set
    from ocrdata.records.format.scene_record import scene_of
    from ocrdata.records.format.tfrecord import read_examples
    from ocrdata.records.legacy.conversion import write_from
    from ocrdata.records.write.options import WriteOptions

    options = WriteOptions(shards=1, validation_fraction=0, test_fraction=0)
    write_from(root, out / "records", options=options)
    shards = read_shard_set(out / "records").shards()
    scenes = [scene_of(one) for _, path, _ in shards for one in read_examples(path)]
    return {scene.key: len(scene.regions) for scene in scenes}


def of_check(root, out):
    from ocrdata.check.artefact import check_path

    summary = check_path(root)
    if not summary.ok:
        assert list(summary.problems) == ["two-truths"]
        raise AnnotationError(root, summary.examples["two-truths"][0])
    # The check has no texts to show: what it would keep stands for them.
    return of_records(root, out) if summary.checked == {"pictures": 1} else {}


def of_preview(root, _out):
    from ocrdata.records.sources.sampling import choose_samples

    return {one.key: len(one.regions) for one in choose_samples(root, 10)}


def of_import(root, _out):
    from ocrdata.importers import IMPORTERS

    return {one.key: len(one.regions) for one in IMPORTERS.load("icdar").read(root, "train")}


def of_train(root, _out):
    from ocrdata.train.data.scene_sources import open_scenes

    scenes = open_scenes(root)
    found = [scenes.load(index) for index in range(len(scenes))]
    scenes.close()
    return {one.key: len(one.regions) for one in found}


DOORS = {
    "tfrecord": of_records,
    "check": of_check,
    "preview": of_preview,
    "import": of_import,
    "train": of_train,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("image, truth", [("gt_1.jpg", "gt_1.txt"), ("img_1.jpg", "gt_img_1.txt")])
def test_one_truth_is_found_by_all(tmp_path, door, image, truth):
    root = folder_of(tmp_path / "data", [image, truth])
    assert DOORS[door](root, tmp_path) == {image: TRUTHS[truth].count("\n")}


@pytest.mark.parametrize("door", DOORS)
def test_two_truths_of_a_picture_are_named(tmp_path, door):
    root = folder_of(tmp_path / "data", ["img_1.jpg", "img_1.txt", "gt_img_1.txt"])
    with pytest.raises(OcrdataError) as caught:
        DOORS[door](root, tmp_path)
    said = str(caught.value)
    assert f"{root}/img_1.txt" in said and f"{root}/gt_img_1.txt" in said
    assert "img_1.jpg img_1.txt' in Train/sample.txt" in said
    # What the message says to type settles it.
    (root / "Train").mkdir()
    (root / "Train/sample.txt").write_text("img_1.jpg img_1.txt\n")
    if door in ("preview", "train"):
        assert DOORS[door](root, tmp_path) == {"img_1.jpg": 1}


@pytest.mark.parametrize("door", DOORS)
def test_two_pictures_of_a_truth_are_named(tmp_path, door):
    root = folder_of(tmp_path / "data", ["img_1.jpg", "img_1.png", "img_1.txt"])
    with pytest.raises(OcrdataError, match=r"img_1\.jpg.* could be the picture of .*img_1\.png"):
        DOORS[door](root, tmp_path)


def test_two_truths_are_left_out_and_counted_if_asked(tmp_path):
    from ocrdata.packing.pack import pack_folder
    from ocrdata.records.legacy.conversion import write_from
    from ocrdata.records.write.options import WriteOptions

    names = ["img_1.jpg", "img_1.txt", "gt_img_1.txt", "gt_1.jpg", "gt_1.txt"]
    root = folder_of(tmp_path / "data", names)
    options = WriteOptions(validation_fraction=0, test_fraction=0, skip_errors=True)
    summary = write_from(root, tmp_path / "records", options=options)
    reason = "two candidates for the ground truth of one picture"
    assert summary.samples == 1 and summary.skipped == {reason: 1}
    with pytest.raises(AnnotationError, match="could be the ground truth of img_1.jpg"):
        pack_folder(root, tmp_path / "pack.tar.gz")
    packed = pack_folder(root, tmp_path / "pack.tar.gz", skip_errors=True)
    assert (packed.pictures, packed.texts, packed.skipped) == (1, 1, {reason: 1})


def test_a_list_that_names_two_truths(tmp_path):
    root = folder_of(tmp_path / "data", ["img_1.jpg", "img_1.txt", "gt_img_1.txt"])
    (root / "Train").mkdir()
    rows = "img_1.jpg img_1.txt\nimg_1.jpg gt_img_1.txt\n"
    (root / "Train/sample.txt").write_text(rows)
    for door, problem in {"tfrecord": "is listed already", "train": "sample.txt:2: lists"}.items():
        with pytest.raises(OcrdataError, match=f"{problem}.* [Dd]elete"):
            DOORS[door](root, tmp_path)


def brute_force(images, texts):
    """The rule as docs/formats.md words it, one picture at a time."""

    def split(name):
        folder, _, last = name.rpartition("/")
        return folder, last.rpartition(".")[0]

    def near(image):
        folder, stem = split(image)
        return {t for t in texts if split(t) in ((folder, stem), (folder, "gt_" + stem))}

    taken = set().union(*map(near, images)) if images else set()
    found = {}
    for image in images:
        stem = split(image)[1]
        far = {t for t in texts if split(t)[1] in (stem, "gt_" + stem)} - taken
        found[image] = near(image) or far
    return found


def test_the_rule_on_all_small_folders():
    images = ["a/1.jpg", "b/1.jpg", "gt_1.png", "a/1.png"]
    texts = ["a/1.txt", "a/gt_1.txt", "b/gt_1.txt", "c/1.txt", "gt_gt_1.txt"]
    for bits in itertools.product((False, True), repeat=9):
        some = [name for name, there in zip(images + texts, bits) if there]
        found = pair_names(some)
        pairs, alone, unclear = list(found.pairs), list(found.alone), list(found.unclear)
        wanted = brute_force(
            [name for name in some if name in images], [name for name in some if name in texts]
        )
        for image, truths in wanted.items():
            sharing = [other for other in wanted if wanted[other] & truths]
            if not truths:
                assert image in alone
            elif len(truths) == 1 and sharing == [image]:
                assert (image, *truths) in pairs
            else:
                assert image not in dict(pairs) and unclear
        assert len(pairs) + len([n for n in alone if n in images]) <= len(wanted)
        assert pairs == [(found.image_of(text), text) for _, text in pairs]
