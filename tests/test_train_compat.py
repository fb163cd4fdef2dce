"""The door to TensorFlow: quiet, and clear where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocrdata.train.onednn import choose_onednn

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "TF_ENABLE_ONEDNN_OPTS"

BLOCKED = """
import sys
sys.path.insert(0, {root!r})
sys.modules["tensorflow"] = None
from ocrdata.cli import main
main()
"""


def without_tensorflow(*words, cwd):
    code = BLOCKED.format(root=str(ROOT))
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=str(cwd),
        capture_output=True,
    )


@pytest.mark.parametrize("command", ["train", "evaluate", "export"])  # predict can do without
def test_without_tensorflow_the_extra_is_named(command, tmp_path):
    (tmp_path / "line.png").write_bytes(b"")
    more = ["line.png"] if command == "predict" else []
    result = without_tensorflow(command, "crnn", *more, cwd=tmp_path)
    assert result.returncode == 1 and not result.stdout
    assert result.stderr.decode().strip() == (
        'Error: TensorFlow is not installed; training needs it: pip install "ocrdata[train]" '
        "(data commands do not)"
    )


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "export"])
def test_help_needs_no_tensorflow(command, tmp_path):
    result = without_tensorflow(command, "crnn", "--help", cwd=tmp_path)
    assert result.returncode == 0 and b"Example" in result.stdout and not result.stderr


def test_onednn_is_asked_for_but_never_over_a_users_own_setting_or_on_npus(monkeypatch):
    for before, after in (({}, "1"), ({VARIABLE: "0"}, "0"), ({VARIABLE: "1"}, "1")):
        choose_onednn(before)
        assert before == {VARIABLE: after}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "npu_bridge" or None)
    untouched = {}
    choose_onednn(untouched)
    assert untouched == {}


@pytest.mark.tf
def test_tensorflow_itself_says_that_onednn_is_on():
    tensorflow = pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    if tensorflow.__version__.startswith("1."):
        pytest.skip("1.15's own wheels have no oneDNN")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
    environment.pop(VARIABLE, None)
    code = "import ocrdata.train.compat, os; os.write(1, os.environb[b'TF_ENABLE_ONEDNN_OPTS'])"
    call = [sys.executable, "-c", code]
    run = subprocess.run(call, cwd=str(ROOT), env=environment, capture_output=True)
    assert run.returncode == 0 and run.stdout == b"1"
    assert b"oneDNN custom operations are on" in run.stderr


@pytest.mark.tf
def test_nothing_is_logged_by_importing_and_running_tensorflow():
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    code = (
        "from ocrdata.train.compat import tf, v1\n"
        "session = v1.Session()\n"
        "assert session.run(tf.constant(1)) == 1\n"
        "import sys; sys.stderr.write('heard')\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=str(ROOT), capture_output=True)
    assert run.returncode == 0 and run.stderr == b"heard" and not run.stdout
