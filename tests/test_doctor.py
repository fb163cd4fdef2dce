"""What `ocrdata doctor` and `ocrdata launch` say."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from ocrdata.cli import main
from ocrdata.train.cluster.doctor import diagnose


def test_doctor_names_each_thing_and_what_it_needs():
    found = {finding.name: finding for finding in diagnose()}
    assert found["python"].good and sys.version.split()[0] in found["python"].what
    assert "NotoSansSC" in found["fonts"].what
    for finding in found.values():
        assert finding.good or finding.needs


def test_doctor_sees_a_broken_cluster(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{")
    cluster = [finding for finding in diagnose() if finding.name == "cluster"][0]
    assert not cluster.good and "cannot be read" in cluster.what


def test_doctor_without_tensorflow(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = {finding.name: finding for finding in diagnose(True)}
    assert not found["tensorflow"].good and "ocrdata[train]" in found["tensorflow"].needs
    assert "npu_bridge" in found["npu adapter"].what and "devices" not in found


@pytest.mark.parametrize(
    "said, version, expected",
    [
        (None, "2.21.0", "on (TF_ENABLE_ONEDNN_OPTS=1)"),
        ("1", "2.21.0", "on (TF_ENABLE_ONEDNN_OPTS=1)"),
        ("0", "2.21.0", "off (TF_ENABLE_ONEDNN_OPTS=0)"),
        ("1", "1.15.0", "not in TensorFlow 1.15.0"),
    ],
)
def test_doctor_says_whether_onednn_is_on(said, version, expected, monkeypatch):
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if said is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", said)
    monkeypatch.setattr("ocrdata.train.cluster.doctor.installed", lambda name: version)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "tensorflow" or None)
    found = {finding.name: finding for finding in diagnose()}["onednn"]
    assert found.what == expected and found.good == expected.startswith("on")
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == said  # looking changes nothing


def test_doctor_imports_no_tensorflow():
    code = (
        "import sys; from ocrdata.train.cluster.doctor import diagnose; diagnose(); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.tf
def test_doctor_asks_tensorflow_for_devices():
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    result = CliRunner().invoke(main, ["doctor", "--tensorflow", "--json"])
    names = {finding["name"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert "CPU:0" in names["devices"]["what"]


def test_launch_runs_a_command_in_each_process(tmp_path):
    logs = tmp_path / "logs"
    call = ["launch", "--workers", "2", "--ps", "1", "--log-dir", str(logs), "--json", "doctor"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.strip().splitlines()[-1])
    assert summary["exit_codes"] == {"chief-0": 0, "worker-0": 0, "ps-0": 0}
    for job in ("chief", "worker", "ps"):
        text = (logs / f"{job}-0.log").read_text()
        assert f"{job} 0 (localhost:" in text and "of 2 processes that train" in text


def test_launch_says_what_failed(tmp_path):
    call = ["launch", "--ps", "1", "--log-dir", str(tmp_path), "nonsense"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 1 and "No such command" in result.output
    assert "Traceback" not in result.output
