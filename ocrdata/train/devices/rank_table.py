"""HCCL rank tables, of both generations, and the environment of a process that uses an NPU.

Legacy: group_list / instance_list / devices, where RANK_ID is the pod's name and DEVICE_INDEX
counts its devices. Version 1.0: server_list / device, where RANK_ID is a device's rank_id. Needs
neither TensorFlow nor Huawei's adapter.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

from ocrdata.base.storage.staging import read_json
from ocrdata.errors import InputError, OptionError, PathLike

TABLE, SIZE, RANK, DEVICE = "RANK_TABLE_FILE", "RANK_SIZE", "RANK_ID", "DEVICE_ID"
INDEX, JOB, TIMEOUT = "DEVICE_INDEX", "JOB_ID", "HCCL_CONNECT_TIMEOUT"
_FORMS = "It must be a rank table as hccl_tools.py writes it (version 1.0 or group_list)."


@dataclass(frozen=True)
class RankTable:
    """The devices of a job in the order of their ranks; `pods` are the names of a legacy table."""

    path: str
    devices: List[str]
    pods: List[str]

    def environment(self, rank: int) -> Dict[str, str]:
        """Returns what the process of a rank must have in its environment."""
        return {
            TABLE: self.path,
            SIZE: str(len(self.devices)),
            RANK: self.pods[rank] if self.pods else str(rank),
            INDEX: str(rank),
            DEVICE: self.devices[rank],
            JOB: os.environ.get(JOB, "10087"),
            TIMEOUT: os.environ.get(TIMEOUT, "600"),
        }


@dataclass(frozen=True)
class Rank:
    """Which of how many processes this is, and its device."""

    rank: int
    size: int
    device: int


def read_rank_table(path: PathLike) -> RankTable:
    """Reads a rank table; raises InputError naming what is wrong with it."""
    if not Path(path).is_file():
        raise InputError(path, "does not exist", hint=_FORMS)
    content = read_json(Path(path))
    try:
        found = _version_one(content) if "server_list" in content else _legacy(content)
        claimed = content.get("server_count", content.get("group_count"))
        listed = len(content.get("server_list", content.get("group_list", [])))
        if int(claimed) != listed:
            raise ValueError(f"counts {claimed} but lists {listed}")
        status = content.get("status")
        if status != "completed":
            raise ValueError(f"has the status {status!r}, not 'completed'")
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(path, f"is not a rank table ({error!r})", hint=_FORMS) from error
    except ValueError as error:
        raise InputError(path, str(error), hint=_FORMS) from error
    return RankTable(str(path), **found)


def _version_one(content: Any) -> Dict[str, List[str]]:
    devices = {}
    for server in content["server_list"]:
        for device in server["device"]:
            rank = int(device["rank_id"])
            if rank in devices:
                raise ValueError(f"gives rank_id {rank} twice")
            devices[rank] = str(int(device["device_id"]))
    if sorted(devices) != list(range(len(devices))) or not devices:
        raise ValueError(f"has the rank_ids {sorted(devices)}, not 0 to n - 1")
    return {"devices": [devices[rank] for rank in sorted(devices)], "pods": []}


def _legacy(content: Any) -> Dict[str, List[str]]:
    devices, pods = [], []
    for group in content["group_list"]:
        for instance in group["instance_list"]:
            for device in instance["devices"]:
                devices.append(str(int(device["device_id"])))
                pods.append(str(instance["pod_name"]))
    if not devices:
        raise ValueError("lists no devices")
    return {"devices": devices, "pods": pods}


def read_rank(environment: Optional[Mapping[str, str]] = None) -> Rank:
    """Returns this process's rank; raises OptionError naming the variable that is wrong."""
    known = os.environ if environment is None else environment
    size = _number(known, SIZE, 1)
    device = _number(known, DEVICE, 0)
    if size == 1:
        return Rank(0, 1, device)
    if not known.get(TABLE):
        raise _wrong(TABLE, f"is not set, but {SIZE} is {size}")
    table = read_rank_table(known[TABLE])
    if len(table.devices) != size:
        raise _wrong(SIZE, f"is {size}, but {known[TABLE]} lists {len(table.devices)} devices")
    if table.pods:
        if known.get(RANK) not in table.pods:
            names = ", ".join(sorted(set(table.pods)))
            raise _wrong(RANK, f"is {known.get(RANK)!r}; the table's pods are {names}")
        rank = _number(known, INDEX, None)
    else:
        rank = _number(known, RANK, None)
    if not 0 <= rank < size:
        raise _wrong(INDEX if table.pods else RANK, f"is {rank}, not 0 to {size - 1}")
    if DEVICE in known and int(table.devices[rank]) != device:
        raise _wrong(
            DEVICE, f"is {device}, but the table gives rank {rank} device {table.devices[rank]}"
        )
    return Rank(rank, size, int(table.devices[rank]))


def _number(known: Mapping[str, str], name: str, default: Optional[int]) -> int:
    text = known.get(name, "")
    if not text and default is not None:
        return default
    try:
        return int(text)
    except ValueError:
        raise _wrong(name, f"is {text!r}, which is not a number") from None


def _wrong(name: str, problem: str) -> OptionError:
    hint = "`ocrdata launch --target npu` sets all of them from a rank table."
    return OptionError(f"the environment variable {name} {problem}.", hint)
