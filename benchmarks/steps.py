"""What a step of training costs beside PyTorch: python benchmarks/steps.py NET [OPTIONS]

NET is crnn-demo, crnn-paper, east, psenet, deeptext or deeptext-large. Trains on one batch that
does not change, on one processor and one thread, and prints seconds of processor time a step. The
contenders are processes that work in turns, a few steps at a time, so that whatever else the
machine does meets all alike; medians of the rounds, and the median of the rounds' ratios.

    --peer PYTHON     an interpreter with PyTorch: pip install torch==2.9.1 torchvision==0.24.1
    --before FOLDER   another copy of this project with this script, for before and after
    --rounds N        (default 7)

The peer has the same network, optimiser and clipping (benchmarks/steps_torch.py); it masks no
padding and decodes nothing, both of which ours does. (Its LSTMs have two biases where one does.)
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np

HERE = Path(__file__).resolve()
STEPS, WARM = 4, 4
# Batch, height and width of the images, share of published channels, LSTM units, classes.
CRNN = {
    "crnn-demo": {"batch": 16, "width": 208, "multiplier": 0.25, "units": 128, "classes": 64},
    "crnn-paper": {"batch": 16, "width": 160, "multiplier": 1.0, "units": 256, "classes": 37},
}
BOXES = ("texts", "ignored")  # of the labels of a DeepText
# The small networks of docs/detection.md.
SCENES = {"batch": 12, "side": 192, "depth": "14", "multiplier": 0.25}


class TwoStages(NamedTuple):
    """What a DeepText is trained with: pictures and their texts, and how many rows a picture."""

    batch: int
    size: Tuple[int, int]
    multiplier: float
    texts: int  # a tenth of them are to be ignored
    room: int
    proposals: int
    samples: int
    rois: int


# The small one of docs/deeptext.md, and the published input with a quarter of the channels.
DEEPTEXT = {
    "deeptext": TwoStages(8, (256, 256), 0.125, 10, room=16, proposals=300, samples=128, rois=64),
    "deeptext-large": TwoStages(
        2, (576, 960), 0.25, 20, room=128, proposals=2000, samples=256, rois=640
    ),
}


def batch_of(net: str) -> Dict[str, np.ndarray]:
    """Returns the one batch of a network, the same for all contenders."""
    draw = np.random.Generator(np.random.Philox(0))
    if net in CRNN:
        shape = CRNN[net]
        widths = draw.integers(shape["width"] // 2, shape["width"] + 1, shape["batch"])
        widths[0] = shape["width"]
        images = draw.integers(0, 256, (shape["batch"], 32, shape["width"], 1))
        # One class is added below, and the last one is the blank.
        classes = draw.integers(0, shape["classes"] - 2, (shape["batch"], 8))
        return {
            "images": images.astype(np.uint8),
            "widths": widths.astype(np.int32),
            "classes": classes.astype(np.int64),
        }
    if net in DEEPTEXT:
        return _texts(DEEPTEXT[net], draw)
    size, side = SCENES["batch"], SCENES["side"] // 4
    images = draw.integers(0, 256, (size, SCENES["side"], SCENES["side"], 3)).astype(np.uint8)
    text = np.zeros((size, side, side), np.uint8)
    text[:, 8:20, 4:40] = 1
    found = {"images": images, "mask": np.ones_like(text)}
    if net == "east":
        geometry = draw.random((size, side, side, 5)) * 40 + 1
        geometry[..., 4] = 0.1
        return dict(found, score=text, geometry=geometry.astype(np.float32))
    return dict(found, kernels=np.stack([text] * 4, 3), vanished=np.zeros(size, np.float32))


def _texts(shape: TwoStages, draw: np.random.Generator) -> Dict[str, np.ndarray]:
    """Returns pictures of noise with upright texts, unused rows zero."""
    height, width = shape.size
    found = {name: np.zeros((shape.batch, shape.room, 4), np.float32) for name in BOXES}
    unread = shape.texts // 10
    for texts, ignored in zip(found["texts"], found["ignored"]):
        corner = draw.random((shape.texts, 2)) * [width * 0.75, height * 0.9]
        sides = (0.2 + 0.8 * draw.random((shape.texts, 2))) * [width * 0.25, height * 0.1]
        boxes = np.concatenate([corner, corner + sides], axis=1)
        ignored[:unread] = boxes[:unread]
        texts[: shape.texts - unread] = boxes[unread:]
    images = draw.integers(0, 256, (shape.batch, height, width, 3)).astype(np.uint8)
    return dict(found, images=images)


def ours(net: str) -> Tuple[Callable[[], Any], int]:
    """Returns a function that takes a step, as `ocrdata train` does, and how many weights learn."""
    from ocrdata.records.format import schema
    from ocrdata.train.compat import tf, v1
    from ocrdata.train.config.training import TrainOptions
    from ocrdata.train.devices.selection import training_device
    from ocrdata.train.engine.step import build_training

    values = batch_of(net)
    options = TrainOptions(
        batch_size=len(values["images"]), intra_threads=1, inter_threads=1, image_every=0
    )
    device = training_device(options)

    class Task:
        net: Any = None

        def start(self, step: int) -> List[int]:
            return [step]

        def batches(self, start: Any, share: Any) -> Any:
            features = {name: tf.constant(value) for name, value in values.items()}
            if net in CRNN:
                features[schema.CLASS] = tf.sparse.from_dense(features.pop("classes") + 1)
            return tf.data.Dataset.from_tensors(features).repeat()

        def picture_fetches(self, batch: Any, decoded: Any) -> Dict[str, Any]:
            return {}

    task: Any = Task()
    task.net = _our_net(net, device)
    with tf.device(device.device):
        graph = build_training(task, options, total=10000, device=device)
    session = v1.Session(config=device.config)
    session.run(v1.global_variables_initializer())
    session.run(graph.iterators, {graph.start: [0]})
    return lambda: session.run([graph.train_op, graph.fetches])[1]["loss"], graph.parameters


def _our_net(net: str, device: Any) -> Any:
    from ocrdata.train.config.crnn import CrnnOptions
    from ocrdata.train.config.deeptext import DeepTextOptions
    from ocrdata.train.config.detection import EastOptions, PsenetOptions
    from ocrdata.train.models.crnn import Crnn
    from ocrdata.train.models.deeptext import DeepText
    from ocrdata.train.models.east import East
    from ocrdata.train.models.psenet import Psenet

    if net in DEEPTEXT:
        shape = DEEPTEXT[net]
        return DeepText(
            DeepTextOptions(
                width_multiplier=shape.multiplier,
                input_height=shape.size[0],
                input_width=shape.size[1],
                train_proposals=shape.proposals,
                rpn_samples=shape.samples,
                rois=shape.rois,
                max_texts=shape.room,
            )
        )
    if net in CRNN:
        shape = CRNN[net]
        chosen = CrnnOptions(
            width_multiplier=shape["multiplier"], lstm_units=shape["units"], dropout=0.0
        )
        made = Crnn(chosen, int(shape["classes"]))
        made.auto_lstm = device.lstm
        return made
    size = {"depth": SCENES["depth"], "width_multiplier": SCENES["multiplier"]}
    if net == "east":
        return East(EastOptions(**size))
    return Psenet(PsenetOptions(**size, pyramid_channels=32, kernels=4, smallest_kernel=0.6))


def seconds() -> float:
    """Returns the processor time of this process, of all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def work(take_step: Callable[[], Any], parameters: int) -> None:
    """Takes steps when told to by a line of standard input, and says what they cost.

    First it says what the loss has come to, and how many weights learn.
    """
    for _ in range(WARM):
        loss = take_step()
    sys.stdout.write(f"{loss} {parameters}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        start = seconds()
        for _ in range(STEPS):
            take_step()
        sys.stdout.write(f"{(seconds() - start) / STEPS}\n")
        sys.stdout.flush()


class Contender:
    """A process that takes steps in its turn."""

    def __init__(self, python: str, script: Path, words: List[str], project: str = "") -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        if project:
            environment["PYTHONPATH"] = project
        call = ["taskset", "-c", "0", python, str(script), *words]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(call, stdin=pipe, stdout=pipe, text=True, env=environment)
        loss, *parameters = self._answer()  # a copy from before may say no more
        self.start = f"loss {loss:.3g}" + "".join(
            f", {number:,.0f} weights" for number in parameters
        )

    def _answer(self) -> List[float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("A contender gave up; see its message above.")
        return [float(word) for word in line.split()]

    def turn(self) -> float:
        """Returns the processor seconds of a step."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return self._answer()[0]

    def close(self) -> None:
        self._process.communicate()


def compare(contenders: Dict[str, Contender], rounds: int) -> None:
    """Prints what a step costs each, and their times as shares of ours."""
    times: Dict[str, List[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            times[name].append(contender.turn())
    for name, found in times.items():
        ratios = [other / own for other, own in zip(found, times["ours"])]
        sys.stdout.write(
            f"{name:22} {statistics.median(found) * 1000:8.1f} ms a step"
            f"   {statistics.median(ratios):5.2f} of ours   ({contenders[name].start})\n"
        )
        contenders[name].close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("net", choices=[*CRNN, "east", "psenet", *DEEPTEXT])
    parser.add_argument("--peer", default="")
    parser.add_argument("--before", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(*ours(given.net))
        return
    project = str(HERE.parents[1])
    words = [given.net, "--worker"]
    contenders = {"ours": Contender(sys.executable, HERE, words, project)}
    if given.before:
        script = Path(given.before) / "benchmarks" / HERE.name
        contenders["before"] = Contender(sys.executable, script, words, given.before)
    if given.peer:
        script = HERE.with_name("steps_torch.py")
        forms = ["plain"] if given.net in CRNN else ["plain", "channels_last"]
        for form in forms:
            contenders[f"PyTorch, {form}"] = Contender(given.peer, script, [given.net, form])
    compare(contenders, given.rounds)


if __name__ == "__main__":
    main()
