"""SpaceTime's experiment: rivals that are what they say, measurements that are repeatable, claims that are read off."""

import pytest
import torch

from labkit.datasets import generated_split
from labkit.experiment import SCALES
from labkit.state_space.spacetime.experiment import EXPERIMENT
from labkit.state_space.spacetime.experiment import shipped as shipped_loops
from labkit.state_space.spacetime.experiment.filters import (
    KINDS,
    Kernels,
    ar6,
    fit_filters,
    relative_error,
    roll,
    sinusoids,
    targets,
)
from labkit.state_space.spacetime.experiment.forecasting import predict, train
from labkit.state_space.spacetime.experiment.loops import TRAINED, make, roll_out, waves
from labkit.state_space.spacetime.experiment.models import RidgeForecaster, best_ridge, build, naive
from labkit.state_space.spacetime.experiment.settings import (
    MODELS,
    PRESETS,
    Filters,
    Forecasting,
    Sinusoids,
    SpaceTimeSettings,
)
from labkit.state_space.spacetime.figures import result_figures

TINY = SpaceTimeSettings(
    filters=Filters(steps=2, d_state=8, length=40, rates=(0.1,)),
    sinusoids=Sinusoids(d_model=8, d_state=6, lag=20, horizon=8, mixed=(8, 12), far=16, steps=2, batch=2),
    forecasting=Forecasting(
        d_model=8,
        d_state=6,
        lag=168,
        horizon=24,
        horizons=(12, 24),
        beyond=36,
        steps=2,
        every=1,
        batch=8,
        dropout=0.0,
        rate=1e-3,
        stride=100,
        models=MODELS,
        gate=True,
    ),
    cost_states=(4, 512),
    cost_lengths=(8, 1024),
)


def silent(done, message=""):
    """No progress bar."""


@pytest.fixture(scope="module")
def tiny():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_runs_and_its_claims_are_read_off(tiny):
    assert set(tiny.metrics["stage"]) == {
        "autoregression",
        "filters",
        "cost",
        "sinusoid_loops",
        "forecasting",
    }
    assert all(len(claim.values) == 2 for claim in tiny.claims)
    words = " ".join(claim.statement for claim in tiny.claims)
    for rival in ("an LSTM", "a Transformer", "S4D", "NLinear", "a plain linear map", "repeating yesterday"):
        assert f"better than {rival}" in words
    assert tiny.data == ["ETTh1"] or tiny.data == ["generated, of ETTh1's shape"]


def test_a_result_draws_all_of_its_pictures(tiny):
    drawn = result_figures(tiny)
    assert set(drawn) == {
        "filter_fit",
        "rolled",
        "cost",
        "cost_by_length",
        "sinusoid_loops",
        "forecast_errors",
        "forecast_by_step",
        "forecast_examples",
        "claims",
    }
    for figure in drawn.values():
        assert figure.layout.title.text
        assert len(figure.data) > 0


def test_the_same_seed_gives_the_same_figures(tiny):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=silent)
    timed = ["seconds", "seconds an update"]
    first = tiny.metrics[(tiny.metrics["seed"] == 0) & ~tiny.metrics["metric"].isin(timed)]
    second = again.metrics[~again.metrics["metric"].isin(timed)]
    assert list(first["value"]) == list(second["value"])
    other = tiny.metrics[(tiny.metrics["seed"] == 1) & ~tiny.metrics["metric"].isin(timed)]
    assert list(first["value"]) != list(other["value"])


def test_without_the_gate_no_forecast_is_judged():
    settings = TINY.model_copy(
        update={
            "sinusoids": None,
            "forecasting": TINY.forecasting.model_copy(update={"gate": False, "models": ("SpaceTime",)}),
        }
    )
    result = EXPERIMENT.run("smoke", "cpu", 0, settings=settings, progress=silent)
    assert not [claim for claim in result.claims if "ETTh1" in claim.statement]


def test_the_result_says_when_it_ran_on_generated_data(monkeypatch, tmp_path):
    from labkit import paths

    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setattr(paths, "downloads", lambda: tmp_path)
    settings = TINY.model_copy(
        update={
            "sinusoids": None,
            "forecasting": TINY.forecasting.model_copy(update={"gate": False, "models": ("SpaceTime",)}),
        }
    )
    result = EXPERIMENT.run("smoke", "cpu", 0, settings=settings, progress=silent)
    assert result.data == ["generated, of ETTh1's shape"]


def test_presets_exist_for_all_scales_and_paper_is_the_reference_configuration():
    assert set(PRESETS) == set(SCALES)
    task = PRESETS["paper"].forecasting
    assert (task.d_model, task.d_state, task.lag, task.horizon, task.batch) == (128, 64, 336, 720, 50)
    assert (task.dropout, task.rate, task.init) == (0.25, 1e-3, "normal")
    assert task.steps == 500 * (7585 // 50)
    model = build("SpaceTime", task)
    assert model(torch.randn(2, 336, 1), 720)["closed"].shape == (2, 720, 1)


# filters


def test_the_targets_are_the_filters_they_name():
    wanted = targets(40)
    u = torch.randn(100, dtype=torch.float64)

    def filtered(name):
        taps = wanted[name]
        return u.unfold(0, 40, 1).flip(-1) @ taps

    now = u[39:]
    assert torch.allclose(filtered("difference"), now - u[38:-1])
    assert torch.allclose(filtered("delay 16"), u[23:-16])
    assert torch.allclose(filtered("MA-24 residual"), now - u[16:].unfold(0, 24, 1).mean(-1))
    t = torch.arange(60, dtype=torch.float64)
    series = sinusoids(t)
    assert torch.allclose(roll(wanted["AR(6)"], series[:20], 40), series[20:], atol=1e-9)
    assert torch.equal(wanted["AR(6)"][:6], ar6())


@pytest.mark.parametrize("kind", KINDS)
def test_kernels_are_answers_to_an_impulse(kind):
    torch.manual_seed(0)
    model = Kernels(kind, 3, 8)
    impulse = torch.zeros(1, 20, 3)
    impulse[0, 0] = 1
    found = model(20)
    if kind in ("companion", "shift"):
        wanted = model.system(impulse)[0].T
    else:
        system = model.system
        with torch.no_grad():
            system.mix.weight.copy_(torch.eye(3))
            system.mix.bias.zero_()
        wanted = system(impulse)[0].T
    assert torch.allclose(found, wanted, atol=1e-4)


def test_fitting_lowers_the_error_and_rows_do_not_touch():
    task = Filters(steps=60, d_state=8, length=40)
    wanted = torch.stack(list(targets(40).values()))
    torch.manual_seed(0)
    found, losses = fit_filters("shift", wanted, task, 0.1, torch.device("cpu"))
    assert losses[-1] < losses[0]
    assert relative_error(found, wanted).sum() < 4
    torch.manual_seed(0)
    changed = wanted.clone()
    changed[1] = 0.5
    other, _ = fit_filters("shift", changed, task, 0.1, torch.device("cpu"))
    assert torch.allclose(found[0], other[0], atol=1e-5)
    with pytest.raises(ValueError, match="kind must be one of companion"):
        Kernels("x", 1, 4)


# forecasters


@pytest.fixture(scope="module")
def data():
    return generated_split(torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", MODELS)
def test_a_forecaster_follows_the_level_of_its_input(name):
    torch.manual_seed(0)
    model = build(name, TINY.forecasting).eval()
    past = torch.randn(3, 168)
    found = predict(model, past, 24)
    assert found.shape == (3, 24)
    assert torch.allclose(predict(model, past + 10, 24), found + 10, atol=1e-3)
    with pytest.raises(ValueError, match="model must be one of SpaceTime"):
        build("x", TINY.forecasting)


def test_training_keeps_the_best_on_validation(data):
    task = TINY.forecasting.model_copy(update={"steps": 6, "every": 1, "rate": 0.3})
    model, seconds, losses = train("LSTM", task, data, 0, torch.device("cpu"))
    past, future = (w[::8].float() for w in data.windows("validation", task.lag, task.horizon))
    error = (predict(model, past, task.horizon) - future).square().mean().item()
    last, _, _ = train("LSTM", task.model_copy(update={"every": 6}), data, 0, torch.device("cpu"))
    assert error <= (predict(last, past, task.horizon) - future).square().mean().item()
    assert seconds > 0
    assert len(losses) == 6


def test_naive_repeats():
    past = torch.arange(10.0)[None]
    assert naive(past, 5, 1)[0].tolist() == [9, 9, 9, 9, 9]
    assert naive(past, 5, 3)[0].tolist() == [7, 8, 9, 7, 8]
    with pytest.raises(ValueError, match="period must be from 1 to the past's length 10; got 11"):
        naive(past, 5, 11)


@pytest.mark.parametrize("level", ["none", "last"])
def test_ridge_finds_a_linear_map_that_exists(level):
    past = torch.randn(400, 6, dtype=torch.float64)
    W = torch.randn(6, 3, dtype=torch.float64)
    level_of = past[:, -1:] if level == "last" else 0 * past[:, :1]
    future = (past - level_of) @ W + level_of + 0.5
    fitted = RidgeForecaster(level).fit(past, future, 1e-9)
    assert torch.allclose(fitted(past), future, atol=1e-5)
    noisy = future + torch.randn_like(future)
    best = best_ridge(level, (past[:300], noisy[:300]), (past[300:], noisy[300:]))
    strong = RidgeForecaster(level).fit(past[:300], noisy[:300], 100.0)

    def error(one):
        return (one(past[300:]) - noisy[300:]).square().mean()

    assert error(best) < error(strong)
    with pytest.raises(ValueError, match="level must be none or last"):
        RidgeForecaster("x")


# loops


def test_s4d_rolled_out_is_s4d_fed_with_its_own_outputs():
    torch.manual_seed(0)
    task = TINY.sinusoids
    model = make("S4D rolled", task).eval()
    past = waves(2, 20, torch.Generator().manual_seed(0))
    found = roll_out(model, past, 4)
    fed = past
    with torch.no_grad():
        for h in range(4):
            nxt = model(fed)[:, -1:]
            assert torch.allclose(nxt[:, 0], found[:, h], atol=1e-4)
            fed = torch.cat([fed, nxt], dim=1)
    with pytest.raises(ValueError, match="name must be one of SpaceTime"):
        make("x", task)


def test_waves_are_continued_by_the_ar6():
    u = waves(3, 60, torch.Generator().manual_seed(0))[..., 0].double()
    assert u.std() == pytest.approx(1, abs=0.25)
    assert (roll(ar6(), u[0, :30], 20) - u[0, 30:50]).abs().max() < 0.05


def test_the_shipped_loops_are_trained():
    for name in shipped_loops.LOOPS:
        model, task = shipped_loops.trained(name), shipped_loops.settings().sinusoids
        u = waves(8, task.lag + task.horizon, torch.Generator().manual_seed(5))
        error = (roll_out(model, u[:, : task.lag], task.horizon) - u[:, task.lag :]).square().mean()
        assert error < 0.1, "a fresh model has about 1"
    with pytest.raises(ValueError, match="name must be one of"):
        shipped_loops.trained(TRAINED[2])
