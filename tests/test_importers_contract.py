"""Every importer against tiny made-up files in the official layout, whole and broken.

`data/importers/<name>/raw` is the data set; `expected.jsonl` says what it holds: a sample a line
with its split, and the task and options where they are not the default.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, MissingExtraError, OptionError
from ocrdata.importers import IMPORTERS
from ocrdata.importers.base import configure

FIXTURES = Path(__file__).parent / "data" / "importers"
EXTRA = {
    "iiit5k": "scipy",
    "lmdb": "lmdb",
    "parquet": "pyarrow",
    "synthtext": "scipy",
    "totaltext": "scipy",
}
# Files that hold many pictures are read from disk.
CONTAINERS = ("lmdb", "parquet", "webdataset")


def load(name):
    if name in EXTRA:
        pytest.importorskip(EXTRA[name], reason="an extra of this data set")
    return IMPORTERS.load(name)


def raw(name):
    return FIXTURES / name / "raw"


def expected(name):
    lines = (FIXTURES / name / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    groups = {}
    for line in lines:
        row = json.loads(line)
        options = row.pop("options", {})
        if "task" in row:
            options["task"] = row.pop("task")
        group = (row.pop("split"), json.dumps(options, sort_keys=True))
        groups.setdefault(group, []).append(row)
    return groups


def as_row(sample):
    row = {"key": sample.key}
    if sample.text is not None:
        row["text"] = sample.text
    else:
        row["regions"] = [
            {"polygon": region.polygon.tolist(), "text": region.text, "ignore": region.ignore}
            for region in sample.regions
        ]
    if sample.lexicons:
        row["lexicons"] = {name: list(words) for name, words in sample.lexicons}
    return row


def with_options(importer, text):
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(text).items()}
    return configure(importer, values)


def rows_of(importer, root, split):
    return [as_row(sample) for sample in importer.read(root, split)]


NAMES = IMPORTERS.names()


def test_every_data_set_has_fixtures():
    assert sorted(path.name for path in FIXTURES.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_info_is_complete(name):
    importer = IMPORTERS.load(name)
    info = importer.info
    assert info.name == name and info.title and info.licence and info.tree.strip()
    assert info.homepage.startswith("http") or info.licence == "your own"
    assert set(info.tasks) <= {"detection", "recognition"} and importer.task in info.tasks
    assert set(info.splits) <= {"train", "validation", "test"}
    fields = {field.name for field in dataclasses.fields(importer)}
    assert set(importer.options) <= fields and set(importer.choices) <= set(importer.options)


@pytest.mark.parametrize("name", NAMES)
def test_reads_what_the_fixture_holds(name):
    importer = load(name)
    for (split, options), rows in expected(name).items():
        assert rows_of(with_options(importer, options), raw(name), split) == rows


@pytest.mark.parametrize("name", NAMES)
def test_finds_the_splits_that_are_there(name):
    wanted = {split for split, options in expected(name) if options == "{}"}
    found = load(name).splits(raw(name))
    assert set(found) == wanted
    assert found == [split for split in IMPORTERS.load(name).info.splits if split in wanted]


@pytest.mark.parametrize("name", NAMES)
def test_samples_keep_the_contract(name):
    importer = load(name)
    keys = []
    for split in importer.splits(raw(name)):
        for sample in importer.read(raw(name), split):
            assert not Path(sample.key).is_absolute() and ".." not in sample.key
            assert len(sample.image_bytes()) > 40
            assert (sample.text is None) == (importer.task == "detection")
            for region in sample.regions:
                assert region.polygon.dtype == np.float32 and region.polygon.shape[1] == 2
            keys.append((split, sample.key))
    assert len(set(keys)) == len(keys) > 0


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_not_needed_for_counting(name, tmp_path):
    importer, root = load(name), copy_of(name, tmp_path)
    for picture in list(root.rglob("*")):
        if picture.suffix.lower() in (".jpg", ".png", ".gif"):
            picture.unlink()
    for split in importer.splits(root):
        found = rows_of_without_pictures(importer, root, split)
        assert found == sum(
            len(r) for (s, o), r in expected(name).items() if (s, o) == (split, "{}")
        )


def rows_of_without_pictures(importer, root, split):
    return sum(1 for _ in importer.read(root, split, pictures=False))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_folder_shows_the_tree_that_is_expected(name, tmp_path):
    importer = load(name)
    with pytest.raises(AnnotationError) as caught:
        importer.splits(tmp_path)
    assert importer.info.tree.strip("\n") in str(caught.value)
    with pytest.raises(AnnotationError):
        list(importer.read(tmp_path, importer.info.splits[0]))


# Synth90k comes as a tar, and a zip of nine million members would be read into memory.
PACKED = [
    (name, kind)
    for name in NAMES
    for kind in ("zip", "tar", "tar.gz")
    if (name, kind) != ("synth90k", "zip") and name not in CONTAINERS
]


@pytest.mark.parametrize("name, kind", PACKED)
def test_one_archive_of_everything_reads_the_same(name, kind, tmp_path):
    importer, root = load(name), unpacked_copy(name, tmp_path)
    archive = tmp_path / ("set." + kind)
    pack(root, archive)
    for (split, options), rows in expected(name).items():
        one = with_options(importer, options)
        got = rows_of(one, archive, split)
        # A tar is read in its own order, and keys go through the archive's name.
        assert sorted(map(without_folders, got)) == sorted(map(without_folders, rows))


@pytest.mark.parametrize("name", ["lmdb", "parquet"])
def test_a_packed_container_is_to_be_unpacked(name, tmp_path):
    importer = load(name)
    pack(raw(name), tmp_path / "set.zip")
    with pytest.raises(AnnotationError, match="Unpack it"):
        importer.splits(tmp_path / "set.zip")


def without_folders(row):
    values = dict(row, key=row["key"].rsplit("/", 1)[-1])
    for region in values.get("regions", ()):
        region["polygon"] = np.array(region["polygon"], float).tolist()
    return json.dumps(values, sort_keys=True)


def copy_of(name, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(str(raw(name)), str(root))
    return root


def unpacked_copy(name, tmp_path):
    """A copy in which the inner archives are folders, as a user unpacks them."""
    root = copy_of(name, tmp_path)
    for inner in sorted(root.rglob("*.zip")):
        with zipfile.ZipFile(str(inner)) as archive:
            archive.extractall(str(inner.with_suffix("")))
        inner.unlink()
    return root


def pack(root, archive):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    names = [(str(path), path.relative_to(root).as_posix()) for path in files]
    if archive.suffix == ".zip":
        with zipfile.ZipFile(str(archive), "w") as target:
            for path, name in names:
                target.write(path, name)
    else:
        with tarfile.open(str(archive), "w:gz" if archive.suffix == ".gz" else "w") as target:
            for path, name in names:
                target.add(path, name)


# --- broken files: (data set, options, split, file, what to replace, by what, where, problem) ----

GT15 = "Challenge4_Test_Task1_GT/gt_img_1.txt"
GT13 = "Challenge2_Training_Task1_GT/gt_100.txt"
SVT_TEST = "svt1/test.xml"
MDB, TAR, PARQUET = (
    "train/data.mdb",
    "train-000001.tar",
    "data/train-00001-of-00002.parquet",
)
RCTW0, MLT1 = "train_gts/image_0.txt", "train_gt_t13/tr_img_00001.txt"
MTWI1 = "mtwi_2018_train/txt_train/TB1_x.jpg.txt"
CTW1, CTW1001 = "ctw1500_train_labels/0001.xml", "gt_ctw1500/0001001.txt"
TOTAL11 = "txt_format/Train/poly_gt_img11.txt"
TOTAL12 = "Groundtruth/Polygon/Train/poly_gt_img12.mat"
TEXTOCR = "TextOCR_0.1_train.json"
SYNTH = "SynthText/gt.mat"
BROKEN = [
    ("icdar2015", {}, "test", GT15, b"-1,1,9", b"-1,one,9", ":2: ", "'one' is not a number"),
    ("icdar2015", {}, "test", GT15, b"6,B1,", b"6", ":1: ", "no text behind"),
    ("icdar2015", {}, "test", GT15, b"B1", b"\xb1", ":1: ", "is not UTF-8"),
    ("icdar2015", {}, "test", "ch4_test_images/img_1.jpg", None, None, GT15, "no picture"),
    (
        "icdar2015",
        {"task": "recognition"},
        "test",
        "Challenge4_Test_Task3_GT.txt",
        b"word_1",
        b"word_9",
        "Task3_GT.txt:1: ",
        "no picture word_9.png",
    ),
    ("icdar2013", {}, "train", GT13, b"3 1 9", b"3 1e9 9", ":2: ", "not a coordinate"),
    ("icdar2013", {}, "train", GT13, b"3 1 9", b"30 1 9", ":2: ", "ends left of"),
    (
        "borndigital",
        {},
        "train",
        "Challenge1_Training_Task1_GT/gt_img_1.txt",
        b"0, 0, 4, 4,",
        b"0, 0, 4,",
        ":2: ",
        "is not a number",
    ),
    (
        "mlt2017",
        {},
        "validation",
        "ch8_validation_localization_transcription_gt_v2/gt_img_1.txt",
        ",Korean,서울".encode(),
        b",Korean",
        ":1: ",
        "no script",
    ),
    ("icdar", {}, "train", "texts/gt_a.txt", b"1,6,*", b"1", ":2: ", "7 numbers instead of 8"),
    (
        "scutforu",
        {},
        "train",
        "English2k/word_annotation/0001.txt",
        b"0,0,3,3",
        b"0,0,-3,3",
        ":2: ",
        "ends left of",
    ),
    (
        "cocotext",
        {},
        "train",
        "cocotext.v2.json",
        b"   9,\n    1,\n    9,\n    6,",
        b'   "x",\n    1,\n    9,\n    6,',
        ":27: ",
        "annotation 101",
    ),
    (
        "cocotext",
        {},
        "train",
        "cocotext.v2.json",
        b'"imgToAnns"',
        b'"imgToAnns" oops',
        ":145: ",
        "is not JSON",
    ),
    (
        "cocotext",
        {},
        "train",
        "cocotext.v2.json",
        b'"imgToAnns"',
        b'"other"',
        ".json: ",
        "not COCO-Text",
    ),
    (
        "cocotext",
        {},
        "train",
        "train2014/COCO_train2014_000000000009.jpg",
        None,
        None,
        "cocotext.v2.json:4: ",
        "no picture",
    ),
    ("labelme", {}, "train", "img_1.json", b'"rectangle"', b'"circle"', "img_1.json: ", "a circle"),
    ("labelme", {}, "train", "img_1.json", b'"shapes"', b'"shapes" x', "img_1.json: ", "not JSON"),
    ("labelme", {}, "train", "img_1.jpg", None, None, "img_1.json: ", "no picture img_1.jpg"),
    (
        "coco",
        {},
        "train",
        "annotations/instances_train.json",
        b'"image_id": 7',
        b'"image_id": 8',
        "instances_train.json: ",
        "annotations of image 8, which is not listed",
    ),
    ("coco", {}, "validation", "val/img_1.jpg", None, None, "instances_val.json: ", "no picture"),
    ("cvat", {}, "train", "annotations.xml", b"9.0,1.0;", b"9.0;", ".xml: ", "not x,y;x,y"),
    ("cvat", {}, "train", "annotations.xml", b"</annotations>", b"", ".xml: ", "is not XML"),
    ("via", {}, "train", "via_export.json", b'"rect"', b'"point"', ".json: ", "no area"),
    (
        "labelstudio",
        {},
        "train",
        "project-1.json",
        b"original_width",
        b"w",
        ".json: ",
        "has no orig",
    ),
    (
        "tesseract",
        {},
        "train",
        "train/word_1.gt.txt",
        b"\n",
        b"\nmore\n",
        ":2: ",
        "2 lines of text",
    ),
    ("tesseract", {}, "train", "train/word_1.png", None, None, "word_1.gt.txt: ", "no picture"),
    (
        "yolo",
        {},
        "train",
        "labels/train/img_1.txt",
        b"0.75 0.5 0.25",
        b"0.75 b 0.25",
        ":2: ",
        "'b'",
    ),
    ("yolo", {}, "train", "images/train/img_1.jpg", None, None, "img_1.txt: ", "no picture"),
    (
        "lsvt",
        {},
        "train",
        "train_full_labels.json",
        b'"transcription"',
        b'"t"',
        ".json: ",
        "no trans",
    ),
    ("art", {}, "train", "train_images/gt_0.jpg", None, None, "train_labels.json: ", "gt_0.jpg"),
    (
        "rects",
        {"level": "chars"},
        "train",
        "gt/train_ReCTS_000001.json",
        b'"points"',
        b'"p"',
        "1.json: ",
        "no points",
    ),
    ("lmdb", {}, "train", MDB, b"Genaxis", b"Gen\xffxis", "data.mdb: ", "not UTF-8"),
    ("lmdb", {}, "train", MDB, b"label-000000003", b"lable-000000003", ".mdb: ", "3 is not there"),
    ("lmdb", {}, "train", MDB, b"num-samples", b"num-simples", "data.mdb: ", "no num-samples"),
    ("lmdb", {}, "train", MDB, b"\xde\xc0\xef\xbe", b"\0\0\0\0", "data.mdb: ", "not an LMDB"),
    ("webdataset", {}, "train", TAR, b'"text"', b'"tixt"', ".tar: ", "has no text under"),
    ("webdataset", {}, "train", TAR, b'{"text"', b'["text"', ".tar: ", "not JSON"),
    ("webdataset", {}, "train", TAR, b"a b", b"a\xffb", ".tar: ", "not UTF-8"),
    ("parquet", {}, "train", PARQUET, "cut", None, ".parquet: ", "damaged"),
    ("rctw17", {}, "train", RCTW0, b"0,3,1,", b"0,3,", "image_0.txt:2: ", "no flag 0 or 1"),
    ("rctw17", {}, "train", RCTW0, b"6,1,6", b"6,x,6", "image_0.txt:1: ", "is not a number"),
    ("rctw17", {}, "train", "train_images/image_1.jpg", None, None, "_1.txt: ", "no picture"),
    ("mlt2019", {}, "train", MLT1, b",Latin,###", b",###", "00001.txt:2: ", "no script"),
    ("mtwi", {}, "train", MTWI1, b"0,0,4,0", b"0,0,4,q", "_x.jpg.txt:1: ", "'q' is not a number"),
    ("ctw1500", {}, "train", CTW1, b"<segs>1,1,", b"<segs>1,", "0001.xml: ", "box 1 has 27 num"),
    ("ctw1500", {}, "train", CTW1, b"</Annotations>", b"", "0001.xml:11: ", "is not XML"),
    ("ctw1500", {}, "test", CTW1001, b",####Latin", b",#Latin", "01001.txt:1: ", "neither 28 numb"),
    ("ctw1500", {}, "train", "train_images/0002.jpg", None, None, "0002.txt: ", "no picture"),
    ("totaltext", {}, "train", TOTAL11, b"x: [[1 ", b"x: [[", "img11.txt:1: ", "has 5 x and 6 y"),
    ("totaltext", {}, "train", TOTAL11, b"u'PAUL'", b"u'PAUL", "img11.txt:1: ", "text in quotes"),
    ("totaltext", {}, "train", TOTAL11, b", ornt", b", orient", "img11.txt:1: ", "is not x: [["),
    ("totaltext", {}, "train", TOTAL12, "cut", None, "img12.mat: ", "damaged or not a Matlab"),
    ("textocr", {}, "train", TEXTOCR, b'"imgToAnns"', b'"links"', ".json: ", "no mappings imgs"),
    (
        "textocr",
        {},
        "train",
        TEXTOCR,
        b'"a4ea_2"],',
        b'"a4ea_3"],',
        ".json: ",
        "word a4ea_3 has no",
    ),
    ("textocr", {}, "validation", "train_images/c6ac.jpg", None, None, "val.json: ", "no picture"),
    (
        "svtp",
        {},
        "test",
        "gt.txt",
        b" UNITED",
        b" THE UNITED",
        "gt.txt:2: ",
        "is not `picture word",
    ),
    ("svtp", {}, "test", "par1/12_16_0_par.jpg", None, None, "gt.txt:2: ", "no picture"),
    ("cute80", {}, "test", "gt.txt", b" 7 1 7", b"", "gt.txt:2: ", "is not `picture word"),
    ("synthtext", {}, "train", SYNTH, b"Kevin", b"Ke in", "gt.mat: ", "has 4 words and boxes"),
    ("synthtext", {}, "train", SYNTH, b"wordBB", b"wordBX", "gt.mat: ", "no variable 'wordBB'"),
    ("synthtext", {}, "train", "SynthText/8/ballet_106_1.jpg", None, None, "gt.mat: ", "entry 2"),
    ("synth90k", {}, "train", "annotation_train.txt", b" 0\n", b" 44\n", ":2: ", "no word 44"),
    ("synth90k", {}, "train", "annotation_train.txt", b" 0\n", b" x\n", ":2: ", "is not `picture"),
    (
        "synth90k",
        {},
        "train",
        "annotation_train.txt",
        b"./1/1/2",
        b"../../2",
        ":2: ",
        "not the path",
    ),
    ("synth90k", {}, "train", "lexicon.txt", b"bee", b"", ":2: ", "is empty"),
    ("synth90k", {}, "train", "lexicon.txt", None, None, "", "lexicon.txt"),
    ("iiit5k", {}, "test", "IIIT5K/test/1009_1.png", None, None, "testdata.mat", "entry 2"),
    ("iiit5k", {}, "test", "IIIT5K/testdata.mat", "cut", None, "testdata.mat", "damaged"),
    ("svt", {}, "test", SVT_TEST, b'x="-1"', b'x="left"', ":14: ", "'left' is not a number"),
    ("svt", {}, "test", SVT_TEST, b'height="4" ', b"", ":14: ", "has no height"),
    ("svt", {}, "test", SVT_TEST, b"</tagset>", b"", ":20: ", "is not XML"),
    (
        "svt",
        {},
        "test",
        SVT_TEST,
        b"<tagset>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><tagset>',
        ":2: ",
        "entity",
    ),
    (
        "icdar2003",
        {},
        "test",
        "SceneTrialTest/words.xml",
        b"8859-1",
        b"885z-1",
        "xml:1: ",
        "in an encoding that",
    ),
    (
        "icdar2003",
        {},
        "test",
        "SceneTrialTest/words.xml",
        b"aPICT0034",
        b"lost",
        "xml:3: ",
        "no picture ryoungt_05.08.2002/lost.JPG",
    ),
    (
        "paddleocr",
        {},
        "train",
        "train_label.txt",
        b'"points": [[1, 1]',
        b'"points": [[1]',
        ":1: ",
        "box 1 has no points",
    ),
    ("paddleocr", {}, "train", "train_label.txt", b"}]", b"}", ":1: ", "is not JSON"),
    (
        "paddleocr",
        {"task": "recognition"},
        "train",
        "rec_gt_train.txt",
        b"word_1",
        b"word_7",
        ":1: ",
        "no picture crops/word_7.png",
    ),
]


def break_file(path, old, new):
    if old is None:
        path.unlink()
    elif old == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    else:
        data = path.read_bytes()
        assert old in data, "the fixture changed"
        path.write_bytes(data.replace(old, new, 1))


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case[0]}-{case[7][:20]}")
def test_what_is_broken_is_named_by_file_and_line(case, tmp_path):
    name, options, split, file, old, new, where, problem = case
    importer, root = configure(load(name), options), copy_of(name, tmp_path)
    break_file(root / file, old, new)
    with pytest.raises(AnnotationError) as caught:
        list(importer.read(root, split))
    assert problem in str(caught.value)
    assert where in str(caught.value)


# Without these files nothing can be read at all, so there is nothing to go on with.
FATAL = (
    "in an encoding that",
    "is not JSON",
    "not COCO-Text",
    "lexicon.txt",
    "is empty",
    "is not XML",
    "entity",
    "damaged",
    "no num-samples",
    "not an LMDB",
    "no mappings imgs",
    "no variable 'wordBB'",
)
PARTLY = [case for case in BROKEN if case[7] not in FATAL or case[0] == "paddleocr"]


@pytest.mark.parametrize("case", PARTLY, ids=lambda case: f"{case[0]}-{case[7][:20]}")
def test_reported_problems_do_not_end_the_reading(case, tmp_path):
    name, options, split, file, old, new, _, problem = case
    importer, root = configure(load(name), options), copy_of(name, tmp_path)
    break_file(root / file, old, new)
    met = []
    samples = list(
        importer.read(root, split, lambda reason, error, *_: met.append((reason, error)))
    )
    options_text = json.dumps(options, sort_keys=True)
    problems = [error for _, error in met if error is not None]
    assert len(samples) + len(problems) == len(expected(name)[split, options_text])
    assert problem in str(problems[0])


def test_a_second_label_file_of_a_picture_is_named(tmp_path):
    root = copy_of("ctw1500", tmp_path)
    shutil.copy(str(root / CTW1), str(root / "0001.xml"))
    with pytest.raises(AnnotationError, match="of the same picture as .*Take one away"):
        list(IMPORTERS.load("ctw1500").read(root, "train"))


@pytest.mark.parametrize("name", ["coco", "labelme", "textocr"])
def test_files_of_tools_are_read_once(name, monkeypatch):
    importer, read, plain = IMPORTERS.load(name), [], Tree.read
    splits = importer.splits(raw(name))
    monkeypatch.setattr(Tree, "read", lambda tree, one: read.append(one) or plain(tree, one))
    for split in splits:
        list(importer.read(raw(name), split))
    files = [one for one in read if one.endswith(".json")]
    assert len(files) == len(set(files)) > 0


@pytest.mark.parametrize("member", ["../evil.txt", "/evil.txt"])
def test_an_archive_that_leads_out_of_itself_is_refused(member, tmp_path):
    with zipfile.ZipFile(str(tmp_path / "gt.zip"), "w") as archive:
        archive.writestr(member, "1,1,9,1,9,6,1,6,x")
    with pytest.raises(AnnotationError, match="leads out of the archive"):
        IMPORTERS.load("icdar2015").splits(tmp_path)


@pytest.mark.parametrize("keep", [10, 200, 400])
def test_a_cut_archive_is_one_error(keep, tmp_path):
    root = copy_of("icdar2015", tmp_path)
    archive = root / "ch4_training_images.zip"
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(AnnotationError, match="damaged archive"):
        list(IMPORTERS.load("icdar2015").read(root, "train"))


def test_an_archive_beside_its_folder_is_passed_over(tmp_path):
    root = copy_of("icdar2015", tmp_path)
    for inner in sorted(root.rglob("*.zip")):
        with zipfile.ZipFile(str(inner)) as archive:
            archive.extractall(str(inner.with_suffix("")))
    assert len(list(IMPORTERS.load("icdar2015").read(root, "train"))) == 3


def test_two_pictures_of_one_annotation_are_refused(tmp_path):
    root = copy_of("icdar2015", tmp_path)
    shutil.copy(str(root / "ch4_test_images/img_1.jpg"), str(root / "ch4_test_images/img_1.png"))
    problem = "could be the picture of .*gt_img_1.txt, and so could"
    with pytest.raises(AnnotationError, match=problem):
        list(IMPORTERS.load("icdar2015").read(root, "test"))


@pytest.mark.parametrize(
    "name, values, problem",
    [
        ("icdar2015", {"languages": ("Latin",)}, "icdar2015 has no --languages"),
        ("mlt2017", {"languages": ("Elvish",)}, "cannot be 'Elvish'"),
        ("svt", {"task": "recognition"}, "cannot be 'recognition'"),
        ("icdar", {"encoding": "utf-99"}, "unknown encoding: utf-99"),
    ],
)
def test_options_a_data_set_does_not_have_are_refused(name, values, problem):
    with pytest.raises(OptionError, match=problem):
        configure(IMPORTERS.load(name), values)


@pytest.mark.parametrize(
    "coordinates, separator, line, outline",
    [
        ("rectangle", "auto", "1,2,5,6,word", [[1, 2], [5, 2], [5, 6], [1, 6]]),
        ("xywh", " ", "1 2 4 4 word", [[1, 2], [5, 2], [5, 6], [1, 6]]),
        ("polygon", "auto", "0,0,4,0,6,3,4,6,0,6,word", [[0, 0], [4, 0], [6, 3], [4, 6], [0, 6]]),
        ("polygon", "auto", '0,0,4,0,6,3,"a, b"', [[0, 0], [4, 0], [6, 3]]),
        ("quad", ";", "0;0;4;0;4;3;0;3;a;b", [[0, 0], [4, 0], [4, 3], [0, 3]]),
    ],
)
def test_generic_coordinates(coordinates, separator, line, outline):
    values = {"coordinates": coordinates, "separator": separator}
    region, _ = configure(IMPORTERS.load("icdar"), values).parse(line)
    assert region.polygon.tolist() == outline
    assert region.text in ("word", "a, b", "a;b")


def test_other_encodings_are_read_on_request(tmp_path):
    root = copy_of("icdar", tmp_path)
    line = "1,1,9,1,9,6,1,6,风华\n"
    (root / "texts/gt_a.txt").write_bytes(line.encode("gb18030"))
    importer = configure(IMPORTERS.load("icdar"), {"encoding": "gb18030"})
    assert next(importer.read(root, "train")).regions[0].text == "风华"


@pytest.mark.parametrize(
    ("name", "split"), [("iiit5k", "test"), ("synthtext", "train"), ("totaltext", "train")]
)
def test_without_scipy_the_extra_is_named(name, split, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(MissingExtraError, match="SciPy is not installed"):
        list(IMPORTERS.load(name).read(raw(name), split))


# --- the real files -----------------------------------------------------------------------------


def counts(importer, root, split, **more):
    total = [0, 0, 0]
    for sample in importer.read(root, split, **more):
        total[0] += 1
        total[1] += len(sample.regions)
        total[2] += sum(region.ignore for region in sample.regions)
    return tuple(total)


@pytest.mark.parametrize(
    "name, source, split, wanted",
    [
        ("icdar2015", "icdar2015_gt/gt.zip", "test", (500, 5230, 3153)),
        ("icdar2013", "icdar2013_gt/gt_IC13.zip", "test", (233, 1095, 0)),
        ("icdar2015", "icdar2015_mini_mmocr", "train", (10, 82, 61)),
        ("borndigital", "icdar2013_borndigital", "train", (410, 4227, 0)),
        ("synth90k", "mjsynth_mini", "test", (892, 0, 0)),
        ("synth90k", "mjsynth_mini", "validation", (803, 0, 0)),
    ],
)
def test_real_data_sets_have_their_published_counts(shared, name, source, split, wanted):
    importer = IMPORTERS.load(name)
    assert counts(importer, shared / source, split, pictures=False) == wanted


def test_born_digital_words_are_what_readme_says(shared):
    samples = IMPORTERS.load("borndigital").read(shared / "icdar2013_borndigital", "train")
    texts = [region.text for sample in samples for region in sample.regions]
    assert sum("," in text for text in texts) == 81
    assert sum('"' in text for text in texts) == 11


def test_synth90k_labels_match_the_names_of_the_pictures(shared):
    samples = list(IMPORTERS.load("synth90k").read(shared / "mjsynth_mini", "test"))
    for sample in samples:
        assert sample.key.split("_")[1] == sample.text
        assert Path(sample.image).is_file()


def test_synth90k_labels_have_the_capitals_of_the_pictures(tmp_path):
    """The lexicon has small letters only; what stands in a name, and in the picture, may not."""
    words = {"FIRESTORM": "firestorm", "Ecclesiastics": "ecclesiastics", "ada": "ada", "x_y": "x_y"}
    (tmp_path / "lexicon.txt").write_text("\n".join(words.values()) + "\n")
    names = [f"./1/{n}_{shown}_{n}.jpg {n}\n" for n, shown in enumerate(words)]
    names += ["./1/another.jpg 0\n"]
    (tmp_path / "annotation_train.txt").write_text("".join(names))
    samples = IMPORTERS.load("synth90k").read(tmp_path, "train")
    assert [sample.text for sample in samples] == [*words, "firestorm"]
