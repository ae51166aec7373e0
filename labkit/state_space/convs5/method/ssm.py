"""The ConvSSM with any state kernel, and ConvS5's: a diagonal one for each pixel, run by a parallel scan."""

import math
from typing import ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from labkit.state_space.convs5.method.scan import (
    Element,
    check_kernel_size,
    conv_scan,
    convolve,
    tree_scan,
)
from labkit.state_space.discretize import discretize_diagonal
from labkit.state_space.inits import diagonal
from labkit.state_space.matrices import COMPLEX
from labkit.state_space.s5_layer import LEAST_DECAY, block_legs

INITS = ("legs", "random")
MODES = ("parallel", "sequential")


class ConvSSM:
    """X_k = A * X_{k-1} + B * U_k,  Y_k = C * X_k + D * U_k with kernels of any odd size (section 3.1, equations 5, 6).

    A (P, P, k, k), B (P, U, k, k), C (Y, P, k, k), D (Y, U, k, k) or None. Raises ValueError for even kernels, and
    for kernels whose channels do not fit.
    """

    def __init__(
        self,
        A: Float[Tensor, "P P2 a a"],
        B: Float[Tensor, "P3 U b b"],
        C: Float[Tensor, "Y P4 c c"],
        D: Float[Tensor, "Y2 U2 d d"] | None = None,
        padding: str = "zeros",
    ):
        for name, kernel in (("A", A), ("B", B), ("C", C)):
            check_kernel_size(f"the size of {name}", kernel.shape[-1])
        P = A.shape[0]
        if A.shape[1] != P or B.shape[0] != P or C.shape[1] != P:
            shapes = [tuple(kernel.shape[:2]) for kernel in (A, B, C)]
            raise ValueError(f"A (P, P), B (P, U) and C (Y, P) must share P; got {shapes}")
        self.A, self.B, self.C, self.D, self.padding = A, B, C, D, padding

    def forward(
        self,
        u: Float[Tensor, "batch length U H W"],
        x0: Float[Tensor, "batch P H W"] | None = None,
        mode: str = "parallel",
    ) -> tuple[Float[Tensor, "batch length Y H W"], Float[Tensor, "batch P H W"]]:
        """(outputs, last state); "sequential" frame by frame, "parallel" by the tree.

        Raises ValueError for another mode and for an empty video.
        """
        _check_mode(mode)
        if u.shape[1] < 1:
            raise ValueError(f"u must hold at least one frame; got shape {tuple(u.shape)}")
        steps = list(convolve(self.B, u, self.padding).unbind(1))
        if x0 is not None:
            steps[0] = steps[0] + convolve(self.A, x0, self.padding)
        if mode == "parallel":
            x = tree_scan([Element(self.A, b) for b in steps], self.padding).states
        else:
            for k in range(1, len(steps)):
                steps[k] = convolve(self.A, steps[k - 1], self.padding) + steps[k]
            x = torch.stack(steps, dim=1)
        y = convolve(self.C, x, self.padding)
        return y if self.D is None else y + convolve(self.D, u, self.padding), x[:, -1]

    __call__ = forward


class ConvS5SSM(nn.Module):
    """ConvS5's system (section 3.3): each pixel evolves by the same diagonal A; B and C look at its neighbours.

        x_k = Abar x_{k-1} + Bbar * u_k,   y_k = 2 Re(C~ * x_k)
        Abar = e^{Delta Lambda},   Bbar = Lambda^{-1} (Abar - 1) B~            (zero-order hold)

    U          channels in and out
    P          state size; half of the conjugate pairs are stored
    k_B, k_C   odd sizes of the two kernels, "same" zero padding
    blocks     LegS blocks on the diagonal that Lambda starts from
    init       "legs": Lambda and V of the normal part of HiPPO-LegS. "random": Re in (-1, 0), Im log-normal, V random
    dt_min, dt_max   log Delta uniform between their logarithms, one for each mode
    clip_eigs  clamps Re Lambda to at most -1e-4 whenever it is used

    B (P, U k_B^2) is drawn real, He-normal over its fan-in U k_B^2, and turned: B~ = V^* B; likewise
    C~ = C V with fan-in P k_C^2. So the real system has a sensible scale before it is diagonalised.

    Raises ValueError for U < 1, a P that is no multiple of 2 blocks, even kernels, an unknown init, and
    0 < dt_min <= dt_max violated.
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("log_dt", "decay", "frequency", "B")

    def __init__(
        self,
        U: int,
        P: int,
        k_B: int = 3,
        k_C: int = 3,
        blocks: int = 1,
        init: str = "legs",
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        clip_eigs: bool = True,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        if U < 1:
            raise ValueError(f"U must be at least 1; got {U}")
        if blocks < 1 or P < 2 or P % (2 * blocks):
            raise ValueError(
                f"P must be a multiple of 2 blocks (conjugate pairs in every block); got P={P}, blocks={blocks}"
            )
        check_kernel_size("k_B", k_B)
        check_kernel_size("k_C", k_C)
        if init not in INITS:
            raise ValueError(f"init must be one of {', '.join(INITS)}; got {init!r}")
        if not 0 < dt_min <= dt_max:
            raise ValueError(f"0 < dt_min <= dt_max is required; got dt_min={dt_min}, dt_max={dt_max}")
        self.U, self.P, self.k_B, self.k_C, self.clip_eigs = U, P, k_B, k_C, clip_eigs

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=torch.float64, device="cpu", generator=generator)

        if init == "legs":
            Lambda, V = block_legs(P, blocks, device="cpu")
        else:
            Lambda, _ = diagonal("random", P, device="cpu", generator=generator)
            # V of a random normal real matrix: (q_1 + i q_2)/sqrt2 from an orthogonal matrix's columns
            Q = torch.linalg.qr(normal(P, P)).Q
            V = torch.complex(Q[:, : P // 2], Q[:, P // 2 :]) / math.sqrt(2)
        # He-normal: variance 2 / fan-in
        B = normal(P, U * k_B**2) * math.sqrt(2 / (U * k_B**2))
        C = normal(U, P, k_C, k_C) * math.sqrt(2 / (P * k_C**2))
        B = (V.mH @ B.to(V.dtype)).view(P // 2, U, k_B, k_B)
        C = torch.einsum("upij,ph->uhij", C.to(V.dtype), V)
        spread = torch.rand(P // 2, dtype=torch.float64, device="cpu", generator=generator)

        def parameter(value: Tensor) -> nn.Parameter:
            value = torch.view_as_real(value.resolve_conj()) if value.is_complex() else value
            return nn.Parameter(value.to(device=device, dtype=dtype).contiguous())

        self.log_dt = parameter(math.log(dt_min) + spread * math.log(dt_max / dt_min))
        self.decay, self.frequency = parameter(Lambda.real), parameter(Lambda.imag)
        self.B, self.C = parameter(B), parameter(C)

    def eigenvalues(self) -> Complex[Tensor, " half"]:
        """Lambda, clamped if `clip_eigs`."""
        decay = self.decay.clamp(max=-LEAST_DECAY) if self.clip_eigs else self.decay
        return torch.complex(decay, self.frequency)

    def system(self) -> tuple[Complex[Tensor, " half"], Complex[Tensor, "half U k k"]]:
        """(Abar, Bbar) by zero-order hold."""
        Lambda = self.eigenvalues()
        Abar, gain = discretize_diagonal(Lambda, torch.ones_like(Lambda), self.log_dt.exp(), "zoh")
        return Abar, gain[:, None, None, None] * torch.view_as_complex(self.B)

    def _drive(self, u: Tensor, Bbar: Tensor) -> Tensor:
        """Bbar * u in real arithmetic, all frames in one convolution: (..., U, H, W) -> complex (..., P/2, H, W)."""
        kernel = torch.cat([Bbar.real, Bbar.imag])
        driven = F.conv2d(u.reshape(-1, *u.shape[-3:]), kernel, padding=self.k_B // 2)
        re, im = driven.view(*u.shape[:-3], self.P, *u.shape[-2:]).chunk(2, dim=-3)
        return torch.complex(re, im)

    def _read(self, x: Tensor) -> Tensor:
        """y = 2 Re(C~ * x) as one real convolution over both parts."""
        kernel = 2 * torch.cat([self.C[..., 0], -self.C[..., 1]], dim=1)
        parts = torch.cat([x.real, x.imag], dim=-3)
        y = F.conv2d(parts.reshape(-1, *parts.shape[-3:]), kernel, padding=self.k_C // 2)
        return y.view(*x.shape[:-3], *y.shape[-3:])

    def states(
        self,
        u: Float[Tensor, "batch length U H W"],
        x0: Complex[Tensor, "batches half H2 W2"] | None = None,
        method: str = "chunked",
    ) -> Complex[Tensor, "batch length half H W"]:
        """All states. Raises ValueError for another number of channels, an empty video, another x0."""
        if u.ndim != 5 or u.shape[2] != self.U or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.U}, H, W) and not empty; got {tuple(u.shape)}")
        self._check_state(x0, u[:, 0])
        Abar, Bbar = self.system()
        return conv_scan(Abar, self._drive(u, Bbar), x0, method)

    def forward(
        self,
        u: Float[Tensor, "batch length U H W"],
        x0: Complex[Tensor, "batches half H2 W2"] | None = None,
        mode: str = "parallel",
    ) -> tuple[Float[Tensor, "batch length U H W"], Complex[Tensor, "batch half H W"]]:
        """(y, last state) from the state x0, zero if None: all frames in parallel, or "sequential", one by one.

        Raises ValueError as `states` does, and for another mode.
        """
        _check_mode(mode)
        if mode == "parallel":
            x = self.states(u, x0)
            return self._read(x), x[:, -1]
        if u.ndim != 5 or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.U}, H, W) and not empty; got {tuple(u.shape)}")
        x = self.default_state(len(u), u.shape[-2], u.shape[-1]) if x0 is None else x0
        y = []
        for frame in u.unbind(1):
            out, x = self.step(frame, x)
            y.append(out)
        return torch.stack(y, dim=1), x

    def step(
        self, u: Float[Tensor, "batch U H W"], x: Complex[Tensor, "batches half H2 W2"]
    ) -> tuple[Float[Tensor, "batch U H W"], Complex[Tensor, "batch half H W"]]:
        """(y, new state) for one frame: constant time and memory, however long the past. Raises as `states` does."""
        if u.ndim != 4 or u.shape[1] != self.U:
            raise ValueError(f"u must be (batch, {self.U}, H, W) for one frame; got {tuple(u.shape)}")
        self._check_state(x, u)
        Abar, Bbar = self.system()
        x = Abar[:, None, None] * x + self._drive(u, Bbar)
        return self._read(x), x

    def default_state(
        self, batch: int, height: int, width: int, max_length: int | None = None
    ) -> Complex[Tensor, "batch half H W"]:
        """The state before the first frame: zero, and of one size for any `max_length`."""
        kind = COMPLEX.get(self.log_dt.dtype, torch.complex64)
        return torch.zeros(batch, self.P // 2, height, width, dtype=kind, device=self.log_dt.device)

    def _check_state(self, x: Tensor | None, frame: Tensor) -> None:
        expected = (len(frame), self.P // 2, *frame.shape[-2:])
        if x is not None and tuple(x.shape) != expected:
            raise ValueError(f"x0, the state, must have shape {expected}; got {tuple(x.shape)}")


def _check_mode(mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}")
