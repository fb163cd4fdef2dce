"""Pictures with the outlines of their texts, from a folder, a tar pack or record files.

Whatever they come from, samples are numbered in the order of their keys, so that the same pictures
give the same crops. What is kept of one in memory is its key and its place.

    folder or pack with lists    Train/sample.txt, Test/sample.txt: `picture truth` a line
    any other folder or pack     each picture and its .txt, beside it or elsewhere: img_1.jpg with
                                 img_1.txt or gt_img_1.txt
    records                      dataset_info.json beside the shards, or in tfrecords/
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Callable, Dict, List, Optional, Tuple

from ocrdata.base.sample import SAMPLE_LIST, Sample, parse_sample_line
from ocrdata.base.split import IMAGE_SUFFIXES
from ocrdata.base.tree import Tree, decode_lines
from ocrdata.errors import AnnotationError, InputError, OptionError, PathLike, RecordError
from ocrdata.records.decode import decode_example
from ocrdata.records.images import read_header
from ocrdata.records.info import ShardSet, read_shard_set
from ocrdata.records.scene import scene_of
from ocrdata.records.schema import DATASET_INFO, DETECTION, RECORDS_DIR, SOURCE_ID
from ocrdata.records.tfrecord import record_at, scan_records
from ocrdata.records.truth import parse_regions

OnProgress = Optional[Callable[[int, Optional[int]], None]]
LISTS = {"train": "Train", "validation": "Validation", "test": "Test"}
_FORMS = (
    "A folder for detection has pictures with .txt files of boxes (img_1.jpg and img_1.txt or "
    "gt_img_1.txt), or lists of them in Train/sample.txt and Test/sample.txt."
)
_NO_TRUTH = "has no text file of boxes"


class Scenes:
    """Numbered samples; `where` is what messages call all of them.

    `parts` are how many come from each source, one behind the other, and its weight.
    """

    where: str
    keys: List[str]

    @property
    def parts(self) -> List[Tuple[int, float]]:
        return [(len(self), 1.0)]

    def __len__(self) -> int:
        return len(self.keys)

    def load(self, index: int) -> Sample:
        """Returns a sample with its bytes; raises InputError. Threads may call it at once."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes what is open."""


class TreeScenes(Scenes):
    """Pictures and text files in a folder or a pack, which is read where it lies."""

    def __init__(self, tree: Tree, pairs: Dict[str, str], prefix: str) -> None:
        self.where = str(tree.root)
        self.keys = sorted(pairs)
        self._tree, self._pairs, self._prefix = tree, pairs, prefix
        self._lock = threading.Lock()

    def load(self, index: int) -> Sample:
        key = self.keys[index]
        with self._lock:  # an archive has one place to read at
            picture = self._tree.picture(self._prefix + key)
            truth = self._pairs[key]
            if not truth:
                raise AnnotationError(self._tree.where(self._prefix + key), _NO_TRUTH)
            data = self._tree.read(truth)
        sample = Sample(key, picture, None, parse_regions(data, self._tree.where(truth)))
        return Sample(key, sample.image_bytes(), None, sample.regions)

    def close(self) -> None:
        self._tree.__exit__()


class RecordScenes(Scenes):
    """Records of a shard set, read where they lie."""

    def __init__(self, shards: ShardSet, split: str) -> None:
        info = shards.directory / DATASET_INFO
        if shards.task != DETECTION:
            hint = "Write records of pictures with boxes: ocrdata tfrecord."
            raise RecordError(info, "describes records for {}".format(shards.task), hint=hint)
        if shards.info.get("compression") == "gzip":
            problem = "describes compressed records, which can only be read in order"
            hint = "Write them without --compression: pictures are compressed already."
            raise RecordError(info, problem, hint=hint)
        self.where = str(shards.directory)
        self._files = [path for _, path, _ in shards.shards(split)]
        found: List[Tuple[str, int, int]] = []
        for number, path in enumerate(self._files):
            found += [(key, number, offset) for key, offset in _offsets(path)]
        found.sort()
        self.keys = [key for key, _, _ in found]
        self._places = [place for _, *place in found]

    def load(self, index: int) -> Sample:
        number, offset = self._places[index]
        path = self._files[number]
        try:
            scene = scene_of(decode_example(record_at(path, offset)))
        except ValueError as error:
            raise RecordError(path, "record at byte {} {}".format(offset, error)) from error
        return Sample(scene.key, scene.image, None, scene.regions)


def _offsets(path: Path) -> List[Tuple[str, int]]:
    found = []
    for record in scan_records(path):
        if record.problem:
            raise record.error(path)
        try:
            key = decode_example(record.data)[SOURCE_ID].values[0]
        except (ValueError, KeyError, IndexError) as error:
            raise record.error(path, "has no key ({})".format(error)) from error
        found.append((key.decode("utf-8") if isinstance(key, bytes) else str(key), record.offset))
    return found


def open_scenes(
    data_dir: PathLike, split: str = "train", tarfile: str = "", tarpath: str = ""
) -> Scenes:
    """Returns the samples of a split; raises InputError or OptionError where there are none.

    Without lists all pictures are of the asked split. Of several forms in one folder the first of
    `tarfile`, records and lists counts.
    """
    root = Path(data_dir)
    if tarfile:
        path = root / tarfile if (root / tarfile).exists() else Path(tarfile)
        return _tree_scenes(path, split, tarpath)
    for folder in (root, root / RECORDS_DIR):
        if (folder / DATASET_INFO).is_file():
            return _required(RecordScenes(read_shard_set(folder), split), split)
    return _tree_scenes(root, split, "")


def has_split(data_dir: PathLike, split: str, tarfile: str = "", tarpath: str = "") -> bool:
    """Says whether there are samples of a split of their own."""
    root = Path(data_dir)
    if not tarfile:
        for folder in (root, root / RECORDS_DIR):
            if (folder / DATASET_INFO).is_file():
                return any(entry["samples"] for *_, entry in read_shard_set(folder).shards(split))
        return (root / LISTS[split] / SAMPLE_LIST).is_file()
    path = root / tarfile if (root / tarfile).exists() else Path(tarfile)
    with Tree(path) as tree:
        return _prefix(tree, tarpath) + "{}/{}".format(LISTS[split], SAMPLE_LIST) in tree


def _required(scenes: Scenes, split: str) -> Scenes:
    if not len(scenes):
        problem = "holds no pictures of the {} split".format(split)
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
        raise OptionError("--tarpath {}: {} holds no such folder.".format(tarpath, root))
    lists = {name: prefix + "{}/{}".format(folder, SAMPLE_LIST) for name, folder in LISTS.items()}
    if any(name in tree for name in lists.values()):
        pairs = _listed(tree, lists[split], prefix) if lists[split] in tree else {}
    else:
        pairs = _paired(tree, prefix)
    return _required(TreeScenes(tree, pairs, prefix), split)


def _listed(tree: Tree, name: str, prefix: str) -> Dict[str, str]:
    pairs = {}
    where = tree.where(name)
    for number, line in decode_lines(tree.read(name), where):
        key, truth = parse_sample_line(where, number, line)
        parse_sample_line(where, number, truth + " -")
        for path in (key, truth):
            if prefix + path not in tree:
                problem = "names {}, which does not exist".format(path)
                raise AnnotationError(where, problem, number, _FORMS)
        pairs[key] = prefix + truth
    return pairs


def _paired(tree: Tree, prefix: str) -> Dict[str, str]:
    """Returns each picture's text file, "" where there is none; beside it goes before elsewhere."""
    names = [name for name in tree.names if name.startswith(prefix)]
    texts: Dict[str, List[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() == ".txt":
            stem = path.stem[3:] if path.stem.startswith("gt_") else path.stem
            texts.setdefault(stem, []).append(name)
    pairs = {}
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        found = texts.get(path.stem, [])
        near = [text for text in found if PurePosixPath(text).parent == path.parent]
        chosen = near or found
        if len(chosen) > 1 and not near:
            problem = "could be the truth of {}, and so could {}".format(name, chosen[1])
            raise AnnotationError(tree.where(chosen[0]), problem, hint=_FORMS)
        pairs[name[len(prefix) :]] = chosen[0] if chosen else ""
    return pairs


@dataclass(frozen=True)
class Survey:
    """What a look at all samples found: the numbers of the good ones, and why others are not.

    `sha256` is a hash of keys, pictures and boxes, whatever they came from; `problem` the first
    problem in full.
    """

    good: List[int]
    texts: int
    ignored: int
    skipped: Dict[str, int]
    problem: str
    sha256: str


def survey(scenes: Scenes, on_progress: OnProgress = None) -> Survey:
    """Reads all samples, without decoding them; raises InputError where none is of use."""
    digest = hashlib.sha256()
    skipped = Counter()  # type: Counter[str]
    good: List[int] = []
    texts, ignored, problem = 0, 0, ""
    for index in range(len(scenes)):
        try:
            sample = scenes.load(index)
            _check_picture(sample)
        except InputError as error:
            skipped["annotation" if isinstance(error, AnnotationError) else "picture"] += 1
            problem = problem or str(error)
        else:
            good.append(index)
            ignored += sum(region.ignore for region in sample.regions)
            texts += sum(not region.ignore for region in sample.regions)
            digest.update(_digest(sample))
        if on_progress:
            on_progress(index + 1, len(scenes))
    if not good:
        raise InputError(scenes.where, "holds no usable picture; the first: " + problem, None)
    if not texts:
        what = "holds no text to learn: all {} regions of {} pictures are to be ignored (###)"
        raise InputError(scenes.where, what.format(ignored, len(good)))
    return Survey(good, texts, ignored, dict(skipped), problem, digest.hexdigest())


class BadPictureError(InputError):
    """A picture that cannot be decoded."""


def _check_picture(sample: Sample) -> None:
    try:
        read_header(sample.image_bytes())
    except ValueError as error:
        raise BadPictureError(sample.key, str(error)) from error


def _digest(sample: Sample) -> bytes:
    found = hashlib.sha256(sample.key.encode("utf-8") + b"\n" + sample.image_bytes())
    for region in sample.regions:
        found.update(bytes([region.ignore]) + region.polygon.astype("<f4").tobytes())
    return found.digest()
