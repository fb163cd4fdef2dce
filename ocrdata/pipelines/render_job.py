"""Rendering jobs: samples without end, each a function of its number, for whoever trains on them.

A job is read from a TOML file with the table of gen-pics or gen-scenes, as --config takes it. It
travels to worker processes, which draw blocks of it; nothing is written.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, List, Tuple, Type, TypeVar, get_type_hints

from ocrdata.base.sample import Sample
from ocrdata.base.storage.toml_files import read_toml
from ocrdata.errors import InputError, OptionError, UnknownNameError
from ocrdata.pipelines.line_request import LineRequestOptions, encodable, read_request
from ocrdata.pipelines.scenes_to_records import SceneRequestOptions, read_scene_request
from ocrdata.records.format.schema import LineRecord, encode_line
from ocrdata.render.lines.blocks import RenderConfig, render_block
from ocrdata.render.lines.planning import describe_lines, plan_lines
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextPlan
from ocrdata.render.scenes.batch import check_scene_config, describe_scenes, texts_of
from ocrdata.render.scenes.batch import drawable_texts as drawable_scene_texts
from ocrdata.render.scenes.scene import render_scene
from ocrdata.render.scenes.scene_config import SceneConfig
from ocrdata.text.charset import Charset

_Options = TypeVar("_Options")
_ENDLESS = 1 << 40  # more rounds through the texts than anybody draws
_RECORD_FORMATS = {"jpg": "jpeg", "png": "png"}
# What options of the commands are called in Python where that is not their name.
_CALLED = {"format": "form", "set": "overrides"}
# What has no meaning without an end, files, or sides.
_NOT_HERE = ("log_styles", "records", "replay", "test_fraction", "count", "limit", "avoid")


class LineJob:
    """Lines without end in blocks of `block_size`; `skipped` counts texts left out, by reason."""

    block_size = BLOCK_SIZE

    def __init__(
        self, config: RenderConfig, plan: TextPlan, charset: Charset, skipped: Dict[str, int]
    ) -> None:
        self._config, self._plan, self._charset = config, plan, charset
        self.skipped = skipped
        self.sha256 = ""

    def block(self, number: int) -> List[bytes]:
        """Returns the lines of a block as serialized records."""
        form = _RECORD_FORMATS[self._config.form]
        found = []
        for item in render_block(self._config, self._plan.task(number)):
            text, (height, width) = item.sample.text or "", item.size
            record = LineRecord(
                key=item.sample.key,
                image=item.sample.image_bytes(),
                format=form,
                height=height,
                width=width,
                text=text,
                classes=self._charset.encode(text),
            )
            found.append(encode_line(record))
        return found


class SceneJob:
    """Scenes without end in blocks of `block_size`; `skipped` counts texts left out, by reason."""

    block_size = 4

    def __init__(
        self, config: SceneConfig, texts: Tuple[str, ...], skipped: Dict[str, int]
    ) -> None:
        self._config, self._texts, self.skipped = config, texts, skipped
        self.sha256 = ""

    def block(self, number: int) -> List[Sample]:
        """Returns the scenes of a block."""
        first, seed = number * self.block_size, self._config.seed
        return [
            render_scene(self._config, scene, texts_of(self._texts, seed, scene))
            for scene in range(first, first + self.block_size)
        ]


def read_line_job(path: Path, charset: Charset, seed: int) -> LineJob:
    """Reads the table [gen-pics] of a file; texts with characters not in `charset` are left out.

    `seed` counts where the table has none. Raises InputError and OptionError, and what reading
    fonts and corpora raises.
    """
    options = _read_options(path, "gen-pics", LineRequestOptions, seed)
    if options.form not in _RECORD_FORMATS:
        raise OptionError(f"{path}: format must be jpg or png, not {options.form}.")
    if options.sampling == "balanced":
        raise OptionError(f"{path}: balanced texts have an end; take listed, frequency or random.")
    request = read_request(options)
    texts, frequencies = encodable(
        request.texts, request.frequencies, charset, request.config, request.skipped
    )
    chosen = request.options._replace(variants=_ENDLESS, limit=None, test_fraction=0.0)
    if chosen.sampling == "random" and request.dictionary is None:
        texts, chosen = [], chosen._replace(characters=charset.characters)
    plan, skipped = plan_lines(texts, request.config, chosen, request.skipped, frequencies)
    job = LineJob(request.config, plan, charset, skipped)
    job.sha256 = _digest(describe_lines(plan, request.config, chosen))
    return job


def read_scene_job(path: Path, seed: int) -> SceneJob:
    """Reads the table [gen-scenes] of a file, as `read_line_job` does that of gen-pics."""
    request = read_scene_request(_read_options(path, "gen-scenes", SceneRequestOptions, seed))
    skipped = dict(request.skipped)
    check_scene_config(request.config, 1)
    texts = drawable_scene_texts(request.texts, request.config, skipped)
    job = SceneJob(request.config, texts, skipped)
    job.sha256 = _digest(describe_scenes(request.config, texts, 0))
    return job


def _digest(described: Dict[str, Any]) -> str:
    text = json.dumps(described, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _read_options(path: Path, command: str, kind: Type[_Options], seed: int) -> _Options:
    table = read_toml(path)
    values = table.get(command)
    if not isinstance(values, dict):
        hint = f"It is the file of `ocrdata --config FILE {command}`."
        raise InputError(path, f"has no table [{command}]", hint=hint)
    kinds = get_type_hints(kind)
    known = [name for name in kinds if name not in _NOT_HERE]
    chosen: Dict[str, Any] = {"seed": seed}
    for key, value in values.items():
        name = _CALLED.get(key, key.replace("-", "_"))
        if name not in known:
            shown = {one.replace("_", "-") for one in known}
            raise UnknownNameError(f"option of a rendering job ({path})", key, shown)
        chosen[name] = _value(path, key, value, kinds[name])
    return kind(**chosen)


def _value(path: Path, key: str, value: Any, kind: Any) -> Any:
    """Returns a value of the kind a field is declared to be, read as if it had been typed."""
    parts: Tuple[Any, ...] = getattr(kind, "__args__", ())
    if type(None) in parts:
        return _value(path, key, value, parts[0])
    if parts == (str, ...):
        return tuple(map(str, value if isinstance(value, list) else [value]))
    try:
        if isinstance(value, (list, dict)) or isinstance(value, bool) != (kind is bool):
            raise ValueError
        if not parts:
            return value if kind is bool else kind(str(value))
        low, _, high = str(value).replace("x", "..").partition("..")
        return int(low), int(high or low)
    except ValueError as error:
        wanted = "LOW..HIGH, not" if parts else "another kind of value than"
        raise InputError(path, f"{key} takes {wanted} {value!r}") from error
