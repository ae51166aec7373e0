"""Exercise 2: the closed loop of an autoregression."""

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise

PHI = (0.5, -0.3, 0.2)


def _system(phi):
    d = len(phi)
    A = torch.diag(torch.ones(d - 1, dtype=phi.dtype, device=phi.device), -1)
    b = torch.zeros_like(phi)
    b[0] = 1
    return A, b, phi, phi


def _rollout(A, b, c, k, x, horizon):
    M, outputs = A + torch.outer(b, k), []
    for _ in range(horizon):
        outputs.append(c @ x)
        x = M @ x
    return torch.stack(outputs)


def _transposed(phi):
    A, b, c, k = _system(phi)
    return A.T, b, c, k


def _reversed(phi):
    A, b, c, k = _system(phi)
    return A, b, c.flip(0), k.flip(0)


def _in_the_matrix(phi):
    A, b, c, k = _system(phi)
    A = A.clone()
    A[:, -1] = phi
    return A, b, c, k


def _no_guess(phi):
    A, b, c, k = _system(phi)
    return A, b, c, torch.zeros_like(k)


def _one_late(A, b, c, k, x, horizon):
    return _rollout(A, b, c, k, (A + torch.outer(b, k)) @ x, horizon)


def _open(A, b, c, k, x, horizon):
    return _rollout(A, b, c, 0 * k, x, horizon)


def _outer_swapped(A, b, c, k, x, horizon):
    M, outputs = A + torch.outer(k, b), []
    for _ in range(horizon):
        outputs.append(c @ x)
        x = M @ x
    return torch.stack(outputs)


def _recursion(phi: Tensor, past: Tensor, horizon: int) -> Tensor:
    u = past.tolist()
    for _ in range(horizon):
        u.append(sum(p * value for p, value in zip(phi.tolist(), reversed(u), strict=False)))
    return torch.tensor(u[len(past) :], dtype=torch.float64, device="cpu")


def _run(system, rollout, phi: Tensor, past: Tensor, horizon: int) -> Tensor:
    A, b, c, k = (torch.as_tensor(part, dtype=torch.float64, device="cpu") for part in system(phi))
    x = torch.zeros_like(b)
    for value in past:
        x = A @ x + b * value
    return torch.as_tensor(rollout(A, b, c, k, x, horizon), device="cpu").double().flatten()


@exercise(
    "Close the loop",
    level="key",
    points=4,
    solution=(_system, _rollout),
    hints=(
        "The state of an AR(p) is its last p inputs, newest first: A is the shift, `torch.diag(ones, -1)`; b = e_1.",
        "phi[0] belongs to the newest value. Prediction and next input are the same thing here: c = k = phi.",
        "x is the state after the last true value, so c @ x is already the first forecast; then x = (A + b k^T) x.",
    ),
    mistakes=(
        Mistake(
            "transposed shift",
            (_transposed, _rollout),
            "Your shift runs the wrong way: with ones above the diagonal the newest input is thrown out at once, "
            "and the state never fills. S[i+1, i] = 1 stands below the diagonal.",
        ),
        Mistake(
            "phi reversed",
            (_reversed, _rollout),
            "Your phi is reversed: state 1 is the newest value, and phi[0] is its coefficient.",
        ),
        Mistake(
            "phi in the matrix",
            (_in_the_matrix, _rollout),
            "You have put phi into A's last column. There it feeds back what falls off the end of the state; the "
            "prediction belongs into c, the guess of the next input into k, and a = 0.",
        ),
        Mistake(
            "no guess",
            (_no_guess, _rollout),
            "Your k is zero: behind the lag the system is fed nothing, and after p steps it forecasts 0. The guess of "
            "the next input is the prediction, k = phi.",
        ),
        Mistake(
            "off by one",
            (_system, _one_late),
            "Your forecast is off by one: it starts with the second step. x is the state after the lag, so c @ x is "
            "the first forecast; read the output before you step.",
        ),
        Mistake(
            "open loop",
            (_system, _open),
            "Your rollout steps with A alone. The loop is closed by b k^T: x = (A + torch.outer(b, k)) @ x.",
        ),
        Mistake(
            "k b^T",
            (_system, _outer_swapped),
            "You step with A + k b^T: the two vectors are swapped. k reads the state and b writes the input, so "
            "it is torch.outer(b, k).",
        ),
    ),
)
def closed_loop(answer) -> str:
    r"""Forecast with an AR(p), $u_{t+1} = \varphi_1 u_t + \dots + \varphi_p u_{t-p+1}$, as a companion system in closed
    loop. Write

    - `system(phi)`: the matrix and vectors `(A, b, c, k)` of the companion system ($d = p$) whose output and whose
      guess of its next input are both the AR's prediction;
    - `rollout(A, b, c, k, x, horizon)`: the forecasts $y_h = c^\top x_h$ for $h = 0, \dots,$ `horizon` $- 1$, with
      $x_0$ = `x` the state after the last true value and $x_{h+1} = (A + b k^\top)\, x_h$.

    Answer with the pair `(system, rollout)`.
    """
    try:
        system, rollout = answer
    except (TypeError, ValueError):
        raise Wrong("Answer with the pair (system, rollout).") from None
    phi = torch.tensor(PHI, dtype=torch.float64, device="cpu")
    generator = torch.Generator(device="cpu").manual_seed(0)
    past = torch.randn(10, dtype=torch.float64, device="cpu", generator=generator)
    parts = system(phi)
    if not (isinstance(parts, tuple | list) and len(parts) == 4):
        raise Wrong("system(phi) should return four things: A, b, c and k.")
    shapes = [tuple(torch.as_tensor(part, device="cpu").shape) for part in parts]
    if shapes != [(3, 3), (3,), (3,), (3,)]:
        raise Wrong(
            f"For three coefficients A should be (3, 3) and b, c, k (3,); yours have shapes {shapes}."
        )
    wanted, found = _recursion(phi, past, 8), _run(system, rollout, phi, past, 8)
    if found.shape != wanted.shape:
        raise Wrong(
            f"rollout should return {len(wanted)} forecasts for horizon={len(wanted)}; it returned {len(found)}."
        )
    if not torch.allclose(found, wanted, atol=1e-6):
        guesses = bool(torch.as_tensor(parts[3], device="cpu").any())  # without k every loop is open

        def like(mistaken) -> bool:
            forecasts = _run(*mistaken, phi, past, 8)
            return bool(mistaken[0](phi)[3].any()) == guesses and torch.allclose(found, forecasts, atol=1e-6)

        raise recognise(
            closed_loop.mistakes,
            like,
            f"For phi = {PHI} the first forecasts should be {[round(v, 4) for v in wanted[:3].tolist()]}; "
            f"yours are {[round(v, 4) for v in found[:3].tolist()]}.",
        )
    # the four matrices must be the companion's, not only equivalent to it
    for part, right, name in zip(parts, _system(phi), "Abck", strict=True):
        if not torch.allclose(torch.as_tensor(part, device="cpu").double(), right):
            raise Wrong(
                f"Your forecasts are right, but {name} is not the companion system's: is the state in another order?"
            )
    # a long one: three sinusoids for ever
    from labkit.state_space.spacetime.experiment.filters import ar6, sinusoids

    t = torch.arange(140, dtype=torch.float64, device="cpu")
    truth = sinusoids(t)
    if (_run(system, rollout, ar6(), truth[:40], 100) - truth[40:]).abs().max() > 1e-6:
        raise Wrong("On an AR(6) that continues three sinusoids your loop loses them within 100 steps.")
    return "Your loop continues three sinusoids for 100 steps to rounding, from six numbers."
