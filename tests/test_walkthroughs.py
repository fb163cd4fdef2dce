"""The pages of docs/ do what they say: their commands, in order, in an empty directory.

Indented lines that begin with `ocrdata` are run in this process. Each page is given the files that
it says one has, made small; options that a page does not set come from a settings file that makes
training short, and large numbers that it does set are made smaller. What a page ends with is looked
for.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import click
import pytest

pytest.importorskip("tensorflow", reason="the pages train models")
from scene_support import write_scenes  # noqa: E402
from train_runs import export_run  # noqa: E402

from ocrdata.cli import main  # noqa: E402
from ocrdata.train.compat import tf  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "tests/data/importers"
FONT = "NotoSansSC-Regular-GB2312.otf"
POEM = [
    "春眠不觉晓",
    "处处闻啼鸟",
    "夜来风雨声",
    "花落知多少",
    "白日依山尽",
    "黄河入海流",
    "欲穷千里目",
    "更上一层楼",
]
PHRASES = [one[:2] + other[2:] for one in POEM for other in POEM[:4]]
READER = """
steps = 3
batch-size = 4
width-multiplier = 0.1
lstm-units = 16
lstm = "block"  # whose graph is made soonest
long-labels = "skip"
"""
FINDER = "steps = 2\nbatch-size = 2\ninput-size = 64\nnum-readers = 1\n"
RESNET = f'{FINDER}depth = "14"\nwidth-multiplier = 0.1\n'
SETTINGS = f"""
[gen-pics]
workers = 0
limit = 900
[gen-scenes]
count = 6
workers = 0
[import]
workers = 0
[tfrecord]
workers = 0
[check]
workers = 0
[train.crnn]
{READER}
[train.east]
{RESNET}
[train.psenet]
{RESNET}
pyramid-channels = 16
[train.deeptext]
steps = 2
batch-size = 2
num-readers = 1
width-multiplier = 0.05
input-width = 96
input-height = 64
train-proposals = 40
test-proposals = 20
rois = 20
"""


# So long that a test would take hours.
SMALLER = {
    "--workers": "1",
    "--count": "8",
    "--steps": "2",
    "--batch-size": "2",
    "--limit": "20",
    "--shards": "4",
}
# What other machines are needed for: such commands are only looked at.
ELSEWHERE = ("gs://", "s3://", "hdfs://", "--target npu")
NEEDS = {"docs/convert.md": "lmdb", "docs/scale.md": "apache_beam"}
# The older TensorFlow takes ten seconds to build a detector's graph: a page's further
# trainings of the same model are only looked at there; with TensorFlow 2 all of them are run.
OLD = tf.__version__.startswith("1.")
# Pages that are run with one TensorFlow and only looked at with the other: who comes from an older
# program has the older one.
NEWER_ONLY = (
    "docs/deeptext.md",
    "docs/detection.md",
    "docs/export.md",
    "docs/real-text.md",
    "docs/targets.md",
)
# Pages that show several ways to write the same folder.
ALTERNATIVES = (
    "docs/deeptext.md",
    "docs/detection.md",
    "docs/importers.md",
    "docs/real-text.md",
    "docs/rendering.md",
)


def commands(page):
    """Yields the words of each command of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for line in re.findall(r"^    (?:\$ )?(ocrdata [^#\n]*)", text, re.M):
        words = shlex.split(line)[1:]
        for place, word in enumerate(words[:-1]):
            if (words[0], word) != ("launch", "--workers"):
                words[place + 1] = SMALLER.get(word, words[place + 1])
        replaces = words[0] in ("gen-pics", "gen-scenes", "import", "train", "predict", "export")
        yield words + (["--overwrite"] if page in ALTERNATIVES and replaces else [])


def phrases(folder):
    from ocrdata.base.assets import asset_dir

    lines = [f"{phrase}\t{90 - place}" for place, phrase in enumerate(PHRASES)]
    (folder / "THUOCL_poem.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    shutil.copy(str(asset_dir("fonts") / FONT), str(folder / "MSYHL.TTC"))


def old_pictures(folder):
    """Pictures named as the tools of old named them: pic/<line of the phrase file>/<t>_<v>.jpg."""
    from PIL import Image

    phrases(folder)
    for line in range(len(PHRASES)):
        (folder / "old/pic" / str(line)).mkdir(parents=True)
        for place, name in enumerate(("0_0.jpg", "0_1.jpg")):
            image = Image.new("RGB", (150, 50), (255, 250, 240))
            image.paste((0, 0, 60), (4 * line, 20 * place, 4 * line + 8, 20 * place + 20))
            image.save(str(folder / "old/pic" / str(line) / name))


def lines(folder):
    """What `docs/recognition.md` begins with: records, and pictures to read."""
    from click.testing import CliRunner

    for words in (
        ["gen-pics", "--corpus", "dates", "--limit", "60", "--workers", "0"],
        ["build-dict"],
        ["tfrecord", "--workers", "0"],
    ):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
    shutil.copytree(str(folder / "data/pic/0000"), str(folder / "scans"))


def photos(folder):
    from PIL import Image

    write_scenes(folder / "photos", 2, lists=False)
    phrases(folder)
    (folder / "lines.txt").write_text("\n".join(PHRASES), encoding="utf-8")
    for number in range(3):
        tone = (150 + 40 * number, 200, 220)
        Image.new("RGB", (300, 200), tone).save(str(folder / f"photos/{number}.png"))


def looked_at(folder):
    lines(folder)
    photos(folder)
    for path in (folder / "photos").glob("[0-9].png"):
        path.unlink()


def downloads(folder):
    data_sets(("icdar2015", "downloads/icdar2015"))(folder)
    truth = folder / "downloads/icdar2015/Challenge4_Test_Task1_GT/gt_img_1.txt"
    truth.write_text("1,1,9,1,9,6,1,6,word\n", encoding="utf-8")
    synth90k(folder / "mjsynth")
    with tarfile.open(str(folder / "mjsynth.tar.gz"), "w:gz") as archive:
        archive.add(str(folder / "mjsynth"), "mjsynth")


def scenes(folder):
    write_scenes(folder / "train_data", 4, lists=False)
    write_scenes(folder / "test_data", 2, seed=1, lists=False)


def synth90k(folder):
    """The layout of Synth90k: annotation lines `path number`, numbers of lines in the lexicon."""
    from PIL import Image, ImageDraw

    words = ["foxtrot", "bravo", "quebec", "juliet", "wind", "alpha", "mike", "november"]
    words += ["charge", "kayak", "spin", "zulu"]
    folder.mkdir()
    (folder / "lexicon.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    lines = []
    for number, word in enumerate(words):
        name = f"./1/1/{number}_{word}_{number}.jpg"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (100, 31), (250, 240, 200 + number))
        ImageDraw.Draw(image).text((20, 8), word, (20, 20, 60))
        image.save(str(folder / name))
        lines.append(f"{name} {number}\n")
    for split, chosen in (("train", lines[:8]), ("val", lines[8:10]), ("test", lines[10:])):
        path = folder / f"annotation_{split}.txt"
        path.write_text("".join(chosen), encoding="utf-8")


def word_sets(folder):
    synth90k(folder / "mjsynth")
    data_sets(("svt", "svt"), ("icdar2003", "icdar2003"))(folder)
    for path in (folder / "icdar2003").glob("*/words.xml"):
        words = path.read_bytes().replace("Café &amp; Co".encode("latin-1"), b"CAFE")
        path.write_bytes(words)


def data_sets(*names):
    def copy(folder):
        for name, new in names:
            shutil.copytree(str(FIXTURES / name / "raw"), str(folder / new))

    return copy


def own_texts(folder):
    phrases(folder)
    (folder / "THUOCL_poem.txt").rename(folder / "phrases.txt")
    write_picture(folder / "line.jpg")


def english_words(folder):
    from ocrdata.base.assets import asset_dir

    (folder / "words.txt").write_text("Exit\nHotel\nOPEN\n24 hours\n", encoding="utf-8")
    shutil.copytree(str(asset_dir("fonts") / "latin"), str(folder / "faces"))


def write_picture(path):
    from PIL import Image

    Image.new("RGB", (120, 32), (250, 250, 240)).save(str(path))


def four_sets(folder):
    names = ("icdar2013", "borndigital", "scutforu", "cocotext")
    data_sets(*[(name, name) for name in names])(folder)


def challenges(folder):
    photos(folder)
    data_sets(("icdar2013", "Challenge2"), ("borndigital", "Challenge1"), ("cocotext", "COCO"))(
        folder
    )


GIVEN = {
    "docs/convert.md": (None, ["data/lmdb/train/data.mdb"]),
    "docs/real-text.md": (english_words, ["output/crnn/checkpoint"]),
    "docs/torch.md": (None, ["data/tfrecords/dataset_info.json"]),
    "docs/targets.md": (lines, ["output/crnn/checkpoint"]),
    "docs/deeptext.md": (challenges, ["output/deeptext/checkpoint", "drawn"]),
    "docs/scale.md": (None, ["data/tfrecords/dataset_info.json"]),
    "docs/migration/deeptext.md": (
        four_sets,
        ["output/deeptext/results-test.zip", "output/deeptext/saved_model", "drawn"],
    ),
    "docs/migration/npu-psenet.md": (
        scenes,
        [
            "output/psenet/results-test_data-test.zip",
            "output/psenet/saved_model",
            "drawn/img_1.png",
        ],
    ),
    "docs/tutorial.md": (own_texts, ["look.png", "sheet.png", "readings.png", "reader"]),
    "docs/detection.md": (photos, ["output/east/saved_model/saved_model.pb", "drawn/img_1.png"]),
    "docs/export.md": (photos, ["output/east/model.onnx", "drawn/img_1.png"]),
    "docs/importers.md": (downloads, ["data/pic"]),
    "docs/recognition.md": (lines, ["output/crnn/saved_model/saved_model.pb", "readings.png"]),
    "docs/report.md": (looked_at, ["data.html", "records.html", "photos.html"]),
    "docs/rendering.md": (photos, ["hard.png", "data/images"]),
    "README.md": (None, ["output/crnn/checkpoint", "data/tfrecords/dataset_info.json"]),
    "docs/migration/ucloud-crnn.md": (
        old_pictures,
        ["output/crnn/saved_model/saved_model.pb", "converted/dataset_info.json"],
    ),
    "docs/migration/ucloud-east.md": (
        scenes,
        ["output/east/results-test_data-test.zip", "output/east/saved_model", "drawn/img_1.png"],
    ),
    "docs/migration/npu-crnn.md": (
        word_sets,
        ["output/crnn/saved_model/saved_model.pb", "output/crnn/evaluation-test-svt-test.json"],
    ),
}


@pytest.mark.parametrize("page", sorted(GIVEN))
def test_the_commands_of_a_page_lead_to_its_end(page, run, tmp_path, monkeypatch):
    if page in NEEDS:
        pytest.importorskip(NEEDS[page], reason="an extra of this page")
    given, end = GIVEN[page]
    if page in NEWER_ONLY and OLD or page.startswith("docs/migration/") and not OLD:
        for words in commands(page):
            exist(words)
        return
    if page == "docs/export.md":
        pytest.importorskip("tf2onnx", reason="ONNX needs the extra onnx")
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "small.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.chdir(str(work))
    if given:
        given(work)
    small = {"WIDTH_MULTIPLIER": "0.1", "LSTM_UNITS": "16", "LSTM": "block", "BATCH_SIZE": "4"}
    for name, value in small.items():
        monkeypatch.setenv("OCRDATA_TRAIN_CRNN_" + name, value)  # for processes that are launched
    trained = set()
    for words in commands(page):
        again = page in ALTERNATIVES and words[0] == "train" and words[1] in trained
        if any(mark in " ".join(words) for mark in ELSEWHERE) or again and OLD:
            exist(words)
        else:
            run("--config", tmp_path / "small.toml", *words)
        trained.update(words[1:2] if words[0] == "train" else ())
    for name in end:
        assert (work / name).exists(), name


def exist(words):
    """Looks for a command and its options, and for those of the command that it launches."""
    if words[0] == "launch":
        place = words.index("train")
        exist(words[place:])
        words = words[:place]
    command, rest = main, list(words)
    while isinstance(command, click.Group):
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def python_lines(page):
    """Returns the Python of a page: indented lines from the first import on."""
    text = (ROOT / page).read_text(encoding="utf-8")
    block = re.search(r"^    import .*?(?=^\S)", text, re.M | re.S)
    return textwrap.dedent(block.group(0))


@pytest.mark.skipif(OLD, reason="the page shows TensorFlow 2")
def test_the_tutorials_python_reads_a_line_with_an_export(trained, tmp_path):
    export_run("crnn", trained, tmp_path / "reader")
    write_picture(tmp_path / "line.jpg")
    command = [sys.executable, "-c", python_lines("docs/tutorial.md")]
    printed = subprocess.run(command, cwd=str(tmp_path), check=True, stdout=subprocess.PIPE).stdout
    assert 0.0 <= float(printed.split()[-1]) <= 1.0


def test_every_page_with_commands_is_run():
    pages = ["README.md", *(str(p.relative_to(ROOT)) for p in (ROOT / "docs").glob("**/*.md"))]
    assert {page for page in pages if list(commands(page))} == set(GIVEN)
