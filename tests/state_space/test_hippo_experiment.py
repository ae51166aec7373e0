"""HiPPO's experiment: what it measures is right, repeatable, and the same at every scale but for its size."""

import pytest
import torch

from labkit.experiment import SCALES
from labkit.state_space.hippo.experiment import EXPERIMENT
from labkit.state_space.hippo.experiment.delays import delay_signals, ridge, ridge_nrmse
from labkit.state_space.hippo.experiment.reconstructions import weighted_error
from labkit.state_space.hippo.experiment.settings import PRESETS, Digits, HippoSettings, Trained
from labkit.state_space.hippo.experiment.training import LinearS4
from labkit.state_space.hippo.figures import result_figures
from labkit.state_space.layers import S4Layer

TINY = Trained(
    length=60,
    lag=12,
    dt=1e-2,
    freq=20.0,
    d_model=2,
    d_state=8,
    batch=4,
    steps=3,
    rate=1e-3,
    inits=("legs", "fout", "random"),
    ranges=dict.fromkeys(PRESETS["class"].delay.ranges, (0.02, 0.05)),
)


@pytest.fixture(scope="module")
def smoke():
    return EXPERIMENT.run("smoke", "cpu", 0, progress=lambda done, message="": None)


def test_smoke_claims_hold_with_margin_to_the_reported_figures(smoke):
    verdicts = {claim.statement: claim.holds for claim in smoke.claims}
    assert len(verdicts) == 7
    assert all(verdicts.values()), verdicts


def test_the_same_seed_gives_the_same_figures_and_another_gives_others(smoke):
    again = EXPERIMENT.run("smoke", "cpu", 0, progress=lambda done, message="": None)
    other = EXPERIMENT.run("smoke", "cpu", 1, progress=lambda done, message="": None)
    assert again.metrics.equals(smoke.metrics)
    assert not other.metrics["value"].equals(smoke.metrics["value"])


def test_a_result_draws_every_picture_that_it_can(smoke):
    drawn = result_figures(smoke)
    assert {"reconstruction_by_order", "memory_by_age", "delay_by_delta", "real_series", "claims"} == set(
        drawn
    )
    for figure in drawn.values():
        assert figure.layout.title.text
        assert len(figure.data) > 0


def test_the_training_stages_run_and_their_claims_are_read_off(tmp_path):
    settings = HippoSettings(
        orders=(8, 32),
        delay=TINY,
        reconstruct=TINY.model_copy(update={"freeze": True, "inits": ("fout",)}),
        digits=Digits(epochs=1, d_model=4, d_state=8, layers=1, batch=350, inits=("legs", "fout", "random")),
    )
    result = EXPERIMENT.run(
        "class",
        "cpu",
        [0, 1],
        settings=settings,
        progress=lambda done, message="": None,
        checkpoints=tmp_path,
    )
    assert len(result.claims) == 7 + 3 + 2
    assert all(len(claim.values) == 2 for claim in result.claims)
    assert set(result.metrics["stage"]) >= {"trained_delay", "digits", "trained_reconstruct"}
    assert {"trained_delay", "digits"} <= set(result_figures(result))
    assert not list(tmp_path.rglob("*.*")), "a finished run clears its checkpoints"


def test_presets_exist_for_all_scales_and_paper_is_the_reference_configuration():
    assert set(PRESETS) == set(SCALES)
    paper = PRESETS["paper"]
    assert (paper.delay.length, paper.delay.lag, paper.delay.d_state, paper.delay.d_model) == (
        4000,
        1000,
        1024,
        4,
    )
    assert paper.delay.steps == 20 * 16384 // 64
    assert (paper.reconstruct.d_state, paper.reconstruct.freeze) == (256, True)


def test_paper_scale_models_have_the_paper_scale_shapes():
    task = PRESETS["paper"].reconstruct.model_copy(update={"d_model": 8})
    model = LinearS4(task, "fout", (2e-3, 2e-3), outputs=task.lag, last=True)
    u = torch.randn(2, 400, 1)
    assert model(u).shape == (2, 1000)
    frozen = {name for name, p in model.layer.named_parameters() if not p.requires_grad}
    assert {"log_decay", "frequency", "B", "P"} <= frozen


def test_ridge_finds_a_readout_that_exists():
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(3, 200, 5, generator=generator, dtype=torch.float64)
    wanted = torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0], dtype=torch.float64)
    readout, scale = ridge(states, states @ wanted, penalty=1e-12)
    assert torch.allclose(readout / scale, wanted, atol=1e-6)
    unrelated = torch.randn(3, 200, generator=generator, dtype=torch.float64)
    assert ridge_nrmse(states, states @ wanted, states, states @ wanted) < 1e-5
    assert ridge_nrmse(states, unrelated, states, unrelated) > 0.9


def test_weighted_error_weighs():
    truth = torch.ones(1, 4, dtype=torch.float64)
    found = torch.tensor([[1.0, 1.0, 1.0, 3.0]], dtype=torch.float64)
    w = torch.tensor([1.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    assert weighted_error(truth, found, w) == 0
    assert weighted_error(truth, found, torch.ones_like(w)) == pytest.approx(1.0)


def test_training_and_test_signals_differ():
    train, test = delay_signals(200, 30.0, 3, 2, seed=0)
    assert (train.shape, test.shape) == ((3, 200), (2, 200))
    assert (train[:2] - test).abs().max() > 0.1


def test_gradients_of_fout_are_finite_in_float32():
    """FouT has an eigenvalue of nearly 0: the square of its denominator once left float32."""
    torch.manual_seed(0)
    layer = S4Layer(32, 64, init="fout")
    layer(torch.randn(4, 256, 32)).square().mean().backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


def test_fouts_dead_state_stays_dead_in_training():
    """Nothing feeds the sine of frequency 0; an update must not let it in, for it never fades."""
    torch.manual_seed(0)
    layer = S4Layer(8, 16, init="fout")
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    layer(torch.randn(2, 64, 8)).square().mean().backward()
    optimizer.step()
    Lambda, P, B, _ = layer.systems()
    for part in (Lambda[:, 0], P[..., 0], B[:, 0], layer.readout()[..., 0]):
        assert part.imag.abs().max() == 0
    assert B.imag[:, 1:].abs().max() > 0


def test_class_scale_keeps_the_papers_proportions():
    paper, small = PRESETS["paper"].delay, PRESETS["class"].delay

    def needed(task):
        return 2 * task.freq * task.lag * task.dt / task.d_state

    assert needed(small) == pytest.approx(needed(paper), rel=0.01)
