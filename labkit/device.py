"""Devices: choosing one, what it is called, seeding, memory, and timing that waits for the work to end."""

import os
import platform
import random
import resource
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import torch


def available() -> list[str]:
    """The devices that can be asked for on this machine."""
    return ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]


def resolve(device: str | torch.device = "auto") -> torch.device:
    """The device of that name: `auto` (CUDA where there is one), `cpu`, `cuda` or `cuda:N`.

    Raises:
        ValueError: for a name that is none of these, or a card that this machine does not have.
    """
    asked = str(device)
    if asked == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    found = "cuda:0" if asked == "cuda" else asked
    if found not in available():
        raise ValueError(
            f"unknown device: {asked!r}; choose from auto, {', '.join(available())} on this machine"
        )
    return torch.device(found)


@cache
def name(device: torch.device) -> str:
    """The card's or the processor's name, for people."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    model = ""
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.processor() or platform.machine()}, {os.cpu_count()} cores"


def describe(device: torch.device) -> str:
    """The name and the memory, e.g. `NVIDIA H100 (77.1 of 79.2 GiB free)`."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return f"{name(device)} ({free / 2**30:.1f} of {total / 2**30:.1f} GiB free)"
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0
    return f"{name(device)} ({pages / 2**30:.0f} GiB)" if pages else name(device)


def seed_everything(seed: int) -> None:
    """Seed Python's, NumPy's and torch's global generators (layers initialise from torch's)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  (libraries draw from the global generator)
    torch.manual_seed(seed)


def synchronise(device: torch.device) -> None:
    """Wait until the device has finished what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device, repeats: int = 5, warmup: int = 1) -> float:
    """The median wall time of a piece of work, waiting for the device before and after each."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        synchronise(device)
        started = time.perf_counter()
        work()
        synchronise(device)
        times.append(time.perf_counter() - started)
    return median(times)


class PeakMemory:
    """Peak memory since this object was made (CUDA), or the process's peak so far (CPU)."""

    def __init__(self, device: torch.device):
        self.device = device
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def mebibytes(self) -> float:
        """The peak in MiB."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device) / 2**20
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
