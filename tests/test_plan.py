"""Plans made in parts and buckets, against one made by sorting all samples in memory."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrdata.base.random_streams import bucket, order_key
from ocrdata.base.sample_lists import is_test
from ocrdata.base.skips import REPEATED
from ocrdata.errors import AnnotationError, CharsetError
from ocrdata.records.sources import listed, spool
from ocrdata.records.sources.listed import SampleList
from ocrdata.records.sources.spool import Spool, SpooledList
from ocrdata.records.write import plan as module
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.plan import PlanPlace, plan_shards
from ocrdata.records.write.plan_rows import PlanRules
from ocrdata.text.charset import Charset


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """A few lines a part, a part a bucket."""
    monkeypatch.setattr(listed, "PART_BYTES", 300)
    monkeypatch.setattr(module, "_PARTS_A_BUCKET", 1)


def expected(rows, options):
    """The keys of each shard by (split, index), as one process with all samples in memory has them.

    `rows` has (key, text) of each list by name.
    """
    seen, divided = set(), {}
    for name, pairs in rows.items():
        first = [pair for pair in pairs if not (pair[0] in seen or seen.add(pair[0]))]
        first.sort(key=lambda pair: order_key(pair[0], f"shards-{options.seed}"))
        group = (lambda pair: pair[0]) if options.group_by == "key" else (lambda pair: pair[1])
        hashes = {pair: bucket(group(pair), f"validation-{options.seed}") for pair in first}
        rest = []
        for pair in first[: options.limit]:
            if name in ("Validation", "Test"):
                divided.setdefault(name.lower(), []).append(pair[0])
            elif not name and is_test(group(pair), options.seed, options.test_fraction):
                divided.setdefault("test", []).append(pair[0])
            else:
                rest.append(pair)
        share = 0 if "Validation" in rows else options.validation_fraction
        held = {pair for pair in rest if hashes[pair] < share}
        low = min((hashes[pair] for pair in rest), default=0)
        if share and not held and any(hashes[pair] > low for pair in rest):
            held = {pair for pair in rest if hashes[pair] == low}
        for pair in rest:
            split = "validation" if pair in held else "train"
            divided.setdefault(split, []).append(pair[0])
    shards = {}
    for split, keys in divided.items():
        count = min(options.shards, len(keys))
        for i in range(count):
            part = keys[len(keys) * i // count : len(keys) * (i + 1) // count]
            shards[split, i] = (count, part)
    return shards


def planned(sources, options, folder, workers=0, charset=None):
    rules = PlanRules(charset, options)
    skips = rules.new_skips()
    plan = plan_shards(sources, rules, skips, PlanPlace(folder, workers))
    shards = {}
    for shard in plan.shards:
        splits = plan.splits[shard.source]
        places = splits.places(shard.split, shard.first, shard.first + shard.samples)
        keys = [splits.source.key_at(place) for place in places.tolist()]
        shards[shard.split, shard.number] = (shard.of, keys)
    for source in sources:
        source.close()
    assert sum(plan.samples.values()) == plan.total
    return shards, skips


def write_list(folder, name, pairs):
    path = folder / f"{name or 'none'}.txt"
    path.write_bytes("".join(f"{key} {text}\n" for key, text in pairs).encode("utf-8"))
    return SampleList(path, folder, name)


NAMES = st.sampled_from([("Train", "Test"), ("Train", "Validation", "Test"), ("Train",), ("",)])
PAIRS = st.lists(
    st.tuples(st.integers(0, 60).map("p/{:03d}.jpg".format), st.sampled_from("abcdefgh")),
    max_size=60,
)


@settings(max_examples=40)
@given(st.data())
def test_buckets_give_the_plan_of_a_sort_in_memory(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("plan")
    rows = {name: data.draw(PAIRS) for name in data.draw(NAMES)}
    options = WriteOptions(
        shards=data.draw(st.integers(1, 5)),
        validation_fraction=data.draw(st.sampled_from([0.0, 1e-9, 0.2, 0.6])),
        test_fraction=0.3,
        group_by=data.draw(st.sampled_from(["text", "key"])),
        seed=data.draw(st.integers(0, 3)),
        limit=data.draw(st.sampled_from([None, 1, 7, 30])),
        skip_errors=True,
    )
    sources = [write_list(folder, name, pairs) for name, pairs in rows.items()]
    keys = [key for pairs in rows.values() for key, _ in pairs]
    if not keys:
        with pytest.raises(AnnotationError, match="no sample that can be used"):
            planned(sources, options, folder / "p")
        return
    shards, skips = planned(sources, options, folder / "p")
    assert shards == expected(rows, options)
    assert skips.counts.get(REPEATED, 0) == len(keys) - len(set(keys))


def many(count=300):
    return [(f"p/{number:03d}.jpg", "abcdefgh"[number * number % 7]) for number in range(count)]


def test_processes_and_a_spool_give_the_same_plan(tmp_path, monkeypatch):
    from ocrdata.base.sample import Sample

    monkeypatch.setattr(spool, "PART_CHUNKS", 1)
    monkeypatch.setattr(spool, "_CHUNK", 50)
    options = WriteOptions(shards=4)
    rows = {"Train": many(), "Test": [(f"q/{key}", text) for key, text in many(40)]}
    sources = [write_list(tmp_path, name, pairs) for name, pairs in rows.items()]
    whole = planned(sources, options, tmp_path / "a")[0]
    assert whole == expected(rows, options)
    monkeypatch.setattr(listed, "PART_BYTES", 2000)
    assert planned(sources, options, tmp_path / "b", workers=2)[0] == whole
    kept = Spool(tmp_path / "spool")
    kept.folder.mkdir()
    samples = ((n, Sample(key, b"", text)) for n, pairs in rows.items() for key, text in pairs)
    assert sum(kept.extend(samples)) == 340 and len(kept.chunks()) == 7
    spooled = [SpooledList(kept, name) for name in kept.names()]
    assert planned(spooled, options, tmp_path / "c")[0] == whole


def test_the_size_of_a_shard_counts_all_its_pictures(tmp_path):
    (tmp_path / "p").mkdir()
    rows = {"Train": many(40)}
    for key, _ in rows["Train"]:
        (tmp_path / key).write_bytes(bytes(1000))
    options = WriteOptions(shard_size=5000, validation_fraction=0.0)
    shards = planned([write_list(tmp_path, "Train", rows["Train"])], options, tmp_path / "a")[0]
    assert {count for count, _ in shards.values()} == {-(-40 * 1256 // 5000)}


def test_the_line_is_named_in_whatever_part_it_is(tmp_path):
    pairs = many()
    source = write_list(tmp_path, "Train", [*pairs[:250], ("p/x.jpg", "?"), *pairs[250:]])
    assert len(source.parts()) > 10
    with pytest.raises(CharsetError, match=r"Train.txt:251: '\?' "):
        planned([source], WriteOptions(), tmp_path / "a", charset=Charset(tuple("abcdefgh")))
    source = write_list(tmp_path, "Train", [*pairs[:40], ("../x", "a"), *pairs, ("/y", "b")])
    options = WriteOptions(skip_errors=True)
    _, skips = planned([source], options, tmp_path / "b")
    first, second, twice = skips.examples[:3]
    assert "Train.txt:41: '../x'" in first and "Train.txt:342: '/y'" in second
    # Of the pictures listed twice both lines are named.
    assert skips.counts[REPEATED] == 40 and twice.count("Train.txt:") == 2
    with pytest.raises(AnnotationError, match=r"Train.txt:41: '../x'"):
        planned([source], WriteOptions(), tmp_path / "c")


def test_parts_hold_each_line_once(tmp_path, monkeypatch):
    source = write_list(tmp_path, "Train", many(50))
    path = source.path
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().rstrip(b"\n").replace(b"\n", b"\r\n\n"))
    whole = [line[::2] for line in source.lines()]
    for size in range(1, 60):
        monkeypatch.setattr(listed, "PART_BYTES", size)
        parts = [line[::2] for span in source.parts() for line in source.lines(span)]
        assert parts == whole
    assert whole[0] == (3, "p/000.jpg a")
