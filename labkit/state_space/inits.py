"""Where a state-space layer may start: diagonal approximations of HiPPO, and random baselines without it."""

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from labkit.state_space.matrices import COMPLEX, dplr

DIAGONALS = ("legs", "legt", "fout", "lagt", "lin", "inv", "real", "random")
RANDOM_SYSTEMS = ("real", "complex", "dense")
_MEASURE = {"legs": "LegS", "legt": "LegT", "fout": "FouT", "lagt": "LagT"}


def diagonal(
    init: str,
    N: int,
    halve_input: bool = False,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
    generator: torch.Generator | None = None,
) -> tuple[Complex[Tensor, " half"], Complex[Tensor, " half"]]:
    """(Lambda, B) of a diagonal state-space model, one of each conjugate pair, n < N/2 (S4D, section 4).

    legs    Lambda and B of LegS without its low-rank term (legt, fout, lagt: of those)
    lin     -1/2 + i pi n            inv   -1/2 + i (N/pi) (N/(2n+1) - 1)            real  -(n+1)
    random  Re uniform in (-1, 0), Im exp(normal)
    B is 1 where the line names none. Dropping the low-rank term also halves B (S4D, theorem 3): `halve_input`
    does so; the reference implementation, and the default here, leave B as it is.

    Raises ValueError for an unknown init and for odd N.
    """
    if init not in DIAGONALS:
        raise ValueError(f"init must be one of {', '.join(DIAGONALS)}; got {init!r}")
    if N < 2 or N % 2:
        raise ValueError(f"N must be even and at least 2 for conjugate pairs; got {N}")
    kind = COMPLEX[dtype]
    half = 0.5 if halve_input else 1.0
    if init in _MEASURE:
        Lambda, _, B, _ = dplr(_MEASURE[init], N, rank=2 if init == "legt" else 1, device=device)
        return Lambda.to(kind), (half * B).to(kind)
    n = torch.arange(N // 2, dtype=torch.float64, device=device)
    if init == "lin":
        re, im = torch.full_like(n, -0.5), math.pi * n
    elif init == "inv":
        re, im = torch.full_like(n, -0.5), (N / math.pi) * (N / (2 * n + 1) - 1)
    elif init == "real":
        re, im = -(n + 1), torch.zeros_like(n)
    else:
        re, im = _random_modes(N // 2, device, generator)
    Lambda = torch.complex(re, im).to(kind)
    return Lambda, half * torch.ones_like(Lambda)


def random_transition(
    kind: str,
    N: int,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[Float[Tensor, "N N"], Float[Tensor, " N"]]:
    """A stable random (A, B), real and dense: what HiPPO is measured against.

    real     diagonal, -U(0, 1) N/8, B = 1
    complex  N/2 conjugate pairs as 2 x 2 rotation blocks, Re U(-1, 0), Im exp(normal), B = (1, 0, 1, 0, ...)
    dense    Gaussian entries of variance 1/N, shifted until the largest real part is -1/2; B normal

    Raises ValueError for an unknown kind, N < 1, and odd N for "complex".
    """
    if kind not in RANDOM_SYSTEMS:
        raise ValueError(f"kind must be one of {', '.join(RANDOM_SYSTEMS)}; got {kind!r}")
    if N < 1 or (kind == "complex" and N % 2):
        raise ValueError(f"N must be at least 1, and even for conjugate pairs; got {N}")
    if kind == "real":
        rate = _draw(torch.rand, (N,), device, generator)
        A, B = -torch.diag(rate) * N / 8, torch.ones(N, dtype=torch.float64, device=device)
    elif kind == "complex":
        re, im = _random_modes(N // 2, device, generator)
        A = torch.zeros(N, N, dtype=torch.float64, device=device)
        even = torch.arange(0, N, 2, device=device)
        A[even, even], A[even + 1, even + 1] = re, re
        A[even, even + 1], A[even + 1, even] = -im, im
        B = torch.zeros(N, dtype=torch.float64, device=device)
        B[even] = 1.0
    else:
        A = _draw(torch.randn, (N, N), device, generator) / math.sqrt(N)
        B = _draw(torch.randn, (N,), device, generator)
        edge = torch.linalg.eigvals(A).real.max()
        A = A - (edge + 0.5) * torch.eye(N, dtype=torch.float64, device=device)
    return A.to(dtype), B.to(dtype)


def _random_modes(n: int, device, generator) -> tuple[Tensor, Tensor]:
    return -_draw(torch.rand, (n,), device, generator), _draw(torch.randn, (n,), device, generator).exp()


def _draw(sample, shape: tuple[int, ...], device, generator) -> Tensor:
    """Numbers from the generator, drawn where it lives and moved to `device`."""
    source = generator.device if generator is not None else torch.device(device)
    return sample(*shape, dtype=torch.float64, device=source, generator=generator).to(device)
