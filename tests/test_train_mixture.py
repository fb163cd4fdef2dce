"""Several sources of pictures mixed by weight."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from scene_support import pack, scene_options, small_deeptext, small_east, write_scenes  # noqa: E402
from train_runs import (
    evaluate_scenes,  # noqa: E402
    train_model,  # noqa: E402
)
from train_support import options  # noqa: E402

from ocrdata.errors import InputError, OptionError  # noqa: E402
from ocrdata.train.config.deeptext import ResizeOptions  # noqa: E402
from ocrdata.train.data.scene_mixture import open_sources  # noqa: E402
from ocrdata.train.data.sources import rendered  # noqa: E402
from ocrdata.train.data.sources.rendered_scenes import open_training_scenes  # noqa: E402
from ocrdata.train.models.east import East  # noqa: E402
from ocrdata.train.tasks.crops import CropMaker, weighted  # noqa: E402

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("sources")
    write_scenes(root / "a", 4, seed=1)
    write_scenes(root / "b", 6, seed=2, lists=False)
    write_scenes(root / "d", 3, seed=5, test=2)
    pack(write_scenes(root / "more", 2, seed=3), root / "c.tar.gz", "c")
    return root


def test_sources_come_one_behind_the_other(folder):
    found = open_sources(folder, "train", scene_options(sources="a,b=0.5,c.tar.gz=3"))
    assert found.parts == [(4, 1.0), (6, 0.5), (2, 3.0)] and len(found) == 12
    assert [key.split("/")[0] for key in found.keys] == ["a"] * 4 + ["b"] * 6 + ["c.tar.gz"] * 2
    alone = open_sources(folder / "b", "train", scene_options())
    assert found.load(5).image_bytes() == alone.load(1).image_bytes()
    assert found.load(5).key == "b/" + alone.keys[1]
    found.close()


def test_the_same_folder_twice_has_two_names(folder):
    found = open_sources(folder, "train", scene_options(sources="a,a=2"))
    assert len(set(found.keys)) == 8


@pytest.mark.parametrize("epoch", [0, 1])
def test_weights_are_how_often_pictures_come_in_an_epoch(folder, epoch):
    found = open_sources(folder, "train", scene_options(sources="a=2.5,b=0.5,c.tar.gz"))
    crops = CropMaker(
        East(small_east()), found, good=list(range(12)), options=scene_options(), seed=4
    )
    assert crops.epoch == 10 + 3 + 2
    counts = Counter(crops._order(epoch))
    assert sorted(counts[k] for k in range(4)) == [2, 2, 3, 3]
    assert sorted(counts[k] for k in range(4, 10)) == [0, 0, 0, 1, 1, 1]
    assert counts[10] == counts[11] == 1
    assert crops._order(epoch) != crops._order(epoch + 1)


def test_pictures_that_are_no_good_do_not_count():
    assert weighted([0, 3, 4], [(3, 1.0), (3, 2.0)]) == [([0], 1), ([3, 4], 4)]
    assert weighted([4], [(3, 1.0), (3, 0.01)]) == [([4], 1)]


@pytest.mark.parametrize(
    "values, problem",
    [
        ({"sources": "a,=2"}, "names no folder"),
        ({"sources": "a=often"}, "--sources must be numbers"),
        ({"sources": "a", "tarfile": "b.tar"}, "exclude each other"),
    ],
)
def test_bad_sources_are_refused(values, problem):
    with pytest.raises(OptionError, match=problem):
        ResizeOptions(**values)


def test_a_source_that_is_not_there_is_named(folder):
    with pytest.raises(InputError, match="nowhere.*does not exist"):
        open_sources(folder, "train", scene_options(sources="a,nowhere"))


def test_validation_looks_at_the_sources_that_have_it(folder):
    assert open_sources(folder, "validation", scene_options(sources="a,b")) is None
    assert open_sources(folder / "a", "validation", scene_options()) is None


def test_a_mixture_is_learned_from_and_gone_on_with(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)  # sources count from here, too
    chosen = {"model_options": small_deeptext(), "data_dir": folder, "output_dir": tmp_path}
    more = ResizeOptions(sources="a,b=0.5", num_readers=1)
    first = train_model(
        "deeptext", options=options(epochs=1, steps=None), data_options=more, **chosen
    )
    assert first.samples == 10 and first.step == 1  # 4 + 3 of them in an epoch of 8 at a time
    again = train_model(
        "deeptext", options=options(steps=2), data_options=more, resume=True, **chosen
    )
    assert again.started_at == 1
    with pytest.raises(InputError, match="a,b=0.5: has no test split"):
        evaluate_scenes("deeptext", output_dir=tmp_path)
    assert evaluate_scenes("deeptext", folder / "b", tmp_path).images == 6
    with pytest.raises(OptionError, match="--sources a,b=0.5"):
        other = ResizeOptions(sources="a,b", num_readers=1)
        train_model("deeptext", options=options(steps=3), data_options=other, resume=True, **chosen)


def test_without_a_folder_all_test_splits_of_the_sources_are_scored(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    more = ResizeOptions(sources="d,b,a", num_readers=1)
    train_model("deeptext", folder, tmp_path, small_deeptext(), options(steps=1), data_options=more)
    assert evaluate_scenes("deeptext", output_dir=tmp_path).images == 2


@pytest.fixture
def scene_job(tmp_path, monkeypatch):
    """A file with a table of gen-scenes; what it says is drawn in this process."""
    monkeypatch.setattr(
        rendered, "ordered_map", lambda function, items, workers: map(function, items)
    )
    texts = tmp_path / "texts.txt"
    texts.write_text("alpha\nbeta\ngamma\n", encoding="utf-8")
    path = tmp_path / "scenes.toml"
    path.write_text(
        f'[gen-scenes]\ncorpus = "{texts}"\nfont = "latin"\nsize = "96x64"\ntexts = "1..2"\n'
        'text-height = "12..20"\ndistractors = "0..1"\n',
        encoding="utf-8",
    )
    return path


def crop_maker(data, sources, seed=0):
    """Returns crops of a mixture with a rendering job, and what they come from."""
    chosen = scene_options(sources=sources)
    opened = open_training_scenes(data, chosen, None, seed)
    good = opened.survey(None).good
    net = East(small_east())
    made = CropMaker(net, opened.scenes, good=good, options=chosen, seed=seed, drawn=opened)
    return made, opened


def test_crops_of_drawn_scenes_are_a_function_of_their_number(folder, scene_job):
    sources = f"a=1,render:{scene_job}=1"
    first, opened = crop_maker(folder, sources)
    found = {number: first.make(number) for number in range(12)}
    second, _ = crop_maker(folder, sources)
    for number in (11, 3, 7, 0):
        again = second.make(number)
        assert all((again[name] == found[number][name]).all() for name in again)
    drawn = sum(opened.choice.place(number)[0] for number in range(1000))
    assert drawn == 500 and opened.survey(None).sha256
    only, alone = crop_maker(folder, f"render:{scene_job}")
    assert only.epoch == 0 and only.make(5)["images"].shape == found[5]["images"].shape
    with pytest.raises(OptionError, match="--epochs needs data with an end"):
        open_training_scenes(folder, scene_options(sources=f"render:{scene_job}"), 2.0, 0)
