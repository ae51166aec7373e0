"""Exercise 2: the kernel from four Cauchy sums."""

import math

import torch
from torch import Tensor

from labkit.exercise import Mistake, Wrong, exercise, recognise
from labkit.state_space.kernels import krylov
from labkit.state_space.matrices import nplr
from labkit.state_space.s4.exercise.bilinear import _bilinear


def _system(N: int, seed: int) -> tuple[Tensor, ...]:
    """(Lambda, P, Q, B, C): LegS with an untied Q, so that its conjugate matters."""
    Lambda, P, B, _ = nplr("LegS", N)
    generator = torch.Generator(device="cpu").manual_seed(seed)
    turn = torch.rand(N // 2, dtype=torch.float64, generator=generator, device="cpu")
    turn = torch.polar(torch.ones_like(turn), turn)
    C = torch.randn(N // 2, dtype=torch.complex128, generator=generator, device="cpu")
    # conjugate pairs stay conjugate, so that the kernel is real
    Q = P[0] * torch.cat([turn, turn.conj()])
    return Lambda, P[0], Q, B, torch.cat([C, C.conj()])


def _discrete(Lambda: Tensor, P: Tensor, Q: Tensor, B: Tensor, dt: float) -> tuple[Tensor, Tensor]:
    return _bilinear(torch.diag(Lambda) - torch.outer(P, Q.conj()), B, dt)


def _power_series(Lambda, P, Q, B, C, dt, L):
    Abar, Bbar = _discrete(Lambda, P, Q, B, dt)
    return (C @ krylov(Abar, Bbar, L)).real


def _make(truncate=True, sign=1.0, added=False, conjugate=True, outer=True, low_rank=True):
    def kernel(Lambda, P, Q, B, C, dt, L):
        if truncate:
            Abar, _ = _discrete(Lambda, P, Q, B, dt)
            C = C - C @ torch.linalg.matrix_power(Abar, L)
        # L is odd in the checks: no root of unity is -1
        angle = 2 * math.pi * torch.arange(L, dtype=torch.float64, device="cpu") / L
        z = torch.polar(torch.ones_like(angle), -angle)
        g = 2 / dt * (1 - z) / (1 + z)
        R = 1 / (g[:, None] - Lambda)
        Qc = Q.conj() if conjugate else Q
        k00, k01 = (R * (C * B)).sum(-1), (R * (C * P)).sum(-1)
        k10, k11 = (R * (Qc * B)).sum(-1), (R * (Qc * P)).sum(-1)
        correction = sign * k01 * k10 / (1 + sign * k11) if low_rank else 0
        khat = k00 + correction if added else k00 - correction
        return torch.fft.ifft((2 / (1 + z) if outer else 1) * khat).real

    return kernel


def _same(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and torch.allclose(
        found.to(torch.float64), wanted, atol=1e-6 * float(wanted.abs().max())
    )


@exercise(
    "The kernel from four Cauchy sums",
    level="key",
    points=5,
    solution=_make(),
    hints=(
        "Begin with C_hat = C (I - Abar^L): build Abar once from A = diag(Lambda) - P Q^* by the bilinear rule.",
        "At each root of unity z the four sums are sum_n a_n b_n / (g(z) - Lambda_n) for (a, b) = (C_hat, B), "
        "(C_hat, P), "
        "(conj Q, B), (conj Q, P).",
        "Woodbury: k00 - k01 k10 / (1 + k11), times 2/(1 + z); then torch.fft.ifft(...).real.",
    ),
    mistakes=(
        Mistake(
            "C instead of C_hat",
            _make(truncate=False),
            "The kernel's tail is folded onto its beginning: you get K_l + K_{l+L} + K_{l+2L} + ... The inverse FFT "
            "of L "
            "samples gives the first L values only if C is replaced by C_hat = C (I - Abar^L).",
        ),
        Mistake(
            "correction added",
            _make(added=True),
            "You add the correction; Woodbury subtracts it: k00 - k01 k10 / (1 + k11).",
        ),
        Mistake(
            "Woodbury sign",
            _make(sign=-1.0),
            "This is the kernel of diag(Lambda) + P Q^*, whose rank-one term has the other sign. A is Lambda - P "
            "Q^*, so g - A "
            "is diag + P Q^*, and Woodbury subtracts k01 k10 / (1 + k11).",
        ),
        Mistake(
            "Q not conjugated",
            _make(conjugate=False),
            "Q enters as Q^*: conjugated. As long as P and Q are real nobody notices; in the rotated coordinates "
            "both are "
            "complex.",
        ),
        Mistake(
            "factor 2/(1+z) missing",
            _make(outer=False),
            "The factor 2/(1 + z) in front is missing: it comes from (I - Δ/2 A)^{-1}, and without it every kernel "
            "value "
            "mixes with its neighbours.",
        ),
        Mistake(
            "low-rank term dropped",
            _make(low_rank=False),
            "You have kept only the first of the four sums: that is the diagonal system (S4D, another paper). The "
            "three "
            "others correct for P Q^*.",
        ),
    ),
)
def cauchy_kernel(answer) -> str:
    r"""Write `cauchy_kernel(Lambda, P, Q, B, C, dt, L)` that returns the real kernel
    $\bar K_l = C\bar A^l\bar B$, $l < L$, of $A = \mathrm{diag}(\Lambda) - PQ^*$ under the bilinear rule, **without a
    loop over $l$**. All of `Lambda, P, Q, B, C` are `(N,)`, complex double, both members of each pair; `L` is odd, so
    that no root of unity is $-1$.

    $$\hat K(z) = \frac{2}{1+z}\Big[k_{\hat C,B} - k_{\hat C,P}\,\frac{k_{Q^*,B}}{1+k_{Q^*,P}}\Big],\qquad
    k_{a,b}(z) = \sum_n \frac{a_n b_n}{g(z)-\Lambda_n},\quad g(z) = \frac2\Delta\,\frac{1-z}{1+z},\quad
    z = e^{-2\pi i k/L}$$
    """
    for N, dt, L, seed in ((8, 0.05, 33, 0), (4, 0.2, 15, 1), (16, 0.01, 101, 2)):
        system = _system(N, seed)
        found = answer(*system, dt, L)
        if not isinstance(found, Tensor):
            raise Wrong(f"cauchy_kernel should return a tensor; yours is a {type(found).__name__}.")
        found = found.detach()
        if found.is_complex():
            raise Wrong("The kernel is real: take the real part of the inverse FFT.")
        if found.shape != (L,):
            raise Wrong(f"The kernel should have the shape ({L},); yours has {tuple(found.shape)}.")
        exact = _power_series(*system, dt, L)
        if not _same(found, exact):
            error = float((found - exact).abs().max() / exact.abs().max())
            raise recognise(
                cauchy_kernel.mistakes,
                lambda mistaken, found=found, system=system, dt=dt, L=L: _same(
                    found, mistaken(*system, dt, L)
                ),
                f"For N = {N}, Δ = {dt:g}, L = {L} your kernel is off by {error:.0%} of its largest value. Compare "
                "the generating function at one z with sum_l K_l z^l of a kernel computed by powers.",
            )
    return "Exact, in O(NL) simple operations and one FFT, where the powers took O(N²L) one after another."
