"""The lab as a learner meets it: `labkit lab`, a notebook in JupyterLab in a real browser, a slider dragged."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from labkit.lab import busy
from tests import lesson
from tests.server import free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("jupyterlab"),
    pytest.mark.timeout(420),
]
PATIENCE = 120_000  # ms
DATA = """plot => JSON.stringify([plot._fullLayout.title.text, plot._fullData.map(
    trace => [Array.from(trace.x ?? []), Array.from(trace.y ?? [])])])"""


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
    assert process.wait(90) == 0
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


def drag(page, handle) -> None:
    """Drag a slider's handle to the right, as a hand does."""
    handle.scroll_into_view_if_needed()
    handle.page.wait_for_timeout(500)  # cells above may still find their height
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x + 12 * step, y)
    page.mouse.up()


def keep(page, root, name: str) -> None:
    """A screenshot under build/screenshots/."""
    shots = root / "build" / "screenshots"
    shots.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=shots / name)


def test_a_slider_moves_the_picture(lab, page, root):
    lesson.write(root / "build" / "jupyterlab" / "lesson.ipynb")
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_notebook(page, lab, "build/jupyterlab/lesson.ipynb")
    run_all(page)
    page.wait_for_selector(".labkit-demo .js-plotly-plot .main-svg", timeout=PATIENCE)
    assert len(shown(page)) == 16

    drag(page, page.locator(".labkit-demo .noUi-handle").first)
    until(lambda: len(shown(page)) > 20)
    readout = int(page.locator(".labkit-demo .widget-readout").first.inner_text())
    until(lambda: len(shown(page)) == readout)

    keep(page, root, "jupyterlab-slider.png")
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert complaints == []


def test_a_papers_notebook_runs_in_jupyterlab(lab, page, root):
    """HiPPO's lesson: run all, no cell fails, its first demo follows its slider; the saved file has pictures."""
    stored = root / "build" / "jupyterlab" / "hippo.ipynb"
    stored.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / "notebooks" / "state_space" / "hippo.ipynb", stored)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    open_notebook(page, lab, "build/jupyterlab/hippo.ipynb")
    run_all(page)

    def executed() -> bool:
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1500)
        cells = json.loads(stored.read_text())["cells"]
        return all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")

    until(executed, 200)
    page.wait_for_selector("text=/Python 3.*Idle/", timeout=PATIENCE)
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    outputs = [
        output for cell in json.loads(stored.read_text())["cells"] for output in cell.get("outputs", [])
    ]
    assert [output["evalue"] for output in outputs if output["output_type"] == "error"] == []
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    pictures = [out for out in outputs if "(hippo, " in "".join(out.get("data", {}).get("text/plain", ""))]
    assert len(pictures) >= 5
    assert all("application/vnd.plotly.v1+json" in output["data"] for output in pictures)

    page.locator(".jp-WindowedPanel-outer").first.evaluate("panel => panel.scrollTo(0, 0)")
    for _ in range(60):
        if page.locator(".labkit-demo .js-plotly-plot .main-svg").count():
            break
        page.mouse.move(700, 600)
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(250)
    before = page.locator(".labkit-demo .js-plotly-plot").first.evaluate(DATA)
    drag(page, page.locator(".labkit-demo").first.locator(".noUi-handle").first)
    until(lambda: page.locator(".labkit-demo .js-plotly-plot").first.evaluate(DATA) != before)
    keep(page, root, "jupyterlab-hippo.png")
    assert complaints == []
