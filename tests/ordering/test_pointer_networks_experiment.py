"""Pointer Networks' experiment: training, claims, pictures, and the shipped networks."""

import pytest
import torch

from labkit.experiment import SCALES
from labkit.ordering.pointer_networks.data import make_dataset
from labkit.ordering.pointer_networks.experiment import EXPERIMENT
from labkit.ordering.pointer_networks.experiment import training as training_module
from labkit.ordering.pointer_networks.experiment.settings import PRESETS
from labkit.ordering.pointer_networks.experiment.shipped import NETWORKS, about, plateau, trained
from labkit.ordering.pointer_networks.experiment.training import build, longest
from labkit.ordering.pointer_networks.figures import result_figures
from labkit.ordering.pointer_networks.metrics import hull_scores


def quiet(done, message=""):
    pass


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch):
    def uncached(*arguments):
        return make_dataset(*arguments, cache=False)

    monkeypatch.setattr(training_module, "make_dataset", uncached)


def short(scale: str):
    settings = PRESETS[scale]
    update = {"steps": 3, "count": 40, "batch": 16, "d": 8}
    kinds = {
        kind: {name: task.model_copy(update=update) for name, task in getattr(settings, kind).items()}
        for kind in ("hulls", "triangulations", "tours")
    }
    return settings.model_copy(update={**kinds, "test_count": 12, "snapshots": 3})


def test_every_claim_is_read_off_over_the_seeds():
    lesson = EXPERIMENT.run("class", "cpu", [0, 1], settings=short("class"), progress=quiet)
    assert len(lesson.claims) == 15
    assert all(len(claim.values) == 2 for claim in lesson.claims)
    drawn = result_figures(lesson)
    assert set(drawn) == {
        "losses",
        "hull_scores",
        "accuracy_by_length",
        "area_by_length",
        "tour_ratios",
        "invalid_tours",
        "claims",
    }
    assert all(figure.layout.title.text and len(figure.data) for figure in drawn.values())
    assert lesson.tensors["hulls/moments/Ptr-Net"].shape[:2] == (3, 16) or lesson.tensors[
        "hulls/moments/Ptr-Net"
    ].shape[:2] == (3, 12)


def test_the_same_seed_gives_the_same_figures():
    settings = short("smoke")
    one, again = (EXPERIMENT.run("smoke", "cpu", 3, settings=settings, progress=quiet) for _ in range(2))
    other = EXPERIMENT.run("smoke", "cpu", 4, settings=settings, progress=quiet)
    assert one.metrics.equals(again.metrics)
    assert not one.metrics["value"].equals(other.metrics["value"])
    assert len(one.claims) == 1


def test_presets():
    assert set(PRESETS) == set(SCALES)
    for task in PRESETS["paper"].hulls.values():
        assert (task.d, task.init, task.input_scale, task.rate, task.optimizer) == (
            512,
            0.08,
            None,
            1.0,
            "sgd",
        )
        assert task.steps * task.batch == 10 * task.count
    model = build(PRESETS["paper"].hulls["+attention"])
    assert model.decoder.out.weight.shape == (51, 1024)
    assert all(p.abs().max() <= 0.08 for p in model.parameters())
    assert (longest("hull", 5), longest("delaunay", 5), longest("tsp", 5)) == (7, 31, 6)


def test_shipped_networks_answer():
    assert set(about()) >= {"settings", "seeds", "scores", "losses"}
    for name in NETWORKS:
        assert trained(name).decode(torch.rand(2, 5, 2))
    answers, points = plateau()
    assert answers.shape[1] == len(points)
    data = make_dataset("hull", (5,), 100, 99, cache=False)
    found = trained("hull").decode(data.points, max_length=7)
    assert hull_scores(list(data.points), found, [t for _, t in data.each()])["accuracy"] > 0.6
    with pytest.raises(ValueError, match="no trained network 'hulls'; choose from hull"):
        trained("hulls")
