"""ocrdata launch: starts a cluster on this machine, to try one."""

from __future__ import annotations

from pathlib import Path
from typing import Tuple

import click

from ocrdata.cli import options


@click.command(
    "launch", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@options.option(
    "--workers", type=click.IntRange(1), default=2, help="Processes that train, chief included."
)
@options.option("--ps", type=click.IntRange(0), default=0, help="Processes that keep the weights.")
@options.option("--evaluator", is_flag=True, help="One more that scores checkpoints as they come.")
@options.option(
    "--target",
    type=click.Choice(("cluster", "npu")),
    default="cluster",
    help="A TF_CONFIG cluster, or a process for each Ascend NPU.",
)
@options.option("--devices", type=click.IntRange(1), default=8, help="NPUs of --target npu.")
@options.option(
    "--rank-table",
    type=options.EXISTING,
    show_default="RANK_TABLE_FILE",
    help="The HCCL rank table of --target npu.",
)
@options.option(
    "--restarts", type=click.IntRange(0), default=0, help="How often a process is started again."
)
@options.option("--log-dir", type=options.PATH, default="logs", help="A log for each process.")
@options.json_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def launch_command(
    log_dir: Path, as_json: bool, command: Tuple[str, ...], **chosen: object
) -> None:
    """Run `ocrdata COMMAND` as a cluster of processes on this machine.

    The chief's messages are shown; every process has a log in --log-dir. The batch of the command
    is that of all processes together. On real clusters a platform sets TF_CONFIG and runs `ocrdata
    train` itself.

    \b
    Example:
      ocrdata launch --workers 2 --ps 1 train crnn --steps 1000
      ocrdata launch --target npu --devices 8 --rank-table hccl_8p.json train crnn --target npu
    """
    from ocrdata.cli.report import print_note, report
    from ocrdata.train.cluster.launch import launch_cluster as run
    from ocrdata.train.cluster.launch import planned_processes

    processes = planned_processes(log_dir, **chosen)
    report(run(processes, command, int(str(chosen["restarts"])), print_note)._asdict(), as_json)
