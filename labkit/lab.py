"""JupyterLab and the dashboard together, on this machine only, until Ctrl-C."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from dataclasses import dataclass

from labkit import paths

PATIENCE = 120  # seconds for a server to answer
_SETTINGS = paths.PACKAGE / "jupyter"  # JupyterLab's settings as the lab wants them at first: no news
STOPPING = 8  # seconds for a server to stop


@dataclass
class Server:
    """A server that was started: its process, the address to open, and one that answers when it is ready."""

    name: str
    process: subprocess.Popen
    address: str
    ready: str


def open_lab(lab_port: int, dash_port: int, *, browser: bool = True) -> int:
    """Start both, print their addresses, and wait; returns the exit code.

    Both listen on localhost only. JupyterLab's address carries a token made for this session.

    Raises:
        ValueError: a port is busy, or named twice; says how to name another.
    """
    if lab_port == dash_port:
        raise ValueError(f"JupyterLab and the dashboard cannot share port {lab_port}; name two")
    for port, variable, name in (
        (lab_port, "LAB_PORT", "JupyterLab"),
        (dash_port, "DASH_PORT", "the dashboard"),
    ):
        if busy(port):
            raise ValueError(
                f"port {port} is busy, so {name} cannot use it (is the lab open already?); "
                f"name another: make lab {variable}={port + 10}"
            )
    signal.signal(signal.SIGTERM, _interrupt)
    # a shell that starts us in the background has Ctrl-C ignored; we mean it all the same
    signal.signal(signal.SIGINT, _interrupt)
    servers: list[Server] = []
    try:
        servers += [_jupyter(lab_port), _dashboard(dash_port)]
        for server in servers:
            _wait_until_ready(server)
        print("\nThe lab is open. Ctrl-C closes it.\n")
        for server in servers:
            print(f"  {server.name:<12} {server.address}")
        print(flush=True)
        if browser and _has_desktop():
            for server in servers:
                webbrowser.open(server.address)
        return _watch(servers)
    except KeyboardInterrupt:
        print("\nClosing the lab.", flush=True)
        return 0
    finally:
        _stop(servers)


def busy(port: int) -> bool:
    """Whether something listens on that port of this machine."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((host, port)) == 0:
                return True
    return False


def _jupyter(port: int) -> Server:
    token = secrets.token_hex(16)
    first = (
        "lab/tree/notebooks/00_start_here.ipynb"
        if (paths.notebooks() / "00_start_here.ipynb").is_file()
        else "lab"
    )
    options = [
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=localhost",
        "--ServerApp.open_browser=False",
        f"--ServerApp.root_dir={paths.root()}",
        "--LabApp.news_url=None",  # nothing is asked of the internet
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container; it listens on localhost only
        options.append("--allow-root")
    settings = os.pathsep.join(filter(None, [str(_SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]))
    process = _start(["-m", "jupyterlab", *options], JUPYTER_TOKEN=token, JUPYTER_CONFIG_PATH=settings)
    address = f"http://localhost:{port}"
    return Server("JupyterLab", process, f"{address}/{first}?token={token}", f"{address}/api")


def _dashboard(port: int) -> Server:
    options = [
        f"--server.port={port}",
        "--server.address=localhost",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]
    process = _start(["-m", "streamlit", "run", str(paths.app()), *options], OMP_NUM_THREADS="1")
    address = f"http://localhost:{port}"
    return Server("Dashboard", process, address, f"{address}/_stcore/health")


def _start(arguments: list[str], **environment: str) -> subprocess.Popen:
    """A process of its own session, so that Ctrl-C reaches only us, and we stop it in good order."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=paths.root(),
        env={**os.environ, "PYTHONPATH": _python_path(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr if os.environ.get("LAB_VERBOSE") else subprocess.DEVNULL,
        start_new_session=True,
    )


def _python_path() -> str:
    """Where labkit is imported from, so that kernels import the same one."""
    return os.pathsep.join(filter(None, [str(paths.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))


def _wait_until_ready(server: Server) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if server.process.poll() is not None:
            raise ValueError(f"{server.name} stopped at once; LAB_VERBOSE=1 make lab shows what it said")
        try:
            with urllib.request.urlopen(server.ready, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise ValueError(f"{server.name} did not answer within {PATIENCE} s")


def _watch(servers: list[Server]) -> int:
    while True:
        for server in servers:
            if server.process.poll() is not None:
                print(
                    f"\n{server.name} stopped (exit code {server.process.returncode}); closing the lab.",
                    flush=True,
                )
                return 1
        time.sleep(0.3)


def _stop(servers: list[Server]) -> None:
    for server in servers:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
    for server in servers:
        try:
            server.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


def _has_desktop() -> bool:
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _interrupt(_number, _frame) -> None:
    raise KeyboardInterrupt
