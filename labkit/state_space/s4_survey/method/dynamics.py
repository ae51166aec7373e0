"""What a layer does to a signal, seen as a matrix, a response, a horizon, or a gradient that fades."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn


def selective_matrix(
    delta: Float[Tensor, " length"],
    A: Float[Tensor, " states"],
    B: Float[Tensor, "length states"],
    C: Float[Tensor, "length states"],
) -> Float[Tensor, "length length"]:
    """M with y = M u for one channel of a selective scan: attention that nobody normalised.

    M_ij = sum_n C_in exp(A_n (Delta_{j+1} + ... + Delta_i)) Delta_j B_jn for j <= i. Given Delta, B and C the map is
    linear; they are made from u, so M itself changes with the input.
    """
    passed = delta.cumsum(0)
    between = (passed[:, None] - passed[None]).tril()  # 0 above the diagonal, where exp would overflow
    decay = torch.exp(between[..., None] * A)
    return torch.einsum("in,ijn,jn->ij", C, decay, delta[:, None] * B).tril()


def toeplitz(kernel: Float[Tensor, " length"]) -> Float[Tensor, "length length"]:
    """M_ij = K_{i-j}: the matrix of a causal convolution."""
    lag = torch.arange(len(kernel), device=kernel.device)
    lag = lag[:, None] - lag[None]
    return kernel[lag.clamp(min=0)].tril()


def horizon(kernel: Float[Tensor, " length"], fraction: float = 0.05) -> int:
    """The last lag at which |K| is at least this fraction of its largest value: how far back the layer hears.

    Raises ValueError unless 0 < fraction < 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"fraction must lie between 0 and 1; got {fraction}")
    heard = kernel.abs() >= fraction * kernel.abs().max()
    return int(torch.nonzero(heard).max())


def linearised_response(
    layer: Callable[[Tensor], Tensor],
    u: Float[Tensor, "batch length channels"],
    at: int,
    small: float = 1e-5,
) -> Float[Tensor, "batch length channels"]:
    """How the output answers to a small kick of all channels at one step, by central differences; zero before it.

    For a linear layer this is its impulse response whatever u is; for others it belongs to this u.
    """
    kick = torch.zeros_like(u)
    kick[:, at] = small
    with torch.no_grad():
        return (layer(u + kick) - layer(u - kick)) / (2 * small)


def gradient_norms(mixer: nn.Module, u: Float[Tensor, "1 length channels"]) -> Float[Tensor, " length"]:
    """|d y_L / d u_j| (Frobenius) for every step j: what the last output can learn from step j."""
    u = u.detach().requires_grad_()
    last = mixer(u)[0, -1]
    total = torch.zeros_like(u[0, :, 0])
    for output in last:
        (gradient,) = torch.autograd.grad(output, u, retain_graph=True)
        total = total + gradient[0].square().sum(-1)
    return total.sqrt()


def gate_recurrence(
    u: Float[Tensor, "batch length"], free: Float[Tensor, "batch length"]
) -> Float[Tensor, "batch length"]:
    """x_k = (1 - g_k) x_{k-1} + g_k u_k with g = sigmoid(free): the gate of recurrent networks.

    The selective scan with N = 1, A = -1, B = C = 1, Delta = softplus(free) and zero-order hold is exactly this (Mamba,
    theorem 1): exp(-softplus(v)) = 1 - sigmoid(v).
    """
    g = free.sigmoid()
    x, found = torch.zeros_like(u[:, 0]), []
    for g_k, u_k in zip(g.unbind(1), u.unbind(1), strict=True):
        x = (1 - g_k) * x + g_k * u_k
        found.append(x)
    return torch.stack(found, dim=1)
