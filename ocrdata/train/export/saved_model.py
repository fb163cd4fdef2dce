"""SavedModels of ours: written with their description, and run by TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, Sequence

import numpy as np

from ocrdata.base.storage.staging import dump_json, write_atomic
from ocrdata.errors import CheckpointError
from ocrdata.reading.exported import (
    SAVED_DESCRIPTION,
    SAVED_EXTRA,
    Network,
    read_description,
)
from ocrdata.train.compat import tf, v1
from ocrdata.train.export.signatures import Signature
from ocrdata.train.protocols import Session

SIGNATURE = "network"


def write_saved_model(
    session: Session, place: Path, signatures: Mapping[str, Signature], assets: Sequence[Path] = ()
) -> None:
    """Writes the graph of a session with its signatures ("": the default one) and asset files."""
    for path in assets:
        constant = tf.constant(str(path), name=path.stem)
        v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, constant)
    default = v1.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    builder = v1.saved_model.Builder(str(place))
    builder.add_meta_graph_and_variables(
        session,
        [v1.saved_model.tag_constants.SERVING],
        {
            name or default: v1.saved_model.predict_signature_def(*signature)
            for name, signature in signatures.items()
        },
        assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
    )
    builder.save()


def write_description(place: Path, description: Dict[str, Any]) -> None:
    """Puts the description of a model into a SavedModel, where its format has room for it."""
    extra = place / SAVED_EXTRA
    extra.mkdir()
    write_atomic(extra / SAVED_DESCRIPTION, dump_json(description))


class SavedNetwork(Network):
    """A SavedModel's network in a session; raises CheckpointError for one that is not ours."""

    def __init__(self, path: Path) -> None:
        self.description = read_description(path)
        graph = tf.Graph()
        with graph.as_default():
            self._session = v1.Session(graph=graph)
            try:
                loaded = v1.saved_model.load(
                    self._session, [v1.saved_model.tag_constants.SERVING], str(path)
                )
            except (tf.errors.OpError, OSError, ValueError) as error:
                self._session.close()
                raise CheckpointError(path, f"cannot be loaded ({error})") from error
        signature = loaded.signature_def[SIGNATURE]
        self._inputs = {name: one.name for name, one in signature.inputs.items()}
        self._outputs = {name: one.name for name, one in signature.outputs.items()}

    def run(self, feeds: Mapping[str, np.ndarray]) -> Dict[str, np.ndarray]:
        values: Dict[str, np.ndarray] = self._session.run(
            self._outputs, {self._inputs[name]: feeds[name] for name in self._inputs}
        )
        return values

    def close(self) -> None:
        self._session.close()
