"""The models, by name. A new model is one file here and one line in MODELS.

The file has a class, a Recognizer (models/base.py) or a Detector (models/detector.py), with the
card that all commands are made from. crnn.py is the one to read first.
"""

from ocrdata.base.registry import Registry
from ocrdata.train.config.cards import CARDS, ModelCard

MODELS = Registry(
    "model",
    {
        "crnn": "ocrdata.train.models.crnn:Crnn",
        "deeptext": "ocrdata.train.models.deeptext:DeepText",
        "east": "ocrdata.train.models.east:East",
        "psenet": "ocrdata.train.models.psenet:Psenet",
    },
)


def model_card(name: str) -> ModelCard:
    """Returns what is known of a model; raises UnknownNameError.

    Imports TensorFlow for a model whose card is in its class only.
    """
    if name in CARDS:
        return CARDS[name]
    card = MODELS.load(name).card
    assert isinstance(card, ModelCard)
    return card
