"""The bases p_n and measures w in which a HiPPO state remembers its input (How to Train Your HiPPO, section
3).

Time t is the lag into the past, without unit: it is `lag in steps * Delta`. Every basis is orthonormal
under its measure: the integral of p_n(t) p_k(t) w(t) over t >= 0 is 1 for n = k and 0 otherwise.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

MEASURES = ("LegS", "LegT", "FouT", "LagT")
WINDOWED = ("LegT", "FouT")
TIMESCALES = ("window", "unit")


def check_measure(
    measure: str, N: int, timescale: str = "window", choices: tuple[str, ...] = MEASURES
) -> None:
    """Raise ValueError unless `measure`, the state size `N` and `timescale` are ones that exist."""
    if measure not in choices:
        raise ValueError(f"measure must be one of {', '.join(choices)}; got {measure!r}")
    if N < 1:
        raise ValueError(f"N, the number of basis functions, must be at least 1; got {N}")
    if measure == "FouT" and N % 2:
        raise ValueError(f"N must be even for FouT (a cosine and a sine for each frequency); got {N}")
    if timescale not in TIMESCALES:
        raise ValueError(f"timescale must be one of {', '.join(TIMESCALES)}; got {timescale!r}")


def window_length(measure: str, timescale: str = "window") -> float:
    """How far the measure reaches: 1 for LegT and FouT (2 with the unit timescale), infinity for the
    others.
    """
    check_measure(measure, 2, timescale)
    if measure not in WINDOWED:
        return math.inf
    return 1.0 if timescale == "window" else 2.0


def legendre(N: int, y: Float[Tensor, "*points"]) -> Float[Tensor, "N *points"]:
    """Legendre polynomials P_0 .. P_{N-1} at y, by Bonnet's recurrence.

    Numbers grow like (2|y|)^n outside [-1, 1]: clip y before the call.
    """
    rows = [torch.ones_like(y), y]
    for n in range(1, N - 1):
        # (n+1) P_{n+1}(y) = (2n+1) y P_n(y) - n P_{n-1}(y)
        rows.append(((2 * n + 1) * y * rows[n] - n * rows[n - 1]) / (n + 1))
    return torch.stack(rows[:N])


def laguerre_functions(N: int, t: Float[Tensor, "*points"]) -> Float[Tensor, "N *points"]:
    """Laguerre functions L_n(t) e^{-t/2} for n < N: bounded by 1 for t >= 0, unlike the polynomials L_n."""
    weight = torch.exp(-t / 2)
    rows = [weight, (1 - t) * weight]
    for n in range(1, N - 1):
        # (n+1) L_{n+1}(t) = (2n+1-t) L_n(t) - n L_{n-1}(t)
        rows.append(((2 * n + 1 - t) * rows[n] - n * rows[n - 1]) / (n + 1))
    return torch.stack(rows[:N])


def fourier(N: int, t: Float[Tensor, "*points"]) -> Float[Tensor, "N *points"]:
    """1, 0, sqrt2 cos 2 pi t, sqrt2 sin 2 pi t, ...: a cosine and a sine for each frequency 0 .. N/2-1."""
    frequency = torch.arange(N // 2, dtype=t.dtype, device=t.device)
    angle = 2 * math.pi * frequency.reshape(-1, *[1] * t.ndim) * t
    pairs = math.sqrt(2) * torch.stack([torch.cos(angle), torch.sin(angle)], dim=1)
    pairs[0, 0] = 1.0
    return pairs.flatten(0, 1)


def basis(
    measure: str, N: int, t: Float[Tensor, " times"], timescale: str = "window", truncate: bool = True
) -> Float[Tensor, "N times"]:
    """The basis functions p_n(t), n < N, of a measure (How to Train Your HiPPO, table 1).

    LegS  sqrt(2n+1) P_n(2 e^{-t} - 1)            LegT  sqrt(2n+1) P_n(1 - 2t)
    FouT  1, 0, sqrt2 cos 2 pi t, sqrt2 sin 2 pi t, ...      LagT  L_n(t) e^{-t/2}

    `timescale="unit"` stretches LegT and FouT to the window [0, 2], so that the measure's mean is 1.
    With `truncate` the basis is 0 where the measure is (the future t < 0, and beyond a window); without it,
    polynomials keep their value at the nearer end and the Fourier basis goes round again.

    Raises ValueError for an unknown measure or timescale, N < 1, and odd N with FouT.
    """
    check_measure(measure, N, timescale)
    n = torch.arange(N, dtype=torch.float64, device=t.device)[:, None]
    exact = t.to(torch.float64)
    reach = window_length(measure, timescale)
    inside = (exact >= 0) & (exact <= reach)
    if measure in WINDOWED:
        exact = exact / reach
    # P_n overflows outside [-1, 1], so its argument is clipped first
    if measure == "LegS":
        p = torch.sqrt(2 * n + 1) * legendre(N, (2 * torch.exp(-exact) - 1).clamp(-1, 1))
    elif measure == "LegT":
        p = torch.sqrt(2 * n + 1) * legendre(N, (1 - 2 * exact).clamp(-1, 1))
    elif measure == "FouT":
        p = fourier(N, exact)
    else:
        p = laguerre_functions(N, exact.clamp(min=0))
    return (p * inside if truncate else p).to(t.dtype)


def weight(measure: str, t: Float[Tensor, " times"], timescale: str = "window") -> Float[Tensor, " times"]:
    """The measure's density w(t) at lag t: e^{-t} for LegS, 1/window inside the window, 1 for LagT; 0 for t
    < 0.
    """
    check_measure(measure, 2, timescale)
    if measure == "LegS":
        w = torch.exp(-t)
    elif measure == "LagT":
        w = torch.ones_like(t)
    else:
        reach = window_length(measure, timescale)
        w = torch.where(t <= reach, 1 / reach, 0.0).to(t.dtype)
    return torch.where(t >= 0, w, torch.zeros_like(w))
