"""Data sets as people have them on disk: every picture comes out or is counted by reason."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from test_importers_contract import EXTRA

from ocrdata.base.encodings import decode_lines, guess_encoding
from ocrdata.base.storage.tree import Tree
from ocrdata.base.storage.walking import CIRCLE, DEAD_LINK, files_below, walk
from ocrdata.cli import main
from ocrdata.errors import AnnotationError
from ocrdata.importers import IMPORTERS
from ocrdata.importers.engine import import_dataset, plan_import
from ocrdata.importers.run import ImportOptions
from ocrdata.importers.splits import split_of, split_of_folder

BOX = "2,2,40,2,40,14,2,14,"
QUAD = [[2, 2], [40, 2], [40, 14], [2, 14]]


def png(seed=0, size=(48, 16)):
    pixels = np.random.RandomState(seed).randint(0, 255, (size[1], size[0], 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def write(root, files):
    """Writes files: a number is the seed of a picture, a text is UTF-8."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, int):
            content = png(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return root


def boxes(*texts, **extra):
    rows = [dict(transcription=text, points=QUAD, **extra) for text in texts]
    return json.dumps(rows, ensure_ascii=False)


def run(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def imported(root, data, name="icdar", *words, code=0):
    output = run(
        "import", name, root, "--data-dir", data, "--workers", 0, "--json", *words, code=code
    )
    return json.loads(output.splitlines()[0]) if code == 0 else output


def texts_in(data):
    lists = [path for path in sorted(data.glob("*/sample.txt")) if path.read_text()]
    lines = [line for path in lists for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(line.partition(" ")[2] for line in lines)


# --- splits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, root, wanted",
    [
        ("ch4_training_images.zip/img_1.jpg", "", "train"),
        ("Challenge4_Test_Task3_GT.txt", "", "test"),
        ("ch8_validation_localization_transcription_gt_v2/gt_img_1.txt", "", "validation"),
        ("rec_gt_train.txt", "", "train"),
        ("train_icdar2015_label.txt", "", "train"),
        ("det/val.txt", "", "validation"),
        ("words.xml", "SceneTrialTest", "test"),
        ("test_images/a.jpg", "", "test"),
        ("train_station/a.jpg", "", None),
        ("crash_test_lab/gt_a.txt", "", None),
        ("train_data/a.txt", "", None),
        ("trains/a.txt", "", None),
        ("img/3.png", "my_test_data", None),
        ("img/3.png", "test", None),
        ("test.zip/img/3.png", "test.zip", None),
        ("train_test/a.txt", "", None),
    ],
)
def test_only_names_of_layouts_tell_a_split(name, root, wanted):
    assert split_of(name, root) == wanted


def test_a_text_file_of_a_picture_tells_no_split():
    assert split_of_folder("gt_test.txt") is None
    assert split_of_folder("val/gt_test.txt") == "validation"


def test_pictures_called_train_and_test_stay_where_they_are(tmp_path):
    names = ("train_station", "crash_test_lab", "market", "shop", "test", "train")
    for place, name in enumerate(names):
        write(tmp_path / "d", {f"{name}.png": place, f"gt_{name}.txt": BOX + name})
    summary = imported(tmp_path / "d", tmp_path / "out")
    assert (summary["samples"], summary["train"] + summary["test"]) == (6, 6)
    assert summary["lists"] == {"train": "Train and Test by hash"} and not summary["unused"]


def test_a_list_of_no_split_is_counted_and_named(tmp_path):
    lists = {"train.txt": "img/0.png\ta", "val.txt": "img/1.png\tb"}
    lists["extra.txt"] = "img/2.png\tc\nimg/3.png\td"
    root = write(tmp_path / "d", {**{f"img/{n}.png": n for n in range(5)}, **lists})
    summary = imported(root, tmp_path / "out", "paddleocr", "--task", "recognition")
    assert (summary["train"], summary["test"]) == (1, 1)
    assert summary["unused"] == {"of no split": 2, "picture without an annotation": 1}
    assert f"{root / 'extra.txt'}: of no split" in summary["problems"]


def test_the_name_of_a_users_own_folder_is_no_split(tmp_path):
    root = write(tmp_path / "my_test_data", {f"img/{n}.png": n for n in range(30)})
    write(root, {"rec_gt.txt": "".join(f"img/{n}.png\ttext {n}\n" for n in range(30))})
    options = ("paddleocr", "--task", "recognition")
    summary = imported(root, tmp_path / "out", *options)
    assert summary["train"] + summary["test"] == 30 and summary["train"] > 15
    asked = imported(root, tmp_path / "other", *options, "--split", "test")
    assert (asked["train"], asked["test"]) == (0, 30)


def test_two_splits_cannot_be_asked_of_files_that_tell_none(tmp_path):
    root = write(tmp_path / "d", {"a.png": 1, "a.txt": BOX + "x"})
    words = ("--split", "train", "--split", "test")
    assert "nothing tells" in imported(root, tmp_path / "out", "icdar", *words, code=1)


# --- side files and placeholders ----------------------------------------------------------------


def labelled_folder(root, name="scans"):
    """A folder as PPOCRLabel leaves it."""
    unread = ("TEMPORARY", "待识别", "###")
    pages = [f"{name}/page_{n}.png" for n in (1, 2)]
    return write(
        root,
        {
            **{page: place for place, page in enumerate(pages)},
            f"{name}/Label.txt": "".join(f"{page}\t{boxes('合同', *unread)}\n" for page in pages),
            f"{name}/fileState.txt": "".join(f"{page}\t1\n" for page in pages),
            f"{name}/Cache.cach": f"{pages[0]}\t{boxes('read by a machine')}\n",
            f"{name}/rec_gt.txt": "crop_img/a.jpg\t合同\ncrop_img/b.jpg\t###\n",
            f"{name}/crop_img/a.jpg": 5,
            f"{name}/crop_img/b.jpg": 6,
        },
    )


def test_a_tools_own_files_give_no_labels(tmp_path):
    root = labelled_folder(tmp_path / "d")
    summary = imported(root, tmp_path / "out", "paddleocr", "--task", "recognition")
    assert texts_in(tmp_path / "out") == ["合同"]
    assert summary["skipped"] == {"illegible (###)": 1}
    assert summary["unused"] == {"picture without an annotation": 2}


@pytest.mark.parametrize("inside", ["", "scans", "scans/Label.txt"])
def test_a_labelled_folder_its_parent_and_its_label_file_are_the_same(tmp_path, inside):
    root = labelled_folder(tmp_path / "d") / inside
    summary = imported(root, tmp_path / "out", "paddleocr")
    assert (summary["samples"], summary["regions"], summary["ignored"]) == (2, 8, 6)


def test_a_packed_labelled_folder_is_read_with_and_without_its_name(tmp_path):
    root = labelled_folder(tmp_path / "d")
    for prefix in ("", "scans/"):
        archive = tmp_path / "scans.zip"
        with zipfile.ZipFile(str(archive), "w") as target:
            for path in files_below(root / "scans"):
                target.write(str(path), prefix + path.relative_to(root / "scans").as_posix())
        assert plan_import(IMPORTERS.load("paddleocr"), archive).samples == 2


def test_a_renamed_folder_is_named_as_the_cause(tmp_path):
    root = labelled_folder(tmp_path / "d")
    (root / "scans").rename(root / "other")
    output = imported(root / "other", tmp_path / "out", "paddleocr", code=1)
    assert "page_1.png lies beside the label file: was the folder called scans?" in output


def test_a_second_label_of_a_picture_is_refused_and_a_repeated_line_counted(tmp_path):
    one, other = f"0.png\t{boxes('合同')}\n", f"0.png\t{boxes('另外')}\n"
    root = write(tmp_path / "d", {"0.png": 1, "Label.txt": one + other})
    output = imported(root, tmp_path / "out", "paddleocr", code=1)
    assert "Label.txt:2: 0.png has another label than in" in output
    write(root, {"Label.txt": one + one})
    summary = imported(root, tmp_path / "out", "paddleocr")
    assert (summary["samples"], summary["train"]) == (2, 1)
    assert summary["skipped"] == {"listed twice": 1}


# --- how it lies on disk ------------------------------------------------------------------------


def test_links_are_followed_once_and_dead_ones_are_named(tmp_path):
    far = write(tmp_path / "far", {"b.png": 1, "b.txt": BOX + "b"})
    (tmp_path / "c.png").write_bytes(png(3))
    root = write(tmp_path / "d", {"a.png": 2, "a.txt": BOX + "a", "c.txt": BOX + "c"})
    (root / "linked").symlink_to(far)
    (root / "again").symlink_to(root)
    (root / "c.png").symlink_to(tmp_path / "c.png")
    (root / "gone.png").symlink_to(tmp_path / "nothing")
    summary = imported(root, tmp_path / "out")
    assert (summary["samples"], summary["train"] + summary["test"]) == (3, 3)
    assert summary["unused"] == {DEAD_LINK: 1, CIRCLE: 1}
    assert run("check", root).count("pictures: 3") == 1


def test_two_links_to_each_other_end(tmp_path):
    one, two = write(tmp_path / "one", {"a.png": 1}), write(tmp_path / "two", {"b.png": 1})
    (one / "to").symlink_to(two)
    (two / "to").symlink_to(one)
    met = []
    found = [name for _, names in walk(one, on_link=lambda *row: met.append(row)) for name in names]
    assert found == ["a.png", "b.png"] and [problem for _, problem in met] == [CIRCLE]


def test_hard_links_in_a_tar_are_the_files_they_name(tmp_path):
    root = write(tmp_path / "d", {"b.png": 1, "gt_a.txt": BOX + "a", "gt_b.txt": BOX + "b"})
    os.link(str(root / "b.png"), str(root / "c.png"))
    with tarfile.open(str(tmp_path / "d.tar"), "w") as archive:
        archive.add(str(root / "b.png"), "d/b.png")
        archive.add(str(root / "c.png"), "d/a.png")
        for name in ("gt_a.txt", "gt_b.txt"):
            archive.add(str(root / name), "d/" + name)
        assert archive.getmember("d/a.png").islnk()
    assert imported(tmp_path / "d.tar", tmp_path / "out")["samples"] == 2
    assert "ok: True" in run("check", tmp_path / "d.tar")
    run("tfrecord", "--source", tmp_path / "d.tar", "--output", tmp_path / "t", "--workers", 0)


def test_symbolic_links_in_archives_are_refused_by_name(tmp_path):
    with tarfile.open(str(tmp_path / "d.tar"), "w") as archive:
        entry = tarfile.TarInfo("a.png")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(entry)
        data = (BOX + "a").encode()
        entry = tarfile.TarInfo("a.txt")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    with Tree(tmp_path / "d.tar") as tree:
        assert tree.left_out == {"d.tar/a.png": "symbolic link inside an archive"}
    words = ("icdar", "--skip-errors")
    assert "symbolic link inside an archive" in imported(
        tmp_path / "d.tar", tmp_path / "out", *words, code=1
    )


def test_what_cannot_be_opened_or_lies_twice_is_named(tmp_path):
    root = write(tmp_path / "d", {"a.png": 1, "a.txt": BOX + "a", "more.rar": b"Rar!", ".b.png": 2})
    write(root, {"set/b.png": 3, "set/b.txt": BOX + "b"})
    for name in ("set.zip", "packed.zip"):
        with zipfile.ZipFile(str(root / name), "w") as archive:
            archive.writestr("c.png", png(4))
            archive.writestr("c.txt", BOX + "c")
            archive.writestr("inner.zip", b"PK")
    summary = imported(root, tmp_path / "out")
    assert summary["train"] + summary["test"] == 3
    assert sorted(summary["unused"].values()) == [1, 1, 1, 1]
    named = " ".join(summary["problems"])
    for name in ("more.rar", ".b.png", "set.zip", "packed.zip/inner.zip"):
        assert f"{name}: " in named


def test_the_same_name_in_several_folders_is_several_pictures(tmp_path):
    for place, scene in enumerate(("scene1", "scene2", "scene3")):
        write(tmp_path / "d" / scene, {"001.png": place, "001.txt": BOX + scene})
    summary = imported(tmp_path / "d", tmp_path / "out")
    assert (summary["samples"], summary["train"] + summary["test"]) == (3, 3)
    assert sorted(path.stem for path in (tmp_path / "out/images").rglob("*.png")) == [
        "001",
        "001-2",
        "001-3",
    ]


def test_a_word_that_two_pictures_could_be_is_refused(tmp_path):
    root = write(tmp_path / "d", {"gt.txt": 'w.png, "x"', "a/w.png": 1, "b/w.png": 2})
    output = imported(root, tmp_path / "out", "icdar", "--task", "recognition", code=1)
    assert "gt.txt:1: w.png could be a/w.png, and so could b/w.png" in output


def test_member_names_are_decoded_as_asked(tmp_path):
    archive = tmp_path / "d.zip"
    with zipfile.ZipFile(str(archive), "w") as target:
        target.writestr("NAME.png", png(1))
        target.writestr("NAME.txt", (BOX + "上海").encode("gb18030"))
    # As tools of a Chinese Windows write it: bytes of GBK, without the mark of UTF-8.
    archive.write_bytes(archive.read_bytes().replace(b"NAME", "图片".encode("gbk")))
    summary = imported(archive, tmp_path / "out", "icdar", "--encoding", "gb18030")
    assert summary["samples"] == 1
    assert len(list((tmp_path / "out/images").rglob("图片.png"))) == 1


# --- encodings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_by_its_mark_or_when_asked_for(tmp_path, encoding):
    # 上 (U+4E0A) has a line feed's byte in it.
    text = f"{BOX}上海\r\n{BOX}海上\r\n".encode(encoding)
    root = write(tmp_path / "d", {"a.png": 1, "a.txt": text})
    words = () if encoding == "utf-16" else ("--encoding", encoding)
    summary = imported(root, tmp_path / "out", "icdar", *words)
    assert summary["regions"] == 2
    assert sorted(
        path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("gt_*")
    ) == [f"{BOX}上海\n{BOX}海上\n"]
    if words:
        assert f"pass --encoding {encoding}" in imported(root, tmp_path / "no", code=1)


TEXTS = {
    "gb18030": "上海市的营业执照\n我们是一个公司\n",
    "big5": "我們的國家在這個時候說的是中文\n",
    "shift_jis": "これはテストです\nカタカナ\n",
    "euc_kr": "우리는 한국어를 씁니다\n",
    "cp1252": "Straße, café, naïve\n10,00 €\n",
}


@pytest.mark.parametrize("encoding", sorted(TEXTS))
def test_the_advice_for_other_encodings_works(encoding):
    data = TEXTS[encoding].encode(encoding)
    assert guess_encoding(data) == encoding
    with pytest.raises(AnnotationError) as caught:
        list(decode_lines(data, "a.txt"))
    assert f"--encoding {encoding}" in str(caught.value)
    lines = [line for _, line in decode_lines(data, "a.txt", encoding)]
    assert lines == TEXTS[encoding].splitlines()


# --- in = out + counted -------------------------------------------------------------------------

FIXTURES = Path(__file__).parent / "data" / "importers"


def spoiled(root, damage):
    """Adds what no annotation names, and damages a picture that one does."""
    found = sorted(path for path in files_below(root) if path.suffix.lower() in (".png", ".jpg"))
    if damage and len(found) > 1:
        found[0].write_bytes(found[0].read_bytes()[:60])
    write(root, {"other/nobody.png": 1, "nobody_test.jpg": 2})


@pytest.mark.parametrize("crops", [False, True])
@pytest.mark.parametrize("name", IMPORTERS.names())
def test_pictures_in_are_pictures_out_and_counted(name, crops, tmp_path):
    if name in EXTRA:
        pytest.importorskip(EXTRA[name], reason="an extra of this data set")
    from shutil import copytree

    from ocrdata.importers.crops import CropOptions

    importer, root = IMPORTERS.load(name), tmp_path / "d"
    if crops and importer.task != "detection":
        pytest.skip("a set of words")
    copytree(str(FIXTURES / name / "raw"), str(root))
    # Some fixtures have a single picture with words large enough to be cut.
    spoiled(root, damage=not crops or name.startswith("icdar"))
    options = ImportOptions(crops=CropOptions(min_size=1) if crops else None, skip_errors=True)
    summary = import_dataset(importer, root, tmp_path / "out", options)
    written, skipped = summary.train + summary.test, sum(summary.skipped.values())
    found = summary.regions if crops else summary.samples
    assert found == written + skipped
    pictures = list(importer.inventory(root).pictures)
    used = Counter(summary.skipped_scenes if crops else summary.skipped)
    used = summary.samples - used["picture missing"] - used["listed twice"]
    assert len(pictures) == used + summary.unused["picture without an annotation"]
    assert summary.unused["picture without an annotation"] >= 2
