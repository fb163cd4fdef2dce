"""The examples for platforms: what they start exists, with the flags they pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ocrdata.cli import main

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def check(words):
    """Parses a command as the real one does, without running it."""
    context = main.make_context("ocrdata", list(words[:1]), resilient_parsing=True)
    command, rest = main.commands[words[0]], list(words[1:])
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    return command.make_context(command.name, rest, parent=context).params


def test_the_job_of_kubernetes_is_a_command():
    text = (EXAMPLES / "tfjob.yaml").read_text()
    words = re.search(r"args:\n((?: +- .*\n)+)", text).group(1).split("\n")
    params = check([word.split("- ", 1)[1] for word in words if word])
    assert params["num_gpus"] == 1 and str(params["data_dir"]) == "/data/data"
    assert params["resume"] and params["batch_size"] % 3 == 0


@pytest.mark.parametrize("name", ["data-cpu", "gpu", "gpu-tf1", "npu"])
def test_an_image_ends_in_the_command(name):
    text = (EXAMPLES / (name + ".Dockerfile")).read_text()
    assert text.rstrip().endswith('ENTRYPOINT ["ocrdata"]') and "COPY . /src" in text
    assert ("rain" in text) == (name != "data-cpu")


def test_the_command_of_ucloud_takes_the_platforms_flags():
    text = (EXAMPLES / "ucloud.sh").read_text()
    command = re.search(r"exec ocrdata (.*) \"\$@\"", text).group(1).split()
    flags = re.search(r"ucloud.sh (--.*)", text).group(1).split()
    params = check(command + flags)
    assert params["num_gpus"] == 4 and str(params["output_dir"]) == "/data/output"
