"""Counts over records, kept as plain JSON values so that those of shards can be added up."""

from __future__ import annotations

from collections import Counter
from operator import mul, truediv
from typing import Any, Dict, List, Mapping, Tuple

from ocrdata.base.sample import DETECTION
from ocrdata.records.format.scene_record import SceneRecord
from ocrdata.records.format.schema import LineRecord, ctc_length

_AT_ONCE = 256


class Statistics:
    """Counters by name, and the largest value seen of each measure."""

    counted: Tuple[str, ...] = ()
    measured: Tuple[str, ...] = ()

    def __init__(self) -> None:
        self.counters: Dict[str, Counter[str]] = {name: Counter() for name in self.counted}
        self._largest: List[Any] = [0] * len(self.measured)

    @property
    def most(self) -> Dict[str, Any]:
        """The largest value of each measure."""
        return dict(zip(self.measured, self._largest))

    def as_dict(self) -> Dict[str, Any]:
        """Returns plain values, which `merge` takes back."""
        return {**{name: dict(count) for name, count in self.counters.items()}, **self.most}

    def merge(self, other: Mapping[str, Any]) -> None:
        """Adds the counts of another part."""
        for name, count in self.counters.items():
            count.update(other[name])
        self._measure([other[name] for name in self.measured])

    def _measure(self, values: List[Any]) -> None:
        self._largest = list(map(max, self._largest, values))

    def summary(self) -> Dict[str, Any]:
        """Returns the part of dataset_info.json that is about all splits together."""
        return {"samples": sum(self.counters["formats"].values()), **self._counts()}

    def _counts(self) -> Dict[str, Any]:
        return {name: dict(count) for name, count in self.counters.items()}


class LineStatistics(Statistics):
    """Counts over text lines.

    `max_ctc_per_aspect` is the most CTC steps a line needs for a picture as wide as it is high.
    """

    counted = ("characters", "label_lengths", "formats")
    measured = (
        "max_label_length",
        "max_ctc_length",
        "max_width",
        "max_height",
        "max_ctc_per_aspect",
    )

    def __init__(self) -> None:
        super().__init__()
        # What waits to be counted: together is four times as fast as one by one.
        self._waiting: List[Tuple[Any, ...]] = []

    @property
    def most(self) -> Dict[str, Any]:
        """The largest value of each measure."""
        self._count()
        return super().most

    def add(self, line: LineRecord) -> None:
        """Counts one line."""
        # All but the picture, which need not be kept.
        self._waiting.append(line[2:])
        if len(self._waiting) == _AT_ONCE:
            self._count()

    def _count(self) -> None:
        if not self._waiting:
            return
        formats, heights, widths, texts, classes = zip(*self._waiting)
        self._waiting = []
        lengths, steps = list(map(len, classes)), list(map(ctc_length, classes))
        aspect = max(map(truediv, map(mul, steps, heights), widths))
        self._measure([max(lengths), max(steps), max(widths), max(heights), aspect])
        self.counters["characters"].update("".join(texts))
        self.counters["formats"].update(formats)
        for length, count in Counter(lengths).items():
            self.counters["label_lengths"][str(length)] += count

    def as_dict(self) -> Dict[str, Any]:
        """Returns plain values, which `merge` takes back."""
        self._count()
        return super().as_dict()

    def _counts(self) -> Dict[str, Any]:
        self._count()
        names = {"characters": "character_counts"}
        return {names.get(name, name): dict(count) for name, count in self.counters.items()}


class SceneStatistics(Statistics):
    """Counts over pictures with regions."""

    counted = ("regions", "points", "formats")
    measured = ("max_regions", "max_width", "max_height")

    def add(self, scene: SceneRecord) -> None:
        """Counts one picture."""
        ignored = sum(region.ignore for region in scene.regions)
        self.counters["regions"].update(ignored=ignored, read=len(scene.regions) - ignored)
        self.counters["points"].update(str(len(region.polygon)) for region in scene.regions)
        self.counters["formats"][scene.format] += 1
        self._measure([len(scene.regions), scene.width, scene.height])


def statistics_of(task: str) -> Any:
    """Returns new counters for the records of a task."""
    return SceneStatistics() if task == DETECTION else LineStatistics()
