"""Powers of a dense matrix applied to a vector."""

import torch
from jaxtyping import Inexact
from torch import Tensor


def check_length(L: int) -> None:
    """Raise ValueError unless the kernel's length is at least 1."""
    if L < 1:
        raise ValueError(f"L, the kernel's length, must be at least 1; got {L}")


def krylov(
    Abar: Inexact[Tensor, "*heads N N"], Bbar: Inexact[Tensor, "*heads N"], L: int, method: str = "doubling"
) -> Inexact[Tensor, "*heads N L"]:
    """The columns Abar^l Bbar for l < L: what each state holds l steps after a unit impulse.

    sequential  one product per column: O(N^2 L) work in L dependent steps
    doubling    [x, Abar^m x] with m = 1, 2, 4, ...: the same work in log2 L large products

    Raises ValueError for L < 1 and an unknown method.
    """
    check_length(L)
    if method not in ("doubling", "sequential"):
        raise ValueError(f"method must be doubling or sequential; got {method!r}")
    columns = Bbar[..., None]
    if method == "sequential":
        steps = [columns]
        for _ in range(L - 1):
            steps.append(Abar @ steps[-1])
        return torch.cat(steps, dim=-1)
    power = Abar
    while columns.shape[-1] < L:
        missing = L - columns.shape[-1]
        columns = torch.cat([columns, power @ columns[..., :missing]], dim=-1)
        if columns.shape[-1] < L:
            power = power @ power
    return columns
