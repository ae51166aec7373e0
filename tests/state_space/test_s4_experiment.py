"""S4's experiment: what it measures is right, repeatable, and the same at every scale but for its size."""

import math

import pytest
import torch

from labkit.allocation import peak_bytes
from labkit.experiment import SCALES
from labkit.state_space.kernels import naive_kernel, truncate_readout
from labkit.state_space.s4.experiment import EXPERIMENT
from labkit.state_space.s4.experiment.classification import Split, accuracy
from labkit.state_space.s4.experiment.models import MODELS, build, parameters
from labkit.state_space.s4.experiment.settings import PRESETS, S4Settings, Speed, Training
from labkit.state_space.s4.experiment.speed import KERNELS, kernel_work, system
from labkit.state_space.s4.experiment.waves import learn_waves, waves

SMALL = {"epochs": 1, "d_model": 4, "d_state": 4, "layers": 1, "batch": 20, "train": 40, "test": 20}
TINY = S4Settings(
    orders=(4, 32),
    kernel_lengths=(7,),
    speed=Speed(heads=2, d_state=4, lengths=(8, 16), contexts=(4, 8), d_model=8, layers=1, batch=2),
    digits=Training(models=("S4", "random NPLR", "S4D", "LSTM", "Transformer", "CNN"), **SMALL),
    side=4,
    ablation=Training(models=("LSSL", "random Gaussian", "rank 2", "frozen"), **SMALL),
    listops=Training(models=("S4", "LSTM", "Transformer"), bidirectional=True, **SMALL),
    listops_length=16,
    pathfinder=Training(models=("S4", "LSTM"), bidirectional=True, **SMALL),
    pathfinder_side=8,
    mnist=Training(models=("S4",), **SMALL),
    mnist_side=4,
)


def quiet(done, message=""):
    pass


@pytest.fixture(scope="module")
def tiny():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=quiet)


def test_every_stage_runs_and_every_claim_is_read_off(tiny):
    stages = {stage.__name__ for stage in EXPERIMENT.stages}
    assert stages - {"sequential_mnist"} <= set(tiny.metrics["stage"]) <= stages
    assert all(len(claim.values) == 2 for claim in tiny.claims)
    judged = [claim for claim in tiny.claims if claim.threshold is not None]
    assert len(judged) == 3 + 2 + 3 + 1 + 2 + 2
    assert {"digits"} <= set(tiny.data)


def test_the_same_seed_gives_the_same_figures(tiny):
    again = EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=quiet).metrics
    timed = again["stage"].isin(["kernel_cost", "generation"]) | again["metric"].str.contains("seconds")
    assert again[~timed].equals(tiny.metrics[~timed])
    zero, one = (again[(~timed) & (again["seed"] == s)]["value"].to_numpy() for s in (0, 1))
    assert (zero != one).any()


def test_presets_exist_for_all_scales_and_paper_is_the_papers(tiny):
    assert set(PRESETS) == set(SCALES)
    paper = PRESETS["paper"]
    assert (paper.digits.layers, paper.digits.d_model, paper.digits.epochs) == (6, 512, 200)
    assert (paper.listops.layers, paper.listops.d_model, paper.listops_length) == (6, 256, 2000)
    assert (paper.mnist_side, paper.mnist.train) == (28, 60_000)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_the_papers_shapes(name):
    task = PRESETS["paper"].listops.model_copy(update={"d_model": 16, "d_state": 8, "layers": 2})
    model = build(name, task, 17, 10, embedding=True)
    tokens = torch.randint(1, 17, (2, 40))
    assert model(tokens).shape == (2, 10)
    assert parameters(model) > 0
    # what it says of padded sequences does not depend on what is pooled after their end
    if name in ("S4", "S4D", "LSSL"):
        causal = build(name, task.model_copy(update={"bidirectional": False}), 17, 10, embedding=True).eval()
        longer = torch.cat([tokens, torch.zeros(2, 5, dtype=torch.int64)], dim=1)
        lengths = torch.tensor([40, 40])
        with torch.no_grad():
            assert torch.allclose(causal(longer, lengths=lengths), causal(tokens), atol=1e-3)


def test_unknown_model():
    with pytest.raises(ValueError, match="model must be one of S4, rank 2.*got 'RNN'"):
        build("RNN", PRESETS["smoke"].digits, 1, 10)


def test_accuracy_counts_every_sequence():
    data = Split(torch.eye(3)[[0, 1, 2, 0, 1]], torch.tensor([0, 1, 2, 1, 2]))
    assert accuracy(torch.nn.Identity(), data, batch=2) == pytest.approx(3 / 5)


@pytest.mark.parametrize("name", KERNELS[:4])
def test_every_timed_kernel_is_the_kernel(name):
    parts = system(3, 8, torch.Generator().manual_seed(0), torch.float64, torch.device("cpu"))
    Lambda, P, Q, _, C, dt = parts
    work = kernel_work(name, parts, truncate_readout(C, Lambda, P, Q, dt, 33), 33)
    assert torch.allclose(work(), naive_kernel(*parts, 33), atol=1e-10)


def test_a_model_learns_to_continue_waves():
    u = waves(3, seed=1)
    assert u.abs().max() <= 1
    # one sine after another is taken away by its own recurrence, u_k = 2 cos(w) u_{k-1} - u_{k-2}
    rest = u.double()
    for w in (0.11, 0.29):
        rest = rest[:, 2:] - 2 * math.cos(w) * rest[:, 1:-1] + rest[:, :-2]
    assert rest.abs().max() < 1e-5
    model, history = learn_waves(steps=30)
    assert sum(history.losses[-5:]) < 0.2 * sum(history.losses[:5])
    assert model.generate(u[:, :20], 4).shape == (3, 4, 1)


def test_peak_bytes():
    def two_at_a_time():
        x = torch.zeros(1000)
        for _ in range(5):
            x = x + 1
        return x[:10].reshape(2, 5)

    assert peak_bytes(two_at_a_time) == 8000
    assert peak_bytes(lambda: torch.cat([torch.ones(100) for _ in range(10)])) == 8000
