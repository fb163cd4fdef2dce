"""Writes a trained detector as a SavedModel: from pictures to the maps that boxes are read from."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ocrdata.base.outdir import dump_json, write_atomic
from ocrdata.errors import PathLike
from ocrdata.train.compat import tf, v1
from ocrdata.train.detect import checkpoint_name
from ocrdata.train.export import check_free, save_graph
from ocrdata.train.inference import restore, run_model
from ocrdata.train.run import plain_options, read_run


@dataclass(frozen=True)
class SceneExport:
    """What was exported, and its signature."""

    saved_model: str
    checkpoint: str
    signature: str
    stride: int


def export_scenes(
    model: str = "east",
    output_dir: PathLike = "output",
    directory: Optional[PathLike] = None,
    checkpoint: str = "",
    overwrite: bool = False,
) -> SceneExport:
    """Writes a SavedModel to `directory` (`output_dir`/`model`/saved_model without it).

    Its signature "serving_default" takes `images`, uint8 [B, H, W, 3] (red first, any size), and
    gives the maps of the model's `decode`, at 1 / `stride` of the size, which its `boxes` turns
    into outlines. Raises CheckpointError and OutputExistsError.
    """
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    place = Path(directory) if directory is not None else run.directory / "saved_model"
    check_free(place, overwrite)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export.", dir=str(place.parent)) as folder:
        fresh = Path(folder) / "saved_model"
        with tf.Graph().as_default(), v1.Session() as session:
            net = run_model(run)
            images = v1.placeholder(tf.uint8, [None, None, None, 3], "images")
            outputs = net.decode(net.build({"images": images}, training=False))
            restore(session, weights, bool(run.options.get("ema")))
            save_graph(session, fresh, {"images": images}, outputs)
        extra = fresh / "assets.extra"
        extra.mkdir()
        content = {"model": model, "model_options": plain_options(net.options)}
        write_atomic(extra / "run.json", dump_json(content))
        if place.is_dir():
            shutil.rmtree(str(place))
        fresh.replace(place)
    signature = "images -> " + ", ".join(sorted(outputs))
    return SceneExport(str(place), checkpoint_name(weights), signature, net.stride)
