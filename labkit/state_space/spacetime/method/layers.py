"""The companion SSM as a layer, and the closed loop that feeds it its own predictions (SpaceTime, section 3.2)."""

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.convolution import causal_conv
from labkit.state_space.kernels.companion import companion, companion_kernel
from labkit.state_space.kernels.krylov import krylov

KINDS = ("companion", "shift")
INITS = ("normal", "xavier")


def unit_norm(v: Float[Tensor, "kernels d"], order: int, name: str) -> Float[Tensor, "kernels d"]:
    """v / |v|_order, or v as it is with order 0.

    |a|_1 = 1 keeps the spectral radius of S + a e_d^T at or below 1: its columns sum to 1 in absolute value.
    Raises ValueError for a zero vector.
    """
    if not order:
        return v
    size = torch.linalg.vector_norm(v, ord=order, dim=-1, keepdim=True)
    if (size == 0).any():
        raise ValueError(
            f"{name} must not be zero where it is divided by its norm; use norm_order=0 for a shift (a = 0)"
        )
    return v / size


def drawn(init: str, kernels: int, d: int, generator: torch.Generator | None) -> Float[Tensor, "kernels d"]:
    """Vectors to start from, in float64 on the CPU: N(0, 1), or uniform in +-1/sqrt(d)."""
    options = {"dtype": torch.float64, "device": "cpu", "generator": generator}
    if init == "normal":
        return torch.randn(kernels, d, **options)
    return (2 * torch.rand(kernels, d, **options) - 1) / math.sqrt(d)


class CompanionSSM(nn.Module):
    """`n_kernels` companion systems, each over `n_heads` channels: y = K * u + D u, (B, L, d_model) in and out.

    d_model    channels, n_kernels * n_heads; channel = kernel * n_heads + head
    d_state    d, the length of a, b and c
    norm_order a is divided by this norm (1: stable); 0 leaves it
    skip       adds D u, D ~ N(0, 1) for each channel
    kind       "companion", or "shift": a = 0 and b = e_1 are fixed, only c is learnt (a finite filter of d taps)

    init       "normal": a, b, c ~ N(0, 1), the paper's, whose kernels have taps of size up to sqrt(d); "xavier", the
               reference's other choice: uniform in +-1/sqrt(d), whose output is of the input's size or below

    Drawn on the CPU from `generator`. Raises ValueError for sizes below 1, channels that kernels and heads do not
    share out, a negative norm_order and an unknown kind or init.
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        d_model: int,
        n_kernels: int,
        d_state: int = 64,
        n_heads: int = 1,
        norm_order: int = 1,
        skip: bool = True,
        kind: str = "companion",
        init: str = "normal",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        for name, size in (("d_model", d_model), ("n_kernels", n_kernels), ("d_state", d_state)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1; got {size}")
        if n_kernels * n_heads != d_model:
            raise ValueError(
                f"d_model must be n_kernels * n_heads = {n_kernels} * {n_heads}; got d_model={d_model}"
            )
        if norm_order < 0:
            raise ValueError(f"norm_order must be 0 (off) or positive; got {norm_order}")
        for name, value, choices in (("kind", kind, KINDS), ("init", init, INITS)):
            if value not in choices:
                raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")
        self.d_model, self.n_kernels, self.n_heads, self.d_state = d_model, n_kernels, n_heads, d_state
        self.norm_order, self.kind = norm_order, kind

        place = {"dtype": dtype, "device": device}
        a, b, c = (drawn(init, n_kernels, d_state, generator).to(**place) for _ in range(3))
        if kind == "shift":
            b = torch.zeros_like(b)
            b[:, 0] = 1
            self.register_buffer("a", torch.zeros_like(a))
            self.register_buffer("b", b)
        else:
            self.a, self.b = nn.Parameter(a), nn.Parameter(b)
        self.c = nn.Parameter(c)
        self.D = nn.Parameter(drawn("normal", 1, d_model, generator)[0].to(**place)) if skip else None

    def vectors(
        self,
    ) -> tuple[Float[Tensor, "kernels d"], Float[Tensor, "kernels d"], Float[Tensor, "kernels d"]]:
        """(a, b, c) as they act: a normalised. Raises ValueError for a zero a that is to be normalised."""
        order = self.norm_order if self.kind == "companion" else 0
        return unit_norm(self.a, order, "a"), self.b, self.c

    def kernel(self, length: int) -> Float[Tensor, "kernels length"]:
        """c^T A^l b for l < length, in O((d + L) log(d + L))."""
        return companion_kernel(*self.vectors(), L=length)

    def forward(self, u: Float[Tensor, "batch length channels"]) -> Float[Tensor, "batch length channels"]:
        """The open loop: y_t = sum_{i <= t} c^T A^{t-i} b u_i + D u_t. Raises ValueError for another width."""
        self._check(u)
        # the FFT leaves the channels first in memory: what follows is several times faster on rows of channels
        y = causal_conv(u, self._over_heads(self.kernel(u.shape[1]))).contiguous()
        return y if self.D is None else y + self.D * u

    def last_state(self, u: Float[Tensor, "batch length channels"]) -> Float[Tensor, "batch channels d"]:
        """x = sum_i A^{L-1-i} b u_i, the state after the whole input: one product with the Krylov matrix of (A, b)."""
        self._check(u)
        a, b, _ = self.vectors()
        columns = krylov(companion(a), b, u.shape[1])
        heads = u.flip(1).unflatten(2, (self.n_kernels, self.n_heads))
        return torch.einsum("blkh,kdl->bkhd", heads, columns).flatten(1, 2)

    def default_state(self, batch: int, max_length: int | None = None) -> Float[Tensor, "batch channels d"]:
        """The state before the first step: zero, and of one size for any `max_length`."""
        return self.c.detach().new_zeros(batch, self.d_model, self.d_state)

    def step(
        self, u: Float[Tensor, "batch channels"], state: Float[Tensor, "batch channels d"]
    ) -> tuple[Float[Tensor, "batch channels"], Float[Tensor, "batch channels d"]]:
        """(output, new state): x = S x + a x_d + b u, y = c^T x + D u, in O(d) a channel."""
        a, b, c = (self._over_heads(v) for v in self.vectors())
        shifted = nn.functional.pad(state[..., :-1], (1, 0))
        state = shifted + a * state[..., -1:] + b * u[..., None]
        y = (state * c).sum(-1)
        return (y if self.D is None else y + self.D * u), state

    def _over_heads(self, v: Float[Tensor, "kernels n"]) -> Float[Tensor, "channels n"]:
        return v.repeat_interleave(self.n_heads, dim=0)

    def _check(self, u: Tensor) -> None:
        if u.ndim != 3 or u.shape[-1] != self.d_model or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.d_model}) and not empty; got {tuple(u.shape)}")


class ClosedLoopCompanionSSM(CompanionSSM):
    """A companion SSM that also learns to guess its own next input, k^T x, and can run on its guesses.

    With norm_order, a and k are divided by it, and everything uses the normalised ones: the loop, its outputs, and
    the guesses of the open loop. b is left free: it carries the size of the product b k^T, so that the loop can be
    any AR(p) (with b normalised too it could not hold one with |phi|_1 > 1). M = A + b k^T has a spectral radius of
    at most 1 + |b|_1 max|k|: up to 2 even for l1-normalised b, so nothing makes the loop stable but training.
    There is no skip: behind the lag there is no input to skip to.
    """

    def __init__(
        self,
        d_model: int,
        n_kernels: int,
        d_state: int = 64,
        n_heads: int = 1,
        norm_order: int = 1,
        kind: str = "companion",
        init: str = "normal",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__(
            d_model, n_kernels, d_state, n_heads, norm_order, False, kind, init, dtype, device, generator
        )
        self.k = nn.Parameter(drawn(init, n_kernels, d_state, generator).to(dtype=dtype, device=device))

    def guess(self) -> Float[Tensor, "kernels d"]:
        """k as it acts: normalised."""
        return unit_norm(self.k, self.norm_order, "k")

    def loop(self) -> Float[Tensor, "kernels d d"]:
        """M = A + b k^T of each kernel."""
        a, b, _ = self.vectors()
        return companion(a) + b[..., :, None] * self.guess()[..., None, :]

    def spectral_radius(self) -> Float[Tensor, " kernels"]:
        """The largest |eigenvalue| of each M: above 1 the forecast grows without bound."""
        return torch.linalg.eigvals(self.loop().detach()).abs().amax(-1)

    def forward(
        self, u: Float[Tensor, "batch lag channels"], horizon: int
    ) -> tuple[Float[Tensor, "batch horizon channels"], Float[Tensor, "batch horizon channels"]]:
        """(y, u_next): outputs y_h = c^T M^h x and guessed inputs k^T M^h x, h < horizon, x the state after the lag.

        The rows c^T M^h and k^T M^h are stacked by doubling, [R, R M^m] with m = 1, 2, 4, ...: log2(horizon)
        products for all of the batch. Raises ValueError for a horizon below 1 and another width.
        """
        if horizon < 1:
            raise ValueError(f"horizon must be at least 1; got {horizon}")
        x = self.last_state(u).unflatten(1, (self.n_kernels, self.n_heads))
        rows, power = torch.stack([self.c, self.guess()], dim=1), self.loop()  # (kernels, 2 steps, d)
        steps = 1
        while steps < horizon:
            more = min(steps, horizon - steps)
            rows, steps = torch.cat([rows, rows[:, : 2 * more] @ power], dim=1), steps + more
            if steps < horizon:
                power = power @ power
        rows = rows.unflatten(1, (horizon, 2))
        both = torch.einsum("bkhd,ktrd->rbtkh", x, rows).flatten(-2)
        return both[0], both[1]

    def open_loop(
        self, u: Float[Tensor, "batch length channels"]
    ) -> tuple[Float[Tensor, "batch length channels"], Float[Tensor, "batch length channels"]]:
        """(y, guesses) on the true inputs: c- and k-kernels over u; the guess at t is of u_{t+1}."""
        self._check(u)
        a, b, c = self.vectors()
        return tuple(
            causal_conv(u, self._over_heads(companion_kernel(a, b, row, L=u.shape[1]))).contiguous()
            for row in (c, self.guess())
        )
