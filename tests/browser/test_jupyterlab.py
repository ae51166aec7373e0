"""The lab as a learner meets it: `labkit lab`, a notebook in JupyterLab in a real browser, a slider dragged."""

import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from labkit.lab import busy
from tests import lesson
from tests.browser.conftest import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("jupyterlab"),
    pytest.mark.timeout(420),
]
PATIENCE = 120_000  # ms


@pytest.fixture(scope="module")
def lab(root):
    """The lab, open; its addresses by name."""
    ports = free_port(), free_port()
    command = [sys.executable, "-m", "labkit", "lab", "--no-browser"]
    command += ["--lab-port", str(ports[0]), "--dash-port", str(ports[1])]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    addresses = {}
    said = []
    for line in process.stdout:
        said.append(line)
        if match := re.match(r"\s+(JupyterLab|Dashboard)\s+(\S+)", line):
            addresses[match[1]] = match[2]
        if len(addresses) == 2:
            break
    else:
        pytest.fail(f"the lab did not open: {''.join(said)}")
    yield addresses
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not any(map(busy, ports)), "Ctrl-C should stop both servers"


def test_both_answer(lab):
    with urllib.request.urlopen(lab["Dashboard"], timeout=30) as answer:
        assert b"<title>Streamlit" in answer.read()
    with urllib.request.urlopen(lab["JupyterLab"], timeout=30) as answer:
        assert answer.status == 200


def open_notebook(page, lab, path: str) -> None:
    """Open a notebook and wait until its kernel stands ready."""
    address, token = lab["JupyterLab"].split("/lab")[0], lab["JupyterLab"].split("token=")[1]
    page.goto(f"{address}/lab/tree/{path}?token={token}&reset", timeout=PATIENCE)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=PATIENCE)
    page.wait_for_selector("text=/Python 3.*Idle/", timeout=PATIENCE)


def run_all(page) -> None:
    page.locator("li.lm-MenuBar-item", has_text="Run").first.click()
    page.locator('li.lm-Menu-item[data-command="runmenu:run-all"]').click()


def shown(page, number: int = 0) -> list:
    """The first trace's heights in a picture, as numbers."""
    return page.evaluate("n => Array.from(document.querySelectorAll('.js-plotly-plot')[n].data[0].y)", number)


def until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_a_slider_moves_the_picture(lab, page, root):
    lesson.write(root / "build" / "jupyterlab" / "lesson.ipynb")
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_notebook(page, lab, "build/jupyterlab/lesson.ipynb")
    run_all(page)
    page.wait_for_selector(".labkit-demo .js-plotly-plot .main-svg", timeout=PATIENCE)
    assert len(shown(page)) == 16

    handle = page.locator(".labkit-demo .noUi-handle").first
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x + 12 * step, y)
    page.mouse.up()
    until(lambda: len(shown(page)) > 20)
    readout = int(page.locator(".labkit-demo .widget-readout").first.inner_text())
    until(lambda: len(shown(page)) == readout)

    shots = root / "build" / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=shots / "jupyterlab-slider.png")
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert complaints == []
