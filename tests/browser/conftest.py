"""A real dashboard on a free port of this machine, and Chromium to look at it."""

from pathlib import Path

import pytest

from labkit.chromium import MEND, chromium
from tests.server import serving

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    program = chromium()
    if program is None:
        pytest.skip(f"no Chromium: {MEND}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def profile(browser):
    """A browser profile whose cache all pages share; every page is a visitor of its own all the same."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def page(profile):
    """A fresh page, the size of a small laptop's."""
    opened = profile.new_page()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory):
    """The address of a running dashboard, with the showcase among its papers."""
    script = str(ROOT / "tests" / "browser" / "serve.py")
    with serving([script], tmp_path_factory.mktemp("dashboard")) as server:
        yield f"http://{server.address}"
