"""What is rendered, straight into another tool's format: what lines and scenes have in common."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Mapping

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.base.storage.staging import staged_output
from ocrdata.errors import OptionError
from ocrdata.exporters import EXPORTERS
from ocrdata.exporters.base import Exporter
from ocrdata.exporters.cutting import Position
from ocrdata.exporters.engine import ConvertSummary, ExportRun
from ocrdata.exporters.found import Found

_SAMPLES = {RECOGNITION: "text lines", DETECTION: "pictures with regions"}


def exporter_of(form: str, task: str) -> Exporter:
    """Returns the exporter of a format; raises OptionError if it takes no samples of the task."""
    exporter: Exporter = EXPORTERS.load(form)
    if task not in exporter.info.tasks:
        raise OptionError(f"{form} is not for {_SAMPLES[task]}.", "See: ocrdata list exporters.")
    return replace(exporter, task=task)


def write_rendered(
    data_dir: Path,
    exporter: Exporter,
    command: str,
    noted: Dict[str, Any],
    stream: Callable[[Mapping[str, Position]], Iterable[Found]],
    skipped: Dict[str, int],
    run: RunOptions,
) -> ConvertSummary:
    """Writes a stream of what `command` renders into the folder that is called as the format.

    `noted` decides what is rendered, for --resume; `skipped` are texts left out, by reason. Raises
    what rendering and `staged_output` raise.
    """
    name = exporter.info.name
    with staged_output(data_dir, (name,), command, noted, run.overwrite, run.resume) as staged:
        export = ExportRun(exporter, staged, name, skip_errors=False)
        # Drawing takes most of the time, and that is done by processes already.
        export.write(stream, 0, run.on_progress)
        export.skips.add(skipped, ())
        summary = export.summary(data_dir / name, str(data_dir))
        staged.summary = {**vars(summary), "output": name}
    return summary
