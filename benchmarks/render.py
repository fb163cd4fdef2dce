"""Renders the same lines with this engine and with others, and prints images a second and ratios.

    python benchmarks/render.py
    python benchmarks/render.py --peers venvs --rounds 3 --seconds 4

The job: 5 to 7 Chinese characters, 32 pixels high, JPEG, three fonts; plain, and with effects
(warp, color, background, blur, noise). `--peers` is a folder with a virtual environment for each
other renderer, named after its package: trdg, text_image_generator, wordcanvas-docsaid. Contenders
run one after the other in each round, each in a process of its own. Each works for `--warm`
seconds, in which caches fill, and then counts what it finishes in `--seconds`; the best round
counts, so that a busy machine is unfair to nobody, and `--clock cpu` counts seconds of processor
time instead. Ours is measured to the end: shards with checksums and statistics, or files. "start"
is the time to the first picture (ours: the first 256).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

ROOT = Path(__file__).resolve().parents[1]

# --- the others: each prints one JSON line; texts and fonts come as a file and arguments

_COUNT = """
import io, itertools, json, os, random, resource, sys, time
texts = open(sys.argv[1], encoding="utf-8").read().split()
effects, seconds, work = sys.argv[2] == "effects", float(sys.argv[3]), sys.argv[4]
warm = float(os.environ["BENCH_WARM"])
fonts = sys.argv[5:]
random.seed(0)
clock = time.process_time if os.environ["BENCH_CLOCK"] == "cpu" else time.perf_counter
def count(draw):
    stream = itertools.cycle(texts)
    draw(next(stream))
    ready = time.perf_counter()
    while time.perf_counter() < ready + warm:
        draw(next(stream))
    first, done = clock(), 0
    while clock() - first < seconds:
        for _ in range(20):
            draw(next(stream))
        done += 20
    rate = done / (clock() - first)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rate": rate, "start": ready - START, "memory": memory}))
START = time.perf_counter()
"""

PEERS = {
    "trdg": _COUNT
    + """
from trdg.generators import GeneratorFromStrings
more = dict(skewing_angle=3, random_skew=True, blur=1, random_blur=True, background_type=0,
            distorsion_type=3) if effects else dict(background_type=1)
made = GeneratorFromStrings(texts, fonts=fonts, size=32, language="cn", **more)
def draw(text):
    image, _ = next(made)
    image.convert("RGB" if effects else "L").save(io.BytesIO(), "JPEG", quality=95)
count(draw)
""",
    "text_image_generator": _COUNT
    + """
from PIL import Image
from text_image_generator import Generator
made = Generator(os.path.join(work, "config.yaml"))
def draw(text):
    parts = made.wrap_text_with_font_list(text)
    image = made.gen_image_from_text_with_font_list(
        parts, text_color=(0, 0, 0), background_color=(255, 255, 255), apply_effect=effects)
    if effects:
        image = made.merge_util.poisson_edit(image, made.bg_factory.random())
    picture = Image.fromarray(image)
    picture = picture if effects else picture.convert("L")
    picture.save(io.BytesIO(), "JPEG", quality=95)
count(draw)
""",
    "wordcanvas-docsaid": _COUNT
    + """
import types, warnings
warnings.simplefilter("ignore")
# It imports a JPEG library for reading, which this job does not do.
fake = types.ModuleType("turbojpeg")
fake.TurboJPEG = lambda *a, **k: None
fake.__getattr__ = lambda name: 0
sys.modules["turbojpeg"] = fake
import cv2
from wordcanvas import ExampleAug, RandomWordCanvas, WordCanvas
cv2.setNumThreads(0)
if effects:
    made = RandomWordCanvas(font_bank=os.path.join(work, "fonts"), font_size=32, random_font=True,
                            random_text_color=True, random_background_color=True)
    change = ExampleAug(p=1.0)
else:
    every = itertools.cycle([WordCanvas(font_path=font, font_size=32, text_color=(0, 0, 0),
                                        background_color=(255, 255, 255)) for font in fonts])
def draw(text):
    image = change(made(text)) if effects else next(every)(text)
    if not effects:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])
count(draw)
""",
}
TIG_CONFIG = """
FONT: {{font_dir: "{work}/fonts", chinese_ch_file_path: "{work}/ch.txt",
  main_font_list_file_path: "{work}/main_font.txt", font_size: 25, line_height: 32,
  font_img_width: 400, font_img_height: 32}}
CV: {{box_prob: 0.1, perspective_prob: 1.0, perspective_x: [-15.0, 15.0, "g"],
  perspective_y: [-15.0, 15.0, "g"], perspective_z: [-3.0, 3.0, "g"], blur_prob: 1.0,
  blur_sigma: [0.3, 1.0, "u"], filter_prob: 0.2, emboss_prob: 0.4, sharp_prob: 0.6}}
MERGE: {{bg_dir: "{work}/ground", bg_height: 32, bg_width: 300, height_diff: 6,
  bg_alpha: [0.5, 1.5, "g"], bg_beta: [-50, 50, "g"], font_alpha: [0.2, 1.0, "u"],
  reverse_prob: 0.5}}
"""

# Every line gets every effect, as the peers' do: nothing of it is left to chance.
ALL_EFFECTS = """
base = "scene"
rotation = [-3, 3]
perspective = [-0.15, 0.15]
ink_tint = [0.2, 0.9]
paper_tint = [0.1, 0.8]
background = {paper = 1, gradient = 1, picture = 1}
blur = [0.4, 0.8]
noise = [3, 12]
light = [10, 60]
artefacts = {range = [30, 70], chance = 0.2}
weight = 0
outline = 0
shadow = 0
emboss = 0
curve = {range = [0.02, 0.06], chance = 0.15}
elastic = 0
motion = 0
defocus = 0
resolution = 1
poisson = 0
wear = 0
frame = 0
"""


def ours(style: str, way: str, seconds: float, texts: List[str], work: Path) -> Dict[str, Any]:
    """Runs in a process of its own: renders block after block into shards or files."""
    import itertools
    import resource

    start = time.perf_counter()
    sys.path.insert(0, str(ROOT))
    from ocrdata.records.format.schema import LineRecord, encode_line
    from ocrdata.records.format.statistics import LineStatistics
    from ocrdata.records.format.tfrecord_writer import open_writer
    from ocrdata.render.fonts.fonts import find_fonts
    from ocrdata.render.lines.blocks import RenderConfig, render_block, write_block
    from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextBlockTask
    from ocrdata.render.style.recipes import find_recipe
    from ocrdata.text.charset import collect_characters

    config = RenderConfig(tuple(find_fonts(())), find_recipe(style), form="jpg")
    charset, statistics = collect_characters(texts), LineStatistics()
    stream = itertools.cycle(texts)
    tasks = (
        TextBlockTask(n, tuple(itertools.islice(stream, BLOCK_SIZE))) for n in itertools.count()
    )
    with open_writer(work / "shard.tfrecord") as writer:

        def step() -> int:
            task = next(tasks)
            if way == "files":
                return write_block(config, work, task)[1]
            for item in render_block(config, task):
                sample, classes = item.sample, charset.encode(item.sample.text or "")
                data = sample.image_bytes()
                line = LineRecord(sample.key, data, "jpeg", *item.size, sample.text or "", classes)
                statistics.add(line)
                writer.write(encode_line(line))
            return len(task.texts)

        step()
        first = time.perf_counter()
        while time.perf_counter() < first + float(os.environ["BENCH_WARM"]):
            step()
        clock = time.process_time if os.environ["BENCH_CLOCK"] == "cpu" else time.perf_counter
        begun, done = clock(), 0
        while clock() - begun < seconds:
            done += step()
        rate = done / (clock() - begun)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"rate": rate, "start": first - start, "memory": memory}


def lines() -> List[str]:
    found = []
    for line in (ROOT / "corpora" / "poems.txt").read_text(encoding="utf-8").split():
        if 5 <= len(line) <= 7:
            found.append(line)
    return found


def prepare(work: Path, texts: List[str]) -> List[Path]:
    """Puts fonts, grounds and settings where the others look for them."""
    sys.path.insert(0, str(ROOT))
    import cv2

    from ocrdata.render.effects.backgrounds import invent_image
    from ocrdata.render.fonts.fonts import find_fonts

    for name in ("fonts", "ground"):
        (work / name).mkdir()
    fonts = [face.path for face in find_fonts(())]
    for font in fonts:
        (work / "fonts" / font.name).write_bytes(font.read_bytes())
    for number in range(4):
        cv2.imwrite(str(work / "ground" / f"{number}.png"), invent_image(number))
    (work / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    characters = sorted(set("".join(texts)))
    (work / "ch.txt").write_text("".join(c + "\t1\n" for c in characters), encoding="utf-8")
    names = "Noto Sans CJK SC\nNoto Serif CJK SC\nOCR Data Kai"
    (work / "main_font.txt").write_text(names, encoding="utf-8")
    (work / "config.yaml").write_text(TIG_CONFIG.format(work=work), encoding="utf-8")
    (work / "effects.toml").write_text(ALL_EFFECTS, encoding="utf-8")
    return fonts


def contenders(args: argparse.Namespace, work: Path, fonts: List[Path]) -> Iterator[Any]:
    """Yields (name, job, command)."""
    again = [sys.executable, str(Path(__file__).resolve()), "--run", str(work)]
    tail = ["--seconds", str(args.seconds)]
    yield "ours, to shards", "plain", [*again, "clean", "shards", *tail]
    yield "ours, to files", "plain", [*again, "clean", "files", *tail]
    yield "ours, to shards", "effects", [*again, str(work / "effects.toml"), "shards", *tail]
    yield "ours, preset scene", "effects", [*again, "scene", "shards", *tail]
    for name, code in PEERS.items():
        python = args.peers / name / "bin" / "python" if args.peers else None
        if python and python.exists():
            for kind in ("plain", "effects"):
                words = [str(work / "texts.txt"), kind, str(args.seconds), str(work)]
                yield name, kind, [str(python), "-c", code, *words, *map(str, fonts)]


def run(command: List[str], args: argparse.Namespace) -> Dict[str, Any]:
    """Runs a contender, or several of it at once, and adds the rates up."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    env = {**os.environ, **one, "BENCH_CLOCK": args.clock, "BENCH_WARM": str(args.warm)}
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        for _ in range(args.processes)
    ]
    results = []
    for process in running:
        out, err = process.communicate(timeout=300)
        try:
            results.append(json.loads(out.decode().strip().split("\n")[-1]))
        except ValueError:
            return {"rate": 0.0, "start": 0.0, "memory": 0, "error": err.decode()[-300:]}
    total = sum(result["rate"] for result in results)
    return {**results[0], "rate": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--warm", type=float, default=2.0, help="seconds before counting")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--processes", type=int, default=1, help="of each contender at once")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        work, style, way = args.run
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(ours(style, way, args.seconds, lines(), Path(folder))))  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        best: Dict[Any, Dict[str, Any]] = {}
        every = list(contenders(args, work, prepare(work, lines())))
        for _ in range(args.rounds):
            for name, kind, command in every:
                found = run(command, args)
                if found["rate"] >= best.get((name, kind), {"rate": -1.0})["rate"]:
                    best[name, kind] = found
    show(best, args.processes, args.clock)


def show(best: Dict[Any, Dict[str, Any]], processes: int, clock: str) -> None:
    out = sys.stdout.write
    out("{} process{}, {} time\n".format(processes, "" if processes == 1 else "es", clock))
    for kind in ("plain", "effects"):
        first = best["ours, to shards", kind]["rate"]
        out("\n{:24}{:>10}{:>12}{:>9}{:>9}\n".format(kind, "images/s", "ours is", "start", "MB"))
        for (name, config), found in best.items():
            if config != kind:
                continue
            if found.get("error"):
                out("{:24} failed: {}\n".format(name, found["error"].strip().split("\n")[-1]))
                continue
            ratio = "" if name.startswith("ours") else "{:.1f} x".format(first / found["rate"])
            row = (name, found["rate"], ratio, found["start"], found["memory"])
            out("{:24}{:>10,.0f}{:>12}{:>8.1f}s{:>9}\n".format(*row))


if __name__ == "__main__":
    main()
