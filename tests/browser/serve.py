"""The dashboard with the showcase among its papers: `python tests/browser/serve.py PORT`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from streamlit.web import cli  # noqa: E402

from tests import showcase  # noqa: E402

if __name__ == "__main__":
    showcase.install()
    options = ["--server.port", sys.argv[1], "--server.fileWatcherType", "none", "--logger.level", "warning"]
    sys.exit(cli.main(["run", str(ROOT / "app" / "dashboard.py"), *options], standalone_mode=False))
