"""What all tests share: shape-checked imports, the device fixture, seeds and hypothesis profiles."""

import asyncio
import os
from pathlib import Path

# One thread a process, in kernels and servers that tests start too: two workers share two cores, and threads
# that wait for each other cost tenfold.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Every function of labkit that a test calls has its shapes and types checked (jaxtyping + beartype).
# An int may stand where a float is annotated, as Python means it (PEP 484).
from jaxtyping import install_import_hook

install_import_hook("labkit", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")

import pytest
import torch
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "lab",
    deadline=None,
    derandomize=True,
    max_examples=20,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("lab")


def pytest_configure(config):
    torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """Tests that ask for CUDA are marked `gpu`, and skipped where there is none."""
    for item in items:
        if getattr(item, "callspec", None) and item.callspec.params.get("device") == "cuda":
            item.add_marker(pytest.mark.gpu)
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason="no CUDA device on this machine"))


@pytest.fixture(params=["cpu", "default-device trap", "cuda"])
def device(request):
    """The device to test on.

    `default-device trap` is the CPU with torch's default device set to `meta`: a tensor that is made
    without naming its device lands on `meta`, and the first operation that mixes it with the others fails.
    """
    if request.param == "default-device trap":
        torch.set_default_device("meta")
        try:
            yield torch.device("cpu")
        finally:
            torch.set_default_device(None)
    else:
        yield torch.device(request.param)


@pytest.fixture(autouse=True)
def _same_seed_for_every_test():
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _no_event_loop_of_the_browser(request):
    """Playwright keeps its event loop running in the main thread for the session; other tests must not see it."""
    running = asyncio._get_running_loop()
    if running is None or request.node.get_closest_marker("browser"):
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout's root."""
    return ROOT
