"""Five thousand damaged inputs: each is refused by name or used, none harms, none hangs.

A fifth of them on Python 3.7, which reads them by the same code.
"""

from __future__ import annotations

import io
import shutil
import sys
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_shards import make_data

from ocrdata.check.artefact import check_path
from ocrdata.errors import OcrdataError
from ocrdata.packing.unpack import unpack_archive
from ocrdata.records.format.tfrecord import read_examples, scan_records
from ocrdata.records.legacy.originals import find_originals
from ocrdata.records.sources.truth import parse_regions
from ocrdata.records.write.shards import write_shards
from ocrdata.text.charset import read_charset, write_dictionary

pytestmark = pytest.mark.slow
INPUTS = settings(
    max_examples=1000 if sys.version_info >= (3, 8) else 200,
    deadline=timedelta(seconds=30),
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)

PIECES = st.sampled_from(
    [
        b"",
        b" ",
        b"\n",
        b"\r\n",
        b"\t",
        b"\0",
        b",",
        b"..",
        b"../",
        b"/",
        b"\\",
        b'"',
        b"#",
        b"###",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xff\xff\xff\xff",
        b"-1",
        b"1e400",
        b"NaN",
        b"{",
        b"]",
        b"[[",
        "龘".encode(),
        "\u2028".encode(),
        b"9" * 30,
        b"A" * 300,
        bytes(16),
    ]
)
EDIT = st.tuples(
    st.integers(0, 1 << 16), st.integers(0, 3), st.one_of(PIECES, st.binary(max_size=8))
)
EDITS = st.lists(EDIT, min_size=1, max_size=4)


def edited(data, edits):
    """Overwrites, inserts, deletes or cuts at places of `data`."""
    found = bytearray(data)
    for place, how, piece in edits:
        place %= len(found) + 1
        if how == 0:
            found[place : place + len(piece)] = piece
        elif how == 1:
            found[place:place] = piece
        elif how == 2:
            del found[place : place + 1 + len(piece)]
        else:
            del found[place + len(piece) :]
    return bytes(found)


class Box:
    """A folder to work in, beside files that nothing may touch."""

    def __init__(self, root):
        self.root = root / "work"
        self.outside = root
        self.root.mkdir()
        (root / "canary").write_bytes(b"untouched")

    def harmed(self):
        names = sorted(path.name for path in self.outside.iterdir())
        return names != ["canary", "work"] or (self.outside / "canary").read_bytes() != b"untouched"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    return Box(tmp_path_factory.mktemp("fuzz"))


def survives(box, function, *arguments, **options):
    """Calls a function that may only return or raise one of our errors."""
    try:
        function(*arguments, **options)
    except OcrdataError as error:
        assert str(error).strip()
    assert not box.harmed()


@pytest.fixture(scope="module")
def data(box):
    return make_data(box.root / "data", variants=1)


@given(EDITS)
@INPUTS
def test_sample_lists(box, data, edits):
    path = data / "Train" / "sample.txt"
    sound = path.read_bytes()
    path.write_bytes(edited(sound, edits))
    survives(box, check_path, data, decode=False)
    survives(box, write_shards, data, box.root / "plan", dry_run=True)
    options = {"skip_errors": True, "unknown": "skip", "shards": 1, "overwrite": True}
    survives(box, write_shards, data, box.root / "out", **options)
    path.write_bytes(sound)


@given(
    st.sampled_from(
        ["chinese.txt", "char_dict.json", "ord_2_index_map.json", "index_2_ord_map.json"]
    ),
    EDITS,
)
@INPUTS
def test_dictionaries(box, data, name, edits):
    folder = box.root / "dictionary"
    if not folder.exists():
        folder.mkdir()
        write_dictionary(folder, read_charset(data / "chinese.txt"))
    path = folder / name if name.endswith("json") else box.root / name
    source = path if name.endswith("json") else data / name
    sound = source.read_bytes()
    path.write_bytes(edited(sound, edits))
    survives(box, read_charset, folder if name.endswith("json") else path)
    survives(box, check_path, folder if name.endswith("json") else path)
    path.write_bytes(sound)


TRUTH = (
    '\ufeff377,117,463,117,465,130,378,130,Genaxis\r\n1,2,3,2,3,9,1,9,"a, b"\n5,5,9,5,9,9,5,9,###\n'
)
BOXES = '38, 43, 920, 215, "Tiredness"\n275, 264, 665, 450, "kills"\n'


@given(st.sampled_from([TRUTH, BOXES, BOXES.replace(",", "")]), EDITS)
@INPUTS
def test_ground_truth(box, data, text, edits):
    folder = box.root / "scenes"
    if not folder.exists():
        folder.mkdir()
        shutil.copyfile(str(data / "pic" / "0_0.jpg"), str(folder / "img_1.jpg"))
    content = edited(text.encode("utf-8"), edits)
    survives(box, parse_regions, content, "gt_img_1.txt")
    (folder / "gt_img_1.txt").write_bytes(content)
    survives(box, check_path, folder, decode=False)


def archive():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in (("a/img_1.jpg", b"x" * 700), ("a/gt_字.txt", b"1,2"), ("b", b"")):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


TAR = archive()
FIELDS = [
    (0, 100),
    (100, 8),
    (124, 12),
    (136, 12),
    (148, 8),
    (156, 1),
    (157, 100),
    (257, 8),
    (329, 16),
    (345, 155),
]
VALUES = st.one_of(
    PIECES,
    st.sampled_from(
        [
            b"../../canary\0",
            b"/tmp/canary\0",
            b".\0",
            b"./\0",
            b"0000000\0",
            b"77777777777\0",
            b"\x80" + bytes(11),
            b"\xff" * 12,
        ]
    ),
    st.sampled_from([bytes([kind]) for kind in b"0123456789LKSVDxgXA\0"]),
)


def resealed(data, changes):
    """Changes fields of tar headers and makes their checksums right again."""
    found = bytearray(data)
    blocks = [b for b in range(0, len(found), 512) if found[b + 257 : b + 262] == b"ustar"]
    for which, (place, size), value in changes:
        start = blocks[which % len(blocks)]
        value = value[:size]
        found[start + place : start + place + len(value)] = value
        found[start + 148 : start + 156] = b" " * 8
        total = sum(found[start : start + 512])
        found[start + 148 : start + 156] = b"%06o\0 " % total
    return bytes(found)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(FIELDS), VALUES), max_size=3),
    st.one_of(st.just([]), EDITS),
)
@INPUTS
def test_tar_headers(box, changes, edits):
    path = box.root / "a.tar"
    path.write_bytes(edited(resealed(TAR, changes), edits))
    target = box.root / "unpacked" / "here"
    survives(box, unpack_archive, path, target)
    links = [one for one in box.root.joinpath("unpacked").rglob("*") if one.is_symlink()]
    assert not links
    shutil.rmtree(str(target.parent), ignore_errors=True)
    survives(box, check_path, path, decode=False)


@given(st.sampled_from(["train-00000-of-00001.tfrecord", "dataset_info.json"]), EDITS)
@INPUTS
def test_records(box, data, name, edits):
    folder = box.root / "records"
    if not folder.exists():
        write_shards(data, folder, shards=1)
    path = folder / name
    sound = path.read_bytes()
    path.write_bytes(edited(sound, edits))
    if name.endswith("tfrecord"):
        survives(box, lambda: list(scan_records(path)))
        survives(box, lambda: list(read_examples(path)))
        survives(box, check_path, path)
    survives(box, check_path, folder, decode=False)
    survives(box, find_originals, folder)
    path.write_bytes(sound)


PACK = Path(__file__).parent / "data" / "records" / "mindrecord.tar.gz"


@given(st.sampled_from(["Deeptext-TRAIN0", "Deeptext-TRAIN0.db"]), EDITS)
@settings(INPUTS, max_examples=400)
def test_mindrecords(box, name, edits):
    folder = box.root / "mindrecord"
    if not folder.exists():
        unpack_archive(PACK, folder)
    path = folder / name
    sound = path.read_bytes()
    # Where there is more than zeros: the headers, the blobs.
    edits = [(place % 700 + 16384 * (place % 2), how, piece) for place, how, piece in edits]
    path.write_bytes(edited(sound, edits))
    survives(box, check_path, folder, decode=False)
    path.write_bytes(sound)


def test_the_edits_reach_every_kind_of_change():
    assert edited(b"abcdef", [(1, 0, b"XY")]) == b"aXYdef"
    assert edited(b"abcdef", [(1, 1, b"XY")]) == b"aXYbcdef"
    assert edited(b"abcdef", [(1, 2, b"X")]) == b"adef"
    assert edited(b"abcdef", [(1, 3, b"X")]) == b"ab"
