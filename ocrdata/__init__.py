"""OCR data sets from fonts, corpora and real annotations, and the TFRecord pipeline behind them.

What Python programs use is here, and docs/api.md shows it. Nothing is imported until it is asked
for, and nothing here imports TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from ocrdata.api.lines import LineImage, LineSettings, generate_lines
    from ocrdata.api.reading import TextReader
    from ocrdata.api.records import write_records
    from ocrdata.api.samples import load_image, make_sample, read_samples
    from ocrdata.api.scenes import SceneImage, SceneSettings, generate_scenes
    from ocrdata.api.scoring import score_detection, score_recognition
    from ocrdata.base.sample import Region, Sample
    from ocrdata.check.artefact import check_path
    from ocrdata.errors import OcrdataError
    from ocrdata.records.write.options import WriteOptions
    from ocrdata.text.charset import Charset, collect_characters, read_charset, write_dictionary
    from ocrdata.text.corpus import read_corpora
    from ocrdata.text.phrases import CorpusOptions

__version__ = "0.1.0"

# Each name and the module that has it; `if TYPE_CHECKING` above says the same to type checkers.
_HOMES = {
    "Charset": "ocrdata.text.charset",
    "CorpusOptions": "ocrdata.text.phrases",
    "LineImage": "ocrdata.api.lines",
    "LineSettings": "ocrdata.api.lines",
    "OcrdataError": "ocrdata.errors",
    "Region": "ocrdata.base.sample",
    "Sample": "ocrdata.base.sample",
    "SceneImage": "ocrdata.api.scenes",
    "SceneSettings": "ocrdata.api.scenes",
    "TextReader": "ocrdata.api.reading",
    "WriteOptions": "ocrdata.records.write.options",
    "check_path": "ocrdata.check.artefact",
    "collect_characters": "ocrdata.text.charset",
    "generate_lines": "ocrdata.api.lines",
    "generate_scenes": "ocrdata.api.scenes",
    "load_image": "ocrdata.api.samples",
    "make_sample": "ocrdata.api.samples",
    "read_charset": "ocrdata.text.charset",
    "read_corpora": "ocrdata.text.corpus",
    "read_samples": "ocrdata.api.samples",
    "score_detection": "ocrdata.api.scoring",
    "score_recognition": "ocrdata.api.scoring",
    "write_dictionary": "ocrdata.text.charset",
    "write_records": "ocrdata.api.records",
}
__all__ = [
    "__version__",
    "Charset",
    "CorpusOptions",
    "LineImage",
    "LineSettings",
    "OcrdataError",
    "Region",
    "Sample",
    "SceneImage",
    "SceneSettings",
    "TextReader",
    "WriteOptions",
    "check_path",
    "collect_characters",
    "generate_lines",
    "generate_scenes",
    "load_image",
    "make_sample",
    "read_charset",
    "read_corpora",
    "read_samples",
    "score_detection",
    "score_recognition",
    "write_dictionary",
    "write_records",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return sorted({*globals(), *_HOMES})
