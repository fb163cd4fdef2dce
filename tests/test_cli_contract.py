"""What every command promises: help with an example, quick start, clean errors, known options."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ocrdata.cli import main
from ocrdata.cli.lazy_commands import PLACES


def commands(group=main, path=()):
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


EVERY = list(commands())
IDS = [" ".join(path) for path, _ in EVERY]


@pytest.mark.parametrize(("path", "command"), EVERY, ids=IDS)
def test_help_has_a_sentence_and_an_example(path, command):
    for flag in ("--help", "-h"):
        result = CliRunner().invoke(main, [*path, flag])
        assert result.exit_code == 0
    assert "Example:" in result.output
    assert "ocrdata " + " ".join(path[:1]) in result.output.split("Example:")[1]
    assert command.help.strip().split("\n")[0].endswith((".", ",")) or len(command.help) > 20


@pytest.mark.parametrize(("path", "command"), EVERY, ids=IDS)
def test_options_have_help_and_one_spelling(path, command):
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert all("_" not in name for name in parameter.opts), parameter.opts


def test_one_name_means_one_thing():
    meanings = {}
    for path, command in EVERY:
        if path[0] == "launch":  # its workers are processes of a cluster
            continue
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name in (
                "data_dir",
                "output_dir",
                "workers",
                "overwrite",
                "resume",
                "as_json",
            ):
                meanings.setdefault(parameter.name, set()).add(parameter.help)
    assert all(len(texts) == 1 for texts in meanings.values()), meanings


@pytest.mark.parametrize("name", PLACES)
def test_commands_are_what_the_table_of_them_says(name):
    command = main.commands[name]
    assert command.name == name
    assert command.get_short_help_str(200) == PLACES[name].summary


@pytest.mark.parametrize("name", ["gen-pics", "gen-scenes", "tfrecord"])
def test_many_options_stand_in_groups(name):
    command = main.commands[name]
    assert command.groups["Run"]
    named = [one for names in command.groups.values() for one in names]
    assert len(named) == len(set(named))
    # A new option may wait for its group, but the list before the groups must stay short.
    others = {parameter.name for parameter in command.params} - set(named)
    assert len(others) <= 3, f"these stand in no group: {others}"
    shown = CliRunner().invoke(main, [name, "--help"]).output
    for parameter in command.params:
        assert any(option in shown for option in parameter.opts)
    assert shown.index("Output:") < shown.index("Run:")


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from ocrdata.cli import main\n"
        "from ocrdata.cli.lazy_commands import PLACES\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'tensorflow', 'PIL', 'cv2', 'jieba', 'fontTools', 'tqdm', 'difflib'}\n"
        "lazy = {f'ocrdata.cli.{place.module}' for place in PLACES.values()}\n"
        "print(sorted((heavy | lazy) & set(sys.modules)), file=sys.stderr)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stderr.strip() == "[]"


def test_errors_are_one_line_without_a_traceback(tmp_path):
    words = ["gen-sample", "--data-dir", str(tmp_path)]
    result = subprocess.run(
        [sys.executable, "-m", "ocrdata", *words], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert result.stdout == "" and "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ") and "does not exist" in result.stderr


def test_config_file_sets_defaults_and_options_win(tmp_path, run):
    config = tmp_path / "run.toml"
    config.write_text('[gen-pics]\ncorpus = ["dates"]\nlimit = 7\nvariants = 1\nworkers = 0\n')
    words = ["--config", config, "gen-pics", "--dry-run", "--json"]
    assert json.loads(run(*words).output)["pictures"] == 7
    assert json.loads(run(*words, "--limit", "3").output)["pictures"] == 3


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[gen-pics]\nlimitt = 3\n", "[gen-pics] has no option limitt. Did you mean limit?"),
        ("[gen-pic]\nlimit = 3\n", "the file has no option gen-pic. Did you mean gen-pics?"),
        ("gen-pics = 3\n", "gen-pics is a command: write [gen-pics]"),
        ("[gen-pics\n", "is not TOML"),
        ("[gen-pics]\nlimit = [1]\n", "[gen-pics] limit takes one value, not a list"),
        ("[gen-pics.limit]\na = 1\n", "[gen-pics] limit takes a value, not a table"),
    ],
)
def test_a_wrong_config_file_is_refused(tmp_path, run, content, problem):
    config = tmp_path / "run.toml"
    config.write_text(content)
    assert problem in run("--config", config, "list", "styles", code=1).output


def test_values_of_a_config_file_are_read_as_if_typed(tmp_path, run):
    config = tmp_path / "run.toml"
    words = ["--config", config, "gen-pics", "--dry-run", "--json", "--limit", "3"]
    config.write_text('[gen-pics]\ncorpus = "dates"\nquality = 80\nboxes = true\n')
    assert json.loads(run(*words).output)["pictures"] == 3
    config.write_text("[gen-pics]\nseed = 3.7\n")
    assert "'3.7' is not a valid integer" in run(*words, code=2).output


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc")
def test_what_the_system_refuses_is_one_line(run, rendered):
    shown = run("preview", rendered, "--output", "/proc/sheet.png", code=1)
    assert shown.output == "Error: /proc/sheet.png: No such file or directory.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["list"], ["list", "--json"]])
def test_a_full_disk_is_one_line(words):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ocrdata", *words], stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (1, b"Error: No space left on device.\n")


def test_environment_variables_set_any_option(monkeypatch, run):
    monkeypatch.setenv("OCRDATA_GEN_PICS_LIMIT", "5")
    monkeypatch.setenv("OCRDATA_GEN_PICS_CORPUS", "dates")
    assert json.loads(run("gen-pics", "--dry-run", "--json").output)["pictures"] == 5


def test_version_names_what_it_runs_on(run):
    output = run("--version").output
    assert all(word in output for word in ("ocrdata 0.", "Python 3.", "FreeType", "numpy"))
