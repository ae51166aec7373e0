"""The theme's page: which model commutes with which transformation, at every element of the orbit."""

import plotly.graph_objects as go
import pytest
import torch

from labkit.studios.equivariance import demo as page
from labkit.studios.equivariance.worlds import (
    BODY_ACTIONS,
    BODY_MODELS,
    IMAGE_ACTIONS,
    IMAGE_MODELS,
    SEQUENCE_ACTIONS,
    SEQUENCE_MODELS,
    bodies,
    body_model,
    errors_of,
    image,
    image_model,
    orbit,
    sequence,
    sequence_map,
)


def images(name, transformation):
    return errors_of([(name, image_model(name, 3))], image(3), IMAGE_ACTIONS[transformation])[name]


def states(name, transformation, alike=True):
    return errors_of([(name, body_model(name, 3, alike))], bodies(3), BODY_ACTIONS[transformation])[name]


def sequences(name, transformation):
    return errors_of([(name, sequence_map(name, 5))], sequence(3), SEQUENCE_ACTIONS[transformation])[name]


def test_convolutions_and_translations():
    assert images("convolution, circular", "translation").max() < 1e-6
    assert images("group convolution (quarter turns)", "translation").max() < 1e-6
    padded = images("convolution, zero padding", "translation")
    assert padded[1] < 1e-6
    assert padded.max() > 0.05
    strided = images("convolution, stride 2", "translation")
    assert strided[::2].max() < 1e-6
    assert strided[1::2].min() > 0.05
    assert images("fully connected", "translation")[1:].min() > 0.1


def test_turns_of_a_grid():
    turning = images("group convolution (quarter turns)", "rotation")
    quarters = torch.arange(24) % 6 == 0
    assert turning[quarters].max() < 1e-5
    assert turning[~quarters].min() > 0.05
    for name in ("convolution, circular", "fully connected"):
        assert images(name, "rotation")[1:].min() > 0.05
    for name in IMAGE_MODELS:
        assert images(name, "mirror and quarter turns").min() > 0.05


@pytest.mark.parametrize("transformation", list(BODY_ACTIONS)[:4])
def test_the_euclidean_group(transformation):
    for name in ("FA-GNN (frame averaging)", "EGNN", "uniform motion"):
        assert states(name, transformation).max() < 1e-12
    elements = torch.tensor(BODY_ACTIONS[transformation].elements)
    assert states("graph network", transformation)[elements != 0].min() > 1e-3


def test_names():
    for name in BODY_MODELS:
        error = states(name, "renaming the bodies")
        assert (error.max() < 1e-12) == (name != "fully connected")
    charged = states("EGNN", "renaming the bodies", alike=False)
    assert charged[1:].max() > 1e-12, "a renaming that moves the charges is no symmetry"


def test_flows():
    assert sequences("FERNN, all velocities", "flow (a velocity)").max() < 1e-5
    narrow = sequences("FERNN, velocities -1 to 1", "flow (a velocity)")
    assert narrow[3] < 1e-6
    assert narrow[[0, 6]].min() > 0.1
    assert 1e-3 < sequences("FERNN, the reference's read-out", "flow (a velocity)").max() < 0.3
    assert sequences("G-RNN", "flow (a velocity)")[[0, 1, 5, 6]].min() > 0.1
    for name in SEQUENCE_MODELS:
        error = sequences(name, "translation")
        assert (error.max() < 1e-5) == (name != "RNN")


def test_an_orbit_is_what_it_says():
    action, x = BODY_ACTIONS["rotation about z"], bodies(0)
    model = body_model("graph network", 0, True)
    place = action.nearest(0.5)
    found = orbit(model, x, action, place)
    assert torch.allclose(found.wanted, action.on_output(action.elements[place], found.y[None])[0])
    assert torch.allclose(found.moved[:, :3].norm(dim=1), found.x[:, :3].norm(dim=1))
    error = (found.found - found.wanted).norm() / (found.found.norm() + found.wanted.norm())
    assert found.errors[place].item() == pytest.approx(error.item())
    assert (action.nearest(0.0), action.nearest(1.0)) == (0, 23)


@pytest.mark.parametrize("demo", page.DEMOS, ids=lambda demo: demo.name)
def test_every_control_draws(demo):
    for control in demo.controls:
        for value in control.ends():
            drawn = demo(**{control.name: value})
            assert len(drawn) == 2
            assert all(isinstance(figure, go.Figure) and figure.data for figure in drawn)
