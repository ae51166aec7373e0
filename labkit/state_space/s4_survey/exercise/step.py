"""Exercise 2: one step of the selective scan."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise


def _make(softplus=True, sign=-1.0, times_delta=True, gate_last=True, skip=True):
    def step(x, u, v, A_log, B, C, D, z):
        delta = torch.nn.functional.softplus(v) if softplus else v
        A = sign * torch.exp(A_log)
        x = torch.exp(delta[:, None] * A) * x + (delta * u if times_delta else u)[:, None] * B
        y = x @ C
        gate = z * torch.sigmoid(z)
        if not skip:
            return y * gate, x
        return ((y + D * u) * gate if gate_last else y * gate + D * u), x

    return step


def _case(seed: int, E: int = 3, N: int = 4) -> list[Tensor]:
    g = torch.Generator(device="cpu").manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=g, device="cpu")

    A_log = torch.arange(1, N + 1, dtype=torch.float64, device="cpu").log().expand(E, -1)
    return [draw(E, N), draw(E), draw(E), A_log, draw(N), draw(N), draw(E), draw(E)]


def _same(found, wanted) -> bool:
    return (
        isinstance(found, tuple)
        and len(found) == 2
        and all(
            isinstance(f, Tensor) and f.shape == w.shape and torch.allclose(f.to(torch.float64), w, atol=1e-9)
            for f, w in zip(found, wanted, strict=True)
        )
    )


@exercise(
    "One step of the selective scan",
    level="key",
    points=5,
    solution=_make(),
    hints=(
        "Delta = softplus(v), one a channel; A = -exp(A_log), channels by states.",
        "x <- exp(Delta A) x + Delta u B, where Delta and u are (channels,) and B is (states,).",
        "y = C x + D u comes first; the gate SiLU(z) = z sigmoid(z) multiplies all of it.",
    ),
    mistakes=(
        Mistake(
            "Delta before softplus",
            _make(softplus=False),
            "You use v itself as the step. It may be negative, and then exp(Δ A) is above 1: take Δ = softplus(v).",
        ),
        Mistake(
            "A positive",
            _make(sign=1.0),
            "The state explodes: A = −exp(A_log) must be negative, so that exp(Δ A) lies below 1.",
        ),
        Mistake(
            "B not multiplied by Delta",
            _make(times_delta=False),
            "B̄ is Δ B. Without Δ a token that should pass unheard (Δ near 0) is written in with full weight.",
        ),
        Mistake(
            "gate before the skip",
            _make(gate_last=False),
            "The gate comes last: (C x + D u) · SiLU(z). You gate C x alone and add D u behind it.",
        ),
        Mistake("skip forgotten", _make(skip=False), "D u is missing: y = C x + D u, then the gate."),
    ),
)
def selective_step(answer) -> str:
    r"""Write `step(x, u, v, A_log, B, C, D, z)` that returns `(y, x)`, one step of Mamba's inner model for one
    sequence: `x` (channels, states) is the state, `u, v, D, z` are (channels,), `A_log` is (channels, states), `B, C`
    are (states,).

    $$\Delta = \mathrm{softplus}(v),\quad A = -e^{A_{\log}},\quad x \leftarrow e^{\Delta A}\,x + \Delta\,B\,u,\quad
    y = (C x + D u)\cdot z\,\sigma(z)$$

    Why this is a gate: with one state, $A = -1$ and zero-order hold, $e^{-\mathrm{softplus}(v)} = 1 - \sigma(v)$, so
    that $x \leftarrow (1-g)\,x + g\,u$ with $g = \sigma(v)$.
    """
    right = _make()
    for seed in range(3):
        case = _case(seed)
        found = answer(*(part.clone() for part in case))
        if not isinstance(found, tuple) or len(found) != 2:
            raise Wrong("step should return the pair (y, x): the output and the new state.")
        if not isinstance(found[0], Tensor) or found[0].shape != (3,) or found[1].shape != (3, 4):
            raise Wrong("y should be (channels,) and x (channels, states).")
        if not _same(found, right(*case)):
            raise recognise(
                selective_step.mistakes,
                lambda mistaken, found=found, case=case: _same(found, mistaken(*case)),
                "Not this step yet. Compare x with e^{ΔA} x + Δ B u by hand for one channel and one state.",
            )
    return "That is all a Mamba layer does at a step, whatever went before: one state, overwritten."
