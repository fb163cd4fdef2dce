"""Safe repairs of what a check finds, written into a new folder or file; nothing is changed.

record file      the sound records
shard set        the sound records whose picture can be decoded and whose label the dictionary
                 has; what test (or validation) has too is taken out of the splits before it
sample lists     the lines that can be used, by the same rule, and their pictures
ground truth     corners clockwise and inside the picture, crossed corners put in order, regions
                 without area taken out, pictures and truths without the other left out
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Optional

from ocrdata.base.skips import Skips
from ocrdata.check.repair_pictures import _COMMAND, repair_images, repair_lists
from ocrdata.check.usable_samples import Repair, later, sound
from ocrdata.errors import InputError, OutputExistsError, PathLike
from ocrdata.records.format.dataset_info import ShardSet, read_shard_set
from ocrdata.records.format.schema import DATASET_INFO
from ocrdata.records.format.tfrecord import scan_records
from ocrdata.records.format.tfrecord_writer import open_writer
from ocrdata.records.sources.identify import Artefact, ArtefactKind
from ocrdata.records.sources.inputs import SamplePairs, read_shards
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.stream import SampleStream, write_sample_stream
from ocrdata.text.charset import Charset


def repair_record_file(path: Path, output: Path) -> Repair:
    """Writes the sound records of a file into another one."""
    if output.exists():
        raise OutputExistsError(output, "Name a file that is not there.")
    repair = Repair()
    with open_writer(output) as writer:
        for record in scan_records(path):
            if record.problem:
                repair.changed["damaged-record"] += 1
            else:
                writer.write(record.data)
    repair.kept = writer.count
    return repair


def _present(shards: ShardSet) -> ShardSet:
    """Returns the set without the shards that are not there."""
    splits = {}
    for name, split in shards.info["splits"].items():
        there = [one for one in split["shards"] if (shards.directory / one["file"]).is_file()]
        splits[name] = {**split, "shards": there}
    return ShardSet(shards.directory, {**shards.info, "splits": splits})


def repair_shards(directory: Path, output: Path) -> Repair:
    """Writes the sound records of a shard set as a new one with as many shards."""
    shards = read_shard_set(directory)
    charset = shards.charset if shards.has_dictionary else None
    present = _present(shards)
    repair = Repair()
    repair.changed["missing-shard"] += len(shards.shards()) - len(present.shards())
    leaks = later(read_shards(present, Skips(errors=True, unknown=True, unclear=True)), charset)
    count = max(len(split["shards"]) for split in shards.info["splits"].values())
    options = WriteOptions(shards=count, validation_fraction=0, test_fraction=0)

    def opener(start: int) -> SamplePairs:
        assert start == 0
        return sound(read_shards(present, repair.skips()), charset, repair, leaks)

    origin = {"repaired": DATASET_INFO}
    stream = SampleStream(opener, origin, charset)
    write_sample_stream(stream, output, options=options, command=_COMMAND)
    repair.changed += Counter()
    return repair


def repair(artefact: Artefact, output: PathLike, charset: Optional[Charset] = None) -> Repair:
    """Repairs what was found at a path into a new place; InputError where that is not possible."""
    where, target, kind = artefact.path, Path(output), artefact.kind
    if kind is ArtefactKind.RECORD_FILES:
        if len(artefact.files) > 1:
            hint = f"Name one file: ocrdata check {artefact.files[0]} --fix FILE."
            raise InputError(where, "holds several record files and no shard set", hint=hint)
        return repair_record_file(artefact.files[0], target)
    if kind is ArtefactKind.SHARD_SET:
        return repair_shards(where, target)
    if kind in (ArtefactKind.ORIGINAL_RECORDS, ArtefactKind.MINDRECORDS):
        hint = f"Write them anew: ocrdata tfrecord --from-original {where}."
        raise InputError(where, "holds records of an original", hint=hint)
    if kind is ArtefactKind.SAMPLE_LIST:
        hint = f"Name its data folder: ocrdata check {artefact.root} --fix FOLDER."
        raise InputError(where, "is a list without its pictures", hint=hint)
    if artefact.lists:
        return repair_lists(where, target, charset)
    return repair_images(where, target)
