"""Writing and reading record files, beside TensorFlow where it is installed.

    python benchmarks/records.py [--records 20000] [--bytes 10000] [--repeat 3] [--folder DIR]

Prints the best of --repeat runs in records/s and MB/s, and the ratio to TensorFlow. The same
ready-made pictures are written by both, with the features of a text line; one core is used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from ocrdata.base.seeds import stream
from ocrdata.records.schema import (
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
from ocrdata.records.tfrecord import open_writer, read_examples, read_records

TEXT_VALUE = "一日难再晨"
CLASSES = (1, 200, 3000, 400, 17)


def make_images(count, size):
    random = stream(0, "benchmark")
    return [random.getrandbits(8 * size).to_bytes(size, "big") for _ in range(min(count, 100))]


def write_ours(path, images, count):
    with open_writer(path) as writer:
        for i in range(count):
            key = "pic/{:04d}/{:08d}.jpg".format(i // 10000, i)
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
                SOURCE_ID: blobs("pic/{:04d}/{:08d}.jpg".format(i // 10000, i).encode()),
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=20000)
    parser.add_argument("--bytes", type=int, default=10000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", help="where to write; a temporary folder by default")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        measure(options, folder)
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
        sys.stdout.write("files equal byte for byte: {:,} bytes".format(ours.stat().st_size) + "\n")
        if hasattr(tf.data.Dataset, "as_numpy_iterator"):
            other["read, checksums"] = best(options.repeat, read_tensorflow, tf, theirs, False)
            other["read, features"] = best(options.repeat, read_tensorflow, tf, theirs, True)
    for name, seconds in table.items():
        rate = options.records / seconds
        text = "{:16} {:>9,.0f} records/s {:>7,.0f} MB/s".format(
            name, rate, rate * options.bytes / 1e6
        )
        if name in other:
            theirs_rate = options.records / other[name]
            text += "   TensorFlow {:>9,.0f}   ratio {:.2f}".format(theirs_rate, rate / theirs_rate)
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
