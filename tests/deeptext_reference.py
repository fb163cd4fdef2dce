"""DeepText's arithmetic and rules in plain Python, one box, row or point at a time."""

from __future__ import annotations

import numpy as np


def read_point(features, x, y):
    """The value of a map [h, w, C] between four cells; beyond the border, the border's."""
    height, width = features.shape[:2]
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = int(np.floor(x)), int(np.floor(y))
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    dx, dy = x - left, y - top
    upper = (1 - dx) * features[top, left] + dx * features[top, right]
    lower = (1 - dx) * features[bottom, left] + dx * features[bottom, right]
    return (1 - dy) * upper + dy * lower


def roi_align(features, box, stride, size):
    """Mean of 2 x 2 points in each of size x size bins; cell (i, j) has its centre at i + 0.5."""
    left, top, right, bottom = (float(side) / stride for side in box)
    bins = np.zeros((size, size, features.shape[2]))
    for row in range(size):
        for column in range(size):
            for part_y in (0.25, 0.75):
                for part_x in (0.25, 0.75):
                    x = left + (right - left) * (column + part_x) / size - 0.5
                    y = top + (bottom - top) * (row + part_y) / size - 0.5
                    bins[row, column] += read_point(features, x, y) / 4.0
    return bins


def smooth_l1(found, goal, beta):
    total = 0.0
    for one, other in zip(found, goal):
        distance = abs(float(one) - float(other))
        total += distance**2 / (2 * beta) if distance < beta else distance - beta / 2
    return total


def losses(rows, stage, count):
    """The two losses of a stage: sums over the rows that count, divided by `count`."""
    class_loss = box_loss = 0.0
    places = np.argwhere(rows["weights"] > 0)
    for place in map(tuple, places):
        label, logits = rows["labels"][place], rows["logits"][place].astype(np.float64)
        if stage == "rpn":
            text = 1.0 / (1.0 + np.exp(-logits))
            class_loss -= np.log(text if label == 1 else 1.0 - text)
        else:
            class_loss -= logits[label] - np.log(np.exp(logits).sum())
        if label == 1:
            beta = 1 / 9 if stage == "rpn" else 1.0
            box_loss += smooth_l1(rows["found"][place], rows["deltas"][place], beta)
    return class_loss / count, box_loss / count


def match_anchors(overlap, allowed):
    """(label, text) of each anchor by its overlaps; without a text, or not text, it is 0."""
    texts = range(overlap.shape[1])
    best = [max((overlap * allowed[:, None])[:, text]) for text in texts]
    found = []
    for row, taking_part in zip(overlap.tolist(), allowed):
        most = max(row, default=0.0)
        saved = [text for text in texts if row[text] == best[text] >= 0.3]
        if not taking_part:
            found.append((-1, 0))
        elif most >= 0.5:
            found.append((1, row.index(most)))
        elif saved:
            found.append((1, saved[0]))
        else:
            found.append((0 if most < 0.3 else -1, 0))
    return found


def match_proposals(overlap, allowed):
    """(label, text) of each proposal: text from 0.5 on, ambiguous from 0.2 on."""
    found = []
    for row, taking_part in zip(overlap.tolist(), allowed):
        most = max(row, default=0.0)
        label = 1 if most >= 0.5 else 2 if most >= 0.2 else 0
        label = label if taking_part else -1
        found.append((label, row.index(most) if label == 1 else 0))
    return found


def choose(labels, priority, limits, count):
    """The rows that are learned from: of each kind those of lowest priority, text first."""
    chosen = []
    for label, limit in [*zip((1, 2), limits), (0, count)]:
        places = [place for place, found in enumerate(labels) if found == label]
        places.sort(key=lambda place: priority[place])
        chosen += places[: min(limit, count - len(chosen))]
    return chosen
