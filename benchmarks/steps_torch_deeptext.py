"""DeepText and its losses in PyTorch, as one would write them there, for benchmarks/steps_torch.py.

After the paper (Zhong et al. 2016, arXiv 1605.07314); suppression, overlaps and the pooling of
regions are torchvision's. The lists of boxes are as long as they are: nothing is padded.
"""

from __future__ import annotations

import math
from typing import Any, Dict, List, Tuple

import torch
from steps import BOXES, TwoStages
from steps_torch import conv_norm
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torchvision.ops import box_iou, nms, roi_align

STRIDE, POOLED = 16, 7
GROWTH = math.log(1000 / 16)
TEXT, AMBIGUOUS = 1, 2
DEVIATIONS = (0.1, 0.1, 0.2, 0.2)


def anchors_of(size: Tuple[int, int]) -> Any:
    """Returns the anchors [n, 4] of a picture of (height, width), those of a cell together."""
    shapes = []
    for ratio in (0.2, 0.5, 0.8, 1.0, 1.2, 1.5):
        for scale in (2, 4, 6, 8, 12):
            width, height = STRIDE * scale / ratio**0.5, STRIDE * scale * ratio**0.5
            shapes.append([-width / 2, -height / 2, width / 2, height / 2])
    y, x = (torch.arange(side // STRIDE) * STRIDE + STRIDE / 2 for side in size)
    down, across = torch.meshgrid(y, x, indexing="ij")
    centres = torch.stack([across, down, across, down], 2).reshape(-1, 1, 4)
    return (centres + torch.tensor(shapes)).reshape(-1, 4)


def encoded(boxes: Any, references: Any) -> Any:
    """Returns the deltas that turn references into boxes."""
    side, unit = boxes[:, 2:] - boxes[:, :2], references[:, 2:] - references[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - references[:, :2] - references[:, 2:]) / 2
    return torch.cat([shift / unit, torch.log(side / unit)], 1)


def decoded(deltas: Any, references: Any, size: Tuple[int, int]) -> Any:
    """Returns the boxes that deltas make of references, cut to the picture."""
    unit = references[..., 2:] - references[..., :2]
    centre = (references[..., 2:] + references[..., :2]) / 2 + deltas[..., :2] * unit
    half = unit * torch.exp(deltas[..., 2:].clamp(max=GROWTH)) / 2
    boxes = torch.cat([centre - half, centre + half], -1)
    return torch.minimum(boxes.clamp(min=0), torch.tensor([size[1], size[0]] * 2))


def chosen(labels: Any, label: int, most: int) -> Any:
    """Returns the places of at most so many rows with a label, drawn at random."""
    places = torch.nonzero(labels == label)[:, 0]
    return places[torch.randperm(len(places))[:most]]


def without_ignored(labels: Any, boxes: Any, ignored: Any) -> Any:
    """Takes what lies by half under a text to be ignored out of the background."""
    if not len(ignored):
        return labels
    low = torch.maximum(boxes[:, None, :2], ignored[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], ignored[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(2)
    share = shared / (boxes[:, 2:] - boxes[:, :2]).prod(1).clamp(min=1e-9)[:, None]
    return torch.where((share.amax(1) >= 0.5) & (labels == 0), -1, labels)


class Vgg(nn.Module):
    """VGG16's convolutions, normalized: conv4_3 and conv5_3."""

    def __init__(self, multiplier: float) -> None:
        super().__init__()
        entry, groups = 3, []
        for width, depth in zip((64, 128, 256, 512, 512), (2, 2, 3, 3, 3)):
            layers = []
            for _ in range(depth):
                layers.append(conv_norm(entry, round(width * multiplier), 3))
                entry = round(width * multiplier)
            groups.append(nn.Sequential(*layers))
        self.groups = nn.ModuleList(groups)

    def forward(self, images: Any) -> List[Any]:
        found = [self.groups[0](images)]
        for group in self.groups[1:]:
            found.append(group(F.max_pool2d(found[-1], 2)))
        return found[3:]


class DeepText(nn.Module):
    """Both stages; what comes out is the loss."""

    def __init__(self, shape: TwoStages, batch: Dict[str, Any]) -> None:
        super().__init__()
        few, widths = shape.multiplier, (128, 384, 128)
        self.shape, self.anchors = shape, anchors_of(shape.size)
        # Unused rows have no area.
        self.texts, self.ignored = (
            [boxes[boxes[:, 2] > boxes[:, 0]] for boxes in batch[name]] for name in BOXES
        )
        self.vgg, entry = Vgg(few), round(512 * few)
        widths_kernels = [(round(width * few), kernel) for width, kernel in zip(widths, (1, 3, 5))]
        self.branches = nn.ModuleList(
            [nn.Conv2d(entry, width, kernel, 1, kernel // 2) for width, kernel in widths_kernels]
        )
        joined, cell = sum(width for width, _ in widths_kernels), 30
        self.score, self.deltas = nn.Conv2d(joined, cell, 1), nn.Conv2d(joined, 4 * cell, 1)
        nn.init.constant_(self.score.bias, -2.0)
        for head in (self.score, self.deltas):
            nn.init.normal_(head.weight, std=0.01)
        self.fused, hidden = nn.Conv2d(2 * entry, entry, 1), round(4096 * few)
        self.fc6, self.fc7 = nn.Linear(entry * POOLED**2, hidden), nn.Linear(hidden, hidden)
        self.classes, self.boxes = nn.Linear(hidden, 3), nn.Linear(hidden, 4)

    def forward(self, images: Any) -> Any:
        maps = self.vgg(images)
        joined = F.relu(torch.cat([branch(maps[1]) for branch in self.branches], 1))
        logits = self.score(joined).permute(0, 2, 3, 1).flatten(1)
        deltas = self.deltas(joined).permute(0, 2, 3, 1).reshape(len(images), -1, 4)
        with torch.no_grad():
            proposals = self.propose(logits, deltas)
            rows = [self.second_rows(*each) for each in zip(proposals, self.texts, self.ignored)]
        return self.first_loss(logits, deltas) + self.second_loss(maps, rows)

    def propose(self, logits: Any, deltas: Any) -> List[Any]:
        """Returns the proposals [n, 4] of each picture, the likeliest first."""
        found = []
        for scores, boxes in zip(logits, decoded(deltas, self.anchors, self.shape.size)):
            best = torch.topk(scores, min(self.shape.proposals, len(scores)))[1]
            best = best[(boxes[best, 2:] > boxes[best, :2]).all(1)]
            found.append(boxes[best][nms(boxes[best], scores[best], 0.7)])
        return found

    def first_rows(self, texts: Any, ignored: Any) -> Tuple[Any, Any, Any]:
        """Returns the anchors to learn from: their places, labels, and the deltas of text."""
        overlap = box_iou(self.anchors, texts)
        most, matched = overlap.max(1)
        labels = torch.where(most >= 0.5, TEXT, torch.where(most < 0.3, 0, -1))
        best = overlap.amax(0)
        saved, whose = torch.nonzero((overlap == best) & (best >= 0.3), as_tuple=True)
        weak = most[saved] < 0.5
        labels[saved], matched[saved[weak]] = TEXT, whose[weak]
        labels = without_ignored(labels, self.anchors, ignored)
        text = chosen(labels, TEXT, self.shape.samples // 2)
        rest = chosen(labels, 0, self.shape.samples - len(text))
        goals = encoded(texts[matched[text]], self.anchors[text])
        return torch.cat([text, rest]), (torch.arange(len(text) + len(rest)) < len(text)), goals

    def first_loss(self, logits: Any, deltas: Any) -> Any:
        """Returns the loss of the first stage, a mean over all rows."""
        total, count = torch.zeros(()), len(logits) * self.shape.samples
        for place, (texts, ignored) in enumerate(zip(self.texts, self.ignored)):
            with torch.no_grad():
                rows, labels, goals = self.first_rows(texts, ignored)
            given, found = logits[place, rows], deltas[place, rows[: len(goals)]]
            scores = F.binary_cross_entropy_with_logits(given, labels.float(), reduction="sum")
            total = total + scores + 3 * F.smooth_l1_loss(found, goals, reduction="sum", beta=1 / 9)
        return total / count

    def second_rows(self, proposals: Any, texts: Any, ignored: Any) -> Tuple[Any, Any, Any]:
        """Returns the boxes to learn from, their labels, and the deltas of text, which is first."""
        pool = torch.cat([proposals, texts])
        most, matched = box_iou(pool, texts).max(1)
        labels = torch.where(most >= 0.5, TEXT, torch.where(most >= 0.2, AMBIGUOUS, 0))
        labels = without_ignored(labels, pool, ignored)
        count = self.shape.rois
        text, unsure = (chosen(labels, label, count // 5) for label in (TEXT, AMBIGUOUS))
        rest = chosen(labels, 0, count - len(text) - len(unsure))
        rows = torch.cat([text, unsure, rest])
        goals = encoded(texts[matched[text]], pool[text]) / torch.tensor(DEVIATIONS)
        return pool[rows], labels[rows], goals

    def second_loss(self, maps: List[Any], rows: List[Tuple[Any, Any, Any]]) -> Any:
        """Returns the loss of the second stage, a mean over the boxes that there are."""
        boxes = [each[0] for each in rows]
        pooled = [
            roi_align(features, boxes, POOLED, 1 / stride, sampling_ratio=2, aligned=True)
            for features, stride in zip(maps, (STRIDE // 2, STRIDE))
        ]
        hidden = F.relu(self.fused(torch.cat(pooled, 1))).flatten(1)
        hidden = F.relu(self.fc7(F.relu(self.fc6(hidden))))
        labels = torch.cat([each[1] for each in rows])
        goals, text = torch.cat([each[2] for each in rows]), labels == TEXT
        scores = F.cross_entropy(self.classes(hidden), labels, reduction="sum")
        found = self.boxes(hidden)[text]
        return (scores + F.smooth_l1_loss(found, goals, reduction="sum")) / len(labels)


if __name__ == "__main__":
    raise SystemExit("Started by benchmarks/steps.py.")
