"""Exercise 3: a weighted frame whose average is continuous where the cloud is round."""

import math

import torch

from labkit.equivariance.frame_averaging.method import circle, stretched, whitened
from labkit.equivariance.groups import random_orthogonal
from labkit.exercise import Mistake, Wrong, exercise, recognise

LIMIT, EXACT, STEEP = 512, 1e-8, 10.0
N = 9


def _eigh(X):
    return torch.linalg.eigh(X.T @ X)


def _turns(phi):
    c, s = phi.cos(), phi.sin()
    return torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], 1)


def _spread(X, count, kappa):
    """Elements all round, turned along with the axes; weights exp(kappa cos 2 phi), for each handedness."""
    eigenvalues, V = _eigh(X)
    phi = torch.arange(count, dtype=X.dtype, device=X.device) * (2 * math.pi / count)
    turn = _turns(phi)
    flip = torch.diag(torch.tensor([1.0, -1.0], dtype=X.dtype, device=X.device))
    rotations = torch.cat([V @ turn, V @ flip @ turn])
    weights = (kappa(eigenvalues) * (2 * phi).cos()).exp().repeat(2)
    return rotations, weights / weights.sum()


def _solution(X):
    return _spread(X, 64, lambda e: ((e[1] - e[0]) / e[1]).clamp(max=1.0))


def _plain(X):
    V = _eigh(X)[1]
    signs = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]], dtype=X.dtype, device=X.device)
    return V * signs[:, None, :], torch.full((4,), 0.25, dtype=X.dtype, device=X.device)


def _one(X):
    return _eigh(X)[1][None], torch.ones(1, dtype=X.dtype, device=X.device)


def _fixed(X):
    phi = torch.arange(8, dtype=X.dtype, device=X.device) * (math.pi / 4)
    turn = _turns(phi)
    return turn, torch.full((8,), 1 / 8, dtype=X.dtype, device=X.device)


def _few(X):
    return _spread(X, 4, lambda e: 0 * e[0])


def _not_normalised(X):
    rotations, weights = _plain(X)
    return rotations, 2 * weights


def _sharp(X):
    """Never spread: the weights ignore the gap."""
    return _spread(X, 64, lambda e: 0 * e[0] + 4.0)


def _network(x):
    """A smooth random network on (f, n, 2)."""
    generator = torch.Generator(device="cpu").manual_seed(12)
    A = torch.randn(2 * N, 16, generator=generator, dtype=torch.float64, device="cpu") * 0.6
    b = torch.randn(16, generator=generator, dtype=torch.float64, device="cpu")
    return (x.flatten(1) @ A + b).tanh() @ torch.linspace(-1, 1, 16, dtype=torch.float64, device="cpu")


def _average(frame, X):
    rotations, weights = frame(X)
    return (weights * _network(X @ rotations)).sum()


def _cloud():
    generator = torch.Generator(device="cpu").manual_seed(2)
    return whitened(torch.randn(N, 2, generator=generator, dtype=torch.float64, device="cpu"))


def _steepness(frame) -> float:
    """The largest step of the output over that of the input, on paths of tiny stretches about a round cloud."""
    X, angles, steep = _cloud(), circle(41), 0.0
    for size in (1e-6, 1e-4):
        path = stretched(X, torch.full_like(angles, size), angles)
        y = torch.stack([_average(frame, x) for x in path])
        steep = max(steep, (y.diff().abs() / path.diff(dim=0).flatten(1).norm(dim=1)).max().item())
    return steep


def _invariance(frame) -> float:
    generator = torch.Generator(device="cpu").manual_seed(3)
    X = torch.randn(N, 2, generator=generator, dtype=torch.float64, device="cpu")
    turns = random_orthogonal(6, 2, generator=generator, dtype=torch.float64)
    return max((_average(frame, X @ R.T) - _average(frame, X)).abs().item() for R in turns)


@exercise(
    "Mend the frame where it breaks",
    level="open",
    points=3,
    solution=_solution,
    hints=(
        "With only the 2^d elements there is nothing to mend: two clouds that hardly differ have wholly different "
        "axes. Allow more elements, and weights.",
        "Where the two eigenvalues are equal no direction is special: the weights must be the same all round. Where "
        "they are far apart the axes may count more.",
        "Turn the axes by 64 angles φ, with and without a flip, and weigh each by exp(κ cos 2φ), with κ proportional "
        "to the relative gap. κ → 0 then as fast as the axes lose their meaning.",
    ),
    mistakes=(
        Mistake(
            "the plain frame",
            _plain,
            "That is the frame as it was: near a round cloud its axes turn all the way while the input hardly moves.",
        ),
        Mistake(
            "one element",
            _one,
            "One element is neither continuous nor invariant: the sign of an axis is an accident of the algorithm.",
        ),
        Mistake(
            "fixed rotations",
            _fixed,
            "Your elements do not depend on X: the average is continuous, but no longer invariant. Let them turn along "
            "with the axes.",
        ),
        Mistake(
            "too few elements",
            _few,
            "Equal weights are right for a round cloud, but so few elements still point along the axes: when these "
            "turn, the average turns with them. Use more, until it hardly matters where they start.",
        ),
        Mistake(
            "weights that do not add up to 1",
            _not_normalised,
            "Your weights do not add up to 1, so an invariant network would not come back unchanged.",
        ),
        Mistake(
            "sharp at every gap",
            _sharp,
            "Your weights prefer the axes however small the gap is: let the preference vanish with the gap.",
        ),
    ),
)
def smooth_frame(answer) -> str:
    r"""Write `smooth_frame(X)` for a planar, centred cloud `X` of the shape `(n, 2)` and the group $O(2)$: return
    `(rotations, weights)` of the shapes `(f, 2, 2)` and `(f,)`, at most 512 elements, weights not negative and with sum
    1. The weighted average $\sum_i w_i\,\phi(X R_i)$ of a smooth network must be

    - invariant to rotations and reflections, to $10^{-8}$;
    - continuous where the frame breaks: about a round cloud, no step of the output more than 10 times that of the
      input.
    """
    with torch.no_grad():
        found = answer(_cloud())
        if (
            not isinstance(found, tuple)
            or len(found) != 2
            or not all(isinstance(x, torch.Tensor) for x in found)
        ):
            raise Wrong("smooth_frame should return two tensors, (rotations, weights).")
        rotations, weights = found
        if rotations.ndim != 3 or rotations.shape[1:] != (2, 2) or weights.shape != rotations.shape[:1]:
            raise Wrong(
                f"The shapes should be (f, 2, 2) and (f,); yours are {tuple(rotations.shape)}, {tuple(weights.shape)}."
            )
        if len(weights) > LIMIT:
            raise Wrong(f"At most {LIMIT} elements, please; yours are {len(weights)}.")
        named = {mistake.name: mistake.message for mistake in smooth_frame.mistakes}
        if (weights < 0).any() or abs(weights.sum().item() - 1) > 1e-9:
            raise Wrong(named["weights that do not add up to 1"])
        if (
            rotations @ rotations.transpose(1, 2) - torch.eye(2, dtype=torch.float64, device="cpu")
        ).abs().max() > 1e-9:
            raise Wrong("Some of your matrices are not orthogonal: R Rᵀ should be 1.")
        invariance, steepness = _invariance(answer), _steepness(answer)
        if invariance > EXACT or steepness > STEEP:
            raise recognise(
                smooth_frame.mistakes,
                lambda mistaken: (
                    len(mistaken(_cloud())[1]) == len(weights)
                    and abs(_steepness(mistaken) - steepness) <= 1e-6 * (1 + steepness)
                    and abs(_invariance(mistaken) - invariance) <= 1e-6
                ),
                f"The invariance error is {invariance:.2g} (at most {EXACT:g}), and the output moves {steepness:.3g} "
                f"times as far as the input (at most {STEEP:g}).",
            )
    return f"Invariant to {invariance:.0e}, and the output moves at most {steepness:.2g} times as far as the input."
