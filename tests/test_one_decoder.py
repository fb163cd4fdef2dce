"""One picture of each mode through all doors: every command sees the same pixels."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.cli import main
from ocrdata.errors import UnknownNameError
from ocrdata.gallery.cards import open_image
from ocrdata.images import header
from ocrdata.images.decode import (
    APPLY,
    decode_image,
    decode_problem,
    decode_rgb,
    open_whole,
    scaled_to_8_bits,
)
from ocrdata.images.encoding import ImageOptions, prepare
from ocrdata.images.header import read_header
from ocrdata.images.plain import to_plain
from ocrdata.images.plain_header import is_plain_file, orientation_of

SIZE = (24, 16)
RNG = np.random.RandomState(5)
GRAY = np.kron(RNG.randint(0, 256, (4, 6)), np.ones((4, 4))).astype(np.uint8)
COLOUR = np.kron(RNG.randint(0, 256, (4, 6, 3)), np.ones((4, 4, 1))).astype(np.uint8)
ALPHA = np.kron(RNG.choice([0, 90, 255], (4, 6)), np.ones((4, 4))).astype(np.uint8)
WIDE = np.linspace(6000, 60000, GRAY.size).reshape(GRAY.shape).astype(np.uint16)


def encoded(image, form, **how):
    stream = io.BytesIO()
    image.save(stream, form, **how)
    return stream.getvalue()


def png16(values):
    """A 16-bit PNG written by hand: Pillow's versions differ."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    height, width = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    end = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + end


def exif(mark):
    marks = Image.Exif()
    marks[0x0112] = mark
    return marks.tobytes()


def on_white(colour, alpha):
    share = alpha[:, :, None] / 255.0
    return colour * share + 255.0 * (1.0 - share)


def rgb(gray):
    return np.repeat(np.asarray(gray, np.float64)[:, :, None], 3, axis=2)


def pictures():
    """Yields (name, file, pixels that it must have or None, by how much they may differ)."""
    colour, gray = Image.fromarray(COLOUR), Image.fromarray(GRAY)
    seen = Image.fromarray(np.dstack([COLOUR, ALPHA]))
    palette = colour.quantize(8)
    clear = palette.copy()
    clear.info["transparency"] = 3
    wide = rgb(WIDE / 257.0)
    yield "gray.png", encoded(gray, "PNG"), rgb(GRAY), 0
    yield "gray.jpg", encoded(gray, "JPEG", quality=95), rgb(GRAY), 12
    yield "colour.png", encoded(colour, "PNG"), COLOUR, 0
    yield "colour.jpg", encoded(colour, "JPEG", quality=95, subsampling=0), COLOUR, 12
    yield "chroma.jpg", encoded(colour, "JPEG", quality=95), None, 0
    yield "progressive.jpg", encoded(colour, "JPEG", progressive=True), None, 0
    yield "cmyk.jpg", encoded(colour.convert("CMYK"), "JPEG", quality=98), COLOUR, 16
    yield "cmyk.tif", encoded(colour.convert("CMYK"), "TIFF"), COLOUR, 1
    yield "bits.png", encoded(Image.fromarray(GRAY > 100), "PNG"), rgb((GRAY > 100) * 255.0), 0
    yield "palette.png", encoded(palette, "PNG"), np.asarray(palette.convert("RGB")), 0
    yield "clear.png", encoded(clear, "PNG", transparency=3), None, 0
    yield "clear.gif", encoded(clear, "GIF", transparency=3), None, 0
    yield "seen.png", encoded(seen, "PNG"), on_white(COLOUR, ALPHA), 1
    yield "seen_gray.png", encoded(seen.convert("LA"), "PNG"), None, 0
    yield "seen.webp", encoded(seen, "WEBP", lossless=True, exact=True), on_white(COLOUR, ALPHA), 1
    yield "opaque.png", encoded(colour.convert("RGBA"), "PNG"), COLOUR, 0
    yield "16.png", png16(WIDE), wide, 1
    yield "16.tif", encoded(Image.fromarray(WIDE), "TIFF"), wide, 1
    yield (
        "float.tif",
        encoded(Image.fromarray((WIDE / 65535.0).astype(np.float32)), "TIFF"),
        wide,
        1,
    )
    yield "bytes.tif", encoded(Image.fromarray(GRAY.astype(np.float32)), "TIFF"), rgb(GRAY), 0
    yield "gray.bmp", encoded(gray, "BMP"), rgb(GRAY), 0
    yield "colour.bmp", encoded(colour, "BMP"), COLOUR, 0
    yield "colour.gif", encoded(palette, "GIF"), np.asarray(palette.convert("RGB")), 0
    yield "turned.jpg", encoded(colour, "JPEG", quality=95, exif=exif(6)), None, 0
    yield "turned.png", encoded(colour, "PNG", exif=exif(3)), COLOUR, 0


PICTURES = list(pictures())
NAMES = [row[0] for row in PICTURES]


def same(first, second):
    np.testing.assert_array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("name, data, wanted, off", PICTURES, ids=NAMES)
def test_the_decoder_gives_what_was_drawn(name, data, wanted, off):
    found = decode_rgb(data)
    assert found.dtype == np.uint8 and found.shape == (SIZE[1], SIZE[0], 3)
    if wanted is not None:
        assert np.abs(found.astype(np.float64) - wanted).max() <= off
    assert len(np.unique(found)) > 1  # neither white nor black all over


@pytest.mark.parametrize("name, data, wanted, off", PICTURES, ids=NAMES)
def test_every_door_has_the_decoders_pixels(name, data, wanted, off):
    pixels = decode_rgb(data)
    same(decode_image(data)[:, :, ::-1], pixels)  # detectors, and crops of an import
    same(open_image(data)[0], pixels)  # preview, reports
    plain = to_plain(data)  # what an import writes, and predict reads
    assert is_plain_file(plain.data) or name == "opaque.png"
    same(decode_rgb(plain.data), pixels)
    for options in (ImageOptions(), ImageOptions(height=SIZE[1]), ImageOptions(encoding="png")):
        same(decode_rgb(prepare(data, options).data), pixels)  # tfrecord


@pytest.mark.parametrize("channels", [1, 3])
def test_the_network_sees_the_decoders_pixels(channels):
    pytest.importorskip("tensorflow")
    from ocrdata.reading.lines import ready_line
    from ocrdata.train.compat import tf, v1
    from ocrdata.train.data.line_images import ImageSpec, decode_images

    # As older records and other programs hold them too, where TensorFlow can read the format.
    files = [
        data for name, data, *_ in PICTURES if not name.endswith((".tif", ".webp", "cmyk.jpg"))
    ]
    written = [to_plain(data).data for _, data, *_ in PICTURES]
    with tf.Graph().as_default(), v1.Session() as session:
        given = v1.placeholder(tf.string, [None])
        images, _ = decode_images(given, tf.constant(SIZE[0]), ImageSpec(SIZE[1], channels))
        for batch in (written, [data for data in files if data[:2] not in (b"GI", b"BM")]):
            found = session.run(images, {given: batch})
            for data, one in zip(batch, found):
                same(one, ready_line(decode_image(data), SIZE[1], channels))


def test_commands_see_the_same_pixels(tmp_path):
    """import, tfrecord, check and preview of files in a folder, by the command line."""
    from ocrdata.records.format.tfrecord import example_of, scan_records

    root = tmp_path / "d"
    root.mkdir()
    for name, data, *_ in PICTURES:
        assert name.endswith(IMAGE_SUFFIXES)
        (root / name).write_bytes(data)
    (root / "rec_gt.txt").write_text("".join(f"{name}\tword\n" for name in NAMES))
    keys = "".join(f"{name} word\n" for name in NAMES)
    (root / "Train").mkdir()
    (root / "Train" / "sample.txt").write_text(keys)
    out = tmp_path / "out"
    words = ("--task", "recognition", "--exif", "ignore", "--test-fraction", "0")
    run("import", "paddleocr", root / "rec_gt.txt", "--data-dir", out, *words)
    for name, line in zip(NAMES, (out / "Train/sample.txt").read_text().splitlines()):
        same(
            decode_rgb((out / line.split()[0]).read_bytes()), decode_rgb((root / name).read_bytes())
        )
    assert "ok: True" in run("check", root) and "ok: True" in run("check", out)
    one = ("--shards", 1, "--validation-fraction", 0)
    for folder in (root, out):
        run("build-dict", "--data-dir", folder)
        run("tfrecord", "--data-dir", folder, "--height", SIZE[1], *one)
        (path,) = (folder / "tfrecords").glob("*.tfrecord")
        for record in scan_records(path):
            example = example_of(path, record)
            key = example["image/source_id"].values[0].decode()
            image = decode_rgb(example["image/encoded"].values[0])
            same(image, decode_rgb((folder / key).read_bytes()))
    assert f"samples: {len(NAMES)}" in run(
        "preview", root, "--output", tmp_path / "a.png", "--count", 40
    )


def run(*words):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("mark", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_followed_or_taken_off(form, mark):
    how = {"quality": 98, "subsampling": 0} if form == "JPEG" else {}
    data = encoded(Image.fromarray(COLOUR), form, exif=exif(mark), **how)
    upright = {
        1: COLOUR,
        2: COLOUR[:, ::-1],
        3: COLOUR[::-1, ::-1],
        4: COLOUR[::-1],
        5: COLOUR.transpose(1, 0, 2),
        6: np.rot90(COLOUR, -1),
        7: COLOUR[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(COLOUR),
    }[mark]
    assert orientation_of(data) == mark
    turned, stored = to_plain(data, APPLY), to_plain(data)
    assert orientation_of(turned.data) == orientation_of(stored.data) == 1
    assert decode_rgb(turned.data).shape == upright.shape
    assert np.abs(decode_rgb(turned.data).astype(int) - upright.astype(int)).mean() < 16
    same(decode_rgb(stored.data), decode_rgb(data))
    assert bool(turned.converted) == (mark != 1 or form == "WEBP")


def test_lines_to_read_are_turned_upright(tmp_path):
    from ocrdata.reading.words import ReadOptions
    from ocrdata.train.inference.line_files import read_line_file

    upright = Image.fromarray(
        np.arange(60 * 20 * 3, dtype=np.uint32).reshape(20, 60, 3).astype("u1")
    )
    mark = Image.Exif()
    mark[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(str(tmp_path / "a.png"), exif=mark.tobytes())
    same(decode_rgb(read_line_file(tmp_path / "a.png", APPLY).content), np.asarray(upright))
    assert read_line_file(tmp_path / "a.png", APPLY).shape == 3.0
    assert read_line_file(tmp_path / "a.png").shape == 1 / 3
    same(decode_image((tmp_path / "a.png").read_bytes(), APPLY)[:, :, ::-1], np.asarray(upright))
    with pytest.raises(UnknownNameError):
        ReadOptions(exif="turn")


def test_a_label_tools_upright_boxes_cut_the_right_words(tmp_path):
    """A photograph with a mark, labelled by a tool that shows it upright."""
    upright = np.full((60, 40, 3), 255, np.uint8)
    upright[10:20, 5:35] = (200, 0, 0)
    root = tmp_path / "ph"
    root.mkdir()
    stored = Image.fromarray(np.rot90(upright))
    stored.save(str(root / "p.jpg"), quality=95, subsampling=0, exif=exif(6))
    box = '[{"transcription": "red", "points": [[5, 10], [35, 10], [35, 20], [5, 20]]}]'
    (root / "Label.txt").write_text(f"ph/p.jpg\t{box}\n")
    for way, red in (("apply", True), ("ignore", False)):
        out = tmp_path / way
        words = ("--crops", "--exif", way) if way == "ignore" else ("--crops",)
        output = run("import", "paddleocr", root, "--data-dir", out, *words)
        assert ("turned upright" in output) == red and ("mark taken off" in output) != red
        (crop,) = out.rglob("*.png")
        mean = np.asarray(Image.open(str(crop)).convert("RGB")).reshape(-1, 3).mean(axis=0)
        assert (mean[0] > 180 and mean[1] < 60) == red


@pytest.mark.parametrize(
    "values, mode, wanted",
    [
        (np.array([[0, 65535, 256]], np.uint16), "I;16", [0, 255, 1]),
        (np.array([[0, 1000, 70000]], np.int32), "I", [0, 4, 255]),
        (np.array([[0, 255, 7]], np.int32), "I", [0, 255, 7]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), "F", [0, 128, 255]),
        (np.array([[0.0, 0.5, np.nan]], np.float32), "F", [0, 128, 0]),
        (np.array([[0.0, 12.4, 255.0]], np.float32), "F", [0, 12, 255]),
        (np.array([[5000.0, 5000.0]], np.float32), "F", [0, 0]),
    ],
)
def test_more_than_8_bits(values, mode, wanted):
    assert scaled_to_8_bits(values, mode, "TIFF").tolist() == [wanted]


def test_damaged_jpegs_are_refused_as_pillow_refuses_them():
    draw = np.random.Generator(np.random.Philox(3))
    refused = 0
    for number in range(120):
        image = Image.fromarray(draw.integers(0, 255, (24, 40, 3), dtype=np.uint8))
        file = io.BytesIO()
        image.convert("L" if number % 2 else "RGB").save(
            file, "JPEG", progressive=number % 3 > 0, restart_marker_blocks=number % 5
        )
        data = bytearray(file.getvalue())
        data[int(draw.integers(2, len(data) - 2))] ^= 1 << int(draw.integers(8))
        try:
            read_header(bytes(data))
            open_whole(bytes(data)).convert("RGB")
        except ValueError:
            refused += 1
            assert decode_problem(bytes(data))
            with pytest.raises(ValueError):
                decode_image(bytes(data))
        else:
            assert not decode_problem(bytes(data))
    assert refused > 10


def jpegs():
    """JPEGs of several encoders, sizes and kinds, one with a thumbnail in front."""
    files = []
    for size in ((24, 16), (31, 7), (300, 16)):
        colour = Image.fromarray(COLOUR).resize(size)
        files += [encoded(colour, "JPEG", quality=quality) for quality in (30, 95)]
        files.append(encoded(colour.convert("L"), "JPEG", progressive=size[0] == 31))
    with_thumbnail = files[0][:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(files[1])) + files[1]
    return [*files, with_thumbnail + files[0][2:]]


def header_or_problem(data):
    try:
        return read_header(data)
    except ValueError as error:
        return str(error)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(jpegs()), st.integers(0, 900), st.integers(0, 255))))
def test_a_header_does_not_depend_on_the_one_before(changes):
    for data, place, value in changes:
        changed = bytearray(data)
        if place < len(data):
            changed[place] = value
        for one in (data, bytes(changed), data[:place]):
            found = header_or_problem(one)
            header._LAST[0] = header._Around(b"\xff\xd8", b"\0")
            assert header_or_problem(one) == found
            assert header_or_problem(one) == found
