"""How well a small reader, trained on rendered words only, reads real ones.

    python benchmarks/realtext.py ICDAR2015_WORDS --fonts FOLDER --words /usr/share/dict/words
    python benchmarks/realtext.py ICDAR2015_WORDS --fonts FOLDER --styles scene,word --short
    python benchmarks/realtext.py ICDAR2015_WORDS --fonts FOLDER --styles word --peers venvs

ICDAR2015_WORDS is the training part of the challenge's word recognition as downloaded (word_1.png
..., gt.txt): a development set, never trained on. `--styles` are presets, recipe files, or mixtures
(word=2+print=1). For each style as many words are rendered (`--count`, each once), a CRNN of width
0.2 with 64 LSTM units is trained on them for `--steps` steps of 32, once a seed, and scored on the
real words whose texts fall on the Test side, by lower-case letters and digits. Everything goes
through the commands a user has. `--short` is one seed, and half as many real words. With
`--endless` each picture is rendered when it is learnt from, and none comes twice.

`--peers` is a folder with a virtual environment for each other renderer, named after its package:
trdg. What is there already under `--work` is not made again.

Writes realtext.md (tables), realtext.html (curves, bars) and sheet-STYLE.jpg under `--work`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import cv2

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from realtext_report import Trained, write_report  # noqa: E402
from realtext_statistics import read_words, sheet, statistics  # noqa: E402

from ocrdata.base import random_streams  # noqa: E402

CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
NETWORK = ("--width-multiplier", "0.2", "--lstm-units", "64", "--batch-size", "32")

# As a user of trdg would ask for scene text: all of its backgrounds, blurs and distortions.
TRDG = """
import json, random, sys
from pathlib import Path
from trdg.generators import GeneratorFromStrings
words, fonts, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
texts = Path(words).read_text(encoding="utf-8").split()
random.seed(0)
faces = [str(path) for path in sorted(Path(fonts).iterdir())]
made = GeneratorFromStrings(
    texts, count=len(texts), fonts=faces, size=32, skewing_angle=5, random_skew=True, blur=1,
    random_blur=True, background_type=0, distorsion_type=0, text_color="#000000,#888888", fit=True)
(out / "pic").mkdir(parents=True)
with open(out / "labels.txt", "w", encoding="utf-8") as labels:
    for number, (image, text) in enumerate(made):
        if image is None:
            continue
        image.convert("RGB").save(out / "pic" / f"{number}.jpg", quality=90)
        labels.write(f"pic/{number}.jpg {text.lower()}\\n")
"""


def call(*words: Any) -> str:
    """Runs a command of ocrdata and returns what it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TF_ENABLE_ONEDNN_OPTS": "1"}
    command = [sys.executable, "-m", "ocrdata", *map(str, words)]
    done = subprocess.run(command, capture_output=True, env=env)
    if done.returncode:
        sys.exit(" ".join(command) + "\n" + done.stderr.decode()[-2000:])
    return done.stdout.decode()


def write_corpus(path: Path, words: Path, count: int) -> None:
    """Writes words of a list as signs show them: half in capitals, and one in twelve a number."""
    rng = random_streams.stream(0, "realtext", 0)
    text = words.read_text(encoding="utf-8")
    listed = sorted({word.lower() for word in re.findall("^[A-Za-z]{1,10}$", text, re.MULTILINE)})
    rng.shuffle(listed)
    looks = (str.upper, str.upper, str.title, str.lower)
    chosen = [rng.choice(looks)(word) for word in listed[: count - count // 12]]
    while len(chosen) < count:
        chosen.append("".join(rng.choice(CHARACTERS[:10]) for _ in range(rng.randint(1, 5))))
    rng.shuffle(chosen)
    path.write_text("\n".join(chosen) + "\n", encoding="utf-8")


def import_real(args: argparse.Namespace) -> Path:
    """Imports the real words into records of the same 36 characters."""
    folder, dictionary = args.work / "real", args.work / "characters.txt"
    if not (folder / "tfrecords").exists():
        dictionary.write_text("\n".join(CHARACTERS) + "\n", encoding="utf-8")
        rules = ("--task", "recognition", "--protocol", "alphanumeric", "--lower-case")
        share = ("--test-fraction", 0.13 if args.short else 0.26)
        call("import", "icdar2015", args.real, *rules, *share, "--data-dir", folder)
        call("tfrecord", "--data-dir", folder, "--dictionary", dictionary)
    return folder


def render(style: str, args: argparse.Namespace) -> Path:
    """Renders a style's words, as pictures to look at and as records to learn from."""
    folder = args.work / ("data-" + name_of(style))
    if (folder / "tfrecords").exists():
        return folder
    corpus = args.work / "words.txt"
    if style == "trdg":
        python = args.peers / "trdg" / "bin" / "python"
        subprocess.run(
            [str(python), "-c", TRDG, str(corpus), str(args.fonts), str(folder)], check=True
        )
        call(
            "gen-sample",
            "--labels",
            folder / "labels.txt",
            "--test-fraction",
            0,
            "--data-dir",
            folder,
        )
        held = ("--validation-fraction", 0.02, "--dictionary", args.work / "characters.txt")
        call("tfrecord", "--data-dir", folder, *held)
        return folder
    styles = [word for part in style.split("+") for word in ("--style", part)]
    shares = ("--test-fraction", 0, "--validation-fraction", 0.02)
    what = ("--corpus", corpus, "--font", args.fonts, "--variants", args.variants, "--lower-case")
    call("gen-pics", *what, *styles, "--records", "--keep-pictures", *shares, "--data-dir", folder)
    return folder


def name_of(style: str) -> str:
    """Returns a style's name as folders have it."""
    return re.sub("[^0-9A-Za-z+=-]", "_", Path(style).name)


def train(data: Path, real: Path, seed: int, args: argparse.Namespace) -> Trained:
    """Trains once, and scores each checkpoint on the real words."""
    run = args.work / f"run-{data.name[5:]}-{args.steps}{'-endless' * args.endless}-{seed}"
    every = max(1, args.steps // 3)
    done = run / "scores.json"
    if not done.exists():
        length = ("--steps", args.steps, "--save-every", every, "--keep", 10, "--seed", seed)
        quiet = ("--eval-every", 0, "--image-every", 0)
        call(
            "train", "crnn", "--data-dir", data, "--output-dir", run, "--overwrite",
            *NETWORK, *length, *quiet, *sources(data, args),
        )  # fmt: skip
        scores: Dict[str, float] = {}
        for step in sorted({min(args.steps, every * n) for n in (1, 2, 3)} | {args.steps}):
            where = ("--data-dir", real, "--output-dir", run, "--checkpoint", step)
            answer = call("evaluate", "crnn", *where, "--protocol", "alphanumeric", "--json")
            scores[str(step)] = json.loads(answer)["accuracy"]
            (run / "crnn" / "predictions.tsv").write_bytes(
                Path(json.loads(answer)["predictions"]).read_bytes()
            )
        done.write_text(json.dumps(scores), encoding="utf-8")
    curve = [(int(step), score) for step, score in json.loads(done.read_text("utf-8")).items()]
    return Trained(curve, read_correct(run / "crnn" / "predictions.tsv"))


def sources(data: Path, args: argparse.Namespace) -> Tuple[str, ...]:
    """Returns the options that render while training; none for pictures of other renderers."""
    job = job_path(data.name[5:], args)
    return ("--sources", f"render:{job}") if args.endless and job.exists() else ()


def write_job(style: str, args: argparse.Namespace) -> None:
    """Writes what `render` renders as a table for --sources."""
    settings = {
        "style": style.split("+"),
        "corpus": str((args.work / "words.txt").resolve()),
        "font": str(args.fonts.resolve()),
        "lower-case": True,
    }
    rows = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    table = "\n".join(["[gen-pics]", *rows, ""])
    job_path(name_of(style), args).write_text(table, encoding="utf-8")


def job_path(name: str, args: argparse.Namespace) -> Path:
    """Returns where a style's job is: --sources takes what stands behind a = for a weight."""
    return Path(args.work / f"{name.replace('=', '')}.toml")


def read_correct(path: Path) -> Dict[str, bool]:
    """Returns which pictures a run read as they are labelled, by key."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    return {row[0]: row[-1] == "1" for row in rows}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("real", type=Path)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--words", type=Path, default=Path("/usr/share/dict/words"))
    parser.add_argument("--styles", default="scene,word")
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--work", type=Path, default=Path("realtext"))
    parser.add_argument("--count", type=int, default=13_590)
    parser.add_argument("--variants", type=int, default=1)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--endless", action="store_true")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    if args.short:
        args.seeds = 1
    if not (args.work / "words.txt").exists():
        write_corpus(args.work / "words.txt", args.words, args.count)
    styles = args.styles.split(",")
    if args.peers and (args.peers / "trdg" / "bin" / "python").exists():
        styles.append("trdg")
    real = import_real(args)
    words = {"real": list(read_words(real, ["Test"], 1000))}
    trained: Dict[str, List[Trained]] = {}
    for style in styles:
        if style != "trdg":
            write_job(style, args)
        data = render(style, args)
        words[style] = list(read_words(data, ["Train"], 1000))
        page = sheet(words["real"], words[style])
        cv2.imwrite(str(args.work / f"sheet-{name_of(style)}.jpg"), page)
        trained[style] = [train(data, real, seed, args) for seed in range(args.seeds)]
        counts = {name: statistics(found) for name, found in words.items()}
        lines = write_report(args.work, trained, counts, words["real"])
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
