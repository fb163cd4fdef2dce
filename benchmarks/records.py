"""Writing and reading record files, beside TensorFlow and the original's method.

    python benchmarks/records.py raw [--records 20000] [--bytes 10000]
    python benchmarks/records.py lines [--count 50000] [--data DIR]
    python benchmarks/records.py memory [--count 1000000]

raw: ready-made Examples in memory to and from one file, by us and by TensorFlow. lines: a data
folder of text lines (by default rendered poems) to shards, by us, by TensorFlow's writer with the
same features, and by the original's method (decode, resize to 100 x 32, raw bytes). memory: the
peak of a process that writes many small samples, from a list and from a stream. One core; the best
of --repeat runs. TensorFlow is needed for comparisons only.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ocrdata.base.random_streams import stream
from ocrdata.records.format.schema import (
    CLASS,
    ENCODED,
    FORMAT,
    HEIGHT,
    SOURCE_ID,
    TEXT,
    WIDTH,
    LineRecord,
    encode_line,
    line_of,
)
from ocrdata.records.format.tfrecord import read_examples, read_records
from ocrdata.records.format.tfrecord_writer import open_writer

TEXT_VALUE = "一日难再晨"
CLASSES = (1, 200, 3000, 400, 17)


def make_images(count, size):
    random = stream(0, "benchmark")
    return [random.getrandbits(8 * size).to_bytes(size, "big") for _ in range(min(count, 100))]


def write_ours(path, images, count):
    with open_writer(path) as writer:
        for i in range(count):
            key = f"pic/{i // 10000:04d}/{i:08d}.jpg"
            image = images[i % len(images)]
            line = LineRecord(key, image, "jpeg", 32, 210, TEXT_VALUE, CLASSES)
            writer.write(encode_line(line))


def write_tensorflow(tf, path, images, count):
    example, feature = tf.train.Example, tf.train.Feature
    int64, blob = tf.train.Int64List, tf.train.BytesList

    def ints(*values):
        return feature(int64_list=int64(value=values))

    def blobs(value):
        return feature(bytes_list=blob(value=[value]))

    with tf.io.TFRecordWriter(str(path)) as writer:
        for i in range(count):
            features = {
                ENCODED: blobs(images[i % len(images)]),
                FORMAT: blobs(b"jpeg"),
                HEIGHT: ints(32),
                WIDTH: ints(210),
                SOURCE_ID: blobs(f"pic/{i // 10000:04d}/{i:08d}.jpg".encode()),
                TEXT: blobs(TEXT_VALUE.encode()),
                CLASS: ints(*CLASSES),
            }
            made = example(features=tf.train.Features(feature=features))
            writer.write(made.SerializeToString(deterministic=True))
        writer.flush()
    # Our writer waits until the bytes are on the disk, so theirs must too.
    with path.open("rb+") as written:
        os.fsync(written.fileno())


def read_tensorflow(tf, path, decode):
    count = 0
    for data in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        if decode:
            tf.train.Example.FromString(data)
        count += 1
    return count


def best(repeat, function, *arguments):
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)


# --- text lines, end to end


def sample_rows(data):
    for name in ("Train", "Test"):
        with (data / name / "sample.txt").open(encoding="utf-8") as stream:
            for line in stream:
                yield line.rstrip("\n").partition(" ")[::2]


def lines_ours(data, folder, compression):
    from ocrdata.records.write.shards import write_shards

    target = folder / ("ours" if compression == "none" else "gzip")
    write_shards(data, target, shards=10, compression=compression, workers=0, overwrite=True)


def write_examples(tf, data, path, features_of):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for key, text in sample_rows(data):
            features = tf.train.Features(feature=features_of(key, text))
            writer.write(tf.train.Example(features=features).SerializeToString())
        writer.flush()
    with path.open("rb+") as written:
        os.fsync(written.fileno())


def lines_tensorflow(tf, data, folder, index):
    """Reads each file and writes the features that we write, without checking or shuffling."""
    from ocrdata.images.header import read_header

    def features_of(key, text):
        image = (data / key).read_bytes()
        header = read_header(image)
        values = {
            ENCODED: [image],
            FORMAT: [b"jpeg"],
            SOURCE_ID: [key.encode()],
            TEXT: [text.encode()],
        }
        numbers = {HEIGHT: [header.height], WIDTH: [header.width], CLASS: [index[c] for c in text]}
        return as_features(tf, values, numbers)

    write_examples(tf, data, folder / "tensorflow.tfrecord", features_of)


def lines_original(tf, data, folder, index):
    """Does what the original does: decode, resize, a list of numbers, raw bytes."""
    import cv2
    import numpy as np

    def features_of(key, text):
        image = cv2.resize(cv2.imread(str(data / key), cv2.IMREAD_COLOR), (100, 32))
        raw = bytes(list(np.reshape(image, [100 * 32 * 3])))
        values = {"images": [raw], "imagenames": [key.encode()]}
        return as_features(tf, values, {"labels": [index[c] for c in text]})

    write_examples(tf, data, folder / "original.tfrecord", features_of)


def as_features(tf, values, numbers):
    feature, blob, int64 = tf.train.Feature, tf.train.BytesList, tf.train.Int64List
    found = {name: feature(bytes_list=blob(value=value)) for name, value in values.items()}
    found.update((n, feature(int64_list=int64(value=value))) for n, value in numbers.items())
    return found


def measure_lines(options, folder):
    from ocrdata.text.charset import read_charset

    data = Path(options.data) if options.data else folder / "data"
    if not options.data:
        # Phrases and JPEG quality as the original has them.
        lines = ["--corpus", "poems", "--variants", "30", "--quality", "75"]
        for words in (["gen-pics", *lines, "--limit", str(options.count)], ["build-dict"]):
            command = [sys.executable, "-m", "ocrdata", "-q", *words, "--data-dir", str(data)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    count = sum(1 for _ in sample_rows(data))
    charset = read_charset(data / "char_dict")
    index = {character: place for place, character in enumerate(charset.characters)}
    import tensorflow as tf

    ways = (
        ("original", lines_original, (tf, data, folder, index)),
        ("tensorflow", lines_tensorflow, (tf, data, folder, index)),
        ("ours", lines_ours, (data, folder, "none")),
        ("gzip", lines_ours, (data, folder, "gzip")),
    )
    say("              lines/s  bytes/line   time    CPU   size, to the original's")
    found = {}
    for name, function, arguments in ways:
        seconds, cpu = best_both(options.repeat, function, *arguments)
        files = [*folder.glob(name + "/*.tfrecord"), *folder.glob(name + ".tfrecord")]
        found[name] = seconds, cpu, sum(path.stat().st_size for path in files)
        ratios = [one / first for one, first in zip(found[name], found["original"])]
        rates = count / seconds, found[name][2] / count
        say("{:11} {:>9,.0f}  {:>10,.0f}   {:.2f}   {:.2f}   {:.2f}".format(name, *rates, *ratios))


def best_both(repeat, function, *arguments):
    """Returns the least seconds by the clock, and of this process."""
    times = []
    for _ in range(repeat):
        start, cpu = time.perf_counter(), time.process_time()
        function(*arguments)
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    return tuple(map(min, zip(*times)))


# --- memory


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a4944415478da63f80f0001010100b5e5be9c0000000049454e44ae426082"
)


def small_samples(count, start=0):
    from ocrdata.base.sample import Sample

    for number in range(start, count):
        key = f"pic/{number // 10000:04d}/{number:08d}.png"
        yield ("Test" if number % 10 == 0 else "Train"), Sample(key, PIXEL, str(number))


def stream_small(folder, count):
    from ocrdata.records.write.stream import SampleStream, write_sample_stream

    def opener(start):
        return small_samples(count, start)

    write_sample_stream(SampleStream(opener, {"count": count}), folder / "stream")


def list_small(folder, count):
    """Lists names that all lead to one file: what is kept of a sample is what matters."""
    from ocrdata.records.write.shards import write_shards

    data = folder / "data"
    for name in ("pic/0", "Train", "Test"):
        (data / name).mkdir(parents=True)
    (data / "pic" / "0" / "0.png").write_bytes(PIXEL)
    (data / "chinese.txt").write_text("".join(f"{i}\n" for i in range(10)))
    with (data / "Train" / "sample.txt").open("w") as train:
        for number in range(count):
            # Different keys, one file: a/./b is another name for a/b.
            dots = "".join("./" if number >> bit & 1 else ".//" for bit in range(20))
            train.write(f"pic/{dots}0/0.png {number}\n")
    write_shards(data, folder / "list")


def measure_memory(options, folder):
    for name in ("stream", "list"):
        command = [sys.executable, __file__, "_" + name, "--count", str(options.count)]
        command += ["--folder", str(folder)]
        started = time.perf_counter()
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        seconds = time.perf_counter() - started
        say(
            f"{name:7} {options.count:,} samples: peak {int(out) / 1024:,.0f} MB, "
            f"{options.count / seconds:,.0f} samples/s"
        )


def peak_of(function, folder, count):
    function(folder, count)
    say(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("raw", "lines", "memory", "_stream", "_list"))
    parser.add_argument("--records", type=int, default=20000)
    parser.add_argument("--bytes", type=int, default=10000)
    parser.add_argument("--count", type=int)
    parser.add_argument("--data", help="a data folder with a dictionary; rendered by default")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", help="where to write; a temporary folder by default")
    options = parser.parse_args()
    options.count = options.count or (50000 if options.what == "lines" else 1000000)
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    ways = {"raw": measure, "lines": measure_lines, "memory": measure_memory}
    try:
        if options.what in ways:
            ways[options.what](options, folder)
        else:
            peak_of(
                {"_stream": stream_small, "_list": list_small}[options.what], folder, options.count
            )
    finally:
        shutil.rmtree(str(folder))


def measure(options, folder):
    images = make_images(options.records, options.bytes)
    ours, theirs = folder / "ours", folder / "theirs"
    table = {
        "write": best(options.repeat, write_ours, ours, images, options.records),
        "read, checksums": best(options.repeat, lambda: sum(1 for _ in read_records(ours))),
        "read, features": best(
            options.repeat, lambda: sum(1 for _ in map(line_of, read_examples(ours)))
        ),
    }
    other = {}
    try:
        import tensorflow as tf
    except ImportError:
        sys.stderr.write("TensorFlow is not installed: no comparison" + "\n")
    else:
        other["write"] = best(options.repeat, write_tensorflow, tf, theirs, images, options.records)
        assert ours.read_bytes() == theirs.read_bytes(), "the two files differ"
        sys.stdout.write(f"files equal byte for byte: {ours.stat().st_size:,} bytes" + "\n")
        if hasattr(tf.data.Dataset, "as_numpy_iterator"):
            other["read, checksums"] = best(options.repeat, read_tensorflow, tf, theirs, False)
            other["read, features"] = best(options.repeat, read_tensorflow, tf, theirs, True)
    for name, seconds in table.items():
        rate = options.records / seconds
        text = f"{name:16} {rate:>9,.0f} records/s {rate * options.bytes / 1e6:>7,.0f} MB/s"
        if name in other:
            theirs_rate = options.records / other[name]
            text += f"   TensorFlow {theirs_rate:>9,.0f}   ratio {rate / theirs_rate:.2f}"
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
