"""Sample lists to TFRecord shards: the same bytes with any number of workers and resumptions.

Everything is decided by `plan.plan_shards`. Each shard is then written by one worker, atomically,
and noted in a journal, which is what a resumed run goes by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional

from ocrdata.base import sample_lists as lists
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import DETECTION, RECOGNITION, SAMPLE_LIST
from ocrdata.base.sample_lists import VALIDATION_LIST
from ocrdata.base.storage.digest import file_sha256
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import staged_output
from ocrdata.errors import AnnotationError, CharsetError, OptionError, PathLike
from ocrdata.records.format.schema import RECORDS_DIR
from ocrdata.records.sources.listed import SampleList, SceneList, open_sample_list
from ocrdata.records.write.options import WriteOptions, options_from
from ocrdata.records.write.writing import TFRECORD_COMMAND, ShardSetWriter, ShardsSummary, target_of
from ocrdata.text.charset import CHARACTER_LIST, DICTIONARY_DIR, Charset, read_charset


def find_dictionary(data_dir: PathLike) -> Charset:
    """Returns the dictionary of a data directory: that of char_dict/, else of chinese.txt.

    Raises CharsetError where there is none, or it is damaged.
    """
    for name in (DICTIONARY_DIR, CHARACTER_LIST):
        path = as_path(data_dir) / name
        if path.exists():
            return read_charset(path)
    missing = as_path(data_dir) / DICTIONARY_DIR
    raise CharsetError(missing, "does not exist", hint="Make it: ocrdata build-dict.")


def find_lists(data_dir: PathLike) -> List[SampleList]:
    """Returns the sample lists of a data directory: Train, Validation, Test, as far as there.

    Raises AnnotationError where there is none, and OptionError where they are of different kinds.
    """
    root = as_path(data_dir)
    names = (lists.TRAIN_LIST, VALIDATION_LIST, lists.TEST_LIST)
    paths = [(name, root / name / SAMPLE_LIST) for name in names]
    found = [open_sample_list(path, root, name) for name, path in paths if path.is_file()]
    if not found:
        hint = "Make one: ocrdata gen-pics, or ocrdata gen-sample --labels FILE."
        raise AnnotationError(paths[0][1], "does not exist", hint=hint)
    return found


def task_of(sources: List[SampleList]) -> str:
    """Returns what the lists are for; raises AnnotationError where they do not agree."""
    scenes = [source for source in sources if isinstance(source, SceneList)]
    # A list without a line is of either kind.
    others = [s for s in sources if s not in scenes and next(s.lines(), None)]
    if scenes and others:
        problem = f"lists pictures with boxes, {others[0].path} labels"
        raise AnnotationError(scenes[0].path, problem, hint="Keep them in two data folders.")
    return DETECTION if scenes else RECOGNITION


def write_shards(
    data_dir: PathLike,
    output_dir: Optional[PathLike] = None,
    *,
    dictionary: Optional[PathLike] = None,
    options: Optional[WriteOptions] = None,
    run: RunOptions = RUN_DEFAULTS,
    **choices: Any,
) -> ShardsSummary:
    """Writes the samples of Train/, Validation/ and Test/sample.txt as sharded TFRecords.

    Lists of labels give records for recognition, lists of ground-truth files those for detection.
    `output_dir` is `tfrecords` under `data_dir` by default, and `dictionary` (a folder or a file)
    that of `data_dir`. `choices` are fields of `options` and of `run`, set for this call:
    `write_shards("data", shards=10, seed=1, workers=4)`.

    Raises AnnotationError and CharsetError (file, line), OutputExistsError, OptionError.
    """
    options, run = options_from(options, run, choices)
    options.check()
    root = as_path(data_dir)
    target = target_of(output_dir or root / RECORDS_DIR)
    sources = find_lists(root)
    task = task_of(sources)
    charset = _charset(task, root, dictionary)
    work = ShardSetWriter(target, task, charset, options)
    if run.dry_run:
        return work.planned(sources)
    noted = {
        **options.as_dict(),
        "dictionary_sha256": charset.sha256 if charset else "",
        "lists_sha256": {source.name: file_sha256(source.path) for source in sources},
    }
    with staged_output(
        target.parent, (target.name,), TFRECORD_COMMAND, noted, run.overwrite, run.resume
    ) as staged:
        return work.write(sources, staged, run)


def _charset(task: str, root: Path, dictionary: Optional[PathLike]) -> Optional[Charset]:
    if task == RECOGNITION:
        return read_charset(dictionary) if dictionary else find_dictionary(root)
    if dictionary:
        raise OptionError("--dictionary is for recognition; this data set is for detection.")
    return None
