"""Exercise 3: choosing a memory for a task."""

from typing import Annotated, Literal

from annotated_types import Interval, MultipleOf, doc

from labkit.demo import Label, Log
from labkit.exercise import Mistake, Wrong, exercise
from labkit.state_space.hippo.experiment.delays import delay_signals, ridge_nrmse
from labkit.state_space.hippo.method import OrthogonalSSM
from labkit.state_space.tasks import delayed

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
