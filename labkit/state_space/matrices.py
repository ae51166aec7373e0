"""HiPPO matrices (A, B), their low-rank corrections, and the unitary change of basis that S4 rests on.

x'(t) = A x(t) + B u(t) holds the coefficients of the input's past in the basis p_n under the measure w,
because e^{tA} B = p(t) w(t) (How to Train Your HiPPO, section 3). All matrices are built in float64 and cast
at the end: LegS in float32 has already lost digits at N = 64.
"""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.state_space.bases import MEASURES, WINDOWED, basis, check_measure, weight, window_length

__all__ = [
    "MEASURES",
    "WINDOWED",
    "basis",
    "dplr",
    "low_rank",
    "normalize_input",
    "nplr",
    "tilted",
    "transition",
    "weight",
    "window_length",
]

COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}


def _odd(N: int, device: torch.device | str) -> Float[Tensor, " N"]:
    """2n + 1 for n < N."""
    return 2 * torch.arange(N, dtype=torch.float64, device=device) + 1


def transition(
    measure: str,
    N: int,
    timescale: str = "window",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[Float[Tensor, "N N"], Float[Tensor, " N"]]:
    """The continuous-time pair (A, B) of a measure: LegS, LegT, FouT, LagT or LMU.

    LegS   A_nk = -sqrt((2n+1)(2k+1)) for n > k, -(n+1) for n = k, 0 for n < k;  B_n = sqrt(2n+1)
    LegT   A_nk = -sqrt((2n+1)(2k+1)) * (1 for n >= k, (-1)^{n-k} for n < k);    B_n = sqrt(2n+1)
    FouT   A = 2 pi R - v v^T, v = (sqrt2, 0, 2, 0, 2, 0, ...);                  B = sqrt2 v
    LagT   A = I/2 - lower triangle of ones;                                     B_n = 1
    LMU    A_nk = (2n+1) * (-1 for n < k, (-1)^{n-k+1} for n >= k);              B_n = (-1)^n (2n+1)

    LegT, FouT and LMU remember a window of length 1; `timescale="unit"` halves LegT and FouT, which
    makes the window 2 and the measure's mean 1.

    Raises ValueError for an unknown measure or timescale, N < 1, and odd N with FouT.
    """
    check_measure(measure, N, timescale, (*MEASURES, "LMU"))
    odd = _odd(N, device)
    n = torch.arange(N, device=device)
    later = n[:, None] >= n[None, :]
    sign = 1.0 - 2.0 * ((n[:, None] - n[None, :]) % 2)  # (-1)^{n-k}
    if measure == "LegS":
        B = odd.sqrt()
        A = -torch.tril(torch.outer(B, B), -1) - torch.diag((odd + 1) / 2)
    elif measure == "LegT":
        B = odd.sqrt()
        A = -torch.outer(B, B) * torch.where(later, 1.0, sign)
    elif measure == "FouT":
        v = low_rank("FouT", N, device=device)[0]
        rotation = torch.zeros(N, N, dtype=torch.float64, device=device)
        frequency = torch.arange(N // 2, dtype=torch.float64, device=device)
        # R[2f, 2f+1] = -f and R[2f+1, 2f] = f: the derivative turns a cosine into a sine
        rotation[0::2, 1::2] = -torch.diag(frequency)
        rotation[1::2, 0::2] = torch.diag(frequency)
        A = 2 * math.pi * rotation - torch.outer(v, v)
        B = math.sqrt(2) * v
    elif measure == "LagT":
        ones = torch.ones(N, N, dtype=torch.float64, device=device)
        A = torch.eye(N, dtype=torch.float64, device=device) / 2 - torch.tril(ones)
        B = ones[0].clone()
    else:
        A = odd[:, None] * torch.where(later, -sign, -1.0)
        B = sign[:, 0] * odd
    scale = 1 / window_length(measure, timescale) if measure in WINDOWED else 1.0
    return (scale * A).to(dtype), (scale * B).to(dtype)


def tilted(A: Float[Tensor, "N N"], tilt: float | int) -> Float[Tensor, "N N"]:
    """A + tilt I: multiplies every kernel by e^{tilt t}.

    The new pair is orthogonal again, with the basis e^{-tilt t} p_n(t) and the measure e^{2 tilt t} w(t):
    their product is the tilted kernel. A negative tilt forgets faster: LagT with tilt -1/2 is the Laguerre
    polynomials under e^{-t}.
    """
    return A + tilt * torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)


def low_rank(
    measure: str,
    N: int,
    rank: int = 1,
    timescale: str = "window",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "rank N"]:
    """The correction P for which A + P^T P (P as rows) is normal: a multiple of I plus a skew matrix.

    LegS P_n = sqrt(n+1/2);  LagT P_n = sqrt(1/2);  FouT P = v = (sqrt2, 0, 2, 0, 2, ...);  LegT needs two
    rows, sqrt(2n+1) split into its even and odd entries. A higher rank adds rows of zeros, which training
    may fill.

    Raises ValueError if the rank is too small ("LegT needs rank >= 2").
    """
    check_measure(measure, N, timescale)
    needed = 2 if measure == "LegT" else 1
    if rank < needed:
        raise ValueError(f"{measure} needs rank >= {needed}; got rank {rank}")
    odd = _odd(N, device)
    n = torch.arange(N, device=device)
    if measure == "LegS":
        rows = (odd / 2).sqrt()[None]
    elif measure == "LegT":
        rows = torch.stack([odd.sqrt() * (n % 2 == 0), odd.sqrt() * (n % 2 == 1)])
    elif measure == "FouT":
        rows = torch.zeros(1, N, dtype=torch.float64, device=device)
        rows[:, 0], rows[:, 2::2] = math.sqrt(2), 2.0
    else:
        rows = torch.full((1, N), math.sqrt(0.5), dtype=torch.float64, device=device)
    if measure in WINDOWED:
        rows = rows / math.sqrt(window_length(measure, timescale))
    zeros = torch.zeros(rank - needed, N, dtype=torch.float64, device=device)
    return torch.cat([rows, zeros]).to(dtype)


def dplr(
    measure: str,
    N: int,
    rank: int = 1,
    timescale: str = "window",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[
    Complex[Tensor, " half"],
    Complex[Tensor, "rank half"],
    Complex[Tensor, " half"],
    Complex[Tensor, "N half"],
]:
    """(Lambda, P, B, V): one of each conjugate pair of the diagonal plus low-rank form (S4, theorem 1).

    S = A + P P^T = c I + skew, and -i (S - c I) is Hermitian, so `eigh` gives real w and a unitary V:
        A = V (diag(Lambda) - P P^*) V^*,   Lambda = c + i w,   P <- V^* P,   B <- V^* B.
    The state is real, so half of it is enough: sum_full = 2 Re sum_half, and the state is 2 Re(V x).
    Eigenvalues are sorted by increasing imaginary part >= 0, and the phase of each column of V is chosen to
    make its B real and positive (eigh leaves it open). `dtype` is the real dtype; the result is complex of
    that precision.

    Raises ValueError for odd N (there is no conjugate pair for the last), and as `low_rank` does.
    """
    check_measure(measure, N, timescale)
    if N % 2:
        raise ValueError(f"N must be even for conjugate pairs; got {N}")
    A, B = transition(measure, N, timescale, device=device)
    P = low_rank(measure, N, rank, timescale, device=device)
    S = A + P.T @ P
    c = -0.5 if measure == "LegS" else 0.0
    eye = torch.eye(N, dtype=torch.float64, device=device)
    w, V = torch.linalg.eigh(-1j * (S - c * eye))
    w, V = w[N // 2 :].clone(), V[:, N // 2 :].clone()
    if measure == "FouT":
        # eigh returns e_0 and e_1 for the double eigenvalue 0; the conjugate pair is (e_0 +- i e_1)/sqrt2
        w[0] = 0
        V[:, 0] = (eye[0] + 1j * eye[1]) / math.sqrt(2)
    B_half = V.mH @ B.to(V.dtype)
    phase = B_half / B_half.abs()
    V = V * phase
    Lambda = torch.complex(torch.full_like(w, c), w)
    kind = COMPLEX[dtype]
    return (
        Lambda.to(kind),
        (P.to(V.dtype) @ V.conj()).to(kind),
        (B.to(V.dtype) @ V.conj()).to(kind),
        V.to(kind),
    )


def nplr(
    measure: str,
    N: int,
    rank: int = 1,
    timescale: str = "window",
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[Complex[Tensor, " N"], Complex[Tensor, "rank N"], Complex[Tensor, " N"], Complex[Tensor, "N N"]]:
    """(Lambda, P, B, V) with both members of each pair: first the half that `dplr` returns, then its
    conjugates.

    V is unitary and A = V (diag(Lambda) - P^T conj(P)) V^*, with P as rows.
    """
    half = dplr(measure, N, rank, timescale, dtype, device)
    Lambda, P, B, V = (torch.cat([part, part.conj()], dim=-1) for part in half)
    return Lambda, P, B, V


def normalize_input(
    Lambda: Complex[Tensor, "*heads half"], B: Complex[Tensor, "*heads half"]
) -> Complex[Tensor, "*heads half"]:
    """B scaled so that a unit-normal C gives a constant input an output of variance 1.

    A constant input 1 ends in the state -B_n / Lambda_n, so B <- B / sqrt(2 sum_n |B_n / Lambda_n|^2) over
    half pairs of a diagonal A (How to Train Your HiPPO, appendix; an option that later versions left off).
    """
    return B / torch.sqrt(2 * (B / Lambda).abs().square().sum(-1, keepdim=True))
