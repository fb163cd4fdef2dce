"""TensorBoard events, written from fetched values."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Dict, Optional, Sequence

from PIL import Image

from ocrdata.train.compat import Tensor, v1


class TensorBoardWriter:
    """Writes scalars and pictures into a run directory; a resumed run goes on there."""

    def __init__(self, directory: Optional[Path], step: int) -> None:
        # Without a directory nothing is kept: another process writes the run.
        self._writer = v1.summary.FileWriter(str(directory)) if directory else None
        if step:
            self.rewind(step)

    def rewind(self, step: int) -> None:
        """Drops what was written of later steps: it comes again."""
        if self._writer:
            self._writer.add_session_log(v1.SessionLog(status=v1.SessionLog.START), step)

    def write_scalars(self, step: int, group: str, values: Dict[str, float]) -> None:
        """Writes figures under `group`/name."""
        entries = [
            v1.Summary.Value(tag=f"{group}/{name}", simple_value=value)
            for name, value in sorted(values.items())
        ]
        self._write(entries, step)

    def write_picture(self, step: int, picture: Image.Image) -> None:
        """Writes a picture of what the model makes of some samples of the batch."""
        stream = io.BytesIO()
        picture.save(stream, "PNG")
        encoded = v1.Summary.Image(
            height=picture.height,
            width=picture.width,
            colorspace=3,
            encoded_image_string=stream.getvalue(),
        )
        self._write([v1.Summary.Value(tag="train/readings", image=encoded)], step)

    def _write(self, entries: Sequence[Tensor], step: int) -> None:
        if self._writer:
            self._writer.add_summary(v1.Summary(value=entries), step)
            self._writer.flush()

    def close(self) -> None:
        """Writes what waits and closes the file."""
        if self._writer:
            self._writer.close()
