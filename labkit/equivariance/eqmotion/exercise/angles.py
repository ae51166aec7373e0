"""Exercise 1: turning angles."""

import math

import torch

from labkit.equivariance.eqmotion.method import turning_angles as truth
from labkit.exercise import Mistake, Wrong, exercise, recognise

EPS = 1e-6


def _pairs(v):
    return torch.cat([v[..., :1, :], v[..., :-1, :]], dim=-2), v


def _solution(v):
    before, after = _pairs(v)
    norms = (before.norm(dim=-1) + EPS) * (after.norm(dim=-1) + EPS)
    return ((before * after).sum(-1) / norms).clamp(-1, 1).arccos()


def _no_eps(v):
    before, after = _pairs(v)
    return ((before * after).sum(-1) / (before.norm(dim=-1) * after.norm(dim=-1))).clamp(-1, 1).arccos()


def _no_clamp(v):
    before, after = _pairs(v)
    norms = (before.norm(dim=-1) * after.norm(dim=-1)).clamp(min=EPS)
    return (((before * after).sum(-1) / norms) * (1 + 1e-12)).arccos()


def _headings(v):
    heading = torch.atan2(v[..., 1], v[..., 0])
    before = torch.cat([heading[..., :1], heading[..., :-1]], dim=-1)
    apart = (heading - before).abs()
    return torch.minimum(apart, 2 * math.pi - apart)


def _cosines(v):
    before, after = _pairs(v)
    return (before * after).sum(-1) / ((before.norm(dim=-1) + EPS) * (after.norm(dim=-1) + EPS))


def _degrees(v):
    return torch.rad2deg(_solution(v))


def _one_short(v):
    return _solution(v)[..., 1:]


def _late(v):
    """With the next velocity rather than the one before."""
    after = torch.cat([v[..., 1:, :], v[..., -1:, :]], dim=-2)
    norms = (v.norm(dim=-1) + EPS) * (after.norm(dim=-1) + EPS)
    return ((v * after).sum(-1) / norms).clamp(-1, 1).arccos()


@exercise(
    "Turning angles",
    level="easy",
    points=2,
    solution=_solution,
    hints=(
        "Put the first velocity in front and leave out the last: `torch.cat([v[..., :1, :], v[..., :-1, :]], dim=-2)`.",
        "cos(angle) = <a, b> / ((|a| + 1e-6)(|b| + 1e-6)): somebody may stand still.",
        "Rounding may give a cosine of 1.0000001, whose arccos is NaN: `clamp(-1, 1)`.",
    ),
    mistakes=(
        Mistake(
            "no eps",
            _no_eps,
            "An agent at rest gives NaN: 0/0. Add 1e-6 to both norms, as the paper's code does.",
        ),
        Mistake(
            "no clamp",
            _no_clamp,
            "Exactly straight motion gives NaN: rounding took the cosine above 1, where there is no arccos. Clamp it.",
        ),
        Mistake(
            "difference of headings",
            _headings,
            "You took the difference of headings in the x-y plane. Agents may move in space, where that is not the "
            "angle between two velocities, and is not invariant to rotations.",
        ),
        Mistake("cosines", _cosines, "You return cosines; the feature is the angle itself: take the arccos."),
        Mistake("degrees", _degrees, "You return degrees; the feature is in radians."),
        Mistake(
            "one too few",
            _one_short,
            "You return one angle too few: the first is the angle of V_1 with itself, so that each frame has one.",
        ),
        Mistake(
            "with the next velocity",
            _late,
            "You compare each velocity with the next; angle t is between V_{t−1} and V_t.",
        ),
    ),
)
def turning_angles(answer) -> str:
    r"""Write `turning_angles(v)`: for velocities `v` of the shape `(..., time, d)`, with d = 2 or 3, the angle between
    $V_{t-1}$ and $V_t$ in radians, of the shape `(..., time)`. The first is that of $V_1$ with itself.

    Add $10^{-6}$ to both norms, and keep the cosine within $[-1, 1]$: agents may rest, or go straight ahead.
    """
    generator = torch.Generator(device="cpu").manual_seed(1)
    cases = {
        "velocities in space": torch.randn(3, 6, 3, generator=generator, dtype=torch.float64, device="cpu"),
        "velocities in the plane": torch.randn(
            3, 6, 2, generator=generator, dtype=torch.float64, device="cpu"
        ),
        "an agent at rest": torch.zeros(4, 3, dtype=torch.float64, device="cpu"),
        "straight motion": 1e7 * torch.ones(4, 3, dtype=torch.float64, device="cpu"),
    }
    found = {}
    for name, v in cases.items():
        found[name] = answer(v.clone())
        if not isinstance(found[name], torch.Tensor):
            raise Wrong(
                f"turning_angles should return a tensor; yours returned a {type(found[name]).__name__}."
            )

    def agrees(one: torch.Tensor, other: torch.Tensor) -> bool:
        return one.shape == other.shape and torch.allclose(one, other, atol=1e-4, equal_nan=True)

    for name, v in cases.items():
        if not agrees(found[name], truth(v)):
            raise recognise(
                turning_angles.mistakes,
                lambda mistaken: all(agrees(found[n], mistaken(v)) for n, v in cases.items()),
                f"For {name} the angles are not right: yours begin {found[name].flatten()[:3].tolist()}, they should "
                f"begin {truth(v).flatten()[:3].tolist()}.",
            )
    return "Speeds and turning angles do not change when the scene is turned: that is all the pattern stream sees."
