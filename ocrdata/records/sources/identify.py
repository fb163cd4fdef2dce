"""What lies at a path: one answer for every command that takes PATH.

    exported model       a .onnx file, or a folder with saved_model.pb
    training run         run.json, or its folder
    shard set            dataset_info.json, or its folder
    record files         one, or a folder of them without a dataset_info.json
    original's records   files such as train_1.tfrecords, or MindRecord with their .db
    dictionary           char_dict/ and the like, chinese.txt
    sample list          a sample.txt, or the folder it lies in
    data folder          Train/sample.txt and the like, tfrecords/, char_dict/, chinese.txt
    images               a folder or an archive of pictures, with ground truth
    output               any other folder with a manifest.json

Names decide where they are fixed by what wrote them. Record files have any names in the field
(fsns-00000-of-00001, x.record, x-00000-of-00012.gz), so their first bytes decide.
"""

from __future__ import annotations

import os
import re
from enum import Enum
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ocrdata.base.pairing import is_image
from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.sample_lists import LISTS
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.remote import as_path, is_remote
from ocrdata.base.storage.staging import MANIFEST
from ocrdata.base.storage.walking import walk
from ocrdata.errors import PathLike, RecordError
from ocrdata.records.format.layouts import ORIGINAL_NAME
from ocrdata.records.format.record_stream import begins_with_record
from ocrdata.records.format.schema import DATASET_INFO, RECORDS_DIR
from ocrdata.text.charset import CHARACTER_LIST, DICTIONARY_DIR
from ocrdata.text.dictionary_maps import CHAR_DICT, ORD_MAP, ORD_TO_INDEX

RUN_FILE, SAVED_MARK = "run.json", "saved_model.pb"
_SQLITE = b"SQLite format 3\0"
_RECORD_NAME = re.compile(r"\.tfrecord|\.record$|\.record\W|-\d{5}-of-\d{5}($|\W)")
_TELLING = (
    *(RUN_FILE, ORD_TO_INDEX, ORD_MAP, SAMPLE_LIST, MANIFEST),
    *(RECORDS_DIR, DICTIONARY_DIR, CHARACTER_LIST),
)
# Files that are never looked into: pictures and texts there may be millions of.
_OTHER = (".txt", ".json", ".jsonl", ".db", ".md", ".csv", ".xml", ".html")
# A folder whose first files hold no records is not one of record files.
_TRIED = 16


class ArtefactKind(Enum):
    """The kinds of things that lie at a path."""

    MISSING = "nothing"
    MODEL = "exported model"
    RUN = "training run"
    SHARD_SET = "shard set"
    RECORD_FILES = "record files"
    ORIGINAL_RECORDS = "records of an original"
    MINDRECORDS = "MindRecord files"
    DICTIONARY = "dictionary"
    SAMPLE_LIST = "sample list"
    DATA_DIR = "data folder"
    IMAGES = "pictures"
    OUTPUT = "output of a command"
    UNKNOWN = "something else"


class Artefact(NamedTuple):
    """What lies at a path, and where its parts are.

    `path` is what to open: the folder of a run or a shard set, even where a file in it was named.
    `lists` are the sample lists by their names (Train, Validation, Test; in this order), `records`
    is the folder of the shard set, and `files` are record files, in the order of their names.
    """

    path: Path
    kind: ArtefactKind
    lists: Dict[str, Path] = {}  # noqa: RUF012 - nobody writes to it
    records: Optional[Path] = None
    files: Tuple[Path, ...] = ()

    @property
    def root(self) -> Path:
        """The folder that the paths in the sample lists are relative to."""
        if self.kind is not ArtefactKind.SAMPLE_LIST:
            return self.path
        return _absolute(next(iter(self.lists.values()))).parent.parent


def identify(path: PathLike) -> Artefact:
    """Returns what lies at a path; raises nothing but what reading a folder raises."""
    where = as_path(path)
    if where.is_dir():
        return _identify_folder(where)
    return _identify_file(where) if where.is_file() else Artefact(where, ArtefactKind.MISSING)


def undescribed_records(found: Artefact) -> RecordError:
    """Returns the error for record files where a shard set with its description is needed."""
    hint = f"Write one: ocrdata tfrecord --source {found.path} --output FOLDER."
    return RecordError(found.path, f"holds record files but no {DATASET_INFO}", hint=hint)


def model_format(path: Path) -> str:
    """Returns the format of the exported model at a path, "" if there is none."""
    if path.is_file() and path.suffix.lower() == ".onnx":
        return "onnx"
    return "saved_model" if (path / SAVED_MARK).is_file() else ""


def find_mindrecords(path: PathLike) -> List[Path]:
    """Returns the MindRecord files at a path (a file or a folder), by name."""
    where = as_path(path)
    known = where.parent.glob(where.name + ".db") if where.is_file() else where.glob("*.db")
    return sorted(one.with_suffix("") for one in known if _begins_with(one, _SQLITE))


def holds_images(root: Path) -> bool:
    """Says whether there are pictures, or archives, in a folder or anywhere below it."""
    depth = len(root.parts)
    for folder, names in walk(root, lambda name: not name.startswith("."), in_parts=True):
        if any(part.startswith(".") for part in folder.parts[depth:]):
            continue
        if any(is_image(name) or archive_stem(name) for name in names if name[0] != "."):
            return True
    return False


def find_sample_lists(root: Path) -> Dict[str, Path]:
    """Returns the sample lists of a data folder by their names: Train, Validation, Test."""
    paths = {name: root / name / SAMPLE_LIST for name in LISTS}
    return {name: path for name, path in paths.items() if path.is_file()}


def _absolute(path: Path) -> Path:
    return path if is_remote(path) else path.resolve()


def _begins_with(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(mark)) == mark
    except OSError:
        return False


# --- files


def _identify_file(where: Path) -> Artefact:
    if model_format(where):
        return Artefact(where, ArtefactKind.MODEL)
    if where.name in (DATASET_INFO, RUN_FILE, MANIFEST):
        return _identify_folder(where.parent)
    if where.name == SAMPLE_LIST:
        return _identify_list(where)
    if find_mindrecords(where):
        return Artefact(where, ArtefactKind.MINDRECORDS)
    if _is_record_file(where):
        return Artefact(where, ArtefactKind.RECORD_FILES, files=(where,))
    if archive_stem(where.name) is not None:
        return Artefact(where, ArtefactKind.IMAGES)
    if where.suffix in (".txt", ".json") and where.name != CHAR_DICT:
        return Artefact(where, ArtefactKind.DICTIONARY)
    return Artefact(where, ArtefactKind.UNKNOWN)


def _identify_list(where: Path) -> Artefact:
    name = _absolute(where).parent.name
    return Artefact(where, ArtefactKind.SAMPLE_LIST, {name: where})


def _is_record_file(path: Path) -> bool:
    """Says whether a file has records, by its name or its content."""
    name = path.name.lower()
    if _RECORD_NAME.search(name):
        # Damaged and empty ones, too: whoever reads them says what is wrong.
        return archive_stem(name) is None
    return _may_hold_records(name) and begins_with_record(path)


def _may_hold_records(name: str) -> bool:
    return not (is_image(name) or name.endswith(_OTHER) or archive_stem(name) is not None)


# --- folders


def _identify_folder(where: Path) -> Artefact:
    if model_format(where):
        return Artefact(where, ArtefactKind.MODEL)
    if (where / DATASET_INFO).is_file():
        return Artefact(where, ArtefactKind.SHARD_SET, records=where)
    names = sorted(filter(_may_tell, _names_in(where)))
    if any(ORIGINAL_NAME.match(name) for name in names):
        return Artefact(where, ArtefactKind.ORIGINAL_RECORDS)
    if any(name.endswith(".db") for name in names) and find_mindrecords(where):
        return Artefact(where, ArtefactKind.MINDRECORDS)
    if RUN_FILE in names:
        return Artefact(where, ArtefactKind.RUN)
    if ORD_TO_INDEX in names or ORD_MAP in names:
        return Artefact(where, ArtefactKind.DICTIONARY)
    if SAMPLE_LIST in names:
        return _identify_list(where / SAMPLE_LIST)
    return _identify_data(where, names)


def _names_in(where: Path) -> Iterator[str]:
    if is_remote(where):
        yield from (path.name for path in where.iterdir())
        return
    with os.scandir(str(where)) as entries:
        yield from (entry.name for entry in entries)


def _may_tell(name: str) -> bool:
    """Says whether the name of a file counts: of pictures and texts there may be millions."""
    if name in _TELLING or _RECORD_NAME.search(name.lower()) or ORIGINAL_NAME.match(name):
        return True
    return name.endswith(".db") or not (is_image(name) or name.endswith(_OTHER))


def _identify_data(where: Path, names: List[str]) -> Artefact:
    lists = find_sample_lists(where)
    records = where / RECORDS_DIR if RECORDS_DIR in names else None
    if records and not (records / DATASET_INFO).is_file():
        records = None
    known = {DICTIONARY_DIR, CHARACTER_LIST, RECORDS_DIR}
    if lists or known.intersection(names) or any(map(_is_unfinished, names)):
        return Artefact(where, ArtefactKind.DATA_DIR, lists, records)
    files = _record_files(where, names)
    if files:
        return Artefact(where, ArtefactKind.RECORD_FILES, files=files)
    if holds_images(where):
        return Artefact(where, ArtefactKind.IMAGES)
    output = MANIFEST in names
    return Artefact(where, ArtefactKind.OUTPUT if output else ArtefactKind.UNKNOWN)


def _is_unfinished(name: str) -> bool:
    return name.startswith(".") and name.endswith(".partial")


def _record_files(where: Path, names: Iterable[str]) -> Tuple[Path, ...]:
    found: List[Path] = []
    tried = 0
    for name in names:
        path = where / name
        if name[0] == "." or not (_RECORD_NAME.search(name.lower()) or _may_hold_records(name)):
            continue
        if path.is_file() and _is_record_file(path):
            found.append(path)
        tried += 1
        if tried == _TRIED and not found:
            break
    return tuple(found)
