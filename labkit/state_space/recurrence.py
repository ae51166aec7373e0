"""One step of a state-space model: x_k = Abar x_{k-1} + Bbar u_k, y_k = C x_k, in O(N) or O(N^2) per head.

Each form holds what it needs ready-made; `recurrent_step` advances any of them by one sample.
"""

from typing import NamedTuple

import torch
from jaxtyping import Complex, Float, Inexact
from torch import Tensor

from labkit.state_space.discretize import check_step, gbt
from labkit.state_space.kernels.dplr import real_form, real_input, real_readout

MODES = ("linear", "dense", "diagonal")


class LowRankStep(NamedTuple):
    """Diagonal plus low-rank, O(N): Abar = A1 A0 with both factors diagonal plus low-rank (S4, section
    C.2).
    """

    A0: Tensor  # 2/Delta + Lambda (heads, half)
    gain: Tensor  # (2/Delta - Lambda)^{-1} (heads, half)
    P: Tensor  # (rank, heads, half)
    Q_conj: Tensor  # (rank, heads, half)
    correction: Tensor  # gain P (I + Q^* gain P)^{-1} (rank, heads, half)
    B2: Tensor  # 2 B (heads, half)
    C: Tensor  # (channels, heads, half)


class DenseStep(NamedTuple):
    """Real N x N matrices on (Re x, Im x), O(N^2)."""

    Abar: Tensor  # (heads, N, N)
    Bbar: Tensor  # (heads, N)
    C: Tensor  # (channels, heads, N)


class DiagonalStep(NamedTuple):
    """A diagonal Abar, O(N); y = Re(C x), so that a readout of conjugate halves carries its factor 2."""

    Abar: Tensor  # (heads, modes)
    Bbar: Tensor  # (heads, modes)
    C: Tensor  # (channels, heads, modes)
    enter: Tensor | None = None  # brings (Re x, Im x) into the eigenvectors' coordinates (heads, modes, N)


def dplr_step_params(
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    B: Complex[Tensor, "heads half"],
    C: Complex[Tensor, "channels heads half"],
    dt: Float[Tensor, " heads"],
    mode: str = "linear",
) -> LowRankStep | DenseStep | DiagonalStep:
    """The bilinear recurrence of A = diag(Lambda) - P Q^*, ready to step.

    linear    A0 = 2/Delta + A, A1 = (2/Delta - A)^{-1} = Dg - Dg P (I + Q^* Dg P)^{-1} Q^* Dg with
              Dg = (2/Delta - Lambda)^{-1}; Abar = A1 A0 and Bbar = 2 A1 B, never multiplied out
    dense     Abar and Bbar as real matrices
    diagonal  Abar's eigenvectors, in float64; its state has other coordinates than the first two modes'.
              LegS and LegT as they start have no usable eigenvectors from N = 16 or so on: condition numbers
              grow exponentially with N, which is why S4 rotates by a unitary matrix instead

    C is the readout itself, not the truncated C^. Raises ValueError for an unknown mode, dt <= 0, and in mode
    "diagonal" for eigenvectors whose condition number exceeds 1e8 (half of float64's digits).
    """
    check_step(dt)
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}")
    if mode == "linear":
        scale = (2 / dt)[:, None]
        gain = 1 / (scale - Lambda)
        # (I + Q^* Dg P) over both members of each pair: rank x rank, real
        inner = 2 * torch.einsum("rhn,hn,shn->hrs", Q.conj(), gain, P).real
        eye = torch.eye(P.shape[0], dtype=inner.dtype, device=inner.device)
        inverse = torch.linalg.inv(eye + inner).to(P.dtype)
        correction = torch.einsum("hn,shn,hsr->rhn", gain, P, inverse)
        return LowRankStep(scale + Lambda, gain, P, Q.conj(), correction, 2 * B, C)
    if mode == "dense":
        Abar, Bbar = gbt(real_form(Lambda, P, Q), real_input(B), dt)
        return DenseStep(Abar, Bbar, real_readout(C))
    wide = [part.to(torch.complex128) for part in (Lambda, P, Q, B, C)]
    Abar, Bbar = gbt(real_form(*wide[:3]), real_input(wide[3]), dt.to(torch.float64))
    modes, V = torch.linalg.eig(Abar)
    condition = float(torch.linalg.cond(V).max())
    if not condition <= 1e8:
        raise ValueError(
            f"mode 'diagonal' needs eigenvectors of condition number <= 1e8; "
            f"got {condition:.1e}: use 'linear'"
        )
    into = torch.linalg.inv(V)
    inputs = torch.linalg.solve(V, Bbar.to(V.dtype))
    readout = torch.einsum("chn,hnm->chm", real_readout(wide[4]).to(V.dtype), V)
    return DiagonalStep(*(part.to(Lambda.dtype) for part in (modes, inputs, readout, into)))


def initial_state(
    form: LowRankStep | DenseStep | DiagonalStep, batch: int
) -> Inexact[Tensor, "batch heads modes"]:
    """The zero state that a form steps from."""
    example = form.B2 if isinstance(form, LowRankStep) else form.Bbar
    return torch.zeros(batch, *example.shape, dtype=example.dtype, device=example.device)


def enter(
    form: LowRankStep | DenseStep | DiagonalStep, x: Inexact[Tensor, "batch heads half"]
) -> Inexact[Tensor, "batch heads modes"]:
    """A state given as one of each conjugate pair, in the coordinates that the form steps in."""
    if isinstance(form, DenseStep):
        return real_input(x)
    if isinstance(form, DiagonalStep) and form.enter is not None:
        return torch.einsum("hmn,bhn->bhm", form.enter, real_input(x).to(form.enter.dtype))
    return x


def recurrent_step(
    form: LowRankStep | DenseStep | DiagonalStep,
    x: Inexact[Tensor, "batch heads modes"],
    u: Float[Tensor, "batch heads"],
) -> tuple[Float[Tensor, "batch channels heads"], Inexact[Tensor, "batch heads modes"]]:
    """(y_k, x_k) from x_{k-1} and the sample u_k, one per head."""
    if isinstance(form, LowRankStep):
        # x <- A0 x + 2 B u, then x <- A1 x; Q^* x runs over both members of each pair: 2 Re(.)
        inner = 2 * torch.einsum("rhn,bhn->rbh", form.Q_conj, x).real
        x = form.A0 * x - torch.einsum("rhn,rbh->bhn", form.P, inner.to(x.dtype)) + form.B2 * u[..., None]
        x = form.gain * x
        inner = 2 * torch.einsum("rhn,bhn->rbh", form.Q_conj, x).real
        x = x - torch.einsum("rhn,rbh->bhn", form.correction, inner.to(x.dtype))
        return 2 * torch.einsum("chn,bhn->bch", form.C, x).real, x
    if isinstance(form, DenseStep):
        x = torch.einsum("hnm,bhm->bhn", form.Abar, x) + form.Bbar * u[..., None]
        return torch.einsum("chn,bhn->bch", form.C, x), x
    x = form.Abar * x + form.Bbar * u[..., None]
    return torch.einsum("chn,bhn->bch", form.C, x).real, x
