"""The runners of Beam that are known here, and their options."""

from __future__ import annotations

import logging
from typing import Any, Dict, Optional, Sequence

from ocrdata.errors import OptionError

DIRECT = "DirectRunner"
DASK = "DaskRunner"
RUNNERS = (DASK, "DataflowRunner", DIRECT, "FlinkRunner", "PortableRunner", "SparkRunner")


def dask_runner() -> Any:
    """Returns Beam's runner on Dask."""
    from apache_beam.runners.dask.dask_runner import DaskRunner

    return DaskRunner()


def direct_runner(options: Any) -> Any:
    """Returns Beam's own runner on this machine, which looks for nothing on the network."""
    # What Beam makes of this name today looks for another engine on the network first; this one
    # is what it takes where it finds none.
    from apache_beam.portability.api import beam_provision_api_pb2
    from apache_beam.runners.portability.fn_api_runner import fn_runner
    from apache_beam.runners.portability.portable_runner import JobServiceHandle

    encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
    provision = fn_runner.ExtendedProvisionInfo(
        beam_provision_api_pb2.ProvisionInfo(pipeline_options=encoded)
    )
    return fn_runner.FnApiRunner(provision_info=provision)


def pipeline_options(runner: str, options: Sequence[str], workers: int = 1) -> Any:
    """Returns Beam's PipelineOptions for a runner; raises OptionError for what cannot be one."""
    from apache_beam.options.pipeline_options import PipelineOptions

    given = read_options(options)
    if not logging.getLogger().isEnabledFor(logging.INFO):
        given.setdefault("default_sdk_harness_log_level", "ERROR")
    if runner == DIRECT and workers > 1:
        given.setdefault("direct_num_workers", str(workers))
        given.setdefault("direct_running_mode", "multi_processing")
    flags = [f"--runner={runner}"]
    flags += [
        "--" + name if value is None else f"--{name}={value}" for name, value in given.items()
    ]
    return PipelineOptions(flags)


def read_options(options: Sequence[str]) -> Dict[str, Optional[str]]:
    """Returns NAME=VALUE and NAME (None) as a dictionary; raises OptionError for anything else."""
    given: Dict[str, Optional[str]] = {}
    for option in options:
        name, equals, value = option.lstrip("-").partition("=")
        if not name or name == "runner":
            raise OptionError(f"--runner-option needs NAME=VALUE or NAME, not {option!r}.")
        given[name] = value if equals else None
    return given
