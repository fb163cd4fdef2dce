"""Checks the parts that artefacts are made of; problems go to the run's findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from ocrdata.base.findings import Findings
from ocrdata.base.run_options import OnProgress
from ocrdata.base.storage.staging import MANIFEST, read_json, read_manifest
from ocrdata.check.verify_lists import verify_lists
from ocrdata.check.verify_originals import verify_originals
from ocrdata.check.verify_pictures import verify_images, verify_mindrecords
from ocrdata.check.verify_shards import verify_record_file, verify_shards
from ocrdata.errors import CheckpointError, InputError, PathLike, RecordError
from ocrdata.reading.exported import read_description
from ocrdata.records.format.schema import DATASET_INFO, RECORDS_DIR
from ocrdata.records.legacy.original_records import check_names
from ocrdata.records.legacy.originals import OriginalFile, file_layout, find_originals
from ocrdata.records.sources.identify import Artefact
from ocrdata.text.charset import CHARACTER_LIST, DICTIONARY_DIR, Charset, read_charset
from ocrdata.text.normalization import is_unseen


class CheckRun:
    """One check: its options, what it has found, and how much it has looked at."""

    def __init__(
        self,
        time_steps: Optional[int],
        decode: bool,
        workers: int,
        on_progress: Optional[OnProgress],
        dictionary: Optional[PathLike] = None,
    ) -> None:
        self.found = Findings()
        self.charset = read_charset(dictionary) if dictionary else None
        self.checked: Dict[str, int] = {}
        self.how: Dict[str, Any] = {
            "time_steps": time_steps,
            "decode": decode,
            "workers": workers,
            "on_progress": on_progress,
        }

    def count(self, what: str, count: int) -> None:
        """Adds to how many of something were looked at."""
        self.checked[what] = self.checked.get(what, 0) + count


def check_dictionary_files(run: CheckRun, path: Path) -> Optional[Charset]:
    """Returns a dictionary if it is sound."""
    try:
        charset = read_charset(path)
    except InputError as error:
        run.found.add("damaged-dictionary", str(error))
        return None
    run.count("dictionaries", 1)
    for character in filter(is_unseen, charset.characters):
        text = f"{path}: class {charset.encode(character)[0]} is U+{ord(character):04X}"
        run.found.add("invisible-character", text)
    return charset


def check_export(run: CheckRun, path: Path) -> None:
    """Checks that an exported model says which it is, and an ONNX file that it can be run."""
    try:
        entry = read_description(path).get("dictionary")
        if entry and Charset(tuple(entry["characters"])).sha256 != entry["sha256"]:
            raise CheckpointError(path, "holds a dictionary that does not have the hash beside it")
        run.count("exported models", 1)
    except InputError as error:
        run.found.add("damaged-export", str(error))
    except (KeyError, TypeError) as error:
        problem = f"{path} says too little of its dictionary ({error!r})"
        run.found.add("damaged-export", problem)


def check_shard_set(run: CheckRun, directory: Path) -> None:
    """Checks a folder of shards."""
    run.count("records", verify_shards(directory, run.found, **run.how))


def check_lists(
    run: CheckRun, root: Path, paths: Sequence[Path], charset: Optional[Charset]
) -> None:
    """Checks sample lists and the pictures under `root`."""
    run.count("samples", verify_lists(root, paths, charset, run.found, **run.how))


def check_images(run: CheckRun, path: Path) -> None:
    """Checks pictures with ground truth, in a folder or an archive."""
    decode, move = run.how["decode"], run.how["on_progress"]
    run.count("pictures", verify_images(path, run.found, decode, move))


def check_mindrecords(run: CheckRun, path: Path) -> None:
    """Checks DeepText's MindRecord files."""
    decode, move = run.how["decode"], run.how["on_progress"]
    run.count("records", verify_mindrecords(path, run.found, decode, move))


def check_originals(run: CheckRun, files: List[OriginalFile], alone: bool = False) -> None:
    """Checks record files of an original; `alone` says that others need not be there."""
    if not alone:
        check_names(files, run.found)
    move = run.how["on_progress"]
    run.count("records", verify_originals(files, run.charset, run.found, move))


def check_record_file(run: CheckRun, path: Path) -> None:
    """Checks one record file, ours or an original's."""
    try:
        original = file_layout(path)
    except RecordError:
        original = None
    if original:
        check_originals(run, find_originals(path) or [OriginalFile(path, "train", 0, None)], True)
    else:
        run.count("records", verify_record_file(path, run.found, run.how["decode"]))


def check_manifest(run: CheckRun, directory: Path) -> None:
    """Checks a folder's manifest."""
    try:
        read_manifest(directory)
        run.count("manifests", 1)
    except InputError as error:
        run.found.add("damaged-info", str(error))


def _check_same(run: CheckRun, path: Path, charset: Charset, other: Path, sha256: Any) -> None:
    if sha256 != charset.sha256:
        text = f"{other} is another dictionary than {path}"
        run.found.add("other-dictionary", text)


def check_data_dir(run: CheckRun, artefact: Artefact) -> None:
    """Checks every part that a data directory has, and that they belong together."""
    root = artefact.path
    for left in sorted(root.glob(".*.partial")):
        run.found.add("unfinished-output", f"{left} was left by an interrupted command")
    for folder in sorted(path.parent for path in root.glob("*/" + MANIFEST)):
        check_manifest(run, folder)
    charset = run.charset
    for path in (root / DICTIONARY_DIR, root / CHARACTER_LIST):
        if path.exists():
            read = check_dictionary_files(run, path)
            if charset and read:
                _check_same(run, root / DICTIONARY_DIR, charset, path, read.sha256)
            charset = charset or read
    if artefact.lists:
        check_lists(run, root, list(artefact.lists.values()), charset)
    if (root / RECORDS_DIR).is_dir():
        check_shard_set(run, root / RECORDS_DIR)
        if charset:
            info = root / RECORDS_DIR / DATASET_INFO
            _check_same(run, root / DICTIONARY_DIR, charset, info, _dictionary_of(info, charset))


def _dictionary_of(path: Path, fallback: Charset) -> Any:
    """Returns the hash of the dictionary a shard set was written with."""
    try:
        return read_json(path)["dictionary"]["sha256"]
    except (InputError, KeyError, TypeError):
        # A damaged file has been told of already.
        return fallback.sha256
