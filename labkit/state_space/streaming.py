"""All the states of a dense linear system along a signal, in blocks: the work of the recurrence, in large
products.
"""

import torch
from jaxtyping import Complex, Float, Inexact
from torch import Tensor

from labkit.state_space.kernels import krylov


def stream_states(
    Abar: Float[Tensor, "N N"],
    Bbar: Float[Tensor, " N"],
    u: Float[Tensor, "batch length"],
    x0: Float[Tensor, "batch N"] | None = None,
    block: int | None = None,
) -> Float[Tensor, "batch length N"]:
    """x_k = Abar x_{k-1} + Bbar u_k for every k, in the dtype and on the device of u.

    The signal is cut into blocks of T steps. Inside a block, step i holds
        x_i = sum_{j<=i} Abar^{i-j} Bbar u_j + Abar^{i+1} x_before,
    one product with a table of the kernel over a table of powers; only the L/T block ends follow one another.
    The table of powers costs T N^3, the rows of the products grow with T, and the number of block ends falls
    with it; `block` is T, and by default what balances them.
    """
    Abar, Bbar = Abar.to(u), Bbar.to(u)
    N, (batch, length) = Abar.shape[0], u.shape
    T = min(block or _block_length(N, batch, length, u.device), length)
    blocks = -(-length // T)
    lag = torch.arange(T, device=u.device)
    lag = lag[None, :] - lag[:, None]  # lag[j, i] = i - j
    kernel = krylov(Abar, Bbar, T).T
    toeplitz = torch.where((lag >= 0)[..., None], kernel[lag.clamp(min=0)], torch.zeros_like(kernel[:1]))
    # powers[n, i] is row n of (Abar^T)^{i+1}, so that x_before @ powers holds every Abar^{i+1} x_before
    powers = _powers(Abar.T, T).transpose(0, 1).reshape(N, T * N)
    padded = torch.nn.functional.pad(u, (0, blocks * T - length)).reshape(batch * blocks, T)
    toeplitz = toeplitz.reshape(T, T * N)
    # what each block adds to its own end; then the ends, one after another
    added = (padded @ toeplitz[:, -N:]).reshape(batch, blocks, N)
    before = torch.zeros(batch, N, dtype=u.dtype, device=u.device) if x0 is None else x0.to(u)
    carried = []
    for i in range(blocks):
        carried.append(before)
        before = before @ powers[:, -N:] + added[:, i]
    sources = torch.cat([padded, torch.stack(carried, dim=1).reshape(batch * blocks, N)], dim=1)
    states = sources @ torch.cat([toeplitz, powers])
    return states.reshape(batch, blocks * T, N)[:, :length]


def _block_length(N: int, batch: int, length: int, device: torch.device) -> int:
    """The T that minimises T (2 N^3 + 2 batch length N) + (length/T) (overhead + 2 batch N^2), from 4 to 32.

    `overhead` is what a block end costs besides its arithmetic, in operations: about 15 microseconds on a CPU; on
    other devices it is all that counts.
    """
    if device.type != "cpu":
        return 32
    overhead = 75e3
    best = (length * (overhead + 2 * batch * N**2) / (2 * N**3 + 2 * batch * length * N)) ** 0.5
    return max(4, min(32, round(best)))


def _powers(A: Float[Tensor, "N N"], count: int) -> Float[Tensor, "count N N"]:
    """A, A^2, ..., A^count by doubling."""
    powers = A[None]
    while len(powers) < count:
        powers = torch.cat([powers, powers[: count - len(powers)] @ powers[-1]])
    return powers


def last_state(
    Abar: Float[Tensor, "heads N N"] | Complex[Tensor, "heads N"],
    Bbar: Inexact[Tensor, "heads N"],
    u: Float[Tensor, "batch length heads"],
    x0: Inexact[Tensor, "batch heads N"],
    block: int = 128,
) -> Inexact[Tensor, "batch heads N"]:
    """x_L = Abar^L x0 + sum_j Abar^{L-1-j} Bbar u_j for many heads, each with its own dense or diagonal
    Abar.
    """
    x, length = x0, u.shape[1]
    dense = Abar.ndim == 3
    T = min(block, length)
    columns = (
        krylov(Abar, Bbar, T)
        if dense
        else Bbar[..., None] * Abar[..., None] ** torch.arange(T, device=u.device)
    )
    # a first, shorter block leaves whole ones behind it
    start = length % T
    for begin, end in [(0, start)] * (start > 0) + [(i, i + T) for i in range(start, length, T)]:
        steps = end - begin
        added = torch.einsum("hnt,bth->bhn", columns[..., :steps], u[:, begin:end].flip(1).to(columns.dtype))
        if dense:
            x = torch.einsum("hnm,bhm->bhn", torch.linalg.matrix_power(Abar, steps), x) + added
        else:
            x = Abar**steps * x + added
    return x
