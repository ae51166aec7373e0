"""LOOPE's experiment: every host and embedding trains, claims are read off, results are drawn."""

import pytest
import torch

from labkit.experiment import SCALES
from labkit.ordering.loope.experiment import EXPERIMENT
from labkit.ordering.loope.experiment.models import build, decay_groups
from labkit.ordering.loope.experiment.settings import ALL, PRESETS, Host, Training
from labkit.ordering.loope.experiment.shipped import EMBEDDINGS, about, trained
from labkit.ordering.loope.figures import result_figures
from labkit.ordering.loope.positional import POSITIONAL
from labkit.ordering.loope.three_cell import three_cell_batch


def quiet(done, message=""):
    pass


def short(scale: str, steps: int = 4, **cells):
    settings = PRESETS[scale]
    cell = settings.three_cell
    training = cell.training.model_copy(update={"steps": steps, "batch": 32, "evaluations": 2})
    cell = cell.model_copy(update={"train": 128, "test": 64, "training": training, **cells})
    natural = settings.digits and settings.digits.model_copy(
        update={"training": Training(steps=2, batch=16, evaluations=1)}
    )
    return settings.model_copy(update={"three_cell": cell, "digits": natural, "sweep": (1, 12, 60)})


@pytest.fixture(scope="module")
def lesson():
    hosts = {
        "ViT": Host(embeddings=EMBEDDINGS, depth=1),
        "CaiT": Host(kind="cait", depth=1),
        "CrossViT": Host(kind="crossvit", depth=1, sizes=(6, 6), patches=(1, 2)),
        "CNN": Host(kind="cnn", embeddings=("none",)),
    }
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=short("class", hosts=hosts), progress=quiet)


def test_every_claim_is_read_off_over_the_seeds(lesson):
    assert len(lesson.claims) == 7 + 2 + 6 + 2
    assert all(len(claim.values) == 2 for claim in lesson.claims)
    verdicts = {claim.statement: claim.holds for claim in lesson.claims}
    assert verdicts["Table 5's row for LOOPE is the static Gilbert order"] is True
    assert verdicts["LOOPE's curve is the most monotone of the orders"] is True
    assert verdicts["... and the most symmetric"] is True
    # what the paper's text says and its algorithm does not do
    assert verdicts["With one direction, directed monotonicity becomes the undirected one"] is False
    assert verdicts["A perfect embedding has a directed monotonicity of 2"] is False
    assert verdicts["A third of the Three-Cell images have equal areas"] is False


def test_a_result_draws_every_picture_that_it_can(lesson):
    drawn = result_figures(lesson)
    assert set(drawn) == {
        "monotonicity",
        "directed_sweep",
        "three_cell_scores",
        "three_cell_average",
        "digits",
        "claims",
    }
    assert all(figure.layout.title.text and len(figure.data) for figure in drawn.values())


def test_the_same_seed_gives_the_same_figures():
    settings = short("smoke")
    one, again = (EXPERIMENT.run("smoke", "cpu", 3, settings=settings, progress=quiet) for _ in range(2))
    other = EXPERIMENT.run("smoke", "cpu", 4, settings=settings, progress=quiet)
    assert one.metrics.equals(again.metrics)
    assert not one.metrics["value"].equals(other.metrics["value"])
    assert len(one.claims) == 2 + 6


def test_presets():
    assert set(PRESETS) == set(SCALES)
    paper = PRESETS["paper"].three_cell
    assert (paper.grid, paper.patch, paper.train + paper.test) == (14, 16, 9000)
    assert paper.training.steps == 150 * 125
    assert paper.training.rate * paper.training.floor == pytest.approx(2.5e-5)
    assert set(POSITIONAL) <= set(ALL)


@pytest.mark.parametrize(
    ("name", "tokens"), [("ViT", 197), ("DeiT-S", 197), ("CaiT", 196), ("CrossViT", 197)]
)
def test_paper_scale_models_have_the_paper_scale_shapes(name, tokens):
    host = PRESETS["paper"].three_cell.hosts[name]
    with torch.device("meta"):
        model = build(host.model_copy(update={"depth": 2}), "learnable", 14, 16, 6)
    positional = model.positionals[1] if name == "CrossViT" else model.positional
    assert tuple(positional.table.shape) == (tokens, host.dim)
    if name == "CrossViT":
        assert tuple(model.positionals[0].table.shape) == (401, host.dim // 2)


def test_weight_decay_spares_vectors_and_positions():
    model = build(Host(), "learnable", 6, 1, 6)
    decayed, spared = (group["params"] for group in decay_groups(model, 0.05))
    assert all(p.dim() >= 2 for p in decayed)
    assert any(p is model.positional.table for p in spared)
    assert any(p is model.class_token for p in spared)
    assert len(decayed) + len(spared) == len(list(model.parameters()))


def test_shipped_networks_are_what_they_say():
    images, _, _ = three_cell_batch(8, 6, 1, torch.Generator().manual_seed(1))
    for pe in EMBEDDINGS:
        assert trained(pe)(images).shape == (8, 6)
    assert (trained("loope")(images) - trained("loope", fresh=True)(images)).abs().max() > 1e-3
    assert trained("loope", digits=True)(torch.rand(2, 3, 8, 8)).shape == (2, 10)
    assert set(about()["curves"]) == {"host", "pe", "score", "step", "value"}
    with pytest.raises(ValueError, match="no trained network with 'irpe'; choose from none"):
        trained("irpe")
