"""A real dashboard on a free port of this machine."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Server:
    """Where it listens (host:port), and its process number."""

    address: str
    process: int


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def serving(arguments: Sequence[str], folder: Path) -> Iterator[Server]:
    """Run Python with these arguments and a port after them, until the dashboard answers there; stop it at the end."""
    port = free_port()
    environment = {**os.environ, "LABKIT_RESULTS": str(folder / "results"), "PYTHONPATH": str(ROOT)}
    log = (folder / "log").open("w")
    command = [sys.executable, *arguments, str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(240):
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1)
            except OSError:
                time.sleep(0.25)
            else:
                yield Server(f"localhost:{port}", server.pid)
                return
        pytest.fail(f"the dashboard did not start:\n{(folder / 'log').read_text()}")
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()
