"""The kernel of a diagonal plus low-rank system through its generating function (S4, sections 3 and C.3).

A = diag(Lambda) - sum_j P_j Q_j^*, one of each conjugate pair, discretised by the bilinear rule. All sums
over the state below run over both members of each pair; heads are independent systems.
"""

import math

import torch
from jaxtyping import Complex, Float, Inexact
from torch import Tensor

from labkit.state_space.discretize import check_step, gbt
from labkit.state_space.kernels.cauchy import cauchy
from labkit.state_space.kernels.krylov import check_length, krylov


def real_form(
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
) -> Float[Tensor, "heads N N"]:
    """A as a real N x N matrix acting on (Re x, Im x).

    x' = Lambda x - P 2 Re(Q^* x), because the conjugate half contributes the conjugate of Q^* x.
    """
    diagonal = torch.cat(
        [
            torch.cat([torch.diag_embed(Lambda.real), torch.diag_embed(-Lambda.imag)], dim=-1),
            torch.cat([torch.diag_embed(Lambda.imag), torch.diag_embed(Lambda.real)], dim=-1),
        ],
        dim=-2,
    )
    columns, rows = torch.cat([P.real, P.imag], dim=-1), torch.cat([Q.real, Q.imag], dim=-1)
    return diagonal - 2 * torch.einsum("rhn,rhm->hnm", columns, rows)


def real_input(B: Complex[Tensor, "*shape half"]) -> Float[Tensor, "*shape N"]:
    """A state or an input vector in the real form: (Re B, Im B)."""
    return torch.cat([B.real, B.imag], dim=-1)


def real_readout(C: Complex[Tensor, "*shape half"]) -> Float[Tensor, "*shape N"]:
    """The row that reads 2 Re(C x) from (Re x, Im x): 2 (Re C, -Im C)."""
    return 2 * torch.cat([C.real, -C.imag], dim=-1)


def _powers(Lambda: Tensor, P: Tensor, Q: Tensor, dt: Tensor, L: int) -> Tensor:
    """Abar^L in the real form, in float64."""
    A = real_form(Lambda.to(torch.complex128), P.to(torch.complex128), Q.to(torch.complex128))
    Abar, _ = gbt(A, torch.zeros_like(A[..., 0]), dt.to(torch.float64))
    return torch.linalg.matrix_power(Abar, L)


def _complex_readout(row: Tensor, dtype: torch.dtype) -> Tensor:
    re, im = row.chunk(2, dim=-1)
    return torch.complex(re / 2, -im / 2).to(dtype)


def truncate_readout(
    C: Complex[Tensor, "channels heads half"],
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    dt: Float[Tensor, " heads"],
    L: int,
) -> Complex[Tensor, "channels heads half"]:
    """C^ = C (I - Abar^L): the readout whose infinite kernel's generating function, at the L-th roots of
    unity, is that of the first L steps of C's (S4, lemma C.3). Without it the kernel's tail would wrap round
    onto its beginning.

    O(N^3 log L), in float64.
    """
    check_length(L)
    row = real_readout(C.to(torch.complex128))
    kept = row - torch.einsum("chn,hnm->chm", row, _powers(Lambda, P, Q, dt, L))
    return _complex_readout(kept, C.dtype)


def untruncate_readout(
    C_hat: Complex[Tensor, "channels heads half"],
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    dt: Float[Tensor, " heads"],
    L: int,
) -> Complex[Tensor, "channels heads half"]:
    """C = C^ (I - Abar^L)^{-1}: what stepping needs after C^ has been learnt. The inverse of
    `truncate_readout`.
    """
    check_length(L)
    power = _powers(Lambda, P, Q, dt, L)
    eye = torch.eye(power.shape[-1], dtype=power.dtype, device=power.device)
    row = real_readout(C_hat.to(torch.complex128)).transpose(0, 1)
    solved = torch.linalg.solve(eye - power, row, left=False)
    return _complex_readout(solved.transpose(0, 1), C_hat.dtype)


def extend_readout(
    C_hat: Complex[Tensor, "channels heads half"],
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    dt: Float[Tensor, " heads"],
    L: int,
) -> Complex[Tensor, "channels heads half"]:
    """C^ for length 2L from C^ for length L: C (I - Abar^{2L}) = C (I - Abar^L) (I + Abar^L)."""
    check_length(L)
    row = real_readout(C_hat.to(torch.complex128))
    longer = row + torch.einsum("chn,hnm->chm", row, _powers(Lambda, P, Q, dt, L))
    return _complex_readout(longer, C_hat.dtype)


def dplr_responses(
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    B: Complex[Tensor, "inputs heads half"],
    C_hat: Complex[Tensor, "channels heads half"],
    dt: Float[Tensor, " heads"],
    L: int,
    method: str = "pair",
) -> Float[Tensor, "channels inputs heads L"]:
    """C Abar^l Bbar for l < L and for several input vectors B at once, from the truncated readout C^.

    At w = e^{-i theta}, theta = 2 pi k/L, with r(a, b) = sum_n a_n b_n / (2 (1-w)/Delta - (1+w) Lambda_n),
    Woodbury's identity gives
        Khat(w) = 2 [r(C^, B) - (1+w) r(C^, P) (I + (1+w) r(Q^*, P))^{-1} r(Q^*, B)].
    With s = sin(theta/2), c = cos(theta/2) the half angle comes out of every denominator,
        2 (1-w)/Delta - (1+w) Lambda = e^{-i theta/2} (4 i s - 2 c Delta Lambda)/Delta,
    which has no pole at w = -1 and makes each sum a real-coefficient Cauchy sum rho over the nodes (4 s, 2
    c):
        Khat(w) = 2 Delta e^{i theta/2} [rho(C^, B) - 2 c Delta rho(C^, P) (I + 2 c Delta rho(Q^*, P))^{-1}
        rho(Q^*, B)].
    """
    inputs, rank = B.shape[0], P.shape[0]
    half_angle = torch.arange(L // 2 + 1, dtype=torch.float64, device=dt.device) * (math.pi / L)
    sine, cosine = (4 * torch.sin(half_angle)).to(dt.dtype), (2 * torch.cos(half_angle)).to(dt.dtype)
    left, right = torch.cat([C_hat, Q.conj()]), torch.cat([B, P])
    sums = cauchy(left[:, None] * right[None], dt[:, None] * Lambda, sine, cosine, method)
    sums = dt[:, None] * sums
    channels = C_hat.shape[0]
    cb, cp = sums[:channels].split([inputs, rank], dim=1)
    qb, qp = sums[channels:].split([inputs, rank], dim=1)
    if rank == 1:
        correction = cp * (cosine * qb / (1 + cosine * qp))
    else:
        eye = torch.eye(rank, dtype=qp.dtype, device=qp.device)
        # the rank x rank system at each head and node
        system = eye + (cosine * qp).permute(2, 3, 0, 1)
        solved = torch.linalg.solve(system, (cosine * qb).permute(2, 3, 0, 1)).permute(2, 3, 0, 1)
        correction = torch.einsum("crhl,rihl->cihl", cp, solved)
    turn = torch.polar(torch.ones_like(half_angle), half_angle).to(sums.dtype)
    return torch.fft.irfft(2 * turn * (cb - correction), n=L)


def dplr_kernel(
    Lambda: Inexact[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    B: Complex[Tensor, "heads half"],
    C: Complex[Tensor, "channels heads half"],
    dt: Float[Tensor, " heads"],
    L: int,
    truncated: bool = False,
    method: str = "pair",
) -> Float[Tensor, "channels heads L"]:
    """K_l = C Abar^l Bbar for l < L of A = diag(Lambda) - P Q^*, bilinear, in O(N L) (S4, algorithm 1).

    One of each conjugate pair is given; the kernel is real. `truncated` says that C is already C^ = C (I -
    Abar^L), which a layer may learn directly; otherwise C^ is computed here, in O(N^3 log L). `method` as in
    `cauchy`.

    Raises ValueError for L < 1, a real Lambda, Re Lambda >= 0, and dt <= 0.
    """
    check_length(L)
    check_step(dt)
    if not Lambda.is_complex():
        raise ValueError(f"Lambda must be complex, one of each conjugate pair; got {Lambda.dtype}")
    if (Lambda.real >= 0).any():
        raise ValueError(f"Lambda must have negative real parts; the largest is {float(Lambda.real.max())}")
    C_hat = C if truncated else truncate_readout(C, Lambda, P, Q, dt, L)
    return dplr_responses(Lambda, P, Q, B[None], C_hat, dt, L, method)[:, 0]


def naive_kernel(
    Lambda: Complex[Tensor, "heads half"],
    P: Complex[Tensor, "rank heads half"],
    Q: Complex[Tensor, "rank heads half"],
    B: Complex[Tensor, "heads half"],
    C: Complex[Tensor, "channels heads half"],
    dt: Float[Tensor, " heads"],
    L: int,
    method: str = "sequential",
) -> Float[Tensor, "channels heads L"]:
    """The same kernel from its definition: the dense Abar applied L times, O(N^2 L). `method` as in
    `krylov`.
    """
    check_step(dt)
    Abar, Bbar = gbt(real_form(Lambda, P, Q), real_input(B), dt)
    return torch.einsum("chn,hnl->chl", real_readout(C), krylov(Abar, Bbar, L, method))
