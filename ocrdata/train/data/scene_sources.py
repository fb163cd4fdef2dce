"""Pictures with the outlines of their texts, from a folder, a tar pack or record files.

Whatever they come from, samples are numbered in the order of their keys, so that the same pictures
give the same crops. What is kept of one in memory is its key and its place.

    folder or pack with lists    Train/sample.txt, Test/sample.txt: `picture truth` a line
    any other folder or pack     each picture and its .txt, beside it or elsewhere: img_1.jpg with
                                 img_1.txt or gt_img_1.txt
    records                      dataset_info.json beside the shards, or in tfrecords/
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import IO, BinaryIO, Dict, List, Optional, Tuple, cast

from ocrdata.base.encodings import decode_lines
from ocrdata.base.pairing import is_image, pair_names
from ocrdata.base.sample import DETECTION, SAMPLE_LIST, Sample, parse_sample_line
from ocrdata.base.storage.disk_map import Chosen
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, InputError, OptionError, PathLike, RecordError
from ocrdata.records.format.dataset_info import ShardSet, read_shard_set
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.scene_record import scene_of
from ocrdata.records.format.schema import DATASET_INFO, SOURCE_ID
from ocrdata.records.format.tfrecord import FRAME, record_at, record_in, scan_records
from ocrdata.records.format.tfrecord_writer import RecordWriter
from ocrdata.records.sources.identify import ArtefactKind, identify, undescribed_records
from ocrdata.records.sources.inputs import LIST_OF
from ocrdata.records.sources.truth import parse_regions
from ocrdata.train.data.scene_dataset import Scenes
from ocrdata.train.data.shard_cache import local_shard

_FORMS = (
    "A folder for detection has pictures with .txt files of boxes (img_1.jpg and img_1.txt or "
    "gt_img_1.txt), or lists of them in Train/sample.txt and Test/sample.txt."
)
_NO_TRUTH = "has no text file of boxes"


class TreeScenes(Scenes):
    """Pictures and text files in a folder or a pack, which is read where it lies."""

    def __init__(
        self, tree: Tree, pairs: Dict[str, str], prefix: str, broken: Dict[str, AnnotationError]
    ) -> None:
        self.where = str(tree.root)
        self.keys = sorted({**pairs, **broken})
        self._broken = broken
        self._tree, self._pairs, self._prefix = tree, pairs, prefix
        self._lock = threading.Lock()

    def load(self, index: int) -> Sample:
        key = self.keys[index]
        if key in self._broken:
            raise self._broken[key]
        with self._lock:  # an archive has one place to read at
            image = self._tree.picture(self._prefix + key)
            truth = self._pairs[key]
            if not truth:
                raise AnnotationError(self._tree.where(self._prefix + key), _NO_TRUTH)
            data = self._tree.read(truth)
        sample = Sample(key, image, None, parse_regions(data, self._tree.where(truth)))
        return Sample(key, sample.image_bytes(), None, sample.regions)

    def close(self) -> None:
        self._tree.__exit__()


class RecordScenes(Scenes):
    """Records of a shard set, read where they lie.

    Compressed ones can only be read in order: they are decompressed into a temporary file.
    """

    def __init__(self, shards: ShardSet, split: str) -> None:
        info = shards.directory / DATASET_INFO
        if shards.task != DETECTION:
            hint = "Write records of pictures with boxes: ocrdata tfrecord."
            raise RecordError(info, f"describes records for {shards.task}", hint=hint)
        self.where = str(shards.directory)
        self._files = [local_shard(path, entry) for _, path, entry in shards.shards(split)]
        self._plain: Optional[IO[bytes]] = None
        self._lock = threading.Lock()
        if shards.info.get("compression") == "gzip":
            self._plain = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        found: List[Tuple[str, int, int]] = []
        for number, path in enumerate(self._files):
            found += [(key, number, offset) for key, offset in _offsets(path, self._plain)]
        found.sort()
        self.keys = [key for key, _, _ in found]
        self._places = [place for _, *place in found]

    def load(self, index: int) -> Sample:
        number, offset = self._places[index]
        path = self._files[number]
        try:
            scene = scene_of(decode_example(self._record(path, offset)))
        except ValueError as error:
            raise RecordError(path, f"record at byte {offset} {error}") from error
        return Sample(scene.key, scene.image, None, scene.regions)

    def _record(self, path: Path, offset: int) -> bytes:
        if self._plain is None:
            return record_at(path, offset)
        with self._lock:  # one place to read at
            return record_in(cast(BinaryIO, self._plain), path, offset)

    def close(self) -> None:
        if self._plain is not None:
            self._plain.close()


def _offsets(path: Path, copy: Optional[IO[bytes]]) -> List[Tuple[str, int]]:
    """Returns (key, offset) of all records; in `copy`, to which they go, if there is one."""
    found = []
    writer = RecordWriter(copy) if copy else None
    offset = copy.tell() if copy else 0
    for record in scan_records(path):
        if record.problem:
            raise record.error(path)
        try:
            key = decode_example(record.data)[SOURCE_ID].values[0]
        except (ValueError, KeyError, IndexError) as error:
            raise record.error(path, f"has no key ({error})") from error
        found.append((key.decode("utf-8") if isinstance(key, bytes) else str(key), offset))
        offset += len(record.data) + FRAME
        if writer:
            writer.write(record.data)
    if writer:
        writer.flush()
    return found


def open_scenes(
    data_dir: PathLike, split: str = "train", tarfile: str = "", tarpath: str = ""
) -> Scenes:
    """Returns the samples of a split; raises InputError or OptionError where there are none.

    Without lists all pictures are of the asked split. Of several forms in one folder the first of
    `tarfile`, records and lists counts.
    """
    root = as_path(data_dir)
    if tarfile:
        path = root / tarfile if (root / tarfile).exists() else as_path(tarfile)
        return _tree_scenes(path, split, tarpath)
    found = identify(root)
    if found.records:
        return _required(RecordScenes(read_shard_set(found.records), split), split)
    if found.kind is ArtefactKind.RECORD_FILES:
        raise undescribed_records(found)
    return _tree_scenes(root, split, "")


def has_split(data_dir: PathLike, split: str, tarfile: str = "", tarpath: str = "") -> bool:
    """Says whether there are samples of a split of their own."""
    root = as_path(data_dir)
    if not tarfile:
        found = identify(root)
        if found.records:
            return any(
                entry["samples"] for *_, entry in read_shard_set(found.records).shards(split)
            )
        return found.kind is ArtefactKind.DATA_DIR and LIST_OF[split] in found.lists
    path = root / tarfile if (root / tarfile).exists() else as_path(tarfile)
    with Tree(path) as tree:
        return _prefix(tree, tarpath) + f"{LIST_OF[split]}/{SAMPLE_LIST}" in tree


def _required(scenes: Scenes, split: str) -> Scenes:
    if not len(scenes):
        problem = f"holds no pictures of the {split} split"
        raise InputError(scenes.where, problem, hint=_FORMS)
    return scenes


def _prefix(tree: Tree, tarpath: str) -> str:
    inside = tree.root.name + "/" if tree.root.is_file() else ""
    wanted = tarpath.strip("/")
    return inside + (wanted + "/" if wanted not in ("", ".") else "")


def _tree_scenes(root: Path, split: str, tarpath: str) -> Scenes:
    tree = Tree(root)
    prefix = _prefix(tree, tarpath)
    if tarpath and not any(name.startswith(prefix) for name in tree.names):
        raise OptionError(f"--tarpath {tarpath}: {root} holds no such folder.")
    lists = {name: prefix + f"{folder}/{SAMPLE_LIST}" for name, folder in LIST_OF.items()}
    broken: Dict[str, AnnotationError] = {}
    if not any(name in tree for name in lists.values()):
        pairs = _paired(tree, prefix)
    elif lists[split] in tree:
        pairs, broken = _listed(tree, lists[split], prefix)
    else:
        pairs = {}
    # A score counts every picture; training goes on without a few.
    if broken and split != "train":
        raise next(iter(broken.values()))
    return _required(TreeScenes(tree, pairs, prefix, broken), split)


def _listed(
    tree: Tree, name: str, prefix: str
) -> Tuple[Dict[str, str], Dict[str, AnnotationError]]:
    """Returns the truth of each picture in a list, and what is wrong with other lines, by key."""
    pairs: Dict[str, str] = {}
    broken: Dict[str, AnnotationError] = {}
    where = tree.where(name)
    for number, line in decode_lines(tree.read(name), where):
        key, truth = parse_sample_line(where, number, line)
        parse_sample_line(where, number, truth + " -")
        for path in (key, truth):
            if prefix + path not in tree:
                problem = f"names {path}, which does not exist"
                broken.setdefault(key, AnnotationError(where, problem, number, _FORMS))
        if pairs.setdefault(key, prefix + truth) != prefix + truth:
            problem = f"lists {key} with {truth}, but a line before it with another file"
            raise AnnotationError(where, problem, number, "Delete the wrong line.")
    return pairs, broken


def _paired(tree: Tree, prefix: str) -> Dict[str, str]:
    """Returns each picture's text file, "" where there is none.

    Raises AnnotationError where there are two.
    """
    found = pair_names(Chosen(tree.names, lambda name: name.startswith(prefix)))
    for unclear in found.unclear:
        raise unclear.error(tree.where)
    pairs = {image[len(prefix) :]: truth for image, truth in found.pairs}
    return {**pairs, **{name[len(prefix) :]: "" for name in found.alone if is_image(name)}}
