"""How to Train Your HiPPO (Gu et al., ICLR 2023): the state of a linear system as coefficients of its
input's past.

A time-invariant pair (A, B) with e^{tA} B = p(t) w(t) keeps, at every moment, the best approximation of the
input's past in the basis p under the measure w. Delta sets how long "the past" is: 1/Delta steps.

Lags, times and windows are counted in steps (samples) throughout this module; the sample u_{k-j} that
entered j steps ago sits at lag j + 1/2. Lag 0 is now, and lags grow into the past.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Complex, Float, Inexact
from torch import Tensor

from labkit.state_space.bases import check_measure, legendre
from labkit.state_space.discretize import ALPHA, check_discretization, check_step, discretize
from labkit.state_space.inits import random_transition
from labkit.state_space.kernels import krylov, real_form, real_input, real_readout
from labkit.state_space.matrices import (
    MEASURES,
    WINDOWED,
    basis,
    dplr,
    low_rank,
    tilted,
    transition,
    weight,
    window_length,
)
from labkit.state_space.s4_layer import HIPPO_INITS, S4Layer
from labkit.state_space.signals import white_signal
from labkit.state_space.streaming import stream_states

__all__ = [
    "MEASURES",
    "WINDOWED",
    "LayerKernels",
    "OrthogonalSSM",
    "ScaledLegS",
    "band_limit_mask",
    "delay_readout",
    "diagonal_kernels",
    "fit_kernel",
    "layer_kernels",
    "memory_function",
    "memory_length",
    "random_transition",
    "spectrum",
    "stream_states",
    "warped_basis",
    "white_signal",
]


def _check_signal(u: Tensor) -> None:
    if not torch.isfinite(u).all():
        raise ValueError("u, the signal, must be finite; it holds NaN or infinity")


class OrthogonalSSM:
    """A time-invariant HiPPO operator: streams a signal into coefficients and back (section 3, TOSSM).

    measure         LegS, LegT, FouT or LagT
    N               number of coefficients
    dt              Delta: one step moves the past by Delta; the memory is 1/Delta steps long
    discretization  one of `discretize.DISCRETIZATIONS`
    timescale       "window": LegT and FouT remember 1/Delta steps; "unit": 2/Delta steps (measure of mean 1)
    tilt            A + tilt I: basis e^{-tilt t} p_n, measure e^{2 tilt t} w
    low_rank        False drops the low-rank term of A and halves B, which is what that term was there to cut
                    off: nothing truncates the basis any more, and FouT's sinusoids go on for ever
    normalize       scales B so that a constant input 1 settles in a state of norm 1
    truncate        whether `reconstruct` takes the basis as 0 beyond a finite window

    Raises ValueError for an unknown measure, discretization or timescale, N < 1, odd N with FouT, dt <= 0,
    and a tilt that makes A unstable (LegS: tilt < 1, LagT: tilt < 1/2).
    """

    def __init__(
        self,
        measure: str,
        N: int,
        dt: float | int,
        discretization: str = "bilinear",
        timescale: str = "window",
        tilt: float | int = 0.0,
        low_rank: bool = True,
        normalize: bool = False,
        truncate: bool = True,
    ):
        check_measure(measure, N, timescale)
        check_discretization(discretization)
        check_step(dt)
        limit = {"LegS": 1.0, "LagT": 0.5}.get(measure, math.inf)
        if not tilt < limit:
            raise ValueError(
                f"tilt must be below {limit} for {measure}, or the state grows for ever; got {tilt}"
            )
        self.measure_name, self.N, self.dt, self.discretization = measure, N, float(dt), discretization
        self.timescale, self.tilt, self.low_rank, self.truncate = timescale, float(tilt), low_rank, truncate
        A, B = transition(measure, N, timescale)
        if not low_rank:
            A, B = _without_low_rank(measure, A, B, timescale)
        self.A = tilted(A, tilt)
        # a constant input 1 ends in -A^{-1} B; FouT's dead state is left out by the pseudo-inverse
        self.scale = 1 / float(torch.linalg.norm(torch.linalg.pinv(self.A) @ B)) if normalize else 1.0
        self.B = self.scale * B
        self.Abar, self.Bbar = discretize(self.A, self.B, self.dt, discretization)

    def __repr__(self) -> str:
        return f"OrthogonalSSM({self.measure_name!r}, N={self.N}, dt={self.dt:g}, {self.discretization!r})"

    def step(self, x: Float[Tensor, "*batch N"], u: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch N"]:
        """One online update x_k = Abar x_{k-1} + Bbar u_k. Raises ValueError if x does not hold N
        coefficients.
        """
        self._check_state(x)
        return x @ self.Abar.to(x).T + u[..., None] * self.Bbar.to(x)

    def forward(
        self, u: Float[Tensor, "batch length"], x0: Float[Tensor, "batch N"] | None = None
    ) -> Float[Tensor, "batch length N"]:
        """All states along a signal, the same numbers as `step` gives one by one. Raises ValueError unless
        finite.
        """
        _check_signal(u)
        if x0 is not None:
            self._check_state(x0)
        return stream_states(self.Abar, self.Bbar, u, x0)

    __call__ = forward

    def reconstruct(
        self, x: Float[Tensor, "*batch N"], lags: Float[Tensor, " lags"]
    ) -> Float[Tensor, "*batch lags"]:
        """The past read back from the state: u(t - s) ~ sum_n x_n(t) p_n(s), best in L2(w).

        `lags` in steps: j + 1/2 for the sample that entered j steps ago. Raises ValueError for a negative
        lag (the future) and for a state that does not hold N coefficients.
        """
        self._check_state(x)
        if (lags < 0).any():
            raise ValueError(
                f"lags must be >= 0 (lag 0 is now, lags grow into the past); got {float(lags.min())}"
            )
        return x @ (self.basis(lags).to(x) / self.scale)

    def basis(self, t: Float[Tensor, " times"]) -> Float[Tensor, "N times"]:
        """The basis e^{-tilt t} p_n(t) at lags t, in steps."""
        time = self.dt * t.to(torch.float64)
        p = basis(self.measure_name, self.N, time, self.timescale, truncate=self.truncate)
        return (torch.exp(-self.tilt * time) * p).to(t.dtype)

    def measure(self, t: Float[Tensor, " times"]) -> Float[Tensor, " times"]:
        """The measure's density e^{2 tilt t} w(t) at lags t in steps, per unit of t * dt."""
        time = self.dt * t.to(torch.float64)
        return (torch.exp(2 * self.tilt * time) * weight(self.measure_name, time, self.timescale)).to(t.dtype)

    def kernels(self, t: Float[Tensor, " times"]) -> Float[Tensor, "N times"]:
        """The basis kernels K_n(t) = e_n^T e^{t Delta A} B at lags t in steps, from A and B alone; 0 for t <
        0.

        Equal to basis(t) * measure(t): exactly for LegS and LagT, in the limit of large N for LegT and FouT.
        Evenly spaced lags take log2(T) matrix products, others one matrix exponential each.
        """
        A, B = self.A.to(t.device), self.B.to(t.device)
        return (_exponential_kernels(A, B, self.dt * t.to(torch.float64)) * (t >= 0)).to(t.dtype)

    def spectrum(self) -> tuple[Complex[Tensor, " N"], Complex[Tensor, " N"]]:
        """The eigenvalues of A and of Abar: see `spectrum`."""
        return spectrum(self.A, self.dt, self.discretization)

    def memory_length(self, fraction: float | int = 0.9) -> float:
        """The lag in steps that contains `fraction` of the (untilted) measure: see `memory_length`."""
        return memory_length(self.measure_name, self.dt, fraction, self.timescale)

    def _check_state(self, x: Tensor) -> None:
        if x.shape[-1] != self.N:
            raise ValueError(f"x must hold N = {self.N} coefficients in its last axis; got {tuple(x.shape)}")


def _without_low_rank(measure: str, A: Tensor, B: Tensor, timescale: str) -> tuple[Tensor, Tensor]:
    """A + P P^T and B/2: the normal part alone.

    The low-rank term is -1/2 B (u now, as the state has it) and, in a window, the same for the window's far
    end. Leaving it out while halving B keeps the near end and loses the far one.
    """
    P = low_rank(measure, A.shape[-1], 2 if measure == "LegT" else 1, timescale)
    return A + P.T @ P, B / 2


def _exponential_kernels(A: Tensor, B: Tensor, t: Tensor) -> Tensor:
    """e^{tA} B for each t >= 0 (negative t are taken as 0), as columns."""
    t = t.clamp(min=0)
    gap = t[1] - t[0] if len(t) > 2 else None
    if (
        gap is not None
        and gap > 0
        and torch.allclose(t.diff(), gap.expand(len(t) - 1), rtol=1e-9, atol=1e-13)
    ):
        gap = (t[-1] - t[0]) / (len(t) - 1)
        return krylov(torch.linalg.matrix_exp(gap * A), torch.linalg.matrix_exp(t[0] * A) @ B, len(t))
    columns = [torch.linalg.matrix_exp(part[:, None, None] * A) @ B for part in t.split(32)]
    return torch.cat(columns).T if columns else B[:, None][:, :0]


class ScaledLegS:
    """The original, time-varying HiPPO-LegS: Legendre coefficients of the whole past [0, t], stretched as t
    grows.

    x' = (A x + B u)/t, discretised with A/k at step k on both sides (HiPPO, 2020, section 3.3). It has no
    Delta: stretching the signal in time leaves the final state as it is.

    method   forward, bilinear or backward (GBT with alpha = 0, 1/2, 1) in O(N) per step, or
             zoh, with exp(A log((k+1)/k)) as the original code has it, in O(N^2) per step

    With `bilinear`:  (I - A/(2k)) x_k = (I + A/(2k)) x_{k-1} + (B/k) u_k.
    `forward` overflows within its first N steps when N is large: the modes 1 - n/k are far below -1 there.

    Raises ValueError for N < 1, max_length < 1 and an unknown method.
    """

    METHODS = ("bilinear", "forward", "backward", "zoh")

    def __init__(self, N: int, max_length: int, method: str = "bilinear"):
        check_measure("LegS", N)
        if max_length < 1:
            raise ValueError(f"max_length must be at least 1; got {max_length}")
        if method not in self.METHODS:
            raise ValueError(f"method must be one of {', '.join(self.METHODS)}; got {method!r}")
        self.N, self.max_length, self.method = N, max_length, method

    def __repr__(self) -> str:
        return f"ScaledLegS(N={self.N}, max_length={self.max_length}, {self.method!r})"

    def forward(self, u: Float[Tensor, "batch length"]) -> Float[Tensor, "batch length N"]:
        """All states along a signal. Raises ValueError if it is longer than max_length or not finite."""
        length = u.shape[1]
        if length > self.max_length:
            raise ValueError(f"length {length} exceeds max_length {self.max_length}")
        if length < 1:
            raise ValueError("u must hold at least one sample; got length 0")
        _check_signal(u)
        return self._held(u) if self.method == "zoh" else self._wavefront(u, ALPHA[self.method])

    __call__ = forward

    def reconstruct(
        self, x: Float[Tensor, "*batch N"], r: Float[Tensor, " points"]
    ) -> Float[Tensor, "*batch points"]:
        """The whole past from one state: u(r t) ~ sum_n x_n sqrt(2n+1) P_n(2r - 1); r = 0 the start, r = 1
        now.

        After k steps, sample j (from 1) sits at r = (j - 1/2)/k. Raises ValueError for r outside [0, 1].
        """
        if x.shape[-1] != self.N:
            raise ValueError(f"x must hold N = {self.N} coefficients in its last axis; got {tuple(x.shape)}")
        if (r < 0).any() or (r > 1).any():
            raise ValueError(f"r must lie in [0, 1]; got {float(r.min())} to {float(r.max())}")
        return x @ _stretched_legendre(self.N, r.to(torch.float64)).to(x)

    def _wavefront(self, u: Tensor, alpha: float | int) -> Tensor:
        """Forward substitution along the diagonals n + k = const, where every entry is independent.

        A x needs only running sums, because A = -diag(n+1) - D (strictly lower ones) D with d_n = sqrt(2n+1).
        With s_n(k) = sum_{j<n} d_j x_j(k), m = n + 1 and beta = 1 - alpha, row n of step k reads
            (k + alpha m) x_n(k) = (k - beta m) x_n(k-1) - d_n (alpha s_n(k) + beta s_n(k-1) - u_k)
            s_{n+1}(k) = s_n(k) + d_n x_n(k)
        """
        (batch, length), N, beta = u.shape, self.N, 1 - alpha
        waves = length + N - 1
        n = torch.arange(N, device=u.device)
        k = (
            torch.arange(1, waves + 1, device=u.device)[:, None] - n
        )  # the step that mode n meets in each wave
        active = ((k >= 1) & (k <= length)).to(torch.float64)
        k = k.clamp(min=1)
        m, d = (n + 1).to(torch.float64), torch.sqrt(2 * n.to(torch.float64) + 1)
        gain = active * d / (k + alpha * m)
        keep = (active * (k - beta * m) / (k + alpha * m)).to(u.dtype).unbind()
        now, last = (-alpha * gain).to(u.dtype).unbind(), (-beta * gain).to(u.dtype).unbind()
        gain, d = gain.to(u.dtype).unbind(), d.to(u.dtype)
        # wave w shows sample w - n to mode n: a window of the signal, reversed
        shown = torch.nn.functional.pad(u.flip(1), (N - 1, N - 1)).unfold(1, N, 1).unbind(1)[::-1]
        x = s = torch.zeros(batch, N, dtype=u.dtype, device=u.device)
        states = []
        for wave in range(waves):
            s_last, s = s, torch.nn.functional.pad(torch.addcmul(s, d, x)[:, :-1], (1, 0))
            x = torch.addcmul(shown[wave] * gain[wave], keep[wave], x).addcmul_(now[wave], s)
            if beta:
                x = x.addcmul_(last[wave], s_last)
            states.append(x)
        # x_n(k) stands in wave k + n (k from 0): a step in k is one wave on, a step in n one wave and one
        # mode on
        skewed = torch.stack(states)
        return skewed.as_strided((batch, length, N), (N, batch * N, batch * N + 1)).contiguous()

    def _held(self, u: Tensor) -> Tensor:
        """x_k = exp(A log((k+1)/k)) x_{k-1} + A^{-1} (exp(A log((k+1)/k)) - I) B u_k.

        Exact for a signal that holds u_k over the time k to k + 1, after silence up to time 1.
        """
        A, B = (part.to(u.device) for part in transition("LegS", self.N))
        x = torch.zeros(u.shape[0], self.N, dtype=u.dtype, device=u.device)
        k = torch.arange(1, u.shape[1] + 1, dtype=torch.float64, device=u.device)
        states = []
        for steps in k.split(64):
            Abar = torch.linalg.matrix_exp(torch.log1p(1 / steps)[:, None, None] * A)
            Bbar = torch.linalg.solve_triangular(A, (Abar @ B - B).T, upper=False).T
            Abar, Bbar = Abar.mT.to(u.dtype), Bbar.to(u.dtype)
            for i in range(len(steps)):
                x = x @ Abar[i] + u[:, len(states), None] * Bbar[i]
                states.append(x)
        return torch.stack(states, dim=1)


def _stretched_legendre(N: int, r: Tensor) -> Tensor:
    """sqrt(2n+1) P_n(2r - 1): Legendre polynomials orthonormal under the uniform measure on [0, 1]."""
    n = torch.arange(N, dtype=r.dtype, device=r.device)
    return torch.sqrt(2 * n + 1).reshape(-1, *[1] * r.ndim) * legendre(N, 2 * r - 1)


def warped_basis(
    a: Callable[[Tensor], Tensor], N: int, t: float | int, s: Float[Tensor, " times"]
) -> tuple[Float[Tensor, "N times"], Float[Tensor, " times"]]:
    """Basis and measure of x' = (a'/a)(A x + B u), A and B of LegS, at time t for the past times s <= t.

    p_n(t, s) = sqrt(2n+1) P_n(2 a(s)/a(t) - 1) and w(t, s) = a'(s)/a(t) (section 3, time-warped LegS). a(t)
    = t gives the scaled operator, a(t) = e^t the time-invariant one with weight e^{-(t-s)}. Both are 0 for s
    > t.

    `a` is written with torch operations (its derivative is taken by autograd), positive and increasing.
    Raises ValueError for N < 1, and if a(t) <= 0, or a(s) < 0, or a decreases somewhere on s.
    """
    check_measure("LegS", N)
    with torch.enable_grad():
        times = s.detach().to(torch.float64).requires_grad_()
        values = a(times)
        (slope,) = torch.autograd.grad(values.sum(), times)
    values = values.detach()
    now = float(a(torch.tensor(t, dtype=torch.float64, device=s.device)))
    past = s <= t
    if not now > 0 or (values[past] < 0).any() or (slope[past] < 0).any():
        raise ValueError(f"a, the warp, must be positive and increasing up to t={t}; got a(t)={now}")
    ratio = (values / now).clamp(0, 1)
    return (_stretched_legendre(N, ratio) * past).to(s.dtype), (slope / now * past).to(s.dtype)


def delay_readout(
    measure: str,
    N: int,
    lag: float | int = 1.0,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[Float[Tensor, " N"], float]:
    """(C, D) with C x(t) + D u(t) ~ u(t - lag); `lag` in units of 1/Delta, 1 being the window's end.

    C_n = p_n(lag) and D = 0, with one exception. At the window's end the Fourier series, which is periodic,
    converges to the midpoint (u(t) + u(t-1))/2, hence for FouT at lag 1
        u(t-1) = 2 sum_n p_n(1) x_n - u(t):   C = (2, 0, 2 sqrt2, 0, 2 sqrt2, ...), D = -1
    (section 3.3, delay network).

    Raises ValueError as `basis` does, and for a lag outside the measure (LegT, FouT: 0 < lag <= 1; others:
    lag > 0).
    """
    check_measure(measure, N)
    if not 0 < lag <= window_length(measure):
        raise ValueError(f"lag must lie in (0, {window_length(measure)}] for {measure}; got {lag}")
    C = basis(measure, N, torch.tensor([lag], dtype=torch.float64, device=device))[:, 0]
    if measure == "FouT" and lag == 1:
        C = 2 * basis(measure, N, torch.zeros(1, dtype=torch.float64, device=device))[:, 0]
        return C.to(dtype), -1.0
    return C.to(dtype), 0.0


def fit_kernel(measure: str, N: int, k: Float[Tensor, " length"], dt: float | int) -> Float[Tensor, " N"]:
    """C whose output kernel sum_n C_n p_n(t) w(t) is the best approximation of the samples k in L2(1/w).

    C_n = integral of k(t) p_n(t) dt, because the p_n are orthonormal under w; by the midpoint rule with k[j]
    at t = (j + 1/2) dt, in units of 1/Delta (section 3.3: a window reaches any kernel on [0, 1]).
    Raises ValueError as `basis` does, for dt <= 0, and for a kernel that is not finite.
    """
    check_step(dt)
    if not torch.isfinite(k).all():
        raise ValueError("k, the kernel, must be finite; it holds NaN or infinity")
    t = (torch.arange(len(k), dtype=torch.float64, device=k.device) + 0.5) * dt
    return (basis(measure, N, t) @ k.to(torch.float64) * dt).to(k.dtype)


def memory_function(
    A: Float[Tensor, "N N"],
    B: Float[Tensor, " N"],
    C: Float[Tensor, "*readouts N"],
    dt: float | int,
    L: int,
    discretization: str = "bilinear",
) -> Float[Tensor, "*readouts L"]:
    """How each past sample enters the output: K_l = C Abar^l Bbar for lags l < L, with y_k = sum_l K_l
    u_{k-l}.
    """
    Abar, Bbar = discretize(A, B, dt, discretization)
    return C @ krylov(Abar, Bbar, L)


def memory_length(
    measure: str,
    dt: float | int = 1.0,
    fraction: float | int = 0.9,
    timescale: str = "window",
    elapsed: float | int | None = None,
) -> float:
    """The lag in steps that contains `fraction` of the measure.

    LegS -ln(1 - fraction)/Delta (2.303/Delta at 90%), LegT and FouT fraction * window/Delta, LagT infinity
    (its measure is uniform for ever), and "scaled", the time-varying LegS, fraction * elapsed after
    `elapsed` steps.

    Raises ValueError for an unknown measure, dt <= 0, a fraction outside (0, 1), and "scaled" without
    `elapsed`.
    """
    check_measure(measure, 2, timescale, (*MEASURES, "scaled"))
    check_step(dt)
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie in (0, 1); got {fraction}")
    if measure == "scaled":
        if elapsed is None or elapsed <= 0:
            raise ValueError(
                f"elapsed, the steps so far, must be positive for the scaled measure; got {elapsed}"
            )
        return fraction * elapsed
    if measure == "LegS":
        return -math.log1p(-fraction) / dt
    return fraction * window_length(measure, timescale) / dt


def spectrum(
    A: Float[Tensor, "N N"], dt: float | int, discretization: str = "bilinear"
) -> tuple[Complex[Tensor, " N"], Complex[Tensor, " N"]]:
    """The eigenvalues of A and of its discretisation Abar, paired.

    Abar is a function of A, so mu = (1 + (1-alpha) Delta lambda)/(1 - alpha Delta lambda) for the GBT rules
    and mu = e^{Delta lambda} for the others. Stable means Re lambda < 0, |mu| < 1; Euler forward may leave
    the circle.
    """
    check_discretization(discretization)
    check_step(dt)
    eigenvalues = torch.linalg.eigvals(A)
    z = dt * eigenvalues
    if discretization in ALPHA:
        alpha = ALPHA[discretization]
        return eigenvalues, (1 + (1 - alpha) * z) / (1 - alpha * z)
    return eigenvalues, torch.exp(z)


def band_limit_mask(
    Lambda: Complex[Tensor, "*heads half"],
    dt: float | int | Inexact[Tensor, "*heads"],
    limit: float | int = 1.0,
) -> Bool[Tensor, "*heads half"]:
    """True for the modes whose frequency the sampling can carry: Delta |Im Lambda| <= pi * limit.

    Above pi a mode turns more than half a circle in one step: zero-order hold folds it back onto a slower one
    (aliasing), the bilinear rule squeezes it below the Nyquist frequency.
    Raises ValueError for dt <= 0 and limit <= 0.
    """
    check_step(dt)
    if limit <= 0:
        raise ValueError(f"limit, the fraction of the Nyquist frequency, must be positive; got {limit}")
    step = dt[..., None] if isinstance(dt, Tensor) else dt
    return step * Lambda.imag.abs() <= math.pi * limit


def diagonal_kernels(
    measure: str, N: int, t: Float[Tensor, " times"], dt: float | int = 1.0, halve_input: bool = True
) -> Float[Tensor, "N times"]:
    """The basis kernels without the low-rank term, K(t) = 2 Re V e^{t Delta Lambda} B/2, at lags t in steps.

    For LegS they converge to the true kernels as N grows (S4D, theorem 3), but only weakly: what they do to
    a smooth input converges, while the kernels themselves keep wiggling around their limits, ever faster.
    For FouT they are the sinusoids without an end to their window. Raises ValueError for an unknown measure,
    dt <= 0, and odd N.
    """
    check_step(dt)
    Lambda, _, B, V = dplr(measure, N, 2 if measure == "LegT" else 1, device=t.device)
    modes = torch.exp(Lambda[:, None] * (dt * t.to(torch.float64)))
    half = 0.5 if halve_input else 1.0
    return (2 * half * ((V * B) @ modes).real * (t >= 0)).to(t.dtype)


class LayerKernels(NamedTuple):
    """What the channels of an S4 layer remember, over lags in steps."""

    lags: Float[Tensor, " length"]
    basis: Float[Tensor, "channels N length"]
    kernels: Float[Tensor, "directions channels length"]


@torch.no_grad()
def layer_kernels(layer: S4Layer, length: int) -> LayerKernels:
    """Reads a layer, trained or not: each channel's N basis kernels e^{t Delta A} B and its output kernel C
    e^{t Delta A} B.

    Lags are 1/2, 3/2, ... steps; each channel stretches its basis by its own Delta. The basis stands in the
    coordinates of the layer's HiPPO start, where an untrained layer gives `OrthogonalSSM.kernels` (up to the
    1e-4 of decay that a layer adds to FouT, LegT and LagT); for starts that have no such coordinates the N
    rows are twice the real and the imaginary parts of the modes. Everything is computed in float64 and in
    continuous time: Delta times the output kernel is close to `layer.kernel(length)` where Delta is small.

    Raises ValueError for length < 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    Lambda, P, B, dt = layer.systems()
    wide = torch.complex128
    dt = dt.to(torch.float64)
    A = dt[:, None, None] * real_form(Lambda.to(wide), P.to(wide), P.to(wide))
    start = torch.linalg.matrix_exp(A / 2) @ real_input(B.to(wide))[..., None]
    states = krylov(torch.linalg.matrix_exp(A), start[..., 0], length)
    kernels = torch.einsum("chn,hnl->chl", real_readout(layer.readout().to(wide)), states)
    names = layer.starts()
    turned = []
    for channel, name in enumerate(names):
        if name in HIPPO_INITS:
            V = dplr(
                HIPPO_INITS[name],
                layer.d_state,
                2 if name == "legt" else 1,
                layer.timescale,
                device=dt.device,
            )[3]
            # the state in HiPPO's coordinates is 2 Re(V x)
            turned.append(real_readout(V) @ states[channel])
        else:
            turned.append(2 * states[channel])
    lags = torch.arange(length, dtype=torch.float64, device=dt.device) + 0.5
    return LayerKernels(lags, torch.stack(turned), kernels)
