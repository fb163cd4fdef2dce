"""Times the input of detectors: crops with label maps, on one thread, and where the time goes.

    python benchmarks/detection.py FOLDER [CROPS]

FOLDER has pictures and ICDAR-2015 text files. The first figure keeps decoded pictures in memory
(the default), the second decodes each one anew.
"""

from __future__ import annotations

import cProfile
import io
import pstats
import sys
import time

import cv2

from ocrdata.train.config.detection import EastOptions
from ocrdata.train.config.sources import SceneOptions
from ocrdata.train.data.scene_dataset import survey
from ocrdata.train.data.scene_sources import open_scenes
from ocrdata.train.models.east import East
from ocrdata.train.tasks.crops import CropMaker


def measure(folder: str, crops: int, cache: int) -> float:
    """Returns crops of 512x512 a second of processor time, whatever else the machine does."""
    maker = make(folder, cache)
    start = time.process_time()
    for number in range(crops):
        maker.make(20 + number)
    return crops / (time.process_time() - start)


def make(folder: str, cache: int) -> CropMaker:
    scenes = open_scenes(folder)
    options = SceneOptions(picture_cache=cache)
    maker = CropMaker(
        East(EastOptions()), scenes, good=survey(scenes).good, options=options, seed=0
    )
    for number in range(20):
        maker.make(number)
    return maker


def profile(folder: str, crops: int) -> str:
    """Returns the functions that take the most time."""
    maker, profiler, text = make(folder, 256), cProfile.Profile(), io.StringIO()
    profiler.enable()
    for number in range(crops):
        maker.make(20 + number)
    profiler.disable()
    pstats.Stats(profiler, stream=text).sort_stats("tottime").print_stats(10)
    return text.getvalue()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    place, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
    sys.stdout.write(f"kept in memory: {measure(place, count, 256):.0f} crops/s\n")
    sys.stdout.write(f"decoded anew: {measure(place, count, 0):.0f} crops/s\n")
    sys.stdout.write(profile(place, count))
