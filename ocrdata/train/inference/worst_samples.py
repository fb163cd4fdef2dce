"""The samples of the validation split that went worst, for the report of a run."""

from __future__ import annotations

import heapq
from typing import Callable, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ocrdata.base.sample import Sample
from ocrdata.metrics.detection import Match
from ocrdata.metrics.detection_lines import Boxes
from ocrdata.metrics.recognition import edit_distance
from ocrdata.pages.run import Miss
from ocrdata.pages.samples import DrawnOutline
from ocrdata.records.format.schema import line_of
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.train.data.line_shards import LineShard
from ocrdata.train.protocols import Protocol

LINES, SCENES = 24, 12


class ReadLine(Protocol):
    """A line of the split and what was read, as `evaluate.LinePrediction` has it."""

    @property
    def key(self) -> str: ...
    @property
    def truth(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def confidence(self) -> float: ...


class FoundScene(Protocol):
    """A picture of the split and what was found in it, as `detect.FoundTexts` has it."""

    @property
    def key(self) -> str: ...
    @property
    def polygons(self) -> List[np.ndarray]: ...
    @property
    def scores(self) -> np.ndarray: ...
    @property
    def truth(self) -> Boxes: ...
    @property
    def problem(self) -> str: ...


class WorstLines:
    """Keeps the lines that were read worst: by share of wrong characters, then by how sure."""

    def __init__(self) -> None:
        self._heap: List[Tuple[float, float, int, ReadLine]] = []

    def add(self, number: int, line: ReadLine) -> None:
        """Notes line `number` of the split, which was read wrong."""
        longest = max(len(line.truth), len(line.text), 1)
        share = edit_distance(line.truth, line.text) / longest
        entry = (share, line.confidence, -number, line)
        (heapq.heappush if len(self._heap) < LINES else heapq.heappushpop)(self._heap, entry)

    def misses(self, shards: Sequence[LineShard]) -> List[Miss]:
        """Returns the lines with their pictures, the worst first."""
        ordered = sorted(self._heap, reverse=True)
        pictures = _images(shards, {-number for _, _, number, _ in ordered})
        return [
            Miss(
                pictures[-number],
                line.truth,
                line.text,
                f"{line.confidence:.1%} sure · {line.key}",
            )
            for _, _, number, line in ordered
            if -number in pictures
        ]


def _images(shards: Sequence[LineShard], numbers: "set[int]") -> Dict[int, bytes]:
    """Returns the encoded pictures of the lines with these numbers within a split."""
    found: Dict[int, bytes] = {}
    start = 0
    for shard in shards:
        wanted = {number for number in numbers if start <= number < start + shard.samples}
        for record in scan_records(shard.path) if wanted else ():
            if start + record.number in wanted:
                found[start + record.number] = line_of(example_of(shard.path, record)).image
                wanted.discard(start + record.number)
            if not wanted:
                break
        start += shard.samples
    return found


def worst_scenes(
    found: Sequence[FoundScene], matches: Mapping[str, Match], load: Callable[[int], Sample]
) -> List[Miss]:
    """Returns the pictures with most wrong: texts missed, and boxes that are not text.

    `found` are the pictures in their order, `matches` by key; `load(index)` gives a sample.
    """
    wrong = []
    for index, one in enumerate(found):
        match = matches[one.key]
        missed, made_up = (count - len(match.pairs) for count in (match.truths, match.detections))
        if missed > 0 or made_up > 0:
            wrong.append((missed + made_up, -index, missed, made_up))
    return [
        _scene_miss(found[-index], missed, made_up, load(-index))
        for _, index, missed, made_up in heapq.nlargest(SCENES, wrong)
    ]


def _scene_miss(one: FoundScene, missed: int, made_up: int, sample: Sample) -> Miss:
    outlines = [
        DrawnOutline(polygon, "ignored" if ignored else "text", "ignored" if ignored else "")
        for polygon, ignored in zip(one.truth.polygons, one.truth.ignored)
    ]
    outlines += [
        DrawnOutline(polygon, f"found, {float(score):.2f}", "found")
        for polygon, score in zip(one.polygons, one.scores)
    ]
    words = f"{missed} missed, {made_up} found that are not text"
    return Miss(sample.image_bytes(), words, words, one.problem or one.key, outlines)
