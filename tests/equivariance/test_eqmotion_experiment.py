"""EqMotion's experiment: its stages and claims, at sizes that a test can afford."""

import pytest
import torch

from labkit.equivariance.eqmotion.demo.worlds import MANY, plane, space, springs, walks
from labkit.equivariance.eqmotion.experiment import EXPERIMENT, worlds
from labkit.equivariance.eqmotion.experiment.settings import PRESETS
from labkit.equivariance.eqmotion.experiment.trained import SPRINGS, default_file, trained
from labkit.equivariance.eqmotion.experiment.training import eqmotion, loss_of, smoothed
from labkit.equivariance.eqmotion.figures import result_figures
from labkit.equivariance.eqmotion.method import ConstantVelocity, displacements
from labkit.experiment import Result

CLASS = PRESETS["class"]


def quick(task, **more):
    return task.model_copy(update={"steps": 2, "batch": 4, "width": 4, "train": 8, "test": 6, **more})


TINY = CLASS.model_copy(
    update={
        "springs": quick(CLASS.springs),
        "charged": quick(CLASS.charged, dt=0.01, every=10),
        "ablations": quick(CLASS.ablations),
        "graph": quick(CLASS.graph),
        "pedestrians": quick(CLASS.pedestrians, heads=3, stride=20),
        "skeleton": quick(CLASS.skeleton),
        "molecule": quick(CLASS.molecule),
    }
)


def silent(done, message=""):
    return None


@pytest.fixture(scope="module")
def result():
    """On the generated crowd, so that the figures do not depend on which recordings are here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "eth_ucy_present", lambda: False)
        yield EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_measures_and_every_claim_is_read_off(result):
    assert set(result.metrics["stage"]) == {stage.__name__ for stage in EXPERIMENT.stages}
    assert len(result.claims) == 16 and all(len(claim.values) == 2 for claim in result.claims)
    assert worlds.CROWD in result.data


def test_what_does_not_depend_on_training_holds_even_so(result):
    for word in ("is equivariant to", "an LSTM are not", "Turning the scenes", "graph is invariant"):
        claim = next(claim for claim in result.claims if word in claim.statement)
        assert claim.holds, (claim.statement, claim.values)


def test_the_same_seed_gives_the_same_figures(result, monkeypatch):
    monkeypatch.setattr(worlds, "eth_ucy_present", lambda: False)
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=silent)
    assert again.metrics.equals(result.metrics[result.metrics["seed"] == 0].reset_index(drop=True))


def test_the_paper_scale_is_the_papers_configuration():
    paper = PRESETS["paper"]
    assert (paper.springs.width, paper.springs.layers, paper.springs.batch, paper.springs.rate) == (
        64,
        4,
        100,
        5e-4,
    )
    assert (paper.springs.past, paper.springs.future, paper.springs.every, paper.springs.train) == (
        20,
        20,
        200,
        5000,
    )
    assert (paper.pedestrians.heads, paper.pedestrians.categories, paper.pedestrians.past) == (20, 4, 8)
    assert (paper.skeleton.width, paper.skeleton.silent, paper.molecule.width) == (72, 2, 32)


def test_the_loss_is_the_mean_displacement_and_labels_add_to_it():
    task = quick(CLASS.springs)
    scenes, edges, _ = worlds.springs(task, 3, torch.Generator().manual_seed(0))
    model = eqmotion(task)
    plain = loss_of(model, task, scenes, edges, None, 0.0)
    assert torch.allclose(plain, displacements(model(scenes[:, :, :20]), scenes[:, :, 20:]).mean())
    twice = [loss_of(model, task, scenes, edges, None, w) - plain for w in (0.1, 0.2)]
    assert twice[0] > 0.01 and torch.allclose(twice[1], 2 * twice[0], rtol=1e-3)
    task = quick(CLASS.pedestrians, heads=3)
    walkers = torch.randn(2, 4, 20, 2)
    several = eqmotion(task)
    found = several(walkers[:, :, :8])[:, 0]
    best = displacements(found, walkers[:, 0, None, 8:].expand_as(found)).mean(-1).amin(1).mean()
    assert torch.allclose(loss_of(several, task, walkers, None, None, 0.0), best)
    assert smoothed([1.0, 2.0, 3.0], 2).tolist() == [1.5, 2.5]


def test_like_charges_are_the_edges_and_springs_hold():
    task = quick(CLASS.charged, dt=0.01, every=10)
    scenes, edges, _ = worlds.charges(task, 3, torch.Generator().manual_seed(0))
    assert scenes.shape == (3, 5, 40, 3) and torch.equal(edges.diagonal(dim1=1, dim2=2), torch.ones(3, 5))
    assert worlds.skeletons(CLASS.skeleton, 2, torch.Generator().manual_seed(0)).scenes.shape == (
        2,
        17,
        20,
        3,
    )
    assert worlds.molecules(CLASS.molecule, 2, torch.Generator().manual_seed(0)).scenes.shape == (
        2,
        13,
        20,
        3,
    )


def test_a_result_draws_every_picture_that_it_can(result, tmp_path):
    result.save(tmp_path)
    drawn = result_figures(Result.load(tmp_path))
    wanted = "springs turned training graph ablations charged skeleton molecule pedestrians fan claims"
    assert list(drawn) == wanted.split()
    assert all(figure.layout.title.text and figure.data for figure in drawn.values())


# ---------------------------------------------------------------- the shipped models


def test_the_shipped_models_are_small_and_better_than_going_straight():
    assert default_file().stat().st_size < 1_000_000
    scenes = worlds.springs(SPRINGS, 40, torch.Generator().manual_seed(5)).scenes
    past, future = scenes[:, :, :20], scenes[:, :, 20:]
    straight = displacements(ConstantVelocity(20)(past), future).mean()
    errors = {n: displacements(trained(n)(past), future).mean() for n in ("EqMotion", "PlainGNN", "LSTM")}
    assert errors["EqMotion"] < 0.2 * straight and errors["EqMotion"] < errors["PlainGNN"] < straight
    with pytest.raises(ValueError, match="no trained model 'EGNN'; choose from EqMotion"):
        trained("EGNN")


def test_the_pictures_scenes_are_turned_by_rotations():
    R = space(30, 40, 50)
    assert torch.allclose(R @ R.T, torch.eye(3, dtype=R.dtype)) and abs(torch.linalg.det(R) - 1) < 1e-12
    assert torch.allclose(space(90, 0, 0) @ torch.tensor([1.0, 0, 0], dtype=R.dtype), R.new_tensor([0, 1, 0]))
    assert torch.allclose(space(0, 90, 0) @ torch.tensor([0, 0, 1.0], dtype=R.dtype), R.new_tensor([1, 0, 0]))
    assert torch.allclose(plane(90) @ torch.tensor([1.0, 0], dtype=R.dtype), R.new_tensor([0, 1]))
    assert len(walks().positions) >= MANY and len(springs().scenes) == MANY
