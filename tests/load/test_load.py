"""Several people at once: nobody sees an error, every move is answered, and sessions stay small."""

import pytest

from tests.load.scenario import attend
from tests.server import ROOT, serving

pytestmark = pytest.mark.slow


def test_five_visitors_at_once(tmp_path):
    dashboard = ["-m", "streamlit", "run", str(ROOT / "app" / "dashboard.py"), "--server.port"]
    with serving(dashboard, tmp_path) as server:
        load = attend(server.address, server.process, visitors=5, seconds=15, pause=1.0)
    assert not load.errors
    assert len(load.waits) >= 5
    assert load.per_visitor < 60  # MiB, the shared caches included
