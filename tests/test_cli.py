"""The command line: what each command prints and leaves, and what bad input gets."""

import importlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit import chromium as browsers
from labkit import doctor, environment, lab, paths
from labkit.cli import main
from labkit.datasets import REGISTRY
from labkit.experiment import Result, store
from tests import showcase
from tests.showcase import experiment as shown

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Results and ledger in the test's own folder, which is where the command runs."""
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("LABKIT_LEDGER", str(tmp_path / "ledger"))
    monkeypatch.setattr(shown.time, "sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)
    showcase.install(monkeypatch)
    return tmp_path


@pytest.fixture
def labkit(capsys):
    """Run a command; returns its exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(list(arguments))
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return call


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from labkit.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'numpy', 'pandas', 'plotly', 'pydantic', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip().endswith("[]")
    for command in ("list", "show", "run", "figure", "ledger", "data", "classroom", "lab", "doctor"):
        assert re.search(rf"^  {command} ", done.stdout, flags=re.MULTILINE)


def test_it_is_a_module_and_a_script():
    done = subprocess.run(
        [sys.executable, "-m", "labkit", "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout.strip()) == (0, importlib.import_module("labkit").__version__)
    assert 'labkit = "labkit.cli:main"' in (ROOT / "pyproject.toml").read_text()


def test_list_and_show(labkit):
    code, out, _ = labkit("list")
    assert code == 0
    assert "showcase" in out
    assert "hippo" in out
    assert "hippo" not in labkit("list", "--theme", "applied")[1]
    code, out, _ = labkit("show", "showcase")
    assert code == 0
    assert "every_control: Every control" in out
    assert "measure = LegS: choose from LegS, LegT, FouT" in out
    assert "slope: Choose a slope (easy, 1 points)" in out


def test_run_prints_and_stores(labkit, folders):
    code, out, _ = labkit("run", "showcase", "--seed", "0", "--seed", "1", "--device", "cpu")
    assert code == 0
    for word in (
        "Measurements",
        "Claims",
        "The line rises",
        "holds",
        "does not hold",
        "reported",
        "1 of 2 claims hold",
    ):
        assert word in out
    result = Result.load(folders / "results" / "showcase" / "smoke-cpu")
    assert result.seeds == (0, 1)
    assert not (folders / "ledger").exists()
    assert not list((folders / "results").rglob("checkpoints")), "no checkpoints are left"


def test_run_goes_where_it_is_told_and_into_the_ledger(labkit, folders):
    code, out, _ = labkit(
        "run", "showcase", "--scale", "class", "--to", "here", "--ledger", "--device", "cpu"
    )
    assert code == 0
    assert Result.load(folders / "here").scale == "class"
    code, out, _ = labkit("ledger")
    assert "The line falls" in out
    assert "class, cpu, seeds 0" in out
    assert "The line falls" in labkit("ledger", "showcase")[1]
    assert "no entries for hippo" in labkit("ledger", "hippo")[1]


def test_a_full_disk_loses_nothing(labkit, folders, monkeypatch):
    """The claims are printed, the old Result stays, and the next try goes on from the finished stages."""
    assert labkit("run", "showcase", "--device", "cpu")[0] == 0
    real = os.replace

    def full(source, target):
        if Path(target).name.startswith("result"):
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(store.os, "replace", full)
    code, out, err = labkit(
        "run", "showcase", "--seed", "5", "--to", "results/showcase/smoke-cpu", "--device", "cpu"
    )
    assert code == 1
    assert "The line rises" in out
    assert err.strip().splitlines()[-1].startswith("labkit: ")
    assert "No space left on device" in err
    assert "the same command goes on" in err
    monkeypatch.setattr(store.os, "replace", real)
    assert Result.load(folders / "results" / "showcase" / "smoke-cpu").seeds == (0,)
    monkeypatch.setattr(shown, "time", None)  # the stage must not run again
    assert labkit("run", "showcase", "--seed", "5", "--device", "cpu")[0] == 0
    assert Result.load(folders / "results" / "showcase" / "smoke-cpu").seeds == (5,)


KILLED = """
import os, sys
from tests import showcase
from tests.showcase import experiment
showcase.install()
stage = experiment.measure_line
def second(settings, run):
    "Dies the first time."
    print("second", file=sys.stderr)
    if not os.path.exists("again"):
        open("again", "w").close()
        os.kill(os.getpid(), 9)
experiment.EXPERIMENT.stages[second] = 1.0
def first(settings, run):
    print("first", file=sys.stderr)
    stage(settings, run)
experiment.EXPERIMENT.stages = {first: 1.0, **{s: 1.0 for s in experiment.EXPERIMENT.stages if s is not stage}}
from labkit.cli import main
main(["run", "showcase", "--device", "cpu", "--to", "out"])
"""


def test_a_killed_run_goes_on(folders):
    def go():
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, env=environment)

    dead = go()
    assert dead.returncode == -signal.SIGKILL
    assert not (folders / "out" / "result.json").exists()
    alive = go()
    assert alive.returncode == 0, alive.stderr
    assert "first" not in alive.stderr.split()
    assert Result.load(folders / "out").seeds == (0,)


def test_ctrl_c_says_how_to_go_on(labkit, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(shown.EXPERIMENT, "stages", {interrupted: 1.0})
    interrupted.__name__ = "interrupted"
    code, _, err = labkit("run", "showcase", "--device", "cpu")
    assert code == 130
    assert "the same command goes on" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nope"], "unknown paper: 'nope'; choose from "),
        (["run", "nope"], "unknown paper: 'nope'"),
        (["run", "showcase", "--scale", "huge"], "'huge' is not one of 'smoke', 'class', 'paper'"),
        (["run", "showcase", "--device", "tpu"], "unknown device: 'tpu'; choose from auto, cpu"),
        (["run", "showcase", "--seed", "-1"], "--seed"),
        (["run", "showcase", "--seed", "x"], "--seed"),
        (["run", "showcase", "--seed", "1", "--seed", "1"], "--seed was given twice"),
        (["run"], "Missing argument 'paper'"),
        (["figure", "showcase", "nope"], "unknown demo of showcase: 'nope'; choose from every_control"),
        (
            ["figure", "showcase", "every_control", "-c", "ordr=3"],
            "has no control 'ordr'; it has order, slope",
        ),
        (["figure", "showcase", "every_control", "-c", "order"], "write it as NAME=VALUE"),
        (
            ["figure", "showcase", "every_control", "-c", "order=x"],
            "order: 'x' is not allowed; a whole number from 2",
        ),
        (
            ["figure", "showcase", "every_control", "-c", "order=999"],
            "order: 999 is not allowed; a whole number from 2",
        ),
        (["figure", "showcase", "every_control", "-c", "measure=X"], "choose from LegS, LegT, FouT"),
        (
            ["figure", "showcase", "drawn_by_hand", "-c", "curve=1,2"],
            "curve: (1.0, 2.0) is not allowed; 16 numbers",
        ),
        (["figure", "showcase", "every_control", "-o", "out.pdf"], "should end in .html or .png"),
        (["ledger", "nope"], "unknown paper: 'nope'"),
        (["list", "--theme", "x"], "unknown theme: 'x'"),
        (["data", "fetch", "zz"], "unknown data set: 'zz'; choose from etth1"),
        (["bogus"], "No such command 'bogus'"),
        (["run", "showcase", "--bogus"], "No such option"),
        (["lab", "--lab-port", "0"], "--lab-port"),
    ],
)
def test_a_slip_gets_one_line_and_exit_code_2(labkit, arguments, message):
    code, _, err = labkit(*arguments)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("labkit: ")
    assert message in err


def test_a_failure_inside_gets_one_line_and_exit_code_1(labkit):
    code, _, err = labkit("run", "showcase", "--seed", "13", "--device", "cpu")
    assert code == 1
    assert err.strip().splitlines()[-1] == "labkit: seed 13 brings bad luck; choose another"
    code, _, err = labkit("figure", "showcase", "fails", "-c", "how=missing")
    assert code == 1
    assert "labkit data fetch etth1" in err


def test_a_bug_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="secret internals"):
        main(["figure", "showcase", "fails", "-c", "how=bug"])


def test_a_damaged_ledger_is_named(labkit, folders):
    (folders / "ledger").mkdir()
    (folders / "ledger" / "showcase.json").write_text("[{")
    code, _, err = labkit("ledger")
    assert code == 1
    assert "showcase.json is truncated or altered" in err


# figures


def test_a_figure_as_a_page(labkit, folders):
    code, out, _ = labkit("figure", "showcase", "figures_and_table", "-c", "slope=2", "-o", "out.html")
    assert (code, out.strip()) == (0, "out.html")
    page = (folders / "out.html").read_text()
    assert page.count('class="plotly-graph-div"') == 2
    assert "<table" in page
    assert "Two pictures and their numbers." in page
    assert "labkit figure showcase figures_and_table --control slope=" in page
    assert "<script src=" not in page.replace('<script src="data:', ""), "it needs nothing else to be opened"


def test_a_figures_default_name(labkit, folders):
    assert labkit("figure", "showcase", "animation")[0] == 0
    assert (folders / "animation.html").is_file()


def test_a_slow_demo_computes_where_it_is_told(labkit, folders):
    assert labkit("figure", "showcase", "slow_one", "--device", "cpu")[0] == 0
    assert "Slow, on cpu" in (folders / "slow_one.html").read_text()
    code, _, err = labkit("figure", "showcase", "slow_one", "--device", "tpu")
    assert code == 2
    assert "unknown device" in err


@pytest.mark.slow
@pytest.mark.browser
def test_figures_as_pictures(labkit, folders):
    if browsers.chromium() is None:
        pytest.skip(f"no Chromium on this machine: {browsers.MEND}")
    code, out, err = labkit("figure", "showcase", "figures_and_table", "-o", "out.png")
    assert code == 0
    assert out.split() == ["out-1.png", "out-2.png"]
    assert "the tables are in the HTML" in err
    for name in out.split():
        content = (folders / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5_000


def test_a_picture_without_chromium_names_the_mend(labkit, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    code, _, err = labkit("figure", "showcase", "every_control", "-o", "out.png")
    assert code == 1
    assert "there is none: install it (Debian and Ubuntu: apt install chromium)" in err
    assert "or write HTML instead" in err


def test_a_folder_that_is_not_there(labkit):
    code, _, err = labkit("figure", "showcase", "every_control", "-o", "no/such/out.html")
    assert (code, err.strip()) == (1, "labkit: no/such/out.html: No such file or directory")


# data


def test_data_are_listed_and_verified(labkit, monkeypatch, folders):
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(paths, "downloads", lambda: folders / "downloads")
    code, out, _ = labkit("data", "list")
    assert code == 0
    assert all(name in out for name in REGISTRY)
    assert "absent" in out
    code, out, _ = labkit("data", "verify")
    assert code == 0
    assert "ecg: good" in out
    (folders / "downloads" / "ett").mkdir(parents=True)
    (folders / "downloads" / "ett" / "ETTh1.csv").write_text("altered")
    code, _, err = labkit("data", "verify")
    assert code == 1
    assert "ETTh1.csv is truncated or altered" in err
    assert "labkit data fetch etth1" in err


def test_what_cannot_be_fetched_says_where_to_put_it(labkit, monkeypatch, folders):
    import pooch

    def offline(**_):
        raise OSError("no route to host")

    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(paths, "downloads", lambda: folders / "downloads")
    monkeypatch.setattr(pooch, "retrieve", offline)
    code, _, err = labkit("data", "fetch", "etth1")
    assert code == 1
    assert "no route to host" in err
    assert str(folders / "downloads" / "ett" / "ETTh1.csv") in err


# the doctor and the lab


def test_the_doctor_finds_this_machine_fit(labkit, monkeypatch):
    monkeypatch.delenv("LABKIT_LEDGER")
    code, out, _ = labkit("doctor")
    assert code == 0, out
    for what in (
        "Python",
        "packages",
        "torch",
        "device",
        "JupyterLab",
        "kernel",
        "widgets",
        "Chromium",
        "data",
        "disk",
    ):
        assert re.search(rf"^(ok|note) +{what}", out, flags=re.MULTILINE), what
    assert str(environment.python_range()) in out


def test_every_lack_has_its_mend(monkeypatch):
    monkeypatch.setattr(environment, "installed", lambda name: None)
    monkeypatch.setattr(doctor, "chromium", lambda: None)
    monkeypatch.setattr(doctor, "_same_python", lambda path: False)
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.9.1")
    findings = doctor.examine()
    lacks = [finding for finding in findings if finding.state == "lack"]
    assert {"Python", "packages", "JupyterLab"} <= {finding.what for finding in lacks}
    assert all(finding.mend for finding in lacks)
    assert any(
        finding.what == "Chromium" and finding.state == "note" and finding.mend for finding in findings
    )


def test_the_doctor_reports_and_fails(labkit, monkeypatch):
    monkeypatch.setattr(environment, "lacking", lambda *_: ["torch is not installed (needs >=2)"])
    code, out, _ = labkit("doctor")
    assert code == 1
    assert "LACK  packages: torch is not installed" in out
    assert "mend: make lab" in out


def test_a_busy_port_is_explained(labkit):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert lab.busy(port)
        code, _, err = labkit("lab", "--lab-port", str(port), "--dash-port", "8501")
    assert code == 1
    assert f"port {port} is busy, so JupyterLab cannot use it" in err
    assert f"make lab LAB_PORT={port + 10}" in err
    assert not lab.busy(port)
    code, _, err = labkit("lab", "--lab-port", "9", "--dash-port", "9")
    assert code == 1
    assert "cannot share port 9" in err


def test_a_server_that_stops_at_once_is_said_so(monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    with pytest.raises(ValueError, match="Toy stopped at once; LAB_VERBOSE=1"):
        lab._wait_until_ready(lab.Server("Toy", process, "", "http://127.0.0.1:9/"))
    started = time.monotonic()
    assert lab._watch([lab.Server("Toy", process, "", "")]) == 1
    assert time.monotonic() - started < 5
