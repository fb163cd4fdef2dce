"""The figures of training, a line a step: metrics.jsonl."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Optional

from ocrdata.base.storage.staging import write_atomic
from ocrdata.train.run_dir import METRICS_FILE


class MetricsLog:
    """metrics.jsonl, line by line; a resumed run drops what its checkpoint did not know."""

    def __init__(self, directory: Optional[Path], step: int) -> None:
        # Without a directory nothing is kept: another process writes the run.
        self.path = directory / METRICS_FILE if directory else Path(os.devnull)
        self._open(step)

    def _open(self, step: int) -> None:
        if str(self.path) == os.devnull:
            self._stream = self.path.open("a", encoding="utf-8")
            return
        kept = [line for line in self._lines() if json.loads(line)["step"] <= step]
        write_atomic(self.path, "".join(kept).encode("utf-8"))
        self._stream = self.path.open("a", encoding="utf-8")

    def _lines(self) -> List[str]:
        if not self.path.is_file():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines(True)
        return [line for line in lines if line.endswith("}\n")]  # the last may be cut by a kill

    def read(self) -> List[Dict[str, Any]]:
        """Returns what was written so far."""
        return [json.loads(line) for line in self._lines()]

    def rewind(self, step: int) -> None:
        """Drops the lines of later steps."""
        self._stream.close()
        self._open(step)

    def write(self, values: Dict[str, Any]) -> None:
        """Adds one line."""
        self._stream.write(json.dumps(values, sort_keys=True) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
