"""The survey's experiment: what it trains and counts, claims that are read off, and the pictures of a Result."""

import pytest
import torch

from labkit.state_space.s4_survey.demo.selectivity import data_before
from labkit.state_space.s4_survey.demo.side_by_side import KINDS, heard_by, the_signal
from labkit.state_space.s4_survey.experiment import EXPERIMENT
from labkit.state_space.s4_survey.experiment.settings import PRESETS, Hybrid, SurveySettings, TokenTask
from labkit.state_space.s4_survey.experiment.token_tasks import copy_draw, induction_draw, right, steps_of
from labkit.state_space.s4_survey.experiment.trained import COPYING, trained
from labkit.state_space.s4_survey.figures import result_figures
from labkit.state_space.s4_survey.method import LINEAGE, build, jamba_sizes

SMALL = {"steps": 3, "d_model": 8, "d_state": 4, "batch": 4, "test": 8, "warmup": 1, "vocab": 5}
TINY = SurveySettings(
    copying=TokenTask(models=("mamba", "s4d", "mamba_lti"), length=8, tokens=2, **SMALL),
    induction=TokenTask(models=("mamba", "s4d", "transformer"), length=8, **SMALL),
    ablation=TokenTask(models=("delta only",), length=8, tokens=2, **SMALL),
    hybrid=Hybrid(length=8, layers=8, **SMALL),
    lengths=(16, 32),
    timed_width=8,
    timed_state=4,
    memory_lengths=(4, 12),
)


@pytest.fixture(scope="module")
def result():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=lambda *_: None)


def test_it_measures_everything_and_repeats(result):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=lambda *_: None)
    same = result.metrics[(result.metrics.seed == 0) & (result.metrics.metric == "final accuracy")]
    other = again.metrics[again.metrics.metric == "final accuracy"]
    assert list(same.value) == list(other.value)
    assert set(result.metrics.stage) == {"copying", "induction", "ablation", "hybrid", "complexity", "memory"}
    assert all(len(claim.values) == 2 for claim in result.claims)


def test_exact_claims_hold_even_untrained(result):
    claims = {claim.statement: claim for claim in result.claims}
    assert claims["What a recurrent or state-space model keeps does not grow with the length"].measured == 0
    assert claims["A Transformer's cache does"].measured == 3
    assert claims["... and keeps an eighth of the cache"].measured == 0.125
    assert claims["... and keeps an eighth of the cache"].holds


def test_every_picture_is_drawn(result):
    drawn = result_figures(result)
    assert {"copying", "induction", "stretching", "seconds", "ablation", "hybrid", "claims"} == set(drawn)


def test_accuracy_looks_at_the_last_outputs():
    class Echo(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.one_hot(x, 6).float()

    x = torch.tensor([[1, 2, 3, 4]], device="cpu")
    assert right(Echo(), x, torch.tensor([[3, 4]], device="cpu")) == 1.0
    assert right(Echo(), x, torch.tensor([[3, 1]], device="cpu")) == 0.5


def test_lengths_are_stretched():
    task = PRESETS["smoke"].induction
    for stretch, length in ((0.5, 12), (1, 24), (4, 96)):
        x, y = induction_draw(task, stretch)(3, torch.Generator("cpu").manual_seed(0))
        assert x.shape == (3, length) and y.shape == (3, 1)


@pytest.mark.parametrize("name", list(LINEAGE))
def test_the_paper_scale_can_be_built(name):
    task = PRESETS["paper"].copying
    layers = 8 if name == "jamba" else task.layers
    model = build(name, task.d_model, layers, task.vocab, d_state=task.d_state)
    assert model(torch.zeros(1, 20, dtype=torch.int64, device="cpu")).shape == (1, 20, task.vocab)


def test_published_jamba_from_its_layout():
    """52 billion in all, 12 billion active, 4 GiB of cache at 256K tokens (Jamba, section 3)."""
    sizes = jamba_sizes()
    assert sizes["total"] / 1e9 == pytest.approx(52, abs=0.6)
    assert sizes["active"] / 1e9 == pytest.approx(12, abs=0.3)
    assert sizes["cache"] * 2**18 == 4 * 2**30


def test_what_ships_has_learnt():
    """The trained Mamba copies, S4D does worse; Delta jumps where a data token leaves the convolution's window."""
    x, y = copy_draw(COPYING)(200, torch.Generator("cpu").manual_seed(77))
    with torch.no_grad():
        mamba, s4d = (right(trained(name), x, y) for name in ("mamba", "s4d"))
        assert mamba > 0.95 and mamba - s4d > 0.1
        ratios = []
        for row in x[:40]:
            delta = steps_of(trained("mamba"), row[None])[0].mean(-1)
            after = data_before(row, 3)
            ratios.append(delta[after].mean() / delta[~after].mean())
    assert torch.stack(ratios).mean() > 1.3
    with pytest.raises(ValueError, match="name must be one of mamba, s4d; got 'gpt'"):
        trained("gpt")


@pytest.mark.parametrize("kind", KINDS)
def test_only_mamba_and_the_lstm_answer_by_the_signal(kind):
    answers = [heard_by(kind, the_signal(name, 8.0, 0), 8, 0.03, 96, 0) for name in ("noise", "digit")]
    a, b = (answer.kernel / answer.kernel.abs().max() for answer in answers)
    assert torch.allclose(a, b, atol=1e-9) == (kind not in ("Mamba", "LSTM"))
    assert answers[0].eigenvalues.abs().max() < 1 + 1e-9


@pytest.mark.parametrize("kind", KINDS[:5])
def test_the_linear_ones_answer_an_impulse_with_their_kernel(kind):
    heard = heard_by(kind, the_signal("impulse", 8.0, 0), 8, 0.03, 96, 0)
    assert torch.allclose(heard.output[16:], heard.kernel[:-16], atol=1e-9)
