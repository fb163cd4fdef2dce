"""Detection and reading scored together, as the ICDAR 2015 end-to-end task does.

A word counts where a box found lies on its box (intersection over union above one half, as in
`detection`) and the text read there is the word's. Boxes to be ignored count on neither side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ocrdata.errors import UnknownNameError
from ocrdata.metrics.detection import match_quads
from ocrdata.metrics.overlap import Polygons, shared_areas
from ocrdata.metrics.recognition import TEXT_PROTOCOLS


@dataclass
class EndToEndScore:
    """Sums over pictures, and the figures they give."""

    protocol: str = "exact"
    images: int = 0
    ground_truth: int = 0
    detections: int = 0
    matched: int = 0
    correct: int = 0

    def __post_init__(self) -> None:
        if self.protocol not in TEXT_PROTOCOLS:
            raise UnknownNameError("protocol", self.protocol, TEXT_PROTOCOLS)

    def add(
        self,
        truth: Polygons,
        words: Sequence[str],
        ignored: Sequence[bool],
        found: Polygons,
        texts: Sequence[str],
    ) -> None:
        """Counts one picture: boxes [n, 2] and texts of its truth, and of what was found."""
        normalise = TEXT_PROTOCOLS[self.protocol]
        truth_areas, areas, shared = (part[0] for part in shared_areas([truth], [found]))
        match = match_quads(ignored, truth_areas, areas, shared)
        self.images += 1
        self.ground_truth += match.truths
        self.detections += match.detections
        self.matched += len(match.pairs)
        self.correct += sum(
            normalise(words[row]) == normalise(texts[column]) for row, column in match.pairs
        )

    @property
    def precision(self) -> float:
        """Share of the boxes found that are a word, read right."""
        return self.correct / max(1, self.detections)

    @property
    def recall(self) -> float:
        """Share of the words that were found and read right: the word accuracy end to end."""
        return self.correct / max(1, self.ground_truth)

    @property
    def hmean(self) -> float:
        """The harmonic mean of both."""
        return 2.0 * self.correct / max(1, self.detections + self.ground_truth)
