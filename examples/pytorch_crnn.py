"""Trains a CRNN with PyTorch on what `ocrdata gen-pics --records` made, and scores it.

    ocrdata gen-pics --corpus dates --corpus numbers --style clean --limit 6000 --records
    python examples/pytorch_crnn.py data

The network is that of Shi, Bai and Yao, "An End-to-End Trainable Neural Network for Image-based
Sequence Recognition" (2015), made smaller: convolutions, a bidirectional LSTM, CTC. Texts of the
test split appear in no training picture.

    torchrun --nproc_per_node 2 examples/pytorch_crnn.py data      on two processes: each takes half
"""

from __future__ import annotations

import argparse
import itertools
import os

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ocrdata.pipelines.line_batches import BatchOptions
from ocrdata.torch import LineDataset


class Crnn(nn.Module):
    """From uint8 [B, 1, 32, W] to log-probabilities [W / 4, B, classes]."""

    def __init__(self, classes, units=96):
        super().__init__()
        sizes, pools = (1, 24, 48, 96, 96), ((2, 2), (2, 2), (2, 1), (4, 1))
        layers = []
        for inputs, outputs, pool in zip(sizes, sizes[1:], pools):
            layers += [
                nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
                nn.MaxPool2d(pool),
            ]
        self.features = nn.Sequential(*layers)
        self.context = nn.LSTM(sizes[-1], units, bidirectional=True)
        self.head = nn.Linear(2 * units, classes)

    def forward(self, images):
        maps = self.features(images.float() / 127.5 - 1.0)
        steps, _ = self.context(maps.squeeze(2).permute(2, 0, 1))
        return self.head(steps).log_softmax(2)


def steps_of(widths):
    """Returns how many of the network's steps a line of that many pixels has."""
    return torch.div(widths, 4, rounding_mode="floor").clamp(min=1)


def read(scores, widths, order):
    """Returns the best path's text of each line."""
    best = scores.argmax(2).t()
    texts = []
    for row, length in zip(best.tolist(), steps_of(widths).tolist()):
        classes = [one for one, _ in itertools.groupby(row[:length])]
        texts.append(order.decode(classes))
    return texts


def accuracy(network, data, split):
    """Returns the share of lines read without a mistake."""
    lines = LineDataset(data, split, options=BatchOptions(shuffle=False), rank=0, world_size=1)
    right = total = 0
    network.eval()
    with torch.no_grad():
        for batch in lines:
            found = read(network(batch.images), batch.widths, lines.order)
            right += sum(map(str.__eq__, found, batch.texts))
            total += len(found)
    network.train()
    return right / total


def train(options):
    torch.manual_seed(options.seed)
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    if ranks > 1:
        distributed.init_process_group("gloo")
    # It divides itself over the loader's threads and over the ranks.
    lines = LineDataset(
        options.data,
        "train",
        options.batch_size,
        options=BatchOptions(seed=options.seed),
        endless=True,
    )
    network = Crnn(lines.charset.num_classes)
    model = DistributedDataParallel(network) if ranks > 1 else network
    loss_of = nn.CTCLoss(blank=lines.charset.blank, zero_infinity=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, options.steps)
    loader = lines.loader(num_workers=options.workers)
    for step, batch in enumerate(itertools.islice(loader, options.steps), 1):
        scores = model(batch.images)
        loss = loss_of(scores, batch.classes, steps_of(batch.widths), batch.lengths)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 and not int(os.environ.get("RANK", "0")):
            print(f"step {step}: loss {loss.item():.3f}", flush=True)  # noqa: T201
    if not int(os.environ.get("RANK", "0")):
        score = accuracy(network, options.data, "test")
        print(f"accuracy on test: {score:.3f}", flush=True)  # noqa: T201
        torch.save(network.state_dict(), options.output)
    if ranks > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Trains a CRNN on the records of a data folder.")
    parser.add_argument("data", help="a data folder with tfrecords/, or a shard set")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rate", type=float, default=3e-3, help="the highest learning rate")
    parser.add_argument("--workers", type=int, default=1, help="threads that read")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="crnn.pt", help="where the weights go")
    train(parser.parse_args())
