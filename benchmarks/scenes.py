"""Scenes a second of processor time, drawn and encoded, in one process and two, and a profile.

    python benchmarks/scenes.py [--profile] [--tree FOLDER] [--layout NAME]

Pictures with 10 texts, style `scene`, JPEG. `--tree` is another checkout of the project, measured
in turns with this one: on a shared machine the ratio counts. Memory is that of the process at its
largest, after the first and the last hundred pictures.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SIZES = ((640, 640), (1280, 720))
ROUNDS, PICTURES = 3, 100


def measured(size: tuple, start: int, layout: str, profile: bool = False) -> dict:
    """Returns pictures and texts a second of this process, and its largest memory in MB."""
    from ocrdata.render.fonts.fonts import find_fonts
    from ocrdata.render.scenes.batch import drawable_texts, texts_of
    from ocrdata.render.scenes.scene import render_scene
    from ocrdata.render.scenes.scene_config import SceneConfig
    from ocrdata.render.style.recipes import find_recipe
    from ocrdata.text.corpus import read_corpora
    from ocrdata.text.phrases import CorpusOptions

    more = {"layout": layout} if layout else {}
    faces, recipe = tuple(find_fonts(())), find_recipe("scene")
    config = SceneConfig(faces, recipe, size=size, texts=(10, 10), **more)
    phrases = read_corpora(options=CorpusOptions(max_length=12))
    texts = drawable_texts([phrase.text for phrase in phrases], config, {})

    def draw(first: int, count: int) -> int:
        numbers = range(first, first + count)
        scenes = (render_scene(config, number, texts_of(texts, 0, number)) for number in numbers)
        return sum(len(scene.regions) for scene in scenes)

    draw(start, 10)
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    begun = time.process_time()
    regions = draw(start + 10, PICTURES)
    taken = time.process_time() - begun
    profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(40)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return {"pictures": PICTURES / taken, "regions": regions / taken, "peak": peak}


def child(tree: Path, size: tuple, start: int, layout: str) -> subprocess.Popen:
    """Starts a process that measures a checkout."""
    call = [sys.executable, __file__, "--one", *map(str, (*size, start)), "--layout", layout]
    environment = dict(os.environ, PYTHONPATH=str(tree))
    return subprocess.Popen(call, env=environment, cwd=tree, stdout=subprocess.PIPE)


def result(process: subprocess.Popen) -> dict:
    """Returns what a process measured."""
    return json.loads(process.communicate()[0])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--tree", type=Path)
    parser.add_argument("--layout", default="")
    parser.add_argument("--one", type=int, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        width, height, start = options.one
        sys.stdout.write(json.dumps(measured((width, height), start, options.layout)))
        return
    if options.profile:
        sys.path.insert(0, str(ROOT))
        measured(SIZES[0], 0, options.layout, True)
        return
    trees = [ROOT, *([options.tree.resolve()] if options.tree else [])]
    for size in SIZES:
        for turn in range(ROUNDS):
            for tree in trees:
                one = result(child(tree, size, 1000 * turn, options.layout))
                words = f"{one['pictures']:.1f} pictures/s, {one['regions']:.0f} boxes/s"
                name = "this" if tree == ROOT else str(tree)
                sys.stdout.write(f"{size[0]}x{size[1]} {name}: {words}, {one['peak']:.0f} MB\n")
        begun = time.perf_counter()
        pair = [child(ROOT, size, 1000 * number, options.layout) for number in range(2)]
        rates = [result(process)["pictures"] for process in pair]
        taken = time.perf_counter() - begun
        words = f"{sum(rates):.1f} pictures a second of processor time, {taken:.1f} s"
        sys.stdout.write(f"{size[0]}x{size[1]} two processes: {words} with start-up\n")


if __name__ == "__main__":
    main()
