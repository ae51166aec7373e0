"""HiPPO's exercises: the matrix itself, the online memory, and choosing a memory for a task."""

from typing import Annotated, Literal

import torch
from annotated_types import Interval, MultipleOf, doc
from torch import Tensor

from labkit.demo import Label, Log
from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.state_space.hippo.experiment import delay_signals, ridge_nrmse
from labkit.state_space.hippo.method import OrthogonalSSM
from labkit.state_space.matrices import basis, transition
from labkit.state_space.tasks import delayed

# ---------------------------------------------------------------- 1. the LegS matrix


def _legs(N: int) -> tuple[Tensor, Tensor]:
    n = torch.arange(N, dtype=torch.float64, device="cpu")
    root = torch.sqrt(2 * n + 1)
    A = -torch.tril(torch.outer(root, root), diagonal=-1) - torch.diag(n + 1)
    return A, root


def _upper(N):
    A, B = _legs(N)
    return A.T, B


def _diagonal_n(N):
    A, B = _legs(N)
    return A + torch.eye(N, dtype=A.dtype, device="cpu"), B


def _diagonal_2n_plus_1(N):
    A, B = _legs(N)
    return A - torch.diag(torch.arange(N, dtype=A.dtype, device="cpu")), B


def _no_minus(N):
    A, B = _legs(N)
    return -A, B


def _lmu_input(N):
    A, B = _legs(N)
    return A, B**2


def _same(found: tuple, wanted: tuple) -> bool:
    return all(
        f.shape == w.shape and torch.allclose(f.double(), w, atol=1e-5)
        for f, w in zip(found, wanted, strict=True)
    )


@exercise(
    "The LegS matrix",
    level="easy",
    points=3,
    solution=_legs,
    hints=(
        "Start from `root = torch.sqrt(2 * torch.arange(N) + 1)`: both matrices are made of it.",
        "`torch.outer(root, root)` holds every product; `torch.tril(..., diagonal=-1)` keeps those below the diagonal.",
        "The diagonal is $-(n+1)$, and everything is negative: each state leaks.",
    ),
    mistakes=(
        Mistake(
            "upper triangle",
            _upper,
            "Your A has its entries above the diagonal. Did you mix up row and column (transpose)? State n is fed by "
            "the states below it, k < n, so row n is filled to the left of the diagonal.",
        ),
        Mistake(
            "diagonal -n",
            _diagonal_n,
            "Your diagonal is -n, so state 0 never forgets (its eigenvalue is 0). The derivative of P_n adds one more: "
            "the diagonal is -(n+1).",
        ),
        Mistake(
            "diagonal -(2n+1)",
            _diagonal_2n_plus_1,
            "Your diagonal is -(2n+1): the product of the square roots, as below the diagonal. On the diagonal half of "
            "it comes from elsewhere; it is -(n+1).",
        ),
        Mistake(
            "missing minus",
            _no_minus,
            "Your A has positive eigenvalues: the state explodes. What is the sign in front of everything?",
        ),
        Mistake(
            "B = 2n+1",
            _lmu_input,
            "Your B is 2n+1: that is the LMU's normalisation, for a basis that is not orthonormal. With "
            "sqrt(2n+1) P_n, B_n is p_n(0) w(0) = sqrt(2n+1).",
        ),
    ),
)
def legs_matrix(answer) -> str:
    r"""Write `legs(N)` that returns the pair $(A, B)$ of HiPPO-LegS as tensors of shapes `(N, N)` and `(N,)`:

    $$A_{nk} = -\begin{cases} \sqrt{(2n+1)(2k+1)} & n > k \\ n+1 & n = k \\ 0 & n < k \end{cases}
    \qquad B_n = \sqrt{2n+1}$$
    """
    for N in (4, 1, 7):
        found = answer(N)
        if not (isinstance(found, tuple | list) and len(found) == 2):
            raise Wrong("legs(N) should return two tensors, A and B.")
        A, B = (torch.as_tensor(part, device="cpu") for part in found)
        if A.shape != (N, N) or B.shape != (N,):
            raise Wrong(
                f"For N = {N}, A should have the shape ({N}, {N}) and B ({N},); yours have {tuple(A.shape)} and "
                f"{tuple(B.shape)}."
            )
        reference = _legs(N)
        if not _same((A, B), reference):
            wrong_B = _same((A,), reference[:1])
            raise recognise(
                legs_matrix.mistakes,
                lambda mistaken, found=(A, B), N=N: _same(found, mistaken(N)),
                f"For N = {N} your {'B' if wrong_B else 'A'} is not LegS's. Yours is\n"
                f"{(B if wrong_B else A).numpy().round(3)}\nand its first entry should be "
                f"{(reference[1][0] if wrong_B else reference[0][0, 0]).item():g}.",
            )
    return "Your matrix is HiPPO's: lower triangular, with the eigenvalues -1, -2, ..., -N."


# ---------------------------------------------------------------- 2. the online memory


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


# ---------------------------------------------------------------- 3. a memory for a task

HIDDEN_LAGS = (40, 400)
PASS = 0.5


def _score(measure: str, N: int, dt: float) -> tuple[float, ...]:
    train, test = delay_signals(length=1000, freq=20.0, train=16, test=8, seed=11)
    ssm = OrthogonalSSM(measure, N, dt)
    states, held_out = ssm.forward(train), ssm.forward(test)
    return tuple(
        ridge_nrmse(states, delayed(train, lag), held_out, delayed(test, lag)) for lag in HIDDEN_LAGS
    )


def choose_memory(
    measure: Annotated[
        Literal["LegS", "LegT", "FouT", "LagT"], doc("which past the state remembers, and how")
    ] = "LegT",
    N: Annotated[int, Interval(ge=2, le=32), MultipleOf(2), Label("state size N")] = 16,
    dt: Annotated[
        float, Interval(ge=1e-4, le=0.1), Log(per_decade=20), Label("Δ"), doc("1/Δ is the memory in steps")
    ] = 0.02,
) -> dict:
    """The answer that these controls give."""
    return {"measure": measure, "N": N, "dt": dt}


@exercise(
    "A memory for two delays",
    level="open",
    points=3,
    solution={"measure": "LegT", "N": 32, "dt": 1 / 450},
    form=choose_memory,
    hints=(
        "The memory must reach back to the longer delay: compare 1/Δ with 400 steps.",
        "A window that is just long enough spends its N functions on all of it; a far longer one blurs everything.",
        "Plot the error of each delay against Δ (the demo `delay_dial` does it for one delay).",
    ),
    mistakes=(
        Mistake(
            "too short",
            {"measure": "LegT", "N": 32, "dt": 0.02},
            "The memory is too short: it reaches back about 1/Δ steps, and the longer delay lies beyond it. "
            "Make Δ smaller.",
        ),
        Mistake(
            "too long",
            {"measure": "LegT", "N": 32, "dt": 1e-4},
            "The memory is far too long: the functions are spread over 1/Δ steps of past, most of which nobody "
            "asks for, and what is asked for blurs. Make Δ larger.",
        ),
        Mistake(
            "too small",
            {"measure": "LegS", "N": 2, "dt": 1 / 400},
            "So few coefficients cannot tell a signal with this many wiggles. Make N larger (32 is allowed).",
        ),
        Mistake(
            "LagT",
            {"measure": "LagT", "N": 32, "dt": 1 / 400},
            "LagT is orthonormal under a uniform measure on an infinite past: its Laguerre functions hardly "
            "reach where you need them. Try a measure that weighs the past you want.",
        ),
    ),
)
def hidden_delays(answer) -> str:
    r"""A linear readout must give back the input of **two** hidden delays, the longer **400 steps** ago, from a single
    memory with $N \le 32$. Choose the `measure` (`"LegS"`, `"LegT"`, `"FouT"`, `"LagT"`), `N` and `dt` ($\Delta$) so
    that the normalised error of the worse delay is below 0.5. Answer with `{"measure": ..., "N": ..., "dt": ...}`.

    Then justify the choice by a plot: the error against $\Delta$, with your choice marked. Add it as `"plot"`.
    """
    if not isinstance(answer, dict) or not {"measure", "N", "dt"} <= set(answer):
        raise Wrong('Answer with {"measure": ..., "N": ..., "dt": ...}.')
    measure, N, dt = answer["measure"], answer["N"], answer["dt"]
    if isinstance(N, int) and N > 32:
        raise Wrong(f"N may be at most 32; yours is {N}. Spend the coefficients well instead.")
    errors = _score(measure, N, dt)
    if max(errors) >= PASS:
        found = ", ".join(f"{error:.2f}" for error in errors)
        reach = (2.3 if measure == "LegS" else 1.0) / dt
        kinds = {
            "LagT": measure == "LagT",
            "too small": N < 16,
            "too short": reach < HIDDEN_LAGS[1],
            "too long": reach > 4 * HIDDEN_LAGS[1],
        }
        named = {mistake.name: mistake.message for mistake in hidden_delays.mistakes}
        words = next(
            (named[kind] for kind, applies in kinds.items() if applies),
            "The reach is about right; weigh the measures against each other, and N.",
        )
        raise Wrong(f"The errors of the two delays are {found}; both must be below {PASS}. {words}")
    said = f"The errors are {errors[0]:.2f} and {errors[1]:.2f}."
    if "plot" not in answer:
        return f"{said} Now justify the choice by a plot of the error against Delta."
    return f"{said} {_judge_plot(answer['plot'])}"


def _judge_plot(plot) -> str:
    traces = list(getattr(plot, "data", ()))
    if not any(len(trace.x if trace.x is not None else ()) >= 4 for trace in traces):
        raise Wrong(
            "The plot should be a Plotly figure with a curve of the error over at least four values of Delta."
        )
    if not (plot.layout.xaxis.title.text and plot.layout.yaxis.title.text):
        raise Wrong("The plot's axes have no titles: nobody can tell what is against what.")
    return "And the plot shows why."
