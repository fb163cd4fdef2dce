"""Training and what comes after it, in one call each with the arguments that tests vary."""

from __future__ import annotations

import dataclasses


def _settings(kind, given):
    """Returns a dataclass of settings made of those of `given` that it has, taking them out."""
    names = [field.name for field in dataclasses.fields(kind)]
    return kind(**{name: given.pop(name) for name in names if name in given})


def train_model(
    model="crnn",
    data_dir="data",
    output_dir="output",
    model_options=None,
    options=None,
    data_options=None,
    **given,
):
    from ocrdata.train.engine.train import TrainCallbacks, TrainSettings
    from ocrdata.train.engine.train import train_model as run

    told = {name: given.pop(name) for name in TrainCallbacks._fields if name in given}
    settings = TrainSettings(model_options, options, data_options)
    return run(
        model,
        data_dir,
        output_dir=output_dir,
        settings=settings,
        callbacks=TrainCallbacks(**told),
        **given,
    )


def evaluate_lines(model, data_dir, output_dir, split="test", **given):
    from ocrdata.train.inference.evaluate import evaluate_lines as run
    from ocrdata.train.inference.settings import DecoderSettings, RunSettings, SplitSettings

    given.update(output_dir=output_dir, split=split)
    settings = {
        "run": _settings(RunSettings, given),
        "decoder": _settings(DecoderSettings, given),
        "split": _settings(SplitSettings, given),
    }
    return run(model, data_dir, **settings, **given)


def evaluate_scenes(model, data_dir=None, output_dir="output", split="test", **given):
    from ocrdata.train.inference.evaluate_scenes import evaluate_scenes as run
    from ocrdata.train.inference.settings import RunSettings, SplitSettings

    given.update(output_dir=output_dir, split=split)
    chosen = _settings(RunSettings, given)
    return run(model, data_dir, run=chosen, split=_settings(SplitSettings, given), **given)


def predict_lines(images, model="crnn", output_dir="output", draw=None, overwrite=False, **given):
    from ocrdata.train.inference.predict import DrawingFile
    from ocrdata.train.inference.predict import predict_lines as run
    from ocrdata.train.inference.settings import DecoderSettings, RunSettings

    given["output_dir"] = output_dir
    chosen, decoder = _settings(RunSettings, given), _settings(DecoderSettings, given)
    drawing = DrawingFile(draw, overwrite) if draw else None
    return run(images, model, run=chosen, decoder=decoder, drawing=drawing, **given)


def predict_scenes(images, model="east", output_dir="output", draw=None, json_file=None, **given):
    from ocrdata.train.inference.predict_scenes import SceneOutputs
    from ocrdata.train.inference.predict_scenes import predict_scenes as run
    from ocrdata.train.inference.settings import RunSettings

    given["output_dir"] = output_dir
    chosen = _settings(RunSettings, given)
    outputs = SceneOutputs(draw, json_file, given.pop("overwrite", False))
    return run(images, model, run=chosen, outputs=outputs, **given)


def export_run(model, output_dir, path=None, **given):
    from ocrdata.train.export.export import export_run as run
    from ocrdata.train.inference.settings import DecoderSettings, RunSettings

    given["output_dir"] = output_dir
    chosen, decoder = _settings(RunSettings, given), _settings(DecoderSettings, given)
    return run(model, path, run=chosen, decoder=decoder, **given)
