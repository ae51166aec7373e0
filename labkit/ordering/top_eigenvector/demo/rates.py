"""The rate that does not exist, and why: a race between growths."""

from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, doc

from labkit.demo import Label, Log, demo
from labkit.ordering.top_eigenvector import figures
from labkit.ordering.top_eigenvector.demo.instances import sphere
from labkit.ordering.top_eigenvector.demo.streams import Seed
from labkit.ordering.top_eigenvector.method import OjaRates, hard_instance_correlation
from labkit.ordering.top_eigenvector.streams import oja_hard, order_of

GAPS = (2, 3, 4, 6, 8)


@demo("The rate that does not exist")
def rates(
    d: Annotated[int, Interval(ge=100, le=100_000), Log(per_decade=4), Label("width d")] = 1000,
    m: Annotated[int, Interval(ge=1, le=1000), Log(per_decade=4), Label("rows a light direction m")] = 200,
) -> go.Figure:
    """Each hump is Oja's correlation on the hard instance against its rate, by the closed form. Too small a rate:
    nothing
    grows. Too large: the many light directions grow as well. The dots are at η = R − 1, the best rate. Raise d: the
    humps sink one after the other, and then no rate at all finds the direction, though the gap is R all the time.
    """
    etas = torch.logspace(-2, 2, 160, dtype=torch.float64, device="cpu")
    curves = {R: hard_instance_correlation(d, R, etas, m).numpy() for R in GAPS}
    best = {R: values.max() for R, values in curves.items()}
    found = [R for R, value in best.items() if value >= 0.9]
    says = f"some rate works from R = {min(found)} on" if found else "no rate works for any of these gaps"
    return figures.rates(etas.numpy(), curves, title=f"d = {d:,}: {says}")


@demo("A race between growths")
def growth_race(
    R: Annotated[int, Interval(ge=2, le=12), Label("gap R")] = 4,
    eta: Annotated[float, Interval(ge=0.05, le=50.0), Log(per_decade=8), Label("rate η")] = 3.0,
    d: Annotated[int, Interval(ge=16, le=256), Label("width d")] = 100,
    shuffled: Annotated[bool, Label("random order"), doc("off: the rows along u₁ come first")] = True,
    seed: Seed = 0,
) -> go.Figure:
    """Blue grows by log(1 + η) at each of the R rows along u₁; orange, the d − 1 other directions together, by about η
    in all, from a head start of (log d)/2. Blue must end above. Switch the order off and on: the steps come at other
    times, the ends stay where they are, for all rows of this instance commute. Which η makes the lead largest?
    """
    m = 10
    matrix = oja_hard(d, R, m)
    rows = matrix[order_of(matrix, "random", seed)] if shuffled else matrix
    start = sphere(d, seed)
    runner = OjaRates(torch.tensor([eta], dtype=torch.float64, device="cpu"), start)
    seen, along, rest = [0], [start[0].abs().log().item()], [start[1:].norm().log().item()]
    step = max(1, len(rows) // 60)
    for first in range(0, len(rows), step):
        runner.update(rows[first : first + step])
        v, growth = runner.vectors[0], runner.log_growth[0].item()
        seen.append(min(first + step, len(rows)))
        along.append(growth + v[0].abs().clamp(min=1e-300).log().item())
        rest.append(growth + v[1:].norm().clamp(min=1e-300).log().item())
    lead = along[-1] - rest[-1]
    found = runner.vectors[0, 0].square().item()
    return figures.race(
        seen,
        along,
        rest,
        title=f"u₁ ends {abs(lead):.1f} {'above' if lead > 0 else 'below'}: correlation {found:.3f}",
    )
