"""Ascend NPUs against a double of the vendor's adapter; and rank tables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ocrdata.errors import InputError, OcrdataError, OptionError
from ocrdata.train.cluster.launch import npu_processes
from ocrdata.train.devices.rank_table import read_rank, read_rank_table

GOLDEN = Path(__file__).parent / "data" / "npu"


def version_one(count=8):
    devices = [
        {"device_id": str(7 - n), "device_ip": "10.0.0.1", "rank_id": str(n)} for n in range(count)
    ]
    servers = [{"device": devices, "server_id": "10.0.0.9"}]
    return {"server_count": "1", "server_list": servers, "status": "completed", "version": "1.0"}


def legacy(count=8):
    devices = [{"device_id": str(n), "device_ip": "10.0.0.1"} for n in range(count)]
    instance = {"devices": devices, "pod_name": "npu8p", "server_id": "127.0.0.1"}
    group = {"group_name": "worker", "device_count": str(count), "instance_list": [instance]}
    return {"group_count": "1", "group_list": [group], "status": "completed"}


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "table.json"
        path.write_text(json.dumps(content))
        return str(path)

    return write


@pytest.mark.parametrize(("make", "device"), [(version_one, 4), (legacy, 3)])
def test_both_generations_of_rank_tables(table, make, device):
    path = table(make())
    environment = read_rank_table(path).environment(3)
    found = read_rank(environment)
    assert (found.rank, found.size, found.device) == (3, 8, device)
    assert environment["RANK_ID"] == ("npu8p" if make is legacy else "3")


SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "rank_tables"


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared rank tables")
def test_the_originals_rank_tables():
    for path in SHARED.glob("*.json"):
        assert len(read_rank_table(path).devices) == 8


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t.update(status="initializing"), "initializing"),
        (lambda t: t.update(server_count="2"), "counts 2 but lists 1"),
        (lambda t: t["server_list"][0]["device"][1].update(rank_id="0"), "rank_id 0 twice"),
        (lambda t: t["server_list"][0]["device"].pop(0), "not 0 to n - 1"),
        (lambda t: t.pop("server_list"), "not a rank table"),
    ],
)
def test_a_bad_rank_table_is_explained(table, change, problem):
    content = version_one()
    change(content)
    with pytest.raises(InputError, match=problem):
        read_rank_table(table(content))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"RANK_TABLE_FILE": ""}, "RANK_TABLE_FILE is not set"),
        ({"RANK_SIZE": "4"}, "RANK_SIZE is 4, but .* 8 devices"),
        ({"RANK_ID": "8"}, "RANK_ID is 8, not 0 to 7"),
        ({"RANK_ID": "x"}, "RANK_ID is 'x', which is not a number"),
        ({"DEVICE_ID": "6"}, "DEVICE_ID is 6, but the table gives rank 3 device 4"),
    ],
)
def test_a_wrong_variable_is_named(table, change, problem):
    environment = dict(read_rank_table(table(version_one())).environment(3), **change)
    with pytest.raises(OptionError, match=problem):
        read_rank(environment)


def test_launching_gives_each_device_its_environment_and_log(table, tmp_path):
    processes = npu_processes(8, table(version_one()), tmp_path)
    assert [process.environment["DEVICE_ID"] for process in processes] == list("76543210")
    assert processes[5].log == tmp_path / "rank-5.log"
    assert processes[5].environment["RANK_SIZE"] == "8"
    with pytest.raises(OptionError, match="--devices 8"):
        npu_processes(4, table(version_one()), tmp_path)


@pytest.mark.tf
def test_without_the_adapter_one_sentence_says_so():
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    from ocrdata.train.devices.selection import make_device

    with pytest.raises(OcrdataError, match="npu_bridge is not installed.*CANN"):
        make_device("npu")


def transcript(name, size, tmp_path, monkeypatch, table, **more):
    from npu_double import Double
    from test_models_contract import SMALL, SOURCES
    from train_runs import train_model
    from train_support import options, write_numbers

    from ocrdata.train.config.training import settings_from
    from ocrdata.train.models import MODELS

    rank = 3 if size > 1 else 0
    for key, value in read_rank_table(table(version_one(size))).environment(rank).items():
        monkeypatch.setenv(key, value)
    double = Double(monkeypatch, size)
    net, sources = dict(SMALL[name]), SOURCES.get(name)
    if MODELS.load(name).card.task == "detection":
        from scene_support import write_scenes

        data = write_scenes(tmp_path / "data", 8)
    else:
        data, net["image_width"] = write_numbers(tmp_path / "data", 40), 96
    chosen = options(steps=2, batch_size=2 * size, target="npu", **more)
    train_model(
        name,
        data,
        tmp_path,
        settings_from(MODELS.load(name).card.options, net),
        chosen,
        data_options=sources,
    )
    return "\n".join(double.lines) + "\n"


@pytest.mark.tf
@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize("name", ["crnn", "deeptext", "east", "psenet"])
def test_what_the_adapter_is_told(name, size, tmp_path, monkeypatch, table):
    """The whole protocol of a run of two steps, as rank 0 of 1 and as rank 3 of 8."""
    tf = pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    if not tf.__version__.startswith("1.15"):
        pytest.skip("the adapter is one of TensorFlow 1.15")
    found = transcript(name, size, tmp_path, monkeypatch, table, precision="mixed")
    golden = GOLDEN / f"{name}-{size}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found)
    assert found == golden.read_text()
    assert (tmp_path / name / "model.ckpt-2.index").is_file() == (size == 1)


@pytest.fixture
def double(monkeypatch):
    tf = pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    if not tf.__version__.startswith("1.15"):
        pytest.skip("the adapter is one of TensorFlow 1.15")
    from npu_double import Double

    return Double(monkeypatch, 1)


@pytest.mark.tf
@pytest.mark.parametrize(
    ("break_it", "problem"),
    [
        (lambda r: r.custom_optimizers[0].parameter_map["speed"].__setattr__("i", 1), "speed"),
        (lambda r: r.__setattr__("remapping", r.ON), "remapping"),
    ],
)
def test_the_double_refuses_what_the_adapter_would(double, break_it, problem):
    from npu_double import Refused

    from ocrdata.train.compat import v1
    from ocrdata.train.devices.selection import make_device

    config = make_device("npu").config
    break_it(config.graph_options.rewrite_options)
    with pytest.raises(Refused, match=problem):
        v1.Session(config=config)


@pytest.mark.tf
def test_the_double_refuses_wrong_order_and_loose_shapes(double):
    from npu_double import Refused

    from ocrdata.train.compat import tf, v1
    from ocrdata.train.devices.selection import make_device

    target = make_device("npu")
    with tf.Graph().as_default(), v1.Session(config=target.config) as session:
        fed = v1.placeholder(tf.float32, [None])
        weight = v1.get_variable("w", [])
        step = v1.train.AdamOptimizer().minimize(tf.reduce_sum(fed * weight))
        with pytest.raises(Refused, match="comes first"):
            session.run(weight.initializer)
        target.open()
        session.run(v1.global_variables_initializer())
        with pytest.raises(Refused, match=r"Placeholder.*\(\?,\)"):
            session.run(step, {fed: [1.0]})
        target.close()
