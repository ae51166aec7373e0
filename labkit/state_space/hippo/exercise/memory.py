"""Exercise 2: an online memory."""

import torch

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.state_space.matrices import basis, transition


def _update(A, B, dt, x, u):
    eye = torch.eye(len(B), dtype=A.dtype, device=A.device)
    return torch.linalg.solve(eye - dt / 2 * A, (eye + dt / 2 * A) @ x + dt * B * u)


def _reconstruct(x, lags, dt):
    return x @ basis("LegS", x.shape[-1], (lags + 0.5) * dt)


def _update_without_delta(A, B, dt, x, u):
    eye = torch.eye(len(B), dtype=A.dtype, device=A.device)
    return torch.linalg.solve(eye - dt / 2 * A, (eye + dt / 2 * A) @ x + B * u)


def _euler(A, B, dt, x, u):
    return x + dt * (A @ x + B * u)


def _one_sided(A, B, dt, x, u):
    eye = torch.eye(len(B), dtype=A.dtype, device=A.device)
    return torch.linalg.solve(eye - dt / 2 * A, (eye + dt / 2 * A) @ x) + dt * B * u


def _mirrored(x, lags, dt):
    sign = (-1.0) ** torch.arange(x.shape[-1], device=x.device)
    return (x * sign) @ basis("LegS", x.shape[-1], (lags + 0.5) * dt)


def _reversed(x, lags, dt):
    return _reconstruct(x, lags, dt).flip(-1)


def _one_late(x, lags, dt):
    return x @ basis("LegS", x.shape[-1], (lags + 1.5) * dt)


def _at_the_edge(x, lags, dt):
    return x @ basis("LegS", x.shape[-1], lags * dt)


def _lag_without_delta(x, lags, dt):
    return x @ basis("LegS", x.shape[-1], lags + 0.5)


def _close(found, wanted) -> bool:
    found = torch.as_tensor(found, device="cpu")
    return found.shape == wanted.shape and torch.allclose(found.double(), wanted, rtol=1e-4, atol=1e-6)


@exercise(
    "An online memory",
    level="key",
    points=4,
    solution=(_update, _reconstruct),
    hints=(
        "The bilinear rule solves $(I - \\frac{\\Delta}{2} A)\\, x_k = "
        "(I + \\frac{\\Delta}{2} A)\\, x_{k-1} + \\Delta B u_k$: `torch.linalg.solve(left, right)`.",
        "`basis('LegS', N, t)` gives $p_n(t)$ as an `(N, len(t))` tensor; reading back is one matrix product.",
        "Lag 0 is now. The sample that entered j steps ago sits at $t = (j + 1/2)\\Delta$.",
    ),
    mistakes=(
        Mistake(
            "Delta missing in the input",
            (_update_without_delta, _reconstruct),
            "Your update adds B u without Delta: each sample counts 1/Delta times too much. The discrete input "
            "matrix is (I - Delta/2 A)^{-1} Delta B.",
        ),
        Mistake(
            "Euler forward",
            (_euler, _reconstruct),
            "Your update is Euler's forward rule. It is asked for the bilinear one, which stays stable for large N: "
            "the unknown x_k stands on both sides.",
        ),
        Mistake(
            "input outside the solve",
            (_one_sided, _reconstruct),
            "Your update solves for the state but adds Delta B u afterwards. The whole right-hand side, input "
            "included, is multiplied by (I - Delta/2 A)^{-1}.",
        ),
        Mistake(
            "time backwards",
            (_update, _mirrored),
            "In your reconstruction time runs backwards: lag 0 is now, where p_n(0) = sqrt(2n+1) is positive "
            "for every n. The argument of P_n is 2 e^{-t} - 1, not 1 - 2 e^{-t}.",
        ),
        Mistake(
            "output reversed",
            (_update, _reversed),
            "In your reconstruction time runs backwards: lag 0 is now, so the first value belongs to the first lag. "
            "Something reverses the order.",
        ),
        Mistake(
            "one step late",
            (_update, _one_late),
            "Your reconstruction is off by one step: the newest sample sits at Delta/2, the one before it at "
            "3 Delta/2. Lag j is (j + 1/2) Delta.",
        ),
        Mistake(
            "half a step early",
            (_update, _at_the_edge),
            "Your reconstruction is half a step off: the sample u_k stands for the whole step, whose middle is "
            "Delta/2 ago. Lag j is (j + 1/2) Delta.",
        ),
        Mistake(
            "lag without Delta",
            (_update, _lag_without_delta),
            "You evaluate the basis at the lag in steps; the basis lives in continuous time. Multiply by Delta.",
        ),
    ),
)
def online_memory(answer) -> str:
    r"""Write the two halves of an online memory for LegS:

    - `online_update(A, B, dt, x, u)`: the state after one more sample `u`, by the **bilinear** rule
      $x_k = (I - \frac{\Delta}{2}A)^{-1}\left[(I + \frac{\Delta}{2}A)\,x_{k-1} + \Delta B\,u_k\right]$;
    - `reconstruct(x, lags, dt)`: what the state says the input was `lags` steps ago,
      $\hat u_{k-j} = \sum_n x_n\, p_n\!\left((j + \tfrac12)\Delta\right)$, for a tensor of lags $j = 0, 1, \dots$

    `basis("LegS", N, t)` gives the $p_n(t)$. Answer with the pair `(online_update, reconstruct)`.
    """
    try:
        update, reconstruct = answer
    except (TypeError, ValueError):
        raise Wrong("Answer with the pair (online_update, reconstruct).") from None
    N, dt = 12, 0.02
    A, B = transition("LegS", N)
    generator = torch.Generator(device="cpu").manual_seed(0)
    x = torch.randn(N, generator=generator, dtype=torch.float64, device="cpu")
    lags = torch.arange(40, dtype=torch.float64, device="cpu")

    wanted = _update(A, B, dt, x, 0.7)
    found = update(A, B, dt, x, 0.7)
    if not _close(found, wanted):
        raise recognise(
            online_memory.mistakes,
            lambda mistaken: _close(found, mistaken[0](A, B, dt, x, 0.7)),
            "online_update does not give the bilinear rule's next state. For x = 0 and u = 1 the first entry should be "
            f"{_update(A, B, dt, 0 * x, 1.0)[0]:.5f}; check the two factors (I - Delta/2 A) and (I + Delta/2 A).",
        )
    wanted = _reconstruct(x, lags, dt)
    found = reconstruct(x, lags, dt)
    if not _close(found, wanted):
        raise recognise(
            online_memory.mistakes,
            lambda mistaken: _close(found, mistaken[1](x, lags, dt)),
            f"reconstruct should return one value for each of the {len(lags)} lags, sum_n x_n p_n((j + 1/2) Delta). "
            f"For x = (1, 0, 0, ...) that is 1 at every lag.",
        )
    # closed form: a constant input 1 for ever leaves x = (1, 0, 0, ...), and reads back as 1
    state = torch.zeros(N, dtype=torch.float64, device="cpu")
    for _ in range(2000):
        state = torch.as_tensor(update(A, B, dt, state, 1.0))
    if not torch.allclose(
        torch.as_tensor(reconstruct(state, lags, dt)).double(), torch.ones_like(lags), atol=1e-3
    ):
        raise Wrong(
            "After a long constant input of 1 your memory should read back 1 everywhere; it does not."
        )
    return "After a constant input your state is (1, 0, 0, ...): a constant is p_0, and the memory knows it."
