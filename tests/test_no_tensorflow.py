"""The whole data half runs where TensorFlow cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras", "google.protobuf"):
            raise ImportError("blocked: " + name)

sys.meta_path.insert(0, Block())
from ocrdata.cli import main

data = ["--data-dir", sys.argv[1]]
for words in (
    ["gen-pics", "--corpus", "numbers", "--limit", "40", "--workers", "0"],
    ["gen-chars", "--overwrite"],
    ["build-dict"],
    ["tfrecord", "--shards", "2", "--workers", "0"],
    ["check", "--workers", "0"],
    ["info"],
    ["preview"],
    ["gen-sample", "--overwrite"],
):
    main([words[0], *data, *words[1:]], standalone_mode=False)
loaded = [name for name in sys.modules if name.split(".")[0] == "tensorflow"]
assert not loaded, loaded
"""


def test_data_commands_do_without_tensorflow(tmp_path):
    call = [sys.executable, "-c", SCRIPT, str(tmp_path / "data")]
    done = subprocess.run(call, cwd=str(ROOT), capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode("utf-8")
    names = {path.name for path in (tmp_path / "data").iterdir()}
    assert names >= {"pic", "Train", "Test", "chinese.txt", "char_dict", "tfrecords", "preview.png"}


def test_the_block_works(tmp_path):
    script = SCRIPT.split("from ocrdata.cli")[0] + "import tensorflow"
    done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"blocked: tensorflow" in done.stderr
