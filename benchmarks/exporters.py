"""Writing for other tools beside their own libraries, and reading lines into PyTorch.

    python benchmarks/exporters.py write [--count 50000] [--rounds 3]
    python benchmarks/exporters.py memory [--format lmdb] [--count 1000000]
    python benchmarks/exporters.py read [--count 20000] [--rounds 3] [--epochs 3]

write: line pictures in files to LMDB, WebDataset and Parquet, by `ocrdata convert` in one process
and by a plain loop over the same list with the format's own library and defaults. memory: the peak
of a process that converts so many samples, and a tenth of them. read (needs PyTorch): shards
through `LineDataset` with two threads and with two processes, decoding alone in two processes, and
LMDB as the deep-text-recognition-benchmark family reads it, in two processes, --epochs times; each
begins with starting them. Contenders take turns; figures are medians, of the processor time of a
process and its children and of elapsed time.
"""

from __future__ import annotations

import argparse
import io
import itertools
import multiprocessing
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import read_sample_list
from ocrdata.pipelines.convert import convert
from ocrdata.pipelines.line_batches import BatchOptions, LineBatches
from ocrdata.pipelines.line_request import LineRequestOptions
from ocrdata.pipelines.render_lines import LineOutput, write_request
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.schema import line_of
from ocrdata.records.format.tfrecord import read_records
from ocrdata.records.write.shards import write_shards
from ocrdata.text.charset import collect_characters, write_dictionary


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def lines_in(folder, count):
    """A data folder of rendered lines, all in Train."""
    options = LineRequestOptions(style=("clean",), limit=count, test_fraction=0.0)
    write_request(options, LineOutput(folder), run=RunOptions(workers=2))
    texts = [sample.text for sample in read_sample_list(folder / "Train" / "sample.txt", folder)]
    write_dictionary(folder / "char_dict", collect_characters(texts))
    return folder


# --- plain loops


def rows_of(data):
    with (data / "Train" / "sample.txt").open(encoding="utf-8") as stream:
        for line in stream:
            key, _, text = line.rstrip("\n").partition(" ")
            with open(f"{data}/{key}", "rb") as picture:  # noqa: PTH123 - as quick as it gets
                yield key, text, picture.read()


def checked(rows):
    """What create_lmdb_dataset.py of the family does by default: it decodes each picture."""
    for row in rows:
        assert cv2.imdecode(np.frombuffer(row[2], np.uint8), cv2.IMREAD_GRAYSCALE).size
        yield row


def plain_lmdb(data, target, check=False):
    import lmdb

    env = lmdb.open(str(target), map_size=1 << 40)
    cache, number = {}, 0
    rows = checked(rows_of(data)) if check else rows_of(data)
    for number, (_, text, image) in enumerate(rows, 1):
        cache[b"image-%09d" % number] = image
        cache[b"label-%09d" % number] = text.encode("utf-8")
        if number % 1000 == 0:
            with env.begin(write=True) as transaction:
                for key, value in cache.items():
                    transaction.put(key, value)
            cache = {}
    cache[b"num-samples"] = str(number).encode("ascii")
    with env.begin(write=True) as transaction:
        for key, value in cache.items():
            transaction.put(key, value)
    env.close()


def plain_webdataset(data, target):
    import webdataset

    target.mkdir()
    writer = webdataset.ShardWriter(str(target / "train-%06d.tar"), maxcount=10_000, verbose=0)
    for number, (_, text, image) in enumerate(rows_of(data)):
        writer.write({"__key__": f"{number:09d}", "jpg": image, "txt": text})
    writer.close()


def plain_parquet(data, target):
    import pyarrow as arrow
    from pyarrow import parquet

    target.mkdir()
    image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    schema = arrow.schema([("image", image), ("text", arrow.string())])
    rows = rows_of(data)
    with parquet.ParquetWriter(str(target / "train.parquet"), schema) as writer:
        while True:
            block = list(itertools.islice(rows, 256))
            if not block:
                return
            images = [{"bytes": data, "path": key} for key, _, data in block]
            columns = {"image": images, "text": [text for _, text, _ in block]}
            writer.write_table(arrow.table(columns, schema=schema))


PLAIN = {"lmdb": plain_lmdb, "webdataset": plain_webdataset, "parquet": plain_parquet}


def used():
    """Seconds of processor time of this process and the children that have ended."""
    parts = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(part)[:2]) for part in parts)


def timed(work):
    """Returns (processor time, elapsed time) in seconds."""
    before, start = used(), time.perf_counter()
    work()
    return used() - before, time.perf_counter() - start


def compared(name, contenders, rounds, count):
    """Lets contenders take turns; the first is ours, and ratios are its speed to the others'."""
    times = {one: [] for one in contenders}
    for _ in range(rounds):
        for one, work in contenders.items():
            times[one].append(timed(work))
    middle = {
        one: [statistics.median(pair[at] for pair in pairs) for at in (0, 1)]
        for one, pairs in times.items()
    }
    ours = next(iter(middle))
    for one, (processor, elapsed) in middle.items():
        ratio = [middle[one][at] / middle[ours][at] for at in (0, 1)]
        say(
            f"{name:12s}{one:32s}{processor:8.2f} s of processor, {elapsed:8.2f} s elapsed, "
            f"{count / processor:8.0f}/s; ours is x {ratio[0]:.2f} ({ratio[1]:.2f} elapsed)"
        )


def bench_write(options, folder):
    data = lines_in(folder / "data", options.count)

    def ours(form):
        target = folder / "ours"
        shutil.rmtree(str(target), ignore_errors=True)
        convert(data, target, form)

    def theirs(form, **more):
        target = folder / "theirs"
        shutil.rmtree(str(target), ignore_errors=True)
        PLAIN[form](data, target, **more)

    for form in PLAIN:
        contenders = {"ocrdata": lambda f=form: ours(f), "plain loop": lambda f=form: theirs(f)}
        if form == "lmdb":
            contenders["plain loop, pictures checked"] = lambda: theirs("lmdb", check=True)
        compared(form, contenders, options.rounds, options.count)


def tiny_lines(folder, count):
    """A data folder with a long list of few and tiny pictures: what is kept of a sample counts."""
    (folder / "pic").mkdir(parents=True)
    (folder / "Train").mkdir()
    for number in range(200):
        image = np.full((8, 16), number, np.uint8)
        (folder / "pic" / f"{number}.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())
    with (folder / "Train" / "sample.txt").open("w", encoding="utf-8") as stream:
        for number in range(count):
            stream.write(f"pic/{number % 200}.png text {number}\n")
    return folder


def bench_memory(options, folder):
    for count in (options.count // 10, options.count):
        data, target = tiny_lines(folder / "data", count), folder / "out"
        words = [sys.executable, "-m", "ocrdata", "--quiet", "convert", str(data), str(target)]
        words += ["--to", options.format, "--workers", str(options.workers)]
        seconds, _ = timed(lambda words=words: subprocess.check_call(words))
        # The peak of the largest child so far; the larger list comes last.
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        say(f"{options.format}: {count:,} samples, peak {peak:.0f} MB, {seconds:.0f} s")
        shutil.rmtree(str(data))
        shutil.rmtree(str(target))


# --- reading


class BenchmarkLmdb:
    """What the family's dataset and its collate function do, written down anew."""

    def __init__(self, root):
        import lmdb

        self.env = lmdb.open(root, max_readers=32, readonly=True, lock=False, readahead=False)
        with self.env.begin() as transaction:
            self.count = int(transaction.get(b"num-samples"))

    def __len__(self):
        return self.count

    def __getitem__(self, place):
        from PIL import Image

        with self.env.begin() as transaction:
            label = transaction.get(b"label-%09d" % (place + 1)).decode("utf-8")
            data = transaction.get(b"image-%09d" % (place + 1))
        return Image.open(io.BytesIO(data)).convert("L"), label


def collate_benchmark(rows):
    import torch
    from PIL import Image

    images = []
    for image, _ in rows:
        small = np.asarray(image.resize((100, 32), Image.BICUBIC), np.float32)
        images.append(torch.from_numpy(small / 255.0).sub_(0.5).div_(0.5)[None])
    return torch.stack(images), [label for _, label in rows]


def decode_only(images):
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    for image in images:
        cv2.imdecode(np.frombuffer(image, np.uint8), flags)


def decode_in_two(images, epochs):
    """Two processes, each of which decodes half of the pictures, which are in memory."""
    context = multiprocessing.get_context("fork")
    halves = [images[part::2] * epochs for part in (0, 1)]
    workers = [context.Process(target=decode_only, args=(half,)) for half in halves]
    for one in workers:
        one.start()
    for one in workers:
        one.join()


def bench_read(options, folder):
    from torch.utils.data import DataLoader

    from ocrdata.torch import LineDataset

    data = lines_in(folder / "data", options.count)
    write_shards(data, shards=8, validation_fraction=0.0, run=RunOptions(workers=2))
    convert(data, folder / "lmdb", "lmdb")
    shards = sorted((data / "tfrecords").glob("train-*"))
    records = itertools.chain.from_iterable(map(read_records, shards))
    images = [line_of(decode_example(record)).image for record in records]
    lines = LineDataset(data, batch_size=192)
    family = BenchmarkLmdb(str(folder / "lmdb" / "train"))
    stay = {"num_workers": 2, "persistent_workers": True}

    def epochs(loader):
        for _ in range(options.epochs):
            for _ in loader:
                pass

    # Each is made anew, so that its processes have ended, and are counted, when it is done.
    shuffled = {"shuffle": True, "collate_fn": collate_benchmark, **stay}
    contenders = {
        "LineDataset.loader(2), threads": lambda: epochs(lines.loader(2)),
        "LineDataset, 2 processes": lambda: epochs(DataLoader(lines, batch_size=None, **stay)),
        "LMDB, its family's way": lambda: epochs(DataLoader(family, 192, **shuffled)),
        "decoding alone, 2 processes": lambda: decode_in_two(images, options.epochs),
    }
    compared("read", contenders, options.rounds, options.epochs * len(images))
    # Without processes and PyTorch: what taking records apart and batches cost.
    alone = {
        "LineBatches": lambda: [0 for _ in LineBatches(data, options=BatchOptions(192)).batches()],
        "decoding alone": lambda: decode_only(images),
    }
    compared("one process", alone, options.rounds, len(images))


MODES = {"write": bench_write, "memory": bench_memory, "read": bench_read}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measures exporters and the PyTorch reader.")
    parser.add_argument("mode", choices=sorted(MODES))
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3, help="of read")
    parser.add_argument("--format", default="lmdb", help="of memory")
    parser.add_argument("--workers", type=int, default=0, help="of memory")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocrdata-") as name:
        MODES[chosen.mode](chosen, Path(name))
