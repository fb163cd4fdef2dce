"""The models, by name. A new model is one file here and one line in MODELS."""

from ocrdata.base.registry import Registry

MODELS = Registry(
    "model",
    {
        "crnn": "ocrdata.train.models.crnn:Crnn",
        "deeptext": "ocrdata.train.models.deeptext:DeepText",
        "east": "ocrdata.train.models.east:East",
        "psenet": "ocrdata.train.models.psenet:Psenet",
    },
)
