"""From x' = A x + B u to x_k = Abar x_{k-1} + Bbar u_k: a sample enters the state at once.

After u_k has been absorbed, sample u_{k-j} sits at lag (j + 1/2) Delta for zero-order hold and the bilinear
rule.
"""

import torch
from jaxtyping import Float, Inexact
from torch import Tensor

ALPHA = {"forward": 0.0, "bilinear": 0.5, "backward": 1.0}
DISCRETIZATIONS = ("forward", "backward", "bilinear", "zoh", "dirac", "simplified")


def check_discretization(method: str) -> None:
    """Raise ValueError unless `method` is one of DISCRETIZATIONS."""
    if method not in DISCRETIZATIONS:
        raise ValueError(f"discretization must be one of {', '.join(DISCRETIZATIONS)}; got {method!r}")


def check_step(dt: float | int | Tensor) -> None:
    """Raise ValueError unless every step size is positive and finite."""
    steps = dt.detach() if isinstance(dt, Tensor) else None
    smallest = float(dt) if steps is None else float(steps.min())
    largest = float(dt) if steps is None else float(steps.max())
    if not (smallest > 0 and largest < float("inf")):
        bad = largest if smallest > 0 else smallest
        raise ValueError(f"dt, the step size Delta, must be positive and finite; got {bad}")


def gbt(
    A: Float[Tensor, "*heads N N"],
    B: Float[Tensor, "*heads N"],
    dt: float | int | Tensor,
    alpha: float | int = 0.5,
) -> tuple[Float[Tensor, "*heads N N"], Float[Tensor, "*heads N"]]:
    """The generalised bilinear transform: alpha = 0 is Euler forward, 1/2 bilinear (Tustin), 1 Euler
    backward.

    Abar = (I - alpha Delta A)^{-1} (I + (1 - alpha) Delta A),   Bbar = (I - alpha Delta A)^{-1} Delta B
    `dt` is a number or one number per head. Raises ValueError for alpha outside [0, 1] and dt <= 0.
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie in [0, 1]; got {alpha}")
    check_step(dt)
    step = dt[..., None, None] if isinstance(dt, Tensor) and dt.ndim else dt
    eye = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    right = torch.cat([eye + (1 - alpha) * step * A, (step * B[..., None]).expand(*A.shape[:-1], 1)], dim=-1)
    solved = torch.linalg.solve(eye - alpha * step * A, right)
    return solved[..., :-1], solved[..., -1]


def zoh(
    A: Float[Tensor, "*heads N N"], B: Float[Tensor, "*heads N"], dt: float | int | Tensor
) -> tuple[Float[Tensor, "*heads N N"], Float[Tensor, "*heads N"]]:
    """Zero-order hold: exact for an input that stays constant over each step.

    Abar = e^{Delta A},  Bbar = A^{-1} (e^{Delta A} - I) B. A may be singular (FouT's is), so both are read
    from
        exp(Delta [[A, B], [0, 0]]) = [[Abar, Bbar], [0, 1]].
    """
    check_step(dt)
    step = dt[..., None, None] if isinstance(dt, Tensor) and dt.ndim else dt
    top = torch.cat([A, B[..., None]], dim=-1)
    block = torch.cat([top, torch.zeros_like(top[..., :1, :])], dim=-2)
    exponential = torch.linalg.matrix_exp(step * block)
    return exponential[..., :-1, :-1], exponential[..., :-1, -1]


def discretize(
    A: Float[Tensor, "*heads N N"],
    B: Float[Tensor, "*heads N"],
    dt: float | int | Tensor,
    method: str = "bilinear",
) -> tuple[Float[Tensor, "*heads N N"], Float[Tensor, "*heads N"]]:
    """(Abar, Bbar) of a dense system by one of DISCRETIZATIONS.

    forward, bilinear, backward: see `gbt`. zoh: see `zoh`.
    dirac       Abar = e^{Delta A}, Bbar = B: the input is a train of impulses
    simplified  Abar = e^{Delta A}, Bbar = Delta B: Mamba's rule, which is not zero-order hold for B
    Raises ValueError for an unknown method and for dt <= 0.
    """
    check_discretization(method)
    if method in ALPHA:
        return gbt(A, B, dt, ALPHA[method])
    if method == "zoh":
        return zoh(A, B, dt)
    check_step(dt)
    step = dt[..., None, None] if isinstance(dt, Tensor) and dt.ndim else dt
    Abar = torch.linalg.matrix_exp(step * A)
    if method == "dirac":
        return Abar, B.expand(Abar.shape[:-1])
    return Abar, (step * B[..., None]).expand(*Abar.shape[:-1], 1)[..., 0]


def expm1_over(z: Inexact[Tensor, "*shape"]) -> Inexact[Tensor, "*shape"]:
    """(e^z - 1) / z, real or complex, accurate near 0 and differentiable at 0 (a series for |z| < 1e-4)."""
    small = z.abs() < 1e-4
    safe = torch.where(small, torch.ones_like(z), z)
    if z.is_complex():
        # e^{a+ib} - 1 = (e^a - 1) cos b - 2 sin^2(b/2) + i e^a sin b: no cancellation
        a, b = safe.real, safe.imag
        numerator = torch.complex(
            torch.expm1(a) * torch.cos(b) - 2 * torch.sin(b / 2).square(), torch.exp(a) * torch.sin(b)
        )
    else:
        numerator = torch.expm1(safe)
    return torch.where(small, 1 + z / 2 + z * z / 6 + z * z * z / 24, numerator / safe)


def discretize_diagonal(
    Lambda: Inexact[Tensor, "*shape"],
    B: Inexact[Tensor, "*shape"],
    dt: float | int | Tensor,
    method: str = "zoh",
) -> tuple[Inexact[Tensor, "*shape"], Inexact[Tensor, "*shape"]]:
    """(Abar, Bbar) of a diagonal system, elementwise; `dt` is a number or broadcasts against Lambda.

    GBT  Abar = (1 + (1-alpha) z) / (1 - alpha z), Bbar = Delta B / (1 - alpha z), with z = Delta Lambda
    zoh  Abar = e^z, Bbar = Delta B (e^z - 1) / z;   dirac Bbar = B;   simplified Bbar = Delta B
    Raises ValueError for an unknown method and for dt <= 0.
    """
    check_discretization(method)
    check_step(dt)
    z = dt * Lambda
    if method in ALPHA:
        alpha = ALPHA[method]
        return (1 + (1 - alpha) * z) / (1 - alpha * z), dt * B / (1 - alpha * z)
    if method == "zoh":
        return torch.exp(z), dt * B * expm1_over(z)
    return torch.exp(z), B if method == "dirac" else dt * B
