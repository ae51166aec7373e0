"""FERNN's experiment: its stages, its claims, its shipped models, at sizes that a test can afford."""

import pytest
import torch

from labkit import checkpoint
from labkit.equivariance.fernn.demo.movies import at_rest, shown_channels
from labkit.equivariance.fernn.demo.worlds import model_of, torus
from labkit.equivariance.fernn.experiment import EXPERIMENT, trained
from labkit.equivariance.fernn.experiment.settings import PRESETS
from labkit.equivariance.fernn.experiment.training import smoothed, squared_errors
from labkit.equivariance.fernn.figures import movie_grid, result_figures
from labkit.equivariance.fernn.method import flow_equivariance_error, velocity_grid
from labkit.experiment import Result


def quick(task, **more):
    return task.model_copy(update={"steps": 2, "batch": 4, "test": 8, "hidden": 3, **more})


CLASS = PRESETS["class"]
TINY = CLASS.model_copy(
    update={
        "strips": quick(CLASS.strips),
        "transfer": quick(CLASS.transfer, size=9),
        "transfer_steps": 2,
        "planes": quick(CLASS.planes),
        "rotation": quick(CLASS.rotation, hidden=2),
        "clips": CLASS.clips.model_copy(
            update={"steps": 2, "batch": 4, "test": 48, "rates": CLASS.clips.rates | {"G-RNN+": 1e-3}}
        ),
    }
)


def silent(done, message=""):
    return None


@pytest.fixture(scope="module")
def result():
    return EXPERIMENT.run("class", "cpu", [0, 1], settings=TINY, progress=silent)


def test_every_stage_measures_and_every_claim_is_read_off(result):
    assert set(result.metrics["stage"]) == {"exactness", "strips", "transfer", "planes", "rotation", "clips"}
    assert len(result.claims) == 15 and all(len(claim.values) == 2 for claim in result.claims)
    assert "scikit-learn digits" in result.data


def test_what_does_not_depend_on_training_holds_even_so(result):
    exact = [
        claim for claim in result.claims if "float64" in claim.quantity or "after the first" in claim.quantity
    ]
    assert len(exact) == 3 and all(claim.holds for claim in exact)
    zero_shot = next(claim for claim in result.claims if "still bars only" in claim.statement)
    assert zero_shot.holds


def test_the_same_seed_gives_the_same_figures(result):
    again = EXPERIMENT.run("class", "cpu", 0, settings=TINY, progress=silent)
    mine = result.metrics[result.metrics["seed"] == 0].reset_index(drop=True)
    assert again.metrics.equals(mine)
    other = result.metrics[result.metrics["seed"] == 1].reset_index(drop=True)
    assert not other["value"].equals(mine["value"])


def test_a_result_draws_every_picture_that_it_can(result, tmp_path):
    result.save(tmp_path)
    drawn = result_figures(Result.load(tmp_path))
    assert set(drawn) == {
        "error_by_model",
        "training",
        "length",
        "velocity",
        "transfer",
        "planes_length",
        "planes_training",
        "rotation_length",
        "rotation_training",
        "clips",
        "claims",
    }
    assert all(figure.layout.title.text and figure.data for figure in drawn.values())


def test_the_paper_scale_is_the_papers_configuration():
    paper = PRESETS["paper"]
    assert (paper.planes.size, paper.planes.hidden, paper.planes.batch, paper.planes.rate) == (
        28,
        128,
        128,
        1e-3,
    )
    assert (paper.planes.given, paper.planes.predicted, paper.planes.radii) == (10, 10, (0, 1, 2))
    assert (paper.rotation.orientations, paper.rotation.clip, len(paper.rotation.velocities)) == (36, None, 9)
    assert paper.clips.rates == {"G-RNN": 3e-4, "FERNN": 3e-4, "G-RNN+": 1e-4, "3D-CNN": 1e-3}
    assert "clips" not in PRESETS["smoke"].model_dump(exclude_none=True)


def test_errors_are_of_predicted_frames_and_means_run():
    class CopyLast(torch.nn.Module):
        def forward(self, frames, horizon):
            return frames[:, -1:].expand(-1, horizon, -1, -1)

    frames = torch.rand(2, 5, 1, 7)
    errors = squared_errors(CopyLast(), frames, 3, 2)
    assert torch.allclose(errors[:, 1], (frames[:, 4] - frames[:, 2]).square().mean((1, 2)))
    assert smoothed([1.0, 2.0, 3.0, 4.0], 2).tolist() == [1.5, 2.5, 3.5]


# ---------------------------------------------------------------- the shipped models


@pytest.mark.parametrize("world", ["strips", "planes", "still"])
def test_the_shipped_weights_fit_their_models_and_are_small(world):
    assert trained.default_file().stat().st_size < 300_000
    V = velocity_grid(2, 2 if world == "planes" else 1)
    for kind in ("G-RNN", "FERNN"):
        assert all(value.isfinite().all() for value in trained.weights(world, kind).values())
        model = model_of(world, kind, V, "trained", 0)
        random = model_of(world, kind, V, "random", 0)
        assert not torch.equal(model.cell.conv_h.weight, random.cell.conv_h.weight)


def test_an_unknown_shipped_model_is_named():
    with pytest.raises(ValueError, match="no trained model planes/LSTM; choose from planes/FERNN"):
        trained.weights("planes", "LSTM")


def test_the_shipped_file_says_how_it_was_made():
    about = checkpoint.load(trained.default_file())[1]
    assert about["seed"] == 0 and about["tasks"]["strips"]["steps"] == trained.TASKS["strips"].steps


def test_trained_weights_keep_the_theorem_and_beat_random_ones():
    frames = torus("digit", (0, 0), 5, 0)
    model = model_of("planes", "FERNN", velocity_grid(1), "trained", 0)
    assert flow_equivariance_error(model, frames, (1, 0)).max() < 1e-12
    video = torus("digit", (1, 1), 12, 3)
    better = squared_errors(model, video, 6, 6).mean()
    assert (
        better
        < 0.7 * squared_errors(model_of("planes", "FERNN", velocity_grid(1), "random", 0), video, 6, 6).mean()
    )


def test_a_model_at_rest_is_the_matching_channel_in_its_moving_frame():
    model = model_of("planes", "FERNN", velocity_grid(1), "trained", 0)
    video = torus("digit", (0, 0), 4, 0)
    channel = model.cell.velocities.index((0, 0))
    assert torch.allclose(
        model.encode(video)[:, :, channel], at_rest(model).encode(video)[:, :, 0], atol=1e-12
    )


def test_the_movie_shows_the_matching_channel():
    V = tuple(velocity_grid(2))
    assert V.index((1, -1)) in shown_channels(V, (1, -1))
    assert V.index((0, 0)) in shown_channels(V, (3, 3))
    with pytest.raises(ValueError, match="need as many labels"):
        movie_grid(torch.zeros(2, 1, 1, 4, 4), ["one"], ["a"], title="t", row_name="r")
