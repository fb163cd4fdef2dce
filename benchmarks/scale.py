"""What the launcher of a run costs, from a million samples to a billion, and what a cluster needs.

    python benchmarks/scale.py
    python benchmarks/scale.py --largest 8 --rate 2500 --workers 100
    python benchmarks/scale.py --whole 7         10^7 lines of a list, all by one process
    python benchmarks/scale.py --foreign 6       others' files: 10^5 and 10^6 pictures, 3 GB of disk

Each figure is that of a process of its own: processor time until the first shard could be handed
out, and the peak memory. What workers do before is timed for a part, and the whole is what that
comes to; the launcher then takes made-up results of as many parts as there are.

    listed, random   `gen-pics --records`, texts in turn or drawn
    lists            `tfrecord` of sample lists with synthetic keys
    finish           behind the last shard: statistics of 3,000 characters a shard added up, and
                     dataset_info.json written
    check            hashes of records compared with each other, keys, texts and pictures
    names            the maps that `import` keeps of files, labels and scenes, without any files
    handed out       tasks a second that do nothing, on each runner that is installed
    words, scenes    `import` of a list (paddleocr) or of a text file a picture (icdar2015), whose
                     pictures are many names of a few files; what it writes is left out
    tar              `import` of the same scenes in an archive
    tool             `import` of a file of an annotation tool a picture (labelme)
    records, convert `tfrecord --source` and `convert` (to webdataset) of the scenes
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
SHARD = 10_000  # lines a shard, of a gigabyte in ten or so
BYTES = 3_500  # of a line of preset scene in a record
TEXTS = 100_000
LINE = 30  # bytes of a line of a list, as `listed_line` makes them
CHARACTERS = 3_000


def megabytes() -> float:
    """Returns the peak memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell(*figures: float) -> None:
    """Writes figures for the process that asked for them."""
    sys.stdout.write(" ".join(f"{figure:.3f}" for figure in figures) + "\n")


# --- gen-pics --records


def plan_lines(kind: str, total: int) -> None:
    """Plans `total` lines; tells seconds, megabytes, shards, seconds of workers and of a shard."""
    from ocrdata.base.random_streams import bucket
    from ocrdata.base.sample import SPLITS
    from ocrdata.pipelines.line_splits import (
        RangeCount,
        counted_splits,
        line_numbers_of,
        listed_splits,
        range_count,
        range_numbers,
    )
    from ocrdata.render.lines.text_sampling import TextPlan

    texts = [f"{number:x}" for number in range(TEXTS)]

    def split_of(text: str) -> str:
        place = bucket(text, "bench")
        return SPLITS[2] if place < 0.1 else SPLITS[1] if place < 0.2 else SPLITS[0]

    start, counting, task = time.process_time(), 0.0, 0.0
    if kind == "listed":
        one = TextPlan("listed", total, 0, texts)
        splits: Any = listed_splits(one, split_of)[0]
    else:
        one = TextPlan("random", total, 0, sorted(set("".join(texts))), lengths=(3, 8))
        ranges, begin = range_numbers(one), time.process_time()
        found = range_count(one, 0, split_of, str)
        task = time.process_time() - begin
        # The other ranges are workers' work: what they send back is what the launcher keeps.
        counts: List[RangeCount] = [found] * len(ranges)
        counting = task * len(ranges)
        splits = counted_splits(counts)[0]
    lines = [splits.count(code) for code in range(len(SPLITS))]
    shards = [
        (code, count * n // k, count * (n + 1) // k)
        for code, count in enumerate(lines)
        for k in [max(1, count // SHARD)]
        for n in range(k)
    ]
    seconds = time.process_time() - start - task
    begin = time.process_time()
    code, low, high = shards[-1] if kind == "listed" else shards[0]
    line_numbers_of(splits, one, split_of, code, (low, high))
    tell(seconds, megabytes(), len(shards), counting, time.process_time() - begin)


# --- tfrecord


def listed_line(number: int) -> str:
    """Returns a line of a sample list, of LINE bytes."""
    return f"pic/{number // 10_000:06d}/{number:09d}.jpg {number % TEXTS:05d}\n"[-LINE:]


def write_list(folder: Path, lines: int) -> Any:
    """Writes a list for training; returns it as a source."""
    from ocrdata.records.sources.listed import SampleList

    path = folder / "sample.txt"
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(map(listed_line, range(lines)))
    return SampleList(path, folder, "Train")


def settings(lines: int) -> Any:
    """Returns what decides a plan of so many lines."""
    from ocrdata.records.write.options import WriteOptions
    from ocrdata.records.write.plan_rows import PlanRules
    from ocrdata.text.charset import Charset

    # Train and validation get as many each.
    shards = max(1, lines // SHARD // 2)
    return PlanRules(Charset(tuple("0123456789")), WriteOptions(shards=shards))


def plan_whole(total: int) -> None:
    """Plans a list in this process alone; tells seconds, megabytes, shards, and of a shard."""
    from ocrdata.records.write.plan import PlanPlace, plan_shards

    rules = settings(total)
    with tempfile.TemporaryDirectory(prefix="ocrdata-scale-") as folder:
        source = write_list(Path(folder), total)
        start = time.process_time()
        plan = plan_shards([source], rules, rules.new_skips(), PlanPlace(Path(folder) / "plan"))
        seconds, begin = time.process_time() - start, time.process_time()
        shard = plan.shards[len(plan.shards) // 2]
        plan.splits[0].places(shard.split, shard.first, shard.first + shard.samples)
        tell(seconds, megabytes(), len(plan.shards), seconds, time.process_time() - begin)


def plan_lists(total: int) -> None:
    """Plans a list of which only the size is known: what the launcher does, workers' work made up.

    Tells seconds, megabytes, shards.
    """
    from ocrdata.records.format.shard_totals import ShardEntry, ShardTotals
    from ocrdata.records.sources.listed import PART_BYTES, SampleList
    from ocrdata.records.write import plan as planning
    from ocrdata.records.write.plan_buckets import Divided
    from ocrdata.records.write.worker import ShardWriterConfig

    class Huge(SampleList):
        def parts(self) -> List[Tuple[int, int]]:
            edges = [*range(0, total * LINE, PART_BYTES), total * LINE]
            return list(zip(edges, edges[1:]))

    rules = settings(total)

    def made_up(work: Any, tasks: Any, workers: Any) -> Iterator[Any]:
        share, rest = divmod(total, len(tasks))
        for number, _ in enumerate(tasks):
            count = share + (number < rest)
            if work.__name__ == "read_part":
                yield rules.new_skips()
            elif work.__name__ == "sort_bucket":
                yield [count], rules.new_skips()
            else:
                held = count // 10
                yield Divided([count - held, held, 0], [0, 0, 0], (0.0, 1.0))

    planning._each = made_up
    with tempfile.TemporaryDirectory(prefix="ocrdata-scale-") as folder:
        start = time.process_time()
        place = planning.PlanPlace(Path(folder))
        source = Huge(Path(folder) / "sample.txt", folder, "Train")
        plan = planning.plan_shards([source], rules, rules.new_skips(), place)
        job = ShardWriterConfig(Path(folder), "recognition", None, rules.options, plan.splits)
        names = [job.name_of(shard) for shard in plan.shards]
        seconds, totals = time.process_time() - start, ShardTotals("recognition")
        # What the launcher has when all shards are there.
        for name, shard in zip(names, plan.shards):
            totals.note(
                shard.split, ShardEntry(name[:1] + name[1:], shard.samples, BYTES, f"{0:064x}")
            )
        tell(seconds, megabytes(), len(names))


def finish(shards: int) -> None:
    """Adds up statistics of shards; tells seconds, megabytes, and those of dataset_info.json."""
    from ocrdata.records.format.dataset_info import build_info, write_info
    from ocrdata.records.format.shard_totals import ShardTotals
    from ocrdata.text.charset import Charset

    characters = [chr(0x4E00 + number) for number in range(CHARACTERS)]
    statistics = {
        "characters": dict.fromkeys(characters, 17),
        "label_lengths": {"5": 9},
        "formats": {"jpeg": SHARD},
        "max_label_length": 9,
        "max_ctc_length": 9,
        "max_width": 99,
        "max_height": 32,
        "max_ctc_per_aspect": 3.0,
    }
    totals, start = ShardTotals("recognition"), time.process_time()
    for number in range(shards):
        file = f"train-{number:05d}-of-{shards:05d}.tfrecord"
        entry = {"file": file, "split": "train", "samples": SHARD, "bytes": SHARD * BYTES}
        more = {"sha256": f"{number:064x}", "skipped": {}, "skipped_examples": []}
        totals.add({**entry, **more, "statistics": statistics})
    with tempfile.TemporaryDirectory(prefix="ocrdata-scale-") as folder:
        write_info(Path(folder), build_info(totals, Charset(tuple(characters)), "none"))
        size = (Path(folder) / "dataset_info.json").stat().st_size / 1e6
    tell(time.process_time() - start, megabytes(), size)


# --- check, import


def compare_hashes(total: int) -> None:
    """Compares two splits of so many samples in all, as `check` does; tells seconds, megabytes."""
    from ocrdata.base.findings import hash64
    from ocrdata.base.storage.hash_columns import first_shared, missing_from, repeats
    from ocrdata.check.verify_records import Seen
    from ocrdata.check.verify_shards import _Split

    start, splits = time.process_time(), [_Split(), _Split()]
    for first in range(0, total, SHARD):
        one = Seen()
        for number in range(first, first + SHARD):
            one.keys.append(hash64(b"k%d" % number))
            one.texts.append(hash64(b"t%d" % (number % TEXTS)))
            one.pictures.append(hash64(b"p%d" % number))
        splits[first * 10 // total == 9].add(one)
    adding, begin = time.process_time() - start, time.process_time()
    train, test = splits
    again = repeats(train.columns["keys"]).total
    texts = first_shared(test.columns["texts"], train.columns["texts"]).total
    other = first_shared(test.columns["pictures"], train.columns["pictures"]).total
    unused = missing_from(test.columns["keys"], train.columns["keys"]).total
    assert (again, other, unused) == (0, 0, total // 10) and texts == min(TEXTS, total // 10)
    tell(adding + time.process_time() - begin, megabytes(), time.process_time() - begin)


def keep_names(total: int) -> None:
    """Keeps so many names in each of the maps that an import has; tells seconds, megabytes.

    And microseconds a name: of the files, of what is labelled, and of scenes.
    """
    from ocrdata.base.names import UniqueNames
    from ocrdata.base.storage.disk_map import DiskMap
    from ocrdata.base.storage.tree import natural
    from ocrdata.importers.repeats import ListedBefore

    start = time.process_time()
    files: Any = DiskMap(natural)
    for number in range(total):
        files[f"p{number // FOLDER}/img_{number}.jpg"] = ()
    count = sum(1 for _ in files)
    found, listed, begin = time.process_time(), ListedBefore(), time.process_time()
    for number in range(total):
        # Names of a shuffled list come from anywhere: the multiplier is a prime.
        place = number * 2_147_483_647 % total
        key = f"p{place // FOLDER}/img_{place}.jpg"
        assert not listed.again(key, "rec_gt_train.txt", number, ("word", ()))
    labelled, names = time.process_time() - begin, UniqueNames()
    begin = time.process_time()
    for number in range(total):
        assert names.take(f"img_{number}", "train") == f"img_{number}"
    last = time.process_time() - begin
    parts = (1e6 * seconds / total for seconds in (found - start, labelled, last))
    assert count == total
    tell(time.process_time() - start, megabytes(), *parts)


# --- others' files

# A file system gives a file so many names at the most; ext4 65,000.
LINKS = 50_000
FOLDER = 10_000
REGION = "1,1,90,1,90,30,1,30,word\n"


class Links:
    """Gives one content many names."""

    def __init__(self, data: bytes) -> None:
        self.data, self.left, self.first = data, 0, ""

    def put(self, path: str) -> None:
        if not self.left:
            Path(path).write_bytes(self.data)
            self.first, self.left = path, LINKS
        else:
            os.link(self.first, path)
            self.left -= 1


def labelme() -> bytes:
    """Returns a file of LabelMe that names no picture but that of its own name."""
    shape = {"label": "word", "points": [[1, 1], [90, 1], [90, 30], [1, 30]]}
    row = {"version": "5.0.1", "flags": {}, "shapes": [{**shape, "shape_type": "polygon"}]}
    return json.dumps({**row, "imagePath": "img.jpg", "imageData": None}).encode()


def lay_out(kind: str, folder: Path, total: int) -> Path:
    """Makes so many pictures with their truth; returns what is to be read."""
    import cv2
    import numpy as np

    pixels = np.random.RandomState(0).randint(0, 255, (4, 12, 3)).astype(np.uint8)
    data = cv2.imencode(".jpg", cv2.resize(pixels, (96, 32)))[1].tobytes()
    picture, truth = Links(data), Links(REGION.encode())
    root, suffix = folder / "data", "json" if kind == "tool" else "txt"
    for number in range(total):
        if number % FOLDER == 0:
            place = root / f"p{number // FOLDER}"
            place.mkdir(parents=True)
        picture.put(f"{place}/img_{number}.jpg")
        if kind == "tool":
            # LabelMe's files name their pictures, so each is another.
            truth = Links(labelme().replace(b"img.jpg", b"img_%d.jpg" % number))
        if kind != "words":
            truth.put(f"{place}/{'' if kind == 'tool' else 'gt_'}img_{number}.{suffix}")
    if kind == "words":
        with (root / "rec_gt_train.txt").open("w", encoding="utf-8") as stream:
            for number in range(total):
                stream.write(f"p{number // FOLDER}/img_{number}.jpg\tword{number % 1000}\n")
    return root


def tar_of(root: Path) -> Path:
    """Packs a folder; returns the archive."""
    path = root.with_suffix(".tar")
    subprocess.run(
        ["tar", "-cf", str(path), "--hard-dereference", "-C", str(root), "."], check=True
    )
    return path


def read_foreign(kind: str, total: int) -> None:
    """Reads pictures of others; tells seconds of this process, megabytes, samples."""
    with tempfile.TemporaryDirectory(prefix="ocrdata-scale-") as made:
        laying = [*myself(), "--lay", kind, made, str(total)]
        root = Path(subprocess.check_output(laying, universal_newlines=True))
        output, start = Path(made) / "out", time.process_time()
        read = write_foreign if kind in ("records", "convert") else import_foreign
        count = read(kind, root, output)
        tell(time.process_time() - start, megabytes(), count)


def import_foreign(kind: str, root: Path, output: Path) -> int:
    """Imports all, but writes no picture; returns how many there were."""
    from dataclasses import replace

    from ocrdata.base.run_options import RunOptions
    from ocrdata.importers import IMPORTERS
    from ocrdata.importers import blocks as writing
    from ocrdata.importers.engine import import_dataset

    writing.FolderWriter.write = lambda *_: None  # type: ignore[method-assign]
    name = {"words": "paddleocr", "tool": "labelme"}.get(kind, "icdar")
    task = "recognition" if kind == "words" else "detection"
    importer = replace(IMPORTERS.load(name), task=task)
    return import_dataset(importer, root, output, how=RunOptions(workers=0)).samples


def write_foreign(kind: str, root: Path, output: Path) -> int:
    """Writes records, or another tool's files; returns how many samples."""
    from ocrdata.base.run_options import RunOptions
    from ocrdata.pipelines.convert import convert
    from ocrdata.records.legacy.conversion import write_from
    from ocrdata.records.write.options import WriteOptions

    run = RunOptions(workers=0)
    if kind == "convert":
        return convert(root, output, "webdataset", run=run).samples
    found = write_from(root, output, options=WriteOptions(shards=100), run=run)
    return found.samples


# --- runners


def hand_out(runner: str, count: int) -> None:
    """Runs tasks that do nothing on a runner of this machine; tells tasks a second, megabytes."""
    from ocrdata.scale.beam import BeamEngine

    with tempfile.TemporaryDirectory(prefix="ocrdata-scale-") as folder:
        engine = BeamEngine(Path(folder) / "tasks", runner, workers=2)
        work = engine.map(abs, range(count))
        next(work)
        start, done = time.perf_counter(), sum(1 for _ in work)
        tell(done / (time.perf_counter() - start), megabytes())


# --- all of it


def myself() -> List[str]:
    """Returns the command of this program."""
    return [sys.executable, __file__]


def child(kind: str, number: int) -> List[float]:
    """Returns the figures that a process of its own tells."""
    command = [*myself(), "--plan", kind, str(number)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    found = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    return [float(figure) for figure in found.stdout.split()]


def show(*cells: object) -> None:
    """Writes a row of a table."""
    shown = [f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in cells]
    sys.stdout.write("| {} |\n".format(" | ".join(shown)))
    sys.stdout.flush()


def compare(chosen: argparse.Namespace) -> None:
    """Prints the tables."""
    show("plan", "samples", "processor s to plan", "MB", "shards", "s of workers", "s a shard")
    show(*["---"] * 7)
    powers = range(6, chosen.largest + 1)
    for kind in ("listed", "random"):
        for power in powers:
            show(kind, f"10^{power}", *child(kind, 10**power))
    seconds, memory, _, _, each = child("whole", 10**6)
    for power in powers:
        workers = seconds * 10 ** (power - 6)
        show("lists", f"10^{power}", *child("lists", 10**power), workers, each)
    show(f"(a worker that plans 10^6 lines alone: {memory:.0f} MB)", *[""] * 6)
    show("finish", "shards", "processor s", "MB", "MB of dataset_info.json", "", "")
    for count in (1_000, 10_000, 100_000):
        show("", count, *child("finish", count), "", "")
    show("check", "records", "processor s", "MB", "s of it behind the last shard", "", "")
    for power in (6, 7):
        show("", f"10^{power}", *child("check", 10**power), "", "")
    show("names", "pictures", "processor s", "MB", "us a file", "us a label", "us a scene")
    for power in (5, 6, 7):
        show("", f"10^{power}", *child("names", 10**power))
    show("handed out", "tasks", "tasks/s", "MB", "", "", "")
    for runner in ("DirectRunner", "DaskRunner"):
        found = child(runner, chosen.tasks) or ["not installed", ""]
        show(runner, chosen.tasks, *found, "", "", "")


FOREIGN = ("words", "scenes", "tar", "tool", "records", "convert")


def compare_foreign(largest: int, kinds: List[str]) -> None:
    """Prints what reading others' files costs, for a tenth and for all."""
    show("others' files", "pictures", "processor s", "MB", "samples")
    show(*["---"] * 5)
    for kind in kinds:
        for power in (largest - 1, largest):
            show(kind, f"10^{power}", *child(kind, 10**power))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--largest", type=int, default=9, help="the power of ten to end with")
    parser.add_argument("--rate", type=float, default=2500, help="lines a second and worker")
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=2000, help="to hand out, of runners")
    parser.add_argument("--whole", type=int, help="plan a list of so many powers of ten, whole")
    parser.add_argument("--foreign", type=int, help="read so many powers of ten of others' files")
    parser.add_argument("--kinds", nargs="+", default=list(FOREIGN), choices=FOREIGN)
    parser.add_argument("--lay", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--plan", nargs=2, metavar=("KIND", "NUMBER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.lay:
        kind, folder, number = chosen.lay
        root = lay_out(kind, Path(folder), int(number))
        sys.stdout.write(str(tar_of(root) if kind == "tar" else root))
        return
    if chosen.plan:
        kind, number = chosen.plan[0], int(chosen.plan[1])
        single = {
            "lists": plan_lists,
            "whole": plan_whole,
            "finish": finish,
            "check": compare_hashes,
            "names": keep_names,
        }
        if kind in FOREIGN:
            read_foreign(kind, number)
        elif kind in single:
            single[kind](number)
        else:
            (hand_out if kind.endswith("Runner") else plan_lines)(kind, number)
        return
    if chosen.foreign:
        compare_foreign(chosen.foreign, chosen.kinds)
        return
    if chosen.whole:
        show("samples", "processor s", "MB", "shards", "of it workers'", "s a shard")
        show(f"10^{chosen.whole}", *child("whole", 10**chosen.whole))
        return
    compare(chosen)
    rate, total = chosen.rate * chosen.workers, 10**chosen.largest
    sys.stdout.write(
        f"\n{chosen.workers} workers of {chosen.rate:,.0f} lines/s: 10^{chosen.largest} lines in "
        f"{total / rate / 3600:,.1f} h; storage takes {rate * BYTES / 1e6:,.0f} MB/s, "
        f"{total * BYTES / 1e12:,.1f} TB in all\n"
    )


if __name__ == "__main__":
    main()
