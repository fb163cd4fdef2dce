"""Helpers for tests that train: pictures of numbers, short options, what a run left."""

from __future__ import annotations

import random

from PIL import Image, ImageDraw, ImageFont

TINY = {"width_multiplier": 0.125, "lstm_units": 24, "batch_norm": "all", "min_width": 0}
SHORT = {"batch_size": 8, "eval_every": 0, "image_every": 0, "log_every": 1, "shuffle": 32}


def draw_number(text, path, height=32, margin=4):
    """Draws a text in black on white; the picture is as wide as the text needs."""
    from ocrdata.base.assets import asset_dir

    face = asset_dir("fonts") / "NotoSansSC-Regular-GB2312.otf"
    font = ImageFont.truetype(str(face), int(height * 0.8))
    image = Image.new("L", (int(font.getlength(text)) + 2 * margin, height), 255)
    ImageDraw.Draw(image).text((margin, -height // 8), text, 0, font)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(str(path))


def write_numbers(data, count, heights=(32,), seed=0, characters="0123456789", **records):
    """Writes pictures of numbers, sample lists and shards; returns the data folder."""
    from ocrdata.records.write.shards import write_shards
    from ocrdata.text.charset import Charset, write_characters

    draw = random.Random(seed)
    lists = {"Train": [], "Test": []}
    for index in range(count):
        text = "".join(draw.choice("0123456789") for _ in range(draw.randint(1, 4)))
        name = f"pic/{index:04d}.png"
        draw_number(text, data / name, draw.choice(heights))
        lists["Test" if index % 8 == 7 else "Train"].append(f"{name} {text}\n")
    for name, lines in lists.items():
        (data / name).mkdir()
        (data / name / "sample.txt").write_text("".join(lines), encoding="utf-8")
    write_characters(data / "chinese.txt", Charset(tuple(characters)))
    write_shards(data, shards=3, workers=0, **records)
    return data


def one_layer(self, inputs, training):
    """Builds, in the place of Crnn.build, a layer on the pixels of each time step: in no time."""
    from ocrdata.train.compat import tf, v1
    from ocrdata.train.models.crnn import LINE_HEIGHT, PIXELS_PER_STEP, time_steps
    from ocrdata.train.models.layers import blocks

    images, lengths = inputs["images"], time_steps(inputs["widths"])
    width = tf.shape(images)[2]
    steps = time_steps(width)
    images = tf.cast(images, tf.float32) / 127.5 - 1.0
    images = tf.pad(images, [[0, 0], [0, 0], [0, steps * PIXELS_PER_STEP - width], [0, 0]])
    pixels = LINE_HEIGHT * PIXELS_PER_STEP * self.options.channels
    columns = tf.reshape(
        tf.transpose(images, [2, 0, 1, 3]), [steps, PIXELS_PER_STEP, -1, pixels // PIXELS_PER_STEP]
    )
    columns = tf.reshape(tf.transpose(columns, [0, 2, 1, 3]), [steps, -1, pixels])
    with v1.variable_scope("crnn"):
        return {"logits": blocks.dense(columns, self.num_classes, "logits"), "lengths": lengths}


def one_layer_east(self, inputs, training):
    """Builds, in the place of East.build, layers on the mean pixel of each cell."""
    from ocrdata.train.compat import tf, v1
    from ocrdata.train.models.layers import blocks

    images = tf.cast(inputs["images"], tf.float32) / 127.5 - 1.0
    cells = tf.nn.avg_pool2d(images, 4, 4, "SAME")
    with v1.variable_scope("east"):
        return {"logits": blocks.conv(cells, 1, 1, "score"), "geometry": self._head(cells)}


def options(**changed):
    """Returns training options for a short run."""
    from ocrdata.train.config.training import TrainOptions

    return TrainOptions(**{**SHORT, "steps": 6, **changed})


def tiny(**changed):
    """Returns the options of a small CRNN."""
    from ocrdata.train.config.crnn import CrnnOptions

    return CrnnOptions(**{**TINY, **changed})


def metrics(run):
    """Returns the training lines of a run's metrics.jsonl, and the validation lines."""
    import json

    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return (
        [line for line in lines if "loss" in line],
        [line for line in lines if "validation" in line],
    )


def weights(run, step):
    """Returns all variables of a checkpoint by name."""
    from ocrdata.train.compat import tf

    reader = tf.train.load_checkpoint(str(run / f"model.ckpt-{step}"))
    return {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}
