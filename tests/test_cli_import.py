"""`ocrdata import`: what it writes, leaves out, counts, refuses, and takes up again."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import Region, read_sample_list
from ocrdata.base.storage.staging import read_manifest
from ocrdata.cli import OcrdataGroup, main
from ocrdata.cli.import_data import import_data
from ocrdata.geometry.polygons import as_polygon
from ocrdata.images.plain import to_plain
from ocrdata.importers import IMPORTERS
from ocrdata.importers.crops import CropOptions, cut_regions
from ocrdata.importers.engine import import_dataset
from ocrdata.importers.filters import TextFilter, make_filter
from ocrdata.importers.run import ImportOptions
from ocrdata.metrics.detection import evaluate_detection
from ocrdata.metrics.detection_files import read_truth
from ocrdata.metrics.detection_lines import Format
from ocrdata.text.charset import Charset, write_characters

FIXTURES = Path(__file__).parent / "data" / "importers"
GROUP = OcrdataGroup(commands={"import": import_data})


@pytest.fixture
def imported(tmp_path):
    """Runs the command on a data set's fixture and returns its summary and the data folder."""

    def call(name, *words, source=None, code=0):
        data = tmp_path / "data"
        source = source or FIXTURES / name / "raw"
        line = ["import", name, source, "--data-dir", data, "--workers", 0, "--json", *words]
        result = CliRunner().invoke(GROUP, [str(word) for word in line])
        assert result.exit_code == code, result.output
        return (json.loads(result.stdout) if code == 0 else result.output), data

    return call


def files_of(folder):
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def texts_of(data, side):
    return [sample.text for sample in read_sample_list(data / side / "sample.txt", data)]


def copy_of(name, tmp_path):
    shutil.copytree(str(FIXTURES / name / "raw"), str(tmp_path / "raw"))
    return tmp_path / "raw"


def test_scenes_become_pictures_with_icdar_text_files(imported):
    summary, data = imported("icdar2015")
    assert (summary["kind"], summary["train"], summary["test"]) == ("scenes", 3, 1)
    assert (summary["regions"], summary["ignored"]) == (6, 1)
    folder = data / "images" / "train"
    text = (folder / "gt_img_10.txt").read_text(encoding="utf-8")
    assert text == '1,1,9,1,9,6,1,6,"Hi", he said\n'
    assert (folder / "gt_img_1.txt").read_text().endswith("0,0,3,0,3,3,0,3,###\n")
    assert texts_of(data, "Test") == ["images/test/gt_img_1.txt"]
    assert read_manifest(data / "images")["summary"]["regions"] == 6


def test_what_was_written_reads_back_the_same(imported, tmp_path):
    _, data = imported("icdar2015", "--split", "train", "--test-fraction", 0)
    reader = IMPORTERS.load("icdar")
    back = list(reader.read(data / "images" / "train", "train"))
    first = list(IMPORTERS.load("icdar2015").read(FIXTURES / "icdar2015" / "raw", "train"))
    assert [len(sample.regions) for sample in back] == [len(sample.regions) for sample in first]
    for a, b in zip(first, back):
        assert a.image_bytes() == b.image_bytes()
        for one, two in zip(a.regions, b.regions):
            assert (one.text, one.ignore) == (two.text, two.ignore)
            np.testing.assert_array_equal(one.polygon, two.polygon)


def test_written_ground_truth_can_be_scored(imported):
    _, data = imported("icdar2015", "--split", "train", "--test-fraction", 0)
    truth = read_truth(data / "images" / "train", Format())
    assert {key: len(boxes.polygons) for key, boxes in truth.items()} == {
        "img_1": 2,
        "img_2": 1,
        "img_10": 1,
    }


def test_gif_becomes_png_and_is_counted(imported):
    summary, data = imported("borndigital", "--test-fraction", "0")
    assert summary["converted"] == {"gif to png": 1}
    assert Image.open(str(data / "images/train/img_2.png")).format == "PNG"
    raw = FIXTURES / "borndigital/raw/Challenge1_Training_Task12_Images/img_1.png"
    assert (data / "images/train/img_1.png").read_bytes() == raw.read_bytes()


def test_words_keep_their_bytes_and_lexicons(imported):
    pytest.importorskip("scipy", reason="an extra of this data set")
    summary, data = imported("iiit5k")
    assert (summary["kind"], summary["train"], summary["test"]) == ("words", 1, 2)
    assert texts_of(data, "Test") == ["PRIVATE", "You"]
    rows = [json.loads(line) for line in (data / "Test/lexicons.jsonl").open(encoding="utf-8")]
    assert rows[0]["lexicons"]["50"] == ["PRIVATE", "PARKING"]
    assert {row["key"] for row in rows} == {
        sample.key for sample in read_sample_list(data / "Test/sample.txt", data)
    }


def test_validation_is_the_test_list_unless_there_is_a_test_split(imported):
    summary, _ = imported("mlt2017", "--crops")
    assert summary["lists"] == {"train": "Train", "validation": "Test"}


def test_language_leaves_other_text_to_be_ignored(imported):
    summary, data = imported("mlt2017", "--language", "Chinese", "--split", "train")
    assert (summary["samples"], summary["train"] + summary["test"]) == (2, 1)
    assert (summary["regions"], summary["ignored"]) == (2, 1)
    assert summary["skipped"] == {"no text of the chosen languages": 1}


def test_crops_are_words_cut_out_of_scenes(imported):
    summary, data = imported("svt", "--crops", "--protocol", "icdar2003")
    assert (summary["kind"], summary["train"], summary["test"]) == ("crops", 1, 1)
    assert summary["skipped"] == {"smaller than 4 pixels": 1}
    sample = next(read_sample_list(data / "Test/sample.txt", data))
    assert (sample.text, cv2.imread(str(sample.image)).shape) == ("LIVING", (5, 8, 3))
    assert json.loads((data / "Test/lexicons.jsonl").read_text())["lexicons"]["50"][2] == "THEATERS"


def test_lower_case_labels_fit_a_dictionary_of_small_letters(imported, tmp_path):
    write_characters(tmp_path / "small.txt", Charset(tuple("gilnv")))
    chosen = ["--crops", "--split", "test", "--charset", tmp_path / "small.txt"]
    assert "gave nothing to write" in imported("svt", *chosen, code=1)[0]
    _, data = imported("svt", *chosen, "--lower-case")
    assert [s.text for s in read_sample_list(data / "Test/sample.txt", data)] == ["living"]


def test_charset_and_length_filters_say_what_they_left_out(imported, tmp_path):
    write_characters(tmp_path / "chinese.txt", Charset(tuple("Aadopz")))
    summary, data = imported("synth90k", "--charset", tmp_path / "chinese.txt", "--max-length", "8")
    assert summary["skipped"] == {"longer than 8 characters": 1}
    assert texts_of(data, "Train") == ["Ada"]
    write_characters(tmp_path / "chinese.txt", Charset(("z", "o")))
    summary, _ = imported("synth90k", "--charset", tmp_path / "chinese.txt", "--overwrite")
    assert sum(summary["skipped"].values()) == 2
    assert all(
        reason.startswith("character not in the dictionary: ") for reason in summary["skipped"]
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_do_not_change_a_byte(workers, tmp_path):
    importer = IMPORTERS.load("icdar2015")
    options = ImportOptions(crops=CropOptions(margin=0.1), rules=make_filter())
    source = FIXTURES / "icdar2015" / "raw"
    import_dataset(importer, source, tmp_path / "one", options)
    import_dataset(importer, source, tmp_path / "two", options, RunOptions(workers))
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert len(files_of(tmp_path / "one")) == 3 + 2 + 5


def many_words(tmp_path, count=700):
    """A piece of Synth90k: three blocks, with the same picture under many names."""
    root = copy_of("synth90k", tmp_path)
    picture = (root / "1/2/1_zoo_3.jpg").read_bytes()
    lines = []
    for number in range(count):
        (root / f"1/1/{number}_zoo_3.jpg").write_bytes(picture)
        lines.append(f"./1/1/{number}_zoo_3.jpg {number % 4}\n")
    (root / "annotation_train.txt").write_text("".join(lines))
    return root


def test_an_interrupted_import_goes_on_to_the_same_bytes(tmp_path):
    root, importer = many_words(tmp_path), IMPORTERS.load("synth90k")

    def stop(done, _total):
        if done > 256:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_dataset(importer, root, tmp_path / "two", how=RunOptions(on_progress=stop))
    journal = tmp_path / "two/.import.partial/blocks.jsonl"
    assert len(journal.read_text().splitlines()) == 2
    with journal.open("a") as stream:
        stream.write('{"number": 2, "ro')
    first = tmp_path / "two/.import.partial/pic/0000/00000000.jpg"
    before = first.stat().st_mtime_ns
    import_dataset(importer, root, tmp_path / "two", how=RunOptions(resume=True))
    assert (tmp_path / "two/pic/0000/00000000.jpg").stat().st_mtime_ns == before
    import_dataset(importer, root, tmp_path / "one")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_missing_picture_ends_the_import_and_leaves_nothing(imported, tmp_path):
    root = copy_of("synth90k", tmp_path)
    (root / "1/1/2_Ada_0.jpg").unlink()
    output, data = imported("synth90k", source=root, code=1)
    assert "annotation_train.txt:2: there is no picture 1/1/2_Ada_0.jpg" in output
    assert not data.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "text"])
def test_damaged_pictures_are_counted_with_skip_errors(imported, tmp_path, damage):
    root = copy_of("synth90k", tmp_path)
    picture = root / "1/1/2_Ada_0.jpg"
    whole = picture.read_bytes()
    picture.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"no"}[damage])
    summary, data = imported("synth90k", "--skip-errors", source=root)
    assert summary["skipped"] == {"picture damaged": 1}
    assert "annotation_train.txt:2: the picture 1/1/2_Ada_0.jpg " in summary["problems"][0]
    assert texts_of(data, "Train") == ["pontifically"]


def test_too_many_errors_end_the_import(imported, tmp_path):
    root = copy_of("synth90k", tmp_path)
    with (root / "annotation_train.txt").open("a") as stream:
        stream.write("nonsense\n" * 3)
    output, _ = imported("synth90k", "--skip-errors", "--max-errors", 2, source=root, code=1)
    assert "more than 2 errors" in output and "annotation_train.txt:5" in output
    summary, _ = imported("synth90k", "--skip-errors", "--max-errors", 3, source=root)
    assert summary["skipped"] == {"bad annotation": 3}


def test_dry_run_counts_without_pictures_and_writes_nothing(imported, tmp_path):
    root = copy_of("icdar2015", tmp_path)
    (root / "ch4_test_images/img_1.jpg").unlink()
    summary, data = imported("icdar2015", "--dry-run", source=root)
    assert (summary["samples"], summary["regions"], summary["ignored"]) == (4, 6, 1)
    assert summary["train"] is None and summary["test"] is None  # not known before it is done
    assert summary["skipped"] == {"picture missing": 1}
    assert not data.exists()


@pytest.mark.parametrize(
    "words, problem",
    [
        (["svt", "--language", "english"], "svt has no --language."),
        (["svt", "--charset", __file__], "holds"),
        (["svt", "--min-length", "3"], "add --crops"),
        (["svt", "--margin", "0.1"], "belong to --crops"),
        (["synth90k", "--crops"], "set of words already"),
        (["svt", "--split", "validation"], "no split is called validation"),
        (["svt", "--max-errors", "3"], "belongs to --skip-errors"),
        (["svt", "--crops", "--min-length", "5", "--max-length", "3"], "--max-length 3 is below 5"),
    ],
)
def test_options_that_do_not_go_together_are_refused(imported, words, problem):
    name = words[0]
    output, data = imported(name, *words[1:], code=1 if "--charset" in words else 2)
    assert problem in output
    assert not data.exists()


def test_limit_counts_a_split(imported):
    summary, _ = imported("icdar2015", "--limit", 1)
    assert (summary["samples"], summary["train"], summary["test"]) == (2, 1, 1)


def test_two_scenes_of_one_name_get_two_names(imported, tmp_path):
    root = copy_of("paddleocr", tmp_path)
    (root / "more").mkdir()
    shutil.copy(str(root / "imgs/img_1.jpg"), str(root / "more/img_1.jpg"))
    label = root / "train_label.txt"
    label.write_bytes(label.read_bytes() + label.read_bytes().replace(b"imgs/", b"more/", 1))
    _, data = imported("paddleocr", "--test-fraction", "0", source=root)
    assert (data / "images/train/img_1-2.jpg").exists()
    assert texts_of(data, "Train") == [
        "images/train/gt_img_1.txt",
        "images/train/gt_img_1-2.txt",
    ]


def test_outlines_stay_in_text_files_but_for_triangles(imported, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    Image.new("RGB", (40, 20)).save(str(source / "a.png"))
    (source / "a.txt").write_text("2,2,12,2,22,2,22,8,12,8,2,8,word\n2,2,9,2,2,9,x\n")
    words = ["--coordinates", "polygon", "--test-fraction", "0"]
    summary, data = imported("icdar", *words, source=source)
    assert summary["triangles_made_quads"] == 1 and summary["regions"] == 2
    curve, triangle = (data / "images/train/gt_a.txt").read_text().splitlines()
    assert curve == '2,2,12,2,22,2,22,8,12,8,2,8,"word"'
    assert triangle.endswith(",x") and triangle.count(",") == 8


# --- the parts ----------------------------------------------------------------------------------


def crop_of(region, **options):
    image = np.zeros((40, 40, 3), np.uint8)
    rows = list(cut_regions(image, (region,), CropOptions(**options), TextFilter()))
    return rows[0][2] if isinstance(rows[0][2], str) else rows[0][2].shape[:2]


@pytest.mark.parametrize(
    "text, vertical, wanted",
    [
        ("ab", "rotate", (8, 30)),
        ("ab", "keep", (30, 8)),
        ("ab", "skip", "vertical"),
        ("a", "rotate", (30, 8)),
    ],
)
def test_vertical_words(text, vertical, wanted):
    region = Region(as_polygon([(2, 2), (10, 2), (10, 32), (2, 32)]), text)
    assert crop_of(region, vertical=vertical) == wanted


def test_ignored_and_crossing_regions_are_not_cut():
    quad = as_polygon([(2, 2), (20, 2), (20, 12), (2, 12)])
    assert crop_of(Region(quad, "text", True)) == "to be ignored"
    assert crop_of(Region(quad, " ")) == "no text"
    assert crop_of(Region(quad[[0, 2, 1, 3]], "text")) == "sides cross each other"
    assert crop_of(Region(quad[[0, 2, 1, 3]], "text"), mode="box") == (10, 18)


@pytest.mark.parametrize(
    "text, rules, reason",
    [
        ("ab", TextFilter(), None),
        ("a\nb", TextFilter(), "line break in the text"),
        ("a\u2028", TextFilter(), "line break in the text"),
        ("###", TextFilter(ignore_marks=("###",)), "illegible (###)"),
        ("ab", make_filter("icdar2003"), "shorter than 3 characters"),
        ("ab-c", make_filter("icdar2003"), "not alphanumeric: -"),
        ("abé", make_filter("alphanumeric"), "not alphanumeric: é"),
        ("AB3", make_filter("icdar2003"), None),
    ],
)
def test_text_rules(text, rules, reason):
    assert rules.reason(text) == reason


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "WEBP", "PNG", "JPEG"])
def test_other_formats_become_png_with_the_same_pixels(kind):
    pixels = np.random.RandomState(3).randint(0, 255, (8, 9), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    picture = to_plain(stream.getvalue())
    assert picture.suffix == ("jpg" if kind == "JPEG" else "png")
    assert (picture.converted == "") == (kind in ("PNG", "JPEG"))
    if kind != "JPEG":
        back = np.array(Image.open(io.BytesIO(picture.data)).convert("L"))
        np.testing.assert_array_equal(back, pixels)


def test_a_picture_of_absurd_size_is_refused():
    import struct
    import zlib

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")
    with pytest.raises(ValueError, match="pixels"):
        to_plain(data)


# --- real data ----------------------------------------------------------------------------------


def test_ten_real_pictures_give_twenty_one_words(imported, shared):
    source = shared / "icdar2015_mini_mmocr"
    summary, data = imported("icdar2015", "--crops", "--test-fraction", "0", source=source)
    assert (summary["samples"], summary["train"], summary["regions"]) == (10, 21, 82)
    assert summary["skipped"] == {"to be ignored": 61}
    sample = next(read_sample_list(data / "Train/sample.txt", data))
    height, width = cv2.imread(str(sample.image)).shape[:2]
    assert sample.text == "Genaxis Theatre" and (height, width) == (13, 86)


def test_real_ground_truth_survives_writing(imported, shared, tmp_path):
    source = shared / "icdar2015_mini_mmocr"
    _, data = imported("icdar2015", "--split", "test", source=source)
    results = tmp_path / "results"
    results.mkdir()
    for gt in (source / "gts").glob("*.txt"):
        lines = gt.read_text(encoding="utf-8-sig").splitlines()
        text = "\n".join(",".join(line.split(",")[:8]) for line in lines if line)
        (results / gt.name.replace("gt_", "res_")).write_text(text)
    score, _ = evaluate_detection(data / "images" / "test", results)
    assert (score.hmean, score.ground_truth, score.ignored_ground_truth) == (1.0, 21, 61)


def test_born_digital_gifs_are_counted(imported, shared):
    summary, _ = imported("borndigital", source=shared / "icdar2013_borndigital")
    assert summary["converted"] == {"gif to png": 10, "CMYK jpeg to png": 1}
    assert (summary["samples"], summary["regions"]) == (410, 4227)


def test_a_piece_of_synth90k_is_imported_whole(imported, shared):
    summary, data = imported("synth90k", source=shared / "mjsynth_mini")
    assert (summary["train"], summary["test"], summary["skipped"]) == (803, 892, {})
    sample = next(read_sample_list(data / "Test/sample.txt", data))
    assert sample.text == "slinking"


def test_help_names_the_data_sets_that_have_an_option():
    shown = " ".join(CliRunner().invoke(main, ["import", "--help"]).output.split())
    options = dict(re.findall(r"--([a-z-]+) TEXT ([^:]*: [^.]*)\.", shown))
    for field, flag in {"encoding": "encoding", "ignore_marks": "ignore-mark"}.items():
        having = [name for name in IMPORTERS.names() if field in IMPORTERS.load(name).options]
        assert options[flag].rpartition(": ")[2].split(", ") == having
    assert options["level"].endswith("rects (lines, chars), scutforu (word, character)")
