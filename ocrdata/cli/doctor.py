"""ocrdata doctor: what this machine can do."""

from __future__ import annotations

import click

from ocrdata.cli import options


@click.command("doctor")
@options.option("--tensorflow", "ask", is_flag=True, help="Import TensorFlow too, to see devices.")
@options.json_option
def doctor(ask: bool, as_json: bool) -> None:
    """Show what this machine can do, and what each missing thing needs.

    TensorFlow is not imported unless asked for; without, its version is read from what is
    installed, and devices from the driver's files.

    \b
    Example:
      ocrdata doctor
      ocrdata doctor --tensorflow
    """
    from ocrdata.cli.report import as_dict
    from ocrdata.cli.report import report as show
    from ocrdata.train.cluster.doctor import diagnose

    found = diagnose(ask)
    if as_json:
        show({"findings": [as_dict(finding) for finding in found]}, as_json)
        return
    for finding in found:
        click.echo(f"{('ok' if finding.good else '--'):4} {finding.name:14} {finding.what}")
        if finding.needs:
            click.echo(f"     {'':14} {finding.needs}")
