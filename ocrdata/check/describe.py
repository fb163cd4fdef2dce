"""What an artefact says of itself, as plain values to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from ocrdata.base.sample import SAMPLE_LIST, read_lines
from ocrdata.base.storage.staging import MANIFEST, read_json, read_manifest
from ocrdata.errors import InputError, PathLike, RecordError
from ocrdata.reading.exported import read_description
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.example import BYTES, Feature
from ocrdata.records.format.record_stream import compression_of
from ocrdata.records.format.schema import DATASET_INFO, RECORDS_DIR
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.records.sources.identify import (
    RUN_FILE,
    Artefact,
    ArtefactKind,
    identify,
    model_format,
)
from ocrdata.text.charset import CHARACTER_LIST, DICTIONARY_DIR, Charset, read_charset

_SHOWN = 10


def describe_artefact(path: PathLike) -> Dict[str, Any]:
    """Returns what lies at a path says of itself: data, records, a dictionary, a run or a model.

    Raises InputError for a path with nothing of that kind.
    """
    found = identify(path)
    where, kind = found.path, found.kind
    if kind is ArtefactKind.MISSING:
        raise InputError(where, "does not exist", hint="Make a data set: ocrdata gen-pics.")
    if kind is ArtefactKind.MODEL:
        described = shorten_dictionary(read_description(where))
        described["format"] = model_format(where)
    elif kind is ArtefactKind.RECORD_FILES:
        described = _describe_files(found)
    elif where.is_dir():
        described = _describe_folder(found)
    elif kind is ArtefactKind.SAMPLE_LIST:
        described = {"samples": sum(1 for _ in read_lines(where))}
    elif kind is ArtefactKind.DICTIONARY:
        described = _describe_charset(read_charset(where))
    else:
        hint = "Name a folder that a command wrote, records, a dictionary or an exported model."
        raise InputError(where, "is not anything that can be described", hint=hint)
    return {"path": str(path), **described}


def _describe_folder(artefact: Artefact) -> Dict[str, Any]:
    folder = artefact.path
    found: Dict[str, Any] = {}
    if (folder / MANIFEST).is_file():
        found["manifest"] = _describe_manifest(folder)
    if (folder / RUN_FILE).is_file():
        found["run"] = shorten_dictionary(read_json(folder / RUN_FILE))
    if (folder / DATASET_INFO).is_file():
        found.update(_describe_shards(folder))
    found.update(_describe_parts(artefact))
    if not found:
        hint = f"Folders written by ocrdata hold a {MANIFEST}."
        raise InputError(folder, "holds nothing to describe", hint=hint)
    return found


def shorten_dictionary(content: Any) -> Any:
    """Returns the description of a run or a model with its dictionary in a few numbers."""
    entry = content.get("dictionary") if isinstance(content, dict) else None
    if not isinstance(entry, dict) or not isinstance(entry.get("characters"), str):
        return content
    return {**content, "dictionary": _describe_charset(Charset(tuple(entry["characters"])))}


def _describe_manifest(folder: Path) -> Dict[str, Any]:
    manifest = read_manifest(folder)
    # The shard set's own description says the same in more detail.
    summary = {} if (folder / DATASET_INFO).is_file() else manifest.get("summary", {})
    shown = {key: manifest.get(key) for key in ("command", "version", "options")}
    return {**shown, "summary": summary}


def _describe_parts(artefact: Artefact) -> Dict[str, Any]:
    """Describes what a data folder holds, part by part."""
    folder = artefact.path
    found: Dict[str, Any] = {}
    for name, path in artefact.lists.items():
        found[f"{name}/{SAMPLE_LIST}"] = {"samples": sum(1 for _ in read_lines(path))}
    for name in (CHARACTER_LIST, DICTIONARY_DIR):
        if (folder / name).exists():
            found[name] = _describe_charset(read_charset(folder / name))
    if (folder / RECORDS_DIR / DATASET_INFO).is_file():
        found[RECORDS_DIR] = _describe_shards(folder / RECORDS_DIR)
    unfinished = sorted(path.name for path in folder.glob(".*.partial"))
    if unfinished:
        found["unfinished"] = unfinished
    return found


def _describe_charset(charset: Charset) -> Dict[str, Any]:
    return {
        "characters": len(charset),
        "classes": charset.num_classes,
        "blank": charset.blank,
        "sha256": charset.sha256,
        "first": "".join(charset.characters[: 2 * _SHOWN]),
    }


def _describe_shards(folder: Path) -> Dict[str, Any]:
    shards = read_shard_set(folder)
    info = shards.info
    splits = {}
    for name, split in info["splits"].items():
        numbers = {key: value for key, value in split.items() if key != "shards"}
        size = sum(shard["bytes"] for shard in split["shards"])
        splits[name] = {**numbers, "shards": len(split["shards"]), "bytes": size}
    shown = {
        **{key: info.get(key) for key in ("task", "layout", "compression")},
        "splits": splits,
        "statistics": _describe_statistics(info.get("statistics", {})),
    }
    if shards.has_dictionary:
        shown["dictionary"] = _describe_charset(shards.charset)
    return shown


def _describe_statistics(found: Dict[str, Any]) -> Dict[str, Any]:
    statistics = dict(found)
    counts = statistics.pop("character_counts", None)
    for name in ("label_lengths", "points"):
        if name in statistics:
            lengths = statistics[name]
            statistics[name] = {key: lengths[key] for key in sorted(lengths, key=int)}
    if counts is not None:
        common = sorted(counts, key=lambda character: (-counts[character], character))[:_SHOWN]
        statistics["most_common"] = {character: counts[character] for character in common}
    return statistics


def _describe_files(artefact: Artefact) -> Dict[str, Any]:
    """Describes record files by their number and the first one, one file by its first record."""
    first = _describe_records(artefact.files[0])
    if not artefact.path.is_dir():
        return first
    size = sum(path.stat().st_size for path in artefact.files)
    return {**first, "files": [path.name for path in artefact.files], "bytes": size}


def _describe_records(path: Path) -> Dict[str, Any]:
    """Describes a record file by its size and its first record."""
    found: Dict[str, Any] = {"bytes": path.stat().st_size, "compression": compression_of(path)}
    for record in scan_records(path):
        if record.problem:
            raise record.error(path)
        try:
            features = example_of(path, record)
        except RecordError as error:
            return {**found, "first_record": error.problem}
        shown = {name: _describe_feature(value) for name, value in sorted(features.items())}
        return {**found, "first_record": shown}
    return {**found, "records": 0}


def _describe_feature(feature: Feature) -> str:
    values = [_shorten(value) if feature.kind == BYTES else value for value in feature.values]
    more = " ..." if len(values) > _SHOWN else ""
    shown = ", ".join(str(value) for value in values[:_SHOWN])
    return f"{feature.kind} [{len(values)}] {shown}{more}"


def _shorten(value: Any) -> str:
    try:
        text = value.decode("utf-8")
        if text.isprintable():
            return text if len(text) <= 80 else text[:77] + "..."
    except UnicodeDecodeError:
        pass
    return f"{len(value):,} bytes"
