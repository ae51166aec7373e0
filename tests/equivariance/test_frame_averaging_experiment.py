"""Frame Averaging's experiment: its stages, its claims, its shipped models, at sizes that a test can afford."""

import math

import pytest
import torch

from labkit.datasets import connected_graphs, lifts
from labkit.equivariance.actions import permute_nodes
from labkit.equivariance.frame_averaging.demo.clouds import hook, turn
from labkit.equivariance.frame_averaging.experiment import EXPERIMENT
from labkit.equivariance.frame_averaging.experiment.graphs import confused_pairs, orders_of
from labkit.equivariance.frame_averaging.experiment.nbody import predict, trajectories
from labkit.equivariance.frame_averaging.experiment.paper_claims import slopes
from labkit.equivariance.frame_averaging.experiment.settings import PRESETS
from labkit.equivariance.frame_averaging.experiment.trained import TASK, default_file, trained
from labkit.equivariance.frame_averaging.figures import result_figures
from labkit.equivariance.frame_averaging.method import laplacian_node_matrix
from labkit.experiment import Measurements, Result

CLASS = PRESETS["class"]
TINY = CLASS.model_copy(
    update={
        "nbody": CLASS.nbody.model_copy(update={"train": 8, "test": 6, "dt": 0.01, "steps": 2, "batch": 4}),
        "separation": CLASS.separation.model_copy(update={"nodes": 6, "seeds": 2}),
        "classify": CLASS.classify.model_copy(
            update={"train": 8, "test": 8, "steps": 2, "batch": 4, "copies": 2}
        ),
        "normals": CLASS.normals.model_copy(
            update={
                "clouds": 8,
                "test": 6,
                "points": 24,
                "divisor": 32,
                "steps": 2,
                "batch": 4,
                "k": 5,
                "models": PRESETS["paper"].normals.models,
            }
        ),
    }
)


def silent(done, message=""):
    return None


@pytest.fixture(scope="module")
def result():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_measures_and_every_claim_is_read_off(result):
    assert set(result.metrics["stage"]) == {"exactness", "nbody", "separation", "classify", "normals"}
    assert len(result.claims) == 16 and all(len(claim.values) == 2 for claim in result.claims)
    assert set(result.metrics[result.metrics["stage"] == "normals"]["model"]) == set(TINY.normals.models)


def test_what_does_not_depend_on_training_holds_even_so(result):
    words = (
        "exactly E(3)",
        "without the average",
        "k^(-1/2)",
        "Turning the test set",
        "separate what",
        "GIN without",
    )
    words += ("Control", "vertex-transitive", "GIN cannot learn")
    for word in words:
        claim = next(claim for claim in result.claims if word in claim.statement)
        assert claim.holds, (claim.statement, claim.values)


def test_the_same_seed_gives_the_same_figures(result):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=silent)
    mine = result.metrics[result.metrics["seed"] == 0].reset_index(drop=True)
    assert again.metrics.equals(mine)


def test_a_result_draws_every_picture_that_it_can(result, tmp_path):
    result.save(tmp_path)
    drawn = result_figures(Result.load(tmp_path))
    assert set(drawn) == {
        "monte_carlo",
        "nbody",
        "nbody_training",
        "separated",
        "control",
        "sizes",
        "classify",
        "normals",
        "claims",
    }
    assert all(figure.layout.title.text and figure.data for figure in drawn.values())


def test_the_slope_is_of_log_error_over_log_samples():
    import pandas as pd

    rows = [
        {
            "seed": 0,
            "stage": "exactness",
            "metric": "invariance error",
            "model": "group",
            "samples": k,
            "value": 3 * k**-0.7,
        }
        for k in (16, 64, 256)
    ]
    assert abs(slopes(Measurements(pd.DataFrame(rows)))[0] + 0.7) < 1e-9


def test_the_paper_scale_is_the_papers_configuration():
    paper = PRESETS["paper"]
    assert (paper.nbody.train, paper.nbody.hidden, paper.nbody.layers, paper.nbody.batch) == (
        3000,
        60,
        4,
        100,
    )
    assert (paper.nbody.rate, paper.nbody.weight_decay, paper.nbody.dt) == (1e-3, 1e-12, 1e-3)
    assert paper.normals.points == 512 and paper.normals.divisor == 1 and len(paper.normals.models) == 5
    assert paper.separation.nodes == 8 and paper.separation.seeds == 100 and PRESETS["smoke"].classify is None


def test_the_target_lies_one_unit_of_time_ahead():
    """Bodies far apart move uniformly: x + v."""
    x, v, charges, wanted = trajectories(
        CLASS.nbody.model_copy(update={"dt": 0.01}), 60, torch.Generator().manual_seed(0)
    )
    distance = torch.cdist(x, x) + 100 * torch.eye(5)
    free = distance.amin(-1) > 1.8
    assert free.sum() > 3
    apart = (wanted - (x + v)).norm(dim=-1)[free]
    assert apart.median() < 0.5 and (wanted - (x + 2 * v)).norm(dim=-1)[free].median() > apart.median()
    assert set(charges.unique().tolist()) == {-1.0, 1.0}


def test_confused_pairs_and_orders_with_absent_nodes():
    assert len(confused_pairs(connected_graphs(6))) == 3
    data = lifts(6, torch.Generator().manual_seed(0))
    order, group = orders_of(data)
    for i in range(6):
        n = int(data.present[i].sum())
        assert sorted(order[i].tolist()) == list(range(data.A.shape[1]))
        assert sorted(order[i, :n].tolist()) == list(range(n))
        assert (group[i, n:] > group[i, :n].max()).all()
        S = laplacian_node_matrix(permute_nodes(data.A[i], order[i])[:n, :n])
        rows = list(map(tuple, S.tolist()))
        assert rows == sorted(rows)


def test_the_shipped_models_are_small_and_better_than_standing_still():
    assert default_file().stat().st_size < 300_000
    data = trajectories(TASK.model_copy(update={"dt": 0.005}), 60, torch.Generator().manual_seed(9))
    x, v, charges, wanted = data
    errors = {
        name: (predict(trained(name), x, v, charges) - wanted).square().mean().item()
        for name in ("linear", "GNN", "EGNN", "FA-GNN")
    }
    assert (
        errors["FA-GNN"] < errors["GNN"] < (x - wanted).square().mean()
        and errors["FA-GNN"] < errors["linear"]
    )
    with pytest.raises(ValueError, match="no trained model 'LSTM'; choose from linear"):
        trained("LSTM")


def test_the_pictures_turn_by_rotations():
    for d in (2, 3):
        R = turn(30, d)
        assert torch.allclose(R @ R.T, torch.eye(d, dtype=R.dtype)) and abs(torch.linalg.det(R) - 1) < 1e-12
        assert hook(12, 0.1, d, 0).shape == (12, d)
    assert abs(turn(90, 2)[1, 0].item() - math.sin(math.pi / 2)) < 1e-12
