"""A class of thirty at the dashboard, each moving controls for a minute over all studios (alone on the machine)."""

import pytest

from tests.load.scenario import attend
from tests.server import ROOT, serving

VISITORS, SECONDS = 30, 60


def test_a_class_of_thirty(request, tmp_path):
    if not request.config.getoption("--benchmark-enable"):
        pytest.skip("a minute of load: run with --benchmark-enable")
    dashboard = ["-m", "streamlit", "run", str(ROOT / "app" / "dashboard.py"), "--server.port"]
    with serving(dashboard, tmp_path) as server:
        load = attend(server.address, server.process, VISITORS, SECONDS)
    print(
        f"\n{VISITORS} visitors, {len(load.waits)} moves in {SECONDS} s: p50 {load.p(50) * 1e3:.0f} ms, p95 "
        f"{load.p(95) * 1e3:.0f} ms (budget 1000); pages open in {load.openings.mean() * 1e3:.0f} ms on average; "
        f"{load.cpu * 1e3:.0f} ms of processor a move; memory {load.first:.0f} MiB with one visitor, "
        f"{load.per_visitor:.1f} MiB for each further one"
    )
    assert not load.errors
