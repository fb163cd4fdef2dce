"""The networks of benchmarks/steps.py in PyTorch, as one would write them there.

Started by that script, with an interpreter that has PyTorch: steps_torch.py NET plain|channels_last
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Tuple

import torch
from steps import CRNN, DEEPTEXT, SCENES, batch_of, work
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name


def conv_norm(entry: int, exit: int, kernel: int, stride: int = 1, relu: bool = True) -> Any:
    """Returns convolution, batch normalization and (unless `relu` is off) ReLU."""
    layers = [
        nn.Conv2d(entry, exit, kernel, stride, (kernel - 1) // 2, bias=False),
        nn.BatchNorm2d(exit),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


class Crnn(nn.Module):
    """The paper's stack with all convolutions normalized, two BiLSTM layers."""

    def __init__(self, multiplier: float, units: int, classes: int) -> None:
        super().__init__()
        sizes = [max(8, round(n * multiplier)) for n in (64, 128, 256, 256, 512, 512, 512)]
        pools: Any = [(2, 2), (2, 2), None, (2, 1), None, (2, 1)]
        layers, entry = [], 1
        for size, pool in zip(sizes, pools):
            layers.append(conv_norm(entry, size, 3))
            if pool:
                layers.append(nn.MaxPool2d(pool, pool, ceil_mode=True))
            entry = size
        last = [nn.ZeroPad2d((0, 1, 0, 0)), nn.Conv2d(entry, sizes[-1], 2, bias=False)]
        layers += [*last, nn.BatchNorm2d(sizes[-1]), nn.ReLU(inplace=True)]
        self.stack = nn.Sequential(*layers)
        self.lstm = nn.LSTM(sizes[-1], units, num_layers=2, bidirectional=True)
        self.logits = nn.Linear(2 * units, classes)

    def forward(self, images: Any) -> Any:
        columns = self.stack(images)
        sequence, _ = self.lstm(columns.squeeze(2).permute(2, 0, 1).contiguous())
        return self.logits(sequence)


class Unit(nn.Module):
    """A residual unit."""

    def __init__(self, entry: int, width: int, stride: int) -> None:
        super().__init__()
        depth = 4 * width
        self.inner = nn.Sequential(
            conv_norm(entry, width, 1),
            conv_norm(width, width, 3, stride),
            conv_norm(width, depth, 1, relu=False),
        )
        same = entry == depth
        shorter = nn.MaxPool2d(1, stride) if stride > 1 else nn.Identity()
        self.shortcut = shorter if same else conv_norm(entry, depth, 1, stride, relu=False)

    def forward(self, x: Any) -> Any:
        return F.relu(self.shortcut(x) + self.inner(x))


class Resnet(nn.Module):
    """The residual network of 14 layers: features of strides 4, 8, 16 and 32."""

    def __init__(self, multiplier: float) -> None:
        super().__init__()
        widths = [max(4, round(n * multiplier)) for n in (64, 128, 256, 512)]
        self.root = conv_norm(3, widths[0], 7, 2)
        entry, blocks = widths[0], []
        for number, width in enumerate(widths, 1):
            blocks.append(Unit(entry, width, 2 if number < 4 else 1))
            entry = 4 * width
        self.blocks = nn.ModuleList(blocks)
        self.depths = [widths[0], 4 * widths[0], 4 * widths[1], 4 * widths[3]]

    def forward(self, images: Any) -> Any:
        found = [F.max_pool2d(self.root(images), 3, 2, 1)]
        for block in self.blocks:
            found.append(block(found[-1]))
        return [found[0], found[1], found[2], found[4]]


class East(nn.Module):
    """Features joined from the coarsest to the finest, and the heads."""

    def __init__(self, multiplier: float) -> None:
        super().__init__()
        self.stem = Resnet(multiplier)
        depths = self.stem.depths[::-1]
        merges, entry = [], depths[0]
        for width, finer in zip((128, 64, 32), depths[1:]):
            merges.append(
                nn.Sequential(conv_norm(entry + finer, width, 1), conv_norm(width, width, 3))
            )
            entry = width
        self.merges, self.last = nn.ModuleList(merges), conv_norm(32, 32, 3)
        self.score, self.distances, self.angle = (nn.Conv2d(32, n, 1) for n in (1, 4, 1))

    def forward(self, images: Any) -> Any:
        stages = self.stem(images)[::-1]
        merged = stages[0]
        for merge, finer in zip(self.merges, stages[1:]):
            larger = F.interpolate(merged, finer.shape[2:], mode="bilinear", align_corners=False)
            merged = merge(torch.cat([larger, finer], 1))
        merged = self.last(merged)
        distances = torch.sigmoid(self.distances(merged)) * 512.0
        angle = (torch.sigmoid(self.angle(merged)) - 0.5) * 1.5708
        return self.score(merged), distances, angle


def east_loss(found: Any, batch: Any) -> Any:
    """Returns the dice loss of the score, and -log IoU and the angle's error of text."""
    logits, distances, angle = found
    truth, mask = batch["score"].float()[:, None], batch["mask"].float()[:, None]
    score = torch.sigmoid(logits) * mask
    dice = 1 - 2 * (score * truth).sum() / (score.sum() + (truth * mask).sum() + 1e-5)
    true = batch["geometry"].permute(0, 3, 1, 2)
    top, right, bottom, left = distances.unbind(1)
    t, r, b, w = true[:, :4].unbind(1)
    shared = (torch.minimum(top, t) + torch.minimum(bottom, b)) * (
        torch.minimum(left, w) + torch.minimum(right, r)
    )
    union = (top + bottom) * (left + right) + (t + b) * (w + r) - shared
    cells = torch.log(union + 1) - torch.log(shared + 1)
    cells = cells + 10.0 * (1 - torch.cos(angle[:, 0] - true[:, 4]))
    weight = (truth * mask)[:, 0]
    return dice + (cells * weight).sum() / weight.sum().clamp(min=1)


class Psenet(nn.Module):
    """A feature pyramid of 32 channels and a map for each of four kernels."""

    def __init__(self, multiplier: float, channels: int = 32, kernels: int = 4) -> None:
        super().__init__()
        self.stem = Resnet(multiplier)
        self.lateral = nn.ModuleList([conv_norm(n, channels, 1) for n in self.stem.depths])
        self.smooth = nn.ModuleList([conv_norm(channels, channels, 3) for _ in range(3)])
        self.joined = conv_norm(4 * channels, channels, 3)
        self.kernels = nn.Conv2d(channels, kernels, 1)

    def forward(self, images: Any) -> Any:
        flat = [layer(x) for layer, x in zip(self.lateral, self.stem(images))]
        levels = [flat[3]]
        for place in (2, 1, 0):
            levels.append(self.smooth[place](flat[place] + _enlarged(levels[-1], flat[place])))
        finest = levels[-1]
        merged = torch.cat([finest, *(_enlarged(level, finest) for level in levels[-2::-1])], 1)
        return self.kernels(self.joined(merged))


def _enlarged(x: Any, like: Any) -> Any:
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


def take_steps(net: str, form: str) -> Tuple[Callable[[], float], int]:
    """Returns a function that takes a step of Adam with clipped gradients, and counts weights."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    batch = {name: torch.from_numpy(value) for name, value in batch_of(net).items()}
    layout = torch.channels_last if form == "channels_last" else torch.contiguous_format
    images = batch["images"].float().permute(0, 3, 1, 2)
    if net in CRNN:
        shape = CRNN[net]
        model: Any = Crnn(shape["multiplier"], int(shape["units"]), int(shape["classes"]))
        images = images / 127.5 - 1
    elif net in DEEPTEXT:
        from steps_torch_deeptext import DeepText

        model, images = DeepText(DEEPTEXT[net], batch), images - 120.0
    else:
        model = (East if net == "east" else Psenet)(float(SCENES["multiplier"]))
        images = images - 120.0
    model = model.to(memory_format=layout).train()
    images = images.contiguous(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters())
    lengths = (batch["widths"] + 3) // 4 if net in CRNN else None

    def loss_of(found: Any) -> Any:
        if net in CRNN:
            scores, labels = F.log_softmax(found, 2), batch["classes"] + 1
            sizes = torch.full((len(labels),), labels.shape[1])
            return F.ctc_loss(scores, labels, lengths, sizes, reduction="mean")
        if net == "east":
            return east_loss(found, batch)
        return found if net in DEEPTEXT else psenet_loss(found, batch)

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(images))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        return float(loss.detach())

    return step, sum(weights.numel() for weights in model.parameters())


def psenet_loss(found: Any, batch: Any) -> Any:
    """Returns the dice losses of text, over hard examples, and of the kernels within it."""
    scores = torch.sigmoid(found)
    truth = batch["kernels"].float().permute(0, 3, 1, 2)
    mask = batch["mask"].float()[:, None]
    text, rest = truth[:, -1:] * mask, (1 - truth[:, -1:]) * mask
    flat = torch.where(rest > 0, found[:, -1:], torch.full_like(rest, -1e30)).flatten(1)
    wanted = torch.minimum(3 * text.sum((1, 2, 3)), rest.sum((1, 2, 3))).long().clamp(min=1) - 1
    limit = flat.sort(1, descending=True)[0].gather(1, wanted[:, None])
    chosen = (text + rest * (found[:, -1:] >= limit[:, :, None, None]).float()).detach()
    inside = ((scores[:, -1:] > 0.5).float() * mask).detach()
    whole = _dice(scores[:, -1:], truth[:, -1:], chosen)
    return 0.7 * whole.mean() + 0.3 * _dice(scores[:, :-1], truth[:, :-1], inside).mean()


def _dice(scores: Any, truth: Any, mask: Any) -> Any:
    scores, truth = scores * mask, truth * mask
    sizes = (scores * scores + truth * truth).sum((0, 2, 3))
    return 1 - 2 * (scores * truth).sum((0, 2, 3)) / (sizes + 1e-5)


if __name__ == "__main__":
    work(*take_steps(*sys.argv[1:3]))
