"""Data sets: checked wherever they lie, refused when altered, fetched again when a download is damaged."""

import hashlib
import http.server
import os
import threading

import pytest
import torch

from labkit import datasets, paths
from labkit.datasets import REGISTRY, Dataset, Missing, series, status
from labkit.datasets.registry import dataset

GOOD = b"date,value\n2024-01-01,1.0\n" * 100
BUNDLED = [name for name, entry in REGISTRY.items() if entry.bundled]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """Downloads in a folder of the test's own, and no LABKIT_DATA."""
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(paths, "downloads", lambda: tmp_path / "downloads")
    return tmp_path


@pytest.fixture
def host():
    """A server on this machine: gives out `answers` in turn, the last one for ever."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answers = self.server.answers
            content = answers.pop(0) if len(answers) > 1 else answers[0]
            self.server.asked += 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = [GOOD], 0
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def entry(url: str | None = None) -> Dataset:
    return Dataset(
        name="toy",
        title="A toy",
        source="nowhere",
        licence="CC0",
        file="toy/toy.csv",
        sha256=hashlib.sha256(GOOD).hexdigest(),
        url=url,
    )


def at(server) -> str:
    return f"http://127.0.0.1:{server.server_port}/toy.csv"


def test_every_set_says_where_it_comes_from():
    for one in REGISTRY.values():
        assert one.title and one.source and one.licence
        assert one.sha256 is None or len(one.sha256) == 64
        by_hand = one.url is None  # then its path says where to put it
        assert one.bundled or by_hand or one.url.startswith("https://")


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_are_as_registered(name):
    assert status(REGISTRY[name]) == "present"
    assert REGISTRY[name].path().is_file()


def test_what_is_absent_names_the_command(folders):
    with pytest.raises(Missing, match="labkit data fetch toy"):
        entry("https://example.org/toy.csv").path()
    assert status(entry("https://example.org/toy.csv")) == "absent"
    with pytest.raises(Missing, match=r"get it from nowhere, and put it at .*toy.csv"):
        entry().path()


def test_a_download_is_checked_and_kept(folders, host):
    one = entry(at(host))
    assert one.fetch().read_bytes() == GOOD
    assert status(one) == "present"
    one.fetch()
    assert host.asked == 1


def test_a_damaged_download_is_refused(folders, host):
    host.answers = [GOOD[:-20]]
    with pytest.raises(ValueError, match=r"(?i)hash"):
        entry(at(host)).fetch()
    assert status(entry()) != "present"


def test_after_a_damaged_download_the_next_one_counts(folders, host):
    host.answers = [GOOD[:-20], GOOD]
    one = entry(at(host))
    with pytest.raises(ValueError, match=r"(?i)hash"):
        one.fetch()
    assert one.fetch().read_bytes() == GOOD


@pytest.mark.parametrize(
    "harm", [lambda content: content[:-1], lambda content: b"X" + content[1:]], ids=["cut", "bit"]
)
def test_an_altered_file_is_refused_then_mended(folders, host, harm):
    one = entry(at(host))
    place = one.fetch()
    place.write_bytes(harm(GOOD))
    os.utime(place, ns=(1, 1))
    assert status(one) == "damaged"
    with pytest.raises(ValueError, match=r"truncated or altered.*labkit data fetch toy"):
        one.path()
    assert one.fetch().read_bytes() == GOOD


def test_an_override_is_looked_at_first_and_checked_too(folders, monkeypatch):
    (folders / "ready" / "toy").mkdir(parents=True)
    (folders / "ready" / "toy" / "toy.csv").write_bytes(GOOD)
    monkeypatch.setenv("LABKIT_DATA", str(folders / "ready"))
    assert entry().path() == folders / "ready" / "toy" / "toy.csv"
    (folders / "ready" / "toy" / "toy.csv").write_bytes(GOOD + b"!")
    with pytest.raises(ValueError, match="truncated or altered"):
        entry().path()


def test_a_damaged_override_is_not_overwritten(folders, monkeypatch, host):
    (folders / "ready" / "toy").mkdir(parents=True)
    (folders / "ready" / "toy" / "toy.csv").write_bytes(b"theirs")
    monkeypatch.setenv("LABKIT_DATA", str(folders / "ready"))
    with pytest.raises(ValueError, match="truncated or altered"):
        entry(at(host)).fetch()
    assert (folders / "ready" / "toy" / "toy.csv").read_bytes() == b"theirs"


def test_unknown_names_list_the_choices():
    with pytest.raises(ValueError, match="unknown data set: 'zz'; choose from etth1"):
        dataset("zz")
    with pytest.raises(ValueError, match="unknown series: 'zz'; choose from ecg"):
        series("zz")


@pytest.mark.parametrize("name", datasets.SERIES)
def test_real_series_are_finite_even_and_named(name):
    if not REGISTRY[name].present():
        pytest.skip(f"{name} is not on this machine (LABKIT_DATA names no folder with it)")
    found = series(name)
    assert found.values.dtype == torch.float64
    assert torch.isfinite(found.values).all()
    assert len(found.values) > 250
    assert found.step > 0
    assert found.unit and found.time_unit and found.title
    standard = found.standardised()
    assert abs(float(standard.mean())) < 1e-9
    assert abs(float(standard.std()) - 1) < 1e-9


def test_etth1_in_its_official_form():
    if not REGISTRY["etth1"].present():
        pytest.skip("ETTh1 is not on this machine (LABKIT_DATA names no folder with it)")
    table = datasets.etth1()
    assert table.shape == (17_420, 7)
    assert str(table.index[0]) == "2016-07-01 00:00:00"
