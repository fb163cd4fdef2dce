"""Pages about data sets and runs: their figures, their escaping, and that they are alone."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scene_support import write_scenes

from ocrdata.base.sample import Region
from ocrdata.errors import InputError, OptionError, OutputExistsError
from ocrdata.pages import charts, html
from ocrdata.pages.dataset import write_dataset_page
from ocrdata.pages.facts import collect_facts
from ocrdata.pages.run import Miss, marked, write_run_page
from ocrdata.pages.samples import DrawnOutline


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Six scenes in a data folder, one of whose regions is to be ignored."""
    folder = write_scenes(tmp_path_factory.mktemp("scenes") / "data", 4, test=2)
    with (folder / "images/img_1.txt").open("a") as stream:
        stream.write("1,1,9,1,9,9,1,9,###\n")
    return folder


def svgs(page):
    return re.findall(r"<svg.*?</svg>", page, re.S)


def rows_of(data, name):
    lines = (data / name / "sample.txt").read_text(encoding="utf-8").splitlines()
    return [line.partition(" ")[2] for line in lines]


def test_facts_of_lines_are_those_of_the_lists(rendered):
    facts = collect_facts(rendered)
    assert list(facts) == ["train", "test"]
    for name, folder in (("train", "Train"), ("test", "Test")):
        texts = rows_of(rendered, folder)
        assert facts[name].total == facts[name].samples == len(texts)
        assert facts[name].characters == Counter("".join(texts))
        assert facts[name].lengths == Counter(map(len, texts))
        assert len(facts[name].texts) == len(set(texts))


def test_facts_are_the_same_in_every_form(rendered, scenes, run, tmp_path):
    from ocrdata.packing.pack import pack_folder
    from ocrdata.records.write.shards import write_shards

    pack_folder(scenes, tmp_path / "scenes.tar.gz")
    run("tfrecord", "--source", scenes, "--output", tmp_path / "records", "--workers", 0)
    forms = [collect_facts(path) for path in (scenes, tmp_path / "scenes.tar.gz")]
    whole = [sum(one.read for one in form.values()) for form in forms]
    assert whole[0] == whole[1] == 18 and sum(one.ignored for one in forms[0].values()) == 1
    records = collect_facts(tmp_path / "records")
    assert sum(one.read for one in records.values()) == 18
    write_shards(rendered, tmp_path / "lines", shards=2, workers=0)
    lines = collect_facts(tmp_path / "lines")
    expected = collect_facts(rendered)
    total = sum((one.characters for one in lines.values()), Counter())
    assert total == sum((one.characters for one in expected.values()), Counter())
    assert lines["test"].texts == expected["test"].texts


def test_a_page_shows_the_samples_and_the_figures(rendered, tmp_path):
    summary = write_dataset_page(rendered, tmp_path / "page.html", count=9)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert summary.samples == page.count('class="card sample"') == 9
    assert (
        summary.splits
        == {"train": len(rows_of(rendered, "Train")), "test": len(rows_of(rendered, "Test"))}
        and summary.problems == {}
    )
    assert page.count("NotoSansSC") >= 1 and "ocrdata gen-pics" in page and "rotation" in page
    for svg in svgs(page):
        ElementTree.fromstring(svg)
    assert len(svgs(page)) >= 5
    with pytest.raises(OutputExistsError):
        write_dataset_page(rendered, tmp_path / "page.html")


def test_a_page_of_scenes_has_their_outlines(scenes, tmp_path):
    write_dataset_page(scenes, tmp_path / "page.html", count=8, check=False)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<polygon") == 19 and page.count('<polygon class="ignored"') == 1
    assert 'id="problems"' not in page


def test_a_page_needs_nothing_else(rendered, scenes, tmp_path):
    for place, path in enumerate((rendered, scenes)):
        write_dataset_page(path, tmp_path / f"{place}.html", count=3)
        page = (tmp_path / f"{place}.html").read_text(encoding="utf-8")
        assert {found[:5] for found in re.findall(r'(?:src|href)="([^"#][^"]*)', page)} == {"data:"}
        assert "http://" not in page and "https://" not in page and "@import" not in page


def test_labels_and_paths_cannot_break_out(tmp_path):
    data = tmp_path / "<b>data"
    (data / "pic").mkdir(parents=True)
    (data / "Train").mkdir()
    Image.new("RGB", (40, 20)).save(str(data / "pic/a.png"))
    evil = '</script><script>alert("1")</script>'
    (data / "Train/sample.txt").write_text(f"pic/a.png {evil}\npic/b.png x\n")
    summary = write_dataset_page(data, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert evil not in page and "&lt;/script&gt;" in page and "<b>data" not in page
    assert summary.unreadable == 1 and summary.problems == {"missing-picture": 1}
    assert page.count("<script>") == 1 and "cannot be shown" in page


def test_what_is_wrong_is_said(rendered, tmp_path):
    with pytest.raises(OptionError, match=r"\.html"):
        write_dataset_page(rendered, tmp_path / "page.pdf")
    with pytest.raises(InputError):
        write_dataset_page(tmp_path, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


def test_the_command(run, rendered, tmp_path):
    page = tmp_path / "page.html"
    result = run("preview", rendered, "--html", page, "--count", 3, "--workers", 0, "--json")
    assert json.loads(result.output)["bytes"] == page.stat().st_size
    wrong = ["preview", rendered, "--html", page, "--output", tmp_path / "a.png"]
    assert "exclude each other" in run(*wrong, code=2).output


# --- charts


def heights(svg, kind):
    return [float(h) for h in re.findall(rf'<rect class="{kind}"[^>]*height="([\d.]+)"', svg)]


def test_bars_are_as_high_as_their_counts():
    svg = charts.histogram({"a": {1: 10, 2: 5, 4: 20}, "b": {2: 5}}, "length", "lengths")
    first, second = heights(svg, "f0"), heights(svg, "f1")
    np.testing.assert_allclose(np.array(first) / first[0], [1.0, 0.5, 2.0], atol=0.02)
    np.testing.assert_allclose(second[0] / first[0], 0.5, atol=0.02)
    assert "from 1 to 4, 40 in all" in svg and charts.histogram({"a": {}}, "", "") == ""
    wide = charts.histogram({"a": dict.fromkeys(range(1000), 1)}, "length", "lengths")
    assert len(heights(wide, "f0")) <= 61 and "0 to 16: 17" in wide


@pytest.mark.parametrize("low,high", [(0, 1), (0, 7), (3, 9000), (0.0001, 0.0002), (5, 5)])
def test_ticks_are_few_round_and_inside(low, high):
    ticks = charts.Axis(low, high, 0, 100).ticks()
    assert 1 <= len(ticks) <= 7 and all(low <= tick <= high * 1.0001 for tick in ticks)
    logs = charts.Axis(max(low, 0.5), max(high, 1.0), 0, 100, True).ticks()
    assert logs and all(0.49 <= tick <= max(high, 1.0) * 1.01 for tick in logs)


def test_curves_keep_their_ends_and_leave_out_what_is_no_number():
    points = [(step, 1.0 / (1 + step)) for step in range(5000)] + [(5000, float("nan"))]
    svg = charts.curves({"loss": points}, "step", "loss")
    drawn = re.search(r'points="([^"]*)"', svg).group(1).split(" ")
    assert 100 <= len(drawn) <= 301 and drawn[-1].startswith("390.0,")
    ElementTree.fromstring(re.sub(r"<div.*", "", svg))


def test_figures_are_written_for_people():
    assert [html.number(v) for v in (12345, 0.123456, 3.0)] == ["12,345", "0.1235", "3"]
    assert [charts.short(v) for v in (1500, 2e6, 0.25)] == ["1.5k", "2M", "0.25"]


# --- runs


def write_run(folder):
    folder.mkdir()
    run = {
        "model": "crnn",
        "options": {"steps": 3},
        "model_options": {"lstm": "auto"},
        "records": {"samples": 9},
        "versions": {"ocrdata": "1"},
    }
    (folder / "run.json").write_text(json.dumps(run))
    lines = [{"step": n, "loss": 9.0 / n, "accuracy": n / 9, "learning_rate": 1e-3} for n in (1, 2)]
    lines += [
        {"step": n, "validation": {"accuracy": a, "character_error_rate": 1 - a}}
        for n, a in ((1, 0.25), (2, 0.125))
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 3, "lo'
    (folder / "metrics.jsonl").write_text(text)


def test_the_page_of_a_run(tmp_path):
    write_run(tmp_path / "run")
    stream = tmp_path / "a.png"
    Image.new("RGB", (60, 32)).save(str(stream))
    outlines = [DrawnOutline([[0, 0], [9, 0], [9, 9]], "found", "found")]
    worst = [
        Miss(stream.read_bytes(), "七百", "七佰<", "9%"),
        Miss(stream.read_bytes(), "", "1 missed", "img", outlines),
    ]
    page = write_run_page(tmp_path / "run", worst, "Of step 2.").read_text(encoding="utf-8")
    assert "七<del>百</del><br>七<ins>佰&lt;</ins>" in page and 'class="found"' in page
    assert "best accuracy, at step 1" in page and "best character error rate, at step 1" in page
    assert page.count("<polyline") == 5 and "--lstm" in page
    write_run_page(tmp_path / "run", (), "No validation split was looked at.")
    assert "No validation" in (tmp_path / "run/report.html").read_text(encoding="utf-8")


def test_differences_are_marked():
    assert marked("abc", "abc") == ("abc", "abc")
    assert marked("abc", "ac") == ("a<del>b</del>c", "ac")
    assert marked("", "x") == ("", "<ins>x</ins>")


def test_the_shorter_side_of_a_region():
    from ocrdata.pages.facts import _shorter_side

    turned = np.array([[10, 0], [40, 30], [33, 37], [3, 7]], np.float32)
    assert _shorter_side(turned) == 10
    assert Region(turned, "x").polygon.shape == (4, 2)


def test_the_worst_scenes_are_those_with_most_wrong():
    from types import SimpleNamespace

    from ocrdata.metrics.detection import match_all
    from ocrdata.metrics.detection_lines import Boxes
    from ocrdata.train.inference.worst_samples import worst_scenes

    def boxes(*lefts):
        found = Boxes()
        for left in lefts:
            found.add([[left, 0], [left + 9, 0], [left + 9, 9], [left, 9]])
        return found

    truth = {"a": boxes(0, 20), "b": boxes(0), "c": boxes(0, 20, 40)}
    results = {"a": boxes(0, 60), "b": boxes(0), "c": boxes()}
    found = [
        SimpleNamespace(
            key=key,
            truth=truth[key],
            polygons=results[key].polygons,
            scores=results[key].scores,
            problem="",
        )
        for key in truth
    ]
    matches = match_all(truth, results)
    picture = SimpleNamespace(image_bytes=lambda: b"")
    worst = worst_scenes(found, matches, lambda index: picture)
    assert [(miss.note, miss.text) for miss in worst] == [
        ("c", "3 missed, 0 found that are not text"),
        ("a", "1 missed, 1 found that are not text"),
    ]
    assert [one.kind for one in worst[1].outlines] == ["", "", "found", "found"]
