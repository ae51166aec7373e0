"""Order Matters' experiment: every stage runs, claims are read off, results are drawn, shipped networks sort."""

import pytest
import torch

from labkit.experiment import SCALES
from labkit.ordering.order_matters.data import sorting_batch
from labkit.ordering.order_matters.experiment import EXPERIMENT
from labkit.ordering.order_matters.experiment.settings import PRESETS
from labkit.ordering.order_matters.experiment.shipped import (
    SORTERS,
    about,
    fresh_sorter,
    grams_model,
    preferences,
    sorter,
)
from labkit.ordering.order_matters.experiment.sorting import build
from labkit.ordering.order_matters.figures import result_figures
from labkit.ordering.order_matters.method import sorting_order


def quiet(done, message=""):
    pass


def short(scale: str):
    settings = PRESETS[scale]
    grams = {
        name: task.model_copy(update={"steps": 13, "pretrain": min(1, task.pretrain)})
        for name, task in settings.grams.items()
    }
    update = {"sort_steps": 2, "star_steps": 2, "replicates": 1, "d": 8, "d_sets": 8, "batch": 8, "tests": 20}
    more = {
        "train_grams": 60,
        "test_grams": 20,
        "grams": grams,
        "set_sorting_steps": settings.set_sorting_steps and 2,
    }
    return settings.model_copy(update={**update, **more})


def test_every_claim_is_read_off_over_the_seeds():
    lesson = EXPERIMENT.run("class", "cpu", [0, 1], settings=short("class"), progress=quiet)
    assert len(lesson.claims) == 17
    assert all(len(claim.values) == 2 for claim in lesson.claims)
    drawn = result_figures(lesson)
    assert set(drawn) == {"sorting", "set_sorting", "star_orders", "gram_perplexity", "claims"}
    assert all(figure.layout.title.text and len(figure.data) for figure in drawn.values())
    assert lesson.tensors["grams/preferences/hard"].shape[1] == 120
    assert torch.allclose(lesson.tensors["grams/preferences/hard"].sum(-1), torch.tensor(1.0), atol=1e-4)


def test_the_same_seed_gives_the_same_figures():
    settings = short("smoke")
    one, again = (EXPERIMENT.run("smoke", "cpu", 3, settings=settings, progress=quiet) for _ in range(2))
    other = EXPERIMENT.run("smoke", "cpu", 4, settings=settings, progress=quiet)
    assert one.metrics.equals(again.metrics)
    assert not one.metrics["value"].equals(other.metrics["value"])
    assert len(one.claims) == 4


def test_presets():
    assert set(PRESETS) == set(SCALES)
    paper = PRESETS["paper"]
    assert {(s.n, s.steps) for s in paper.sorters if s.encoder == "set"} == {
        (n, p) for n in (5, 10, 15) for p in (0, 1, 5, 10)
    }
    assert (paper.sort_steps, paper.star_steps, paper.grams["hard"].pretrain) == (10_000, 10_000, 1000)
    assert paper.grams["bad"].orders == ((4, 0, 2, 3, 1),)
    assert build(paper.sorters[-1], paper.d).process.cell.weight_ih.shape == (512, 256)


def test_shipped_networks_sort():
    x = sorting_batch(200, 5, torch.Generator("cpu").manual_seed(5))
    right = {
        key: (sorter(*key).decode(x) == sorting_order(x)).all(-1).double().mean().item() for key in SORTERS
    }
    assert right["P = 5", 1] > 0.9 and right["P = 5", 1] > right["P = 0", 0] + 0.1
    before = (fresh_sorter("P = 5", 1).decode(x) == sorting_order(x)).all(-1).double().mean().item()
    assert before < 0.1
    for name in ("natural", "bad", "hard"):
        assert grams_model(name).log_prob(torch.tensor([[0, 30, 60, 90, 120]])).item() < 0
    shares = preferences("hard")
    assert shares.shape[1] == 120 and shares[-1].max() > 2 * shares[0].max()
    assert set(about()) >= {"settings", "accuracy", "nll", "perplexity"}
    for call in (lambda: sorter("P = 2", 0), lambda: grams_model("easy"), lambda: preferences("easy")):
        with pytest.raises(ValueError, match="name: "):
            call()
