"""Fixed filters in front of the first layer: differences, and what a moving average leaves (SpaceTime, section 4)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.convolution import causal_conv

ORDERS = 4
SHORTEST, LONGEST = 4, 64


def pascal(order: int, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> Tensor:
    """The taps of the difference of that order, newest first: row `order` of the signed Pascal triangle.

    (1), (1, -1), (1, -2, 1), (1, -3, 3, -1), ...: (-1)^i C(order, i). Raises ValueError for order < 0.
    """
    if order < 0:
        raise ValueError(f"order must be at least 0; got {order}")
    row = [(-1) ** i * math.comb(order, i) for i in range(order + 1)]
    return torch.tensor(row, dtype=dtype, device=device)


def residual_taps(
    window: int, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu"
) -> Tensor:
    """The taps of u_t - mean(u_{t-window+1..t}). They sum to 0. Raises ValueError for window < 1."""
    if window < 1:
        raise ValueError(f"window must be at least 1; got {window}")
    taps = torch.full((window,), -1 / window, dtype=dtype, device=device)
    taps[0] += 1
    return taps


class _Fixed(nn.Module):
    """One fixed filter a channel; nothing is learnt."""

    def __init__(self, taps: list[Tensor], dtype: torch.dtype, device: torch.device | str):
        super().__init__()
        longest = max(map(len, taps))
        rows = torch.stack([nn.functional.pad(row, (0, longest - len(row))) for row in taps])
        self.register_buffer("taps", rows.to(dtype=dtype, device=device))

    def forward(self, u: Float[Tensor, "batch length channels"]) -> Float[Tensor, "batch length channels"]:
        """Each channel through its filter, with zeros before the beginning: the first values are biased."""
        return causal_conv(u, self.taps)


def _width(d_model: int) -> None:
    if d_model < 1:
        raise ValueError(f"d_model must be at least 1; got {d_model}")


class Differencing(_Fixed):
    """Differences of order 0, 1, 2, 3, in turn over the channels. Raises ValueError for d_model < 1."""

    def __init__(self, d_model: int, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"):
        _width(d_model)
        super().__init__([pascal(channel % ORDERS) for channel in range(d_model)], dtype, device)


class MovingAverageResidual(_Fixed):
    """u minus its moving average over m steps, m a random integer in [4, 64) for each channel.

    Raises ValueError for d_model < 1.
    """

    def __init__(
        self,
        d_model: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        _width(d_model)
        windows = torch.randint(SHORTEST, LONGEST, (d_model,), device="cpu", generator=generator)
        super().__init__([residual_taps(int(m)) for m in windows], dtype, device)


class Preprocessing(_Fixed):
    """Eight filters, repeated to the width: four differences, then four moving-average residuals.

    As in the reference each repetition draws windows of its own. Raises ValueError unless d_model is a multiple
    of 8.
    """

    def __init__(
        self,
        d_model: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        if d_model < 1 or d_model % (2 * ORDERS):
            raise ValueError(f"d_model must be a multiple of {2 * ORDERS}, the filters; got {d_model}")
        windows = iter(torch.randint(SHORTEST, LONGEST, (d_model // 2,), device="cpu", generator=generator))
        taps = [
            pascal(place) if (place := channel % (2 * ORDERS)) < ORDERS else residual_taps(int(next(windows)))
            for channel in range(d_model)
        ]
        super().__init__(taps, dtype, device)
