"""Helpers for tests of detectors: small scenes with words, in every form that is read."""

from __future__ import annotations

import random
import tarfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SMALL = {"depth": "14", "width_multiplier": 0.1, "text_scale": 64.0, "min_text_size": 4.0}
SMALL_PSENET = {"depth": "14", "width_multiplier": 0.1, "pyramid_channels": 16}
SMALL_DEEPTEXT = {
    "width_multiplier": 0.1,
    "input_width": 96,
    "input_height": 64,
    "anchor_scales": "1.5,3",
    "train_proposals": 60,
    "test_proposals": 40,
    "rpn_samples": 64,
    "rois": 40,
    "max_texts": 6,
}
CROPS = {"input_size": 64, "scales": "1", "min_crop_side": 0.3, "num_readers": 1}


def draw_scene(draw, size=(160, 120), words=3, turn=0.0):
    """Returns a picture (PIL) and its regions: four corners and a text each."""
    from ocrdata.base.assets import asset_dir

    face = str(asset_dir("fonts") / "NotoSansSC-Regular-GB2312.otf")
    tone = draw.randint(150, 255)
    image = Image.new("RGB", size, (tone, draw.randint(150, 255), tone))
    taken, regions = [], []
    for _ in range(words * 4):
        if len(regions) == words:
            break
        text = "".join(draw.choice("0123456789") for _ in range(draw.randint(2, 4)))
        font = ImageFont.truetype(face, draw.randint(14, 24))
        width, height = font.getbbox(text)[2] + 4, font.getbbox(text)[3] + 4
        left, top = draw.randint(0, max(0, size[0] - width)), draw.randint(0, size[1] - height)
        box = (left - 4, top - 4, left + width + 4, top + height + 4)
        if any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken):
            continue
        taken.append(box)
        ImageDraw.Draw(image).text((left + 2, top + 2), text, (0, 0, 60), font)
        right, bottom = left + width, top + height
        regions.append(([left, top, right, top, right, bottom, left, bottom], text))
    return image, regions


def write_scenes(folder, count, seed=0, lists=True, test=0, **chosen):
    """Writes scenes as pictures and texts, with lists or not; returns the folder."""
    draw = random.Random(seed)
    rows = {"Train": [], "Test": []}
    (folder / "images").mkdir(parents=True)
    for index in range(count + test):
        image, regions = draw_scene(draw, **chosen)
        stem = f"images/img_{index + 1}"
        image.save(str(folder / (stem + ".png")))
        lines = ["{},{}\n".format(",".join(map(str, box)), text) for box, text in regions]
        (folder / (stem + ".txt")).write_text("".join(lines), encoding="utf-8")
        rows["Train" if index < count else "Test"].append(f"{stem}.png {stem}.txt\n")
    for name, lines in rows.items():
        if lists and lines:
            (folder / name).mkdir()
            (folder / name / "sample.txt").write_text("".join(lines), encoding="utf-8")
    return folder


def pack(folder, path, prefix):
    """Writes a folder as a gzipped tar under `prefix`."""
    with tarfile.open(str(path), "w:gz") as archive:
        archive.add(str(folder), prefix)
    return path


def scene_options(**changed):
    """Returns options for small crops."""
    from ocrdata.train.config.sources import SceneOptions

    return SceneOptions(**{**CROPS, **changed})


def small_east(**changed):
    """Returns the options of a small EAST."""
    from ocrdata.train.config.detection import EastOptions

    return EastOptions(**{**SMALL, **changed})


def small_psenet(**changed):
    """Returns the options of a small PSENet."""
    from ocrdata.train.config.detection import PsenetOptions

    return PsenetOptions(**{**SMALL_PSENET, **changed})


def small_deeptext(**changed):
    """Returns the options of a small DeepText."""
    from ocrdata.train.config.deeptext import DeepTextOptions

    return DeepTextOptions(**{**SMALL_DEEPTEXT, **changed})


def fill_weights(session, variables, seed=0):
    """Gives each variable values that depend on its name only, the same in every TensorFlow."""
    import zlib

    feeds = {}
    for variable in variables:
        shape = variable.shape.as_list()
        name = variable.op.name
        draw = np.random.RandomState((zlib.crc32(name.encode()) + seed) % (1 << 31))
        values = draw.standard_normal(shape) * (2.0 / max(1, np.prod(shape[:-1]))) ** 0.5
        if name.endswith(("gamma", "moving_variance")):
            values = 1.0 + 0.1 * np.abs(draw.standard_normal(shape))
        feeds[variable.initializer.inputs[1]] = values.astype(np.float32)
    # All at once: each call with other operations makes TensorFlow look through the whole graph.
    session.run([variable.initializer for variable in variables], feeds)
