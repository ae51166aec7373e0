"""Experiments: Claims judge, Results survive whatever happens to the disk, killed runs go on."""

import itertools
import json
import math
import os
from types import SimpleNamespace

import pytest
import torch

import labkit
from labkit.experiment import Claim, Experiment, Result, Settings, ledger, record, store
from labkit.plotting import claims_figure
from tests import showcase
from tests.showcase import experiment as shown

ABOUT = {"statement": "s", "reported": "r", "quantity": "q"}


@pytest.fixture(autouse=True)
def paper(monkeypatch):
    showcase.install(monkeypatch)
    monkeypatch.setattr(shown.time, "sleep", lambda _: None)


def quiet(done: float, message: str = "") -> None:
    pass


def run(**options) -> Result:
    return labkit.run("showcase", device="cpu", progress=quiet, **options)


# Claims


@pytest.mark.parametrize(
    ("relation", "threshold", "values", "holds"),
    [
        ("<", 1.0, (0.5,), True),
        ("<", 1.0, (0.5, 1.5), False),
        ("<", 1.0, (1.0,), False),
        ("<=", 1.0, (1.0,), True),
        (">", 1.0, (2.0, 3.0), True),
        (">=", 1.0, (0.999,), False),
        ("<", 1.0, (math.nan,), False),
        (">", 1.0, (math.nan, 2.0), False),
        (None, None, (5.0,), None),
    ],
)
def test_a_claim_holds_when_every_seed_meets_its_threshold(relation, threshold, values, holds):
    claim = Claim(relation=relation, threshold=threshold, values=values, **ABOUT)
    assert claim.holds is holds
    assert claim.verdict == {True: "holds", False: "does not hold", None: "reported"}[holds]


def test_a_claims_mean_and_interval():
    claim = Claim(values=(1.0, 2.0, 3.0), **ABOUT)
    assert claim.measured == 2.0
    low, high = claim.interval
    assert low == pytest.approx(2 - 4.303 / math.sqrt(3), abs=1e-3)
    assert high == pytest.approx(2 + 4.303 / math.sqrt(3), abs=1e-3)
    assert Claim(values=(1.0,), **ABOUT).interval is None
    assert Claim(values=(1.0, math.nan), **ABOUT).interval is None
    assert "[" in claim.measured_text


def test_a_claim_is_whole():
    with pytest.raises(ValueError, match="both a relation and a threshold"):
        Claim(values=(1.0,), relation="<", **ABOUT)
    with pytest.raises(ValueError):
        Claim(values=(), **ABOUT)
    with pytest.raises(ValueError):
        Claim(values=(1.0,), unknown=1, **ABOUT)


# running


def test_a_run_measures_and_judges():
    result = run(seed=[0, 1, 2])
    assert result.seeds == (0, 1, 2)
    assert [claim.verdict for claim in result.claims] == ["holds", "does not hold", "reported"]
    assert result.claims[0].values == (3.0, 3.01, 3.02)
    assert all(claim.seeds == (0, 1, 2) and claim.scale == "smoke" for claim in result.claims)
    assert set(result.metrics["seed"]) == {0, 1, 2}
    assert result.tensors["measure_line/line"].tolist() == [0.0, 3.0, 6.0, 9.0]
    assert result.seconds > 0 and result.peak_memory > 0


def test_the_same_seed_gives_the_same_figures():
    one, other = run(seed=3), run(seed=3)
    assert one.metrics.equals(other.metrics)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "huge"}, "unknown scale: 'huge'; choose from smoke, class, paper"),
        ({"seed": -1}, "seed must be a non-negative integer"),
        ({"seed": True}, "seed must be a non-negative integer"),
        ({"seed": []}, "seed must be a non-negative integer"),
        ({"seed": [1, 1]}, "or several different ones"),
    ],
)
def test_bad_input_says_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_an_unknown_device_lists_this_machines():
    with pytest.raises(ValueError, match=r"unknown device: 'tpu'; choose from auto, cpu"):
        labkit.run("showcase", device="tpu", progress=quiet)
    with pytest.raises(ValueError, match="unknown device: 'cuda:99'"):
        labkit.run("showcase", device="cuda:99", progress=quiet)


def test_progress_rises_to_one():
    told = []
    labkit.run("showcase", device="cpu", seed=[0, 1], progress=lambda done, message="": told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_settings_are_closed_and_frozen():
    with pytest.raises(ValueError):
        shown.LineSettings(stepz=3)
    with pytest.raises(ValueError):
        shown.LineSettings().steps = 4
    with pytest.raises(ValueError, match="presets must be given for smoke, class, paper"):
        Experiment("x", {"smoke": Settings()}, {}, lambda measurements, settings: [])


# storing


def test_a_result_goes_round(tmp_path):
    result = run(seed=[0, 1])
    result.metrics["note"] = [None, "text"]
    again = Result.load(result.save(tmp_path / "r"))
    assert again.claims == result.claims
    assert again.settings == result.settings
    assert again.seeds == (0, 1)
    assert again.metrics["value"].tolist() == result.metrics["value"].tolist()
    assert again.tensors.keys() == result.tensors.keys()
    assert all(torch.equal(again.tensors[name], result.tensors[name]) for name in result.tensors)


def test_saving_again_leaves_one_result(tmp_path):
    run(seed=0).save(tmp_path)
    run(seed=1).save(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    assert Result.load(tmp_path).seeds == (1,)


class Kill(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("after", [0, 1])
def test_a_kill_while_saving_leaves_the_old_result(tmp_path, monkeypatch, after):
    """Killed before the arrays' file stands, and between the two files."""
    run(seed=0).save(tmp_path)
    real, calls = os.replace, []

    def dying(source, target):
        if len(calls) == after:
            raise Kill
        calls.append(target)
        real(source, target)

    monkeypatch.setattr(store.os, "replace", dying)
    with pytest.raises(Kill):
        run(seed=1).save(tmp_path)
    monkeypatch.undo()
    assert Result.load(tmp_path).seeds == (0,)
    showcase.install(monkeypatch)
    run(seed=1).save(tmp_path)
    assert Result.load(tmp_path).seeds == (1,)


@pytest.mark.parametrize("refusing", ["replace", "fsync"])
def test_a_full_disk_is_named_and_the_old_result_stays(tmp_path, monkeypatch, refusing):
    run(seed=0).save(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())

    def full(*_):
        raise OSError(28, "No space left on device")

    new = run(seed=1)
    monkeypatch.setattr(store.os, refusing, full)
    with pytest.raises(OSError, match=r"No space left.*what was stored before is untouched") as caught:
        new.save(tmp_path)
    assert caught.value.filename == str(tmp_path)
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == before, "no half file is left"
    assert Result.load(tmp_path).seeds == (0,)


def harm_json(folder):
    file = folder / "result.json"
    file.write_text(file.read_text()[:-30])


def harm_arrays(folder):
    file = next(folder.glob("*.npz"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def cut_arrays(folder):
    file = next(folder.glob("*.npz"))
    file.write_bytes(file.read_bytes()[:20])


def lose_arrays(folder):
    next(folder.glob("*.npz")).unlink()


def lose_a_field(folder):
    file = folder / "result.json"
    document = json.loads(file.read_text())
    del document["claims"]
    file.write_text(json.dumps(document))


def another_format(folder):
    file = folder / "result.json"
    file.write_text(file.read_text().replace('"format": 1', '"format": 99'))


@pytest.mark.parametrize(
    "harm",
    [harm_json, harm_arrays, cut_arrays, lose_arrays, lose_a_field, another_format],
    ids=lambda f: f.__name__,
)
def test_a_damaged_result_is_refused(tmp_path, harm):
    run().save(tmp_path)
    harm(tmp_path)
    with pytest.raises(ValueError, match=r"truncated or altered|is altered|has format"):
        Result.load(tmp_path)


def test_no_result_is_not_a_damaged_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="no stored result"):
        Result.load(tmp_path)


# resuming


def two_stages(calls: list) -> Experiment:
    def first(settings, run) -> None:
        calls.append(("first", run.seed))
        run.measure("a", run.seed)
        run.keep("t", torch.full((2,), float(run.seed), device="cpu"))
        run.uses("toy")

    def second(settings, run) -> None:
        calls.append(("second", run.seed))
        if ("second", "dies") in calls:
            raise Kill
        run.measure("b", 1.0)

    presets = dict.fromkeys(("smoke", "class", "paper"), shown.LineSettings())
    return Experiment(
        "toy",
        presets,
        {first: 1.0, second: 3.0},
        lambda m, s: [Claim(values=m.per_seed(metric="a"), **ABOUT)],
    )


def test_a_killed_run_goes_on_from_its_finished_stages(tmp_path, monkeypatch):
    ticks = itertools.count(step=10.0)
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))  # every stage takes ten seconds
    monkeypatch.setattr("labkit.experiment.experiment.time", clock)
    calls = [("second", "dies")]
    with pytest.raises(Kill):
        two_stages(calls).run("smoke", "cpu", 4, progress=quiet, checkpoints=tmp_path)
    assert calls[1:] == [("first", 4), ("second", 4)]
    calls.clear()
    result = two_stages(calls).run("smoke", "cpu", 4, progress=quiet, checkpoints=tmp_path)
    assert calls == [("second", 4)]
    assert result.tensors["first/t"].tolist() == [4.0, 4.0]
    assert result.data == ["toy"]
    assert result.seconds == 20.0, "what the killed process had finished counts"
    assert list(tmp_path.iterdir()) == [], "a finished run leaves no checkpoints"


def test_checkpoints_of_other_settings_or_seeds_do_not_count(tmp_path):
    calls = []
    experiment = two_stages(calls)
    experiment.run("smoke", "cpu", 0, progress=quiet, checkpoints=tmp_path, keep_checkpoints=True)
    experiment.run("smoke", "cpu", 0, progress=quiet, checkpoints=tmp_path, keep_checkpoints=True)
    assert len(calls) == 2
    experiment.run("smoke", "cpu", 1, progress=quiet, checkpoints=tmp_path, keep_checkpoints=True)
    assert len(calls) == 4
    other = shown.LineSettings(steps=99)
    result = experiment.run("smoke", "cpu", 0, progress=quiet, checkpoints=tmp_path, settings=other)
    assert len(calls) == 6
    assert result.settings == {"steps": 99}


def test_a_damaged_checkpoint_is_computed_again(tmp_path):
    calls = []
    experiment = two_stages(calls)
    experiment.run("smoke", "cpu", 0, progress=quiet, checkpoints=tmp_path, keep_checkpoints=True)
    file = next(tmp_path.rglob("stage-first.json"))
    file.write_text(file.read_text()[:10])
    calls.clear()
    experiment.run("smoke", "cpu", 0, progress=quiet, checkpoints=tmp_path)
    assert calls == [("first", 0)]


def test_a_full_disk_does_not_stop_a_run(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "replace", full)
    with pytest.warns(UserWarning, match="the run goes on, but cannot be resumed"):
        result = two_stages([]).run("smoke", "cpu", 0, progress=quiet, checkpoints=tmp_path)
    assert result.claims[0].values == (0.0,)


# the ledger


def test_the_ledger_keeps_the_latest_of_each_scale_and_device(tmp_path):
    record(run(seed=0), tmp_path)
    record(run(seed=[1, 2]), tmp_path)
    record(run(scale="class", seed=0), tmp_path)
    entries = ledger.read(tmp_path, "showcase")
    assert [(entry.scale, entry.seeds) for entry in entries] == [("smoke", (1, 2)), ("class", (0,))]
    assert entries[0].command == "labkit run showcase --scale smoke --device cpu --seed 1 --seed 2"
    assert len(entries[0].claims) == 3


def test_a_damaged_ledger_is_refused_and_kept(tmp_path):
    file = record(run(), tmp_path)
    file.write_text(file.read_text()[:-40])
    kept = file.read_text()
    with pytest.raises(ValueError, match="truncated or altered"):
        record(run(seed=5), tmp_path)
    assert file.read_text() == kept


@pytest.mark.parametrize(
    ("relation", "values", "margin"),
    [
        (">=", (0.4, 0.2), (0.2 - 0.25) / 0.25),  # the mean meets it, a seed does not
        ("<=", (0.1, 0.5), -(0.5 - 0.25) / 0.5),
        (">=", (0.5, 0.5), 0.5),
        ("<=", (0.0, 0.0), 1.0),
    ],
)
def test_a_claim_is_drawn_on_the_side_of_its_verdict(relation, values, margin):
    claim = Claim(statement="s", reported="r", quantity="q", values=values, relation=relation, threshold=0.25)
    drawn = {trace.name: list(trace.x) for trace in claims_figure([claim]).data}
    assert drawn[claim.verdict] == pytest.approx([margin])
    assert (margin >= 0) == claim.holds
