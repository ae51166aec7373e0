"""Random signals of limited bandwidth: what the state-space papers test memory with."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def white_signal(
    period: float | int,
    dt: float | int,
    freq: float | int,
    rms: float | int = 0.5,
    batch: int = 1,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "batch length"]:
    """White noise of `period` seconds, sampled each `dt` seconds, with no frequency above `freq` Hz.

    Gaussian Fourier coefficients up to `freq`, none at frequency 0, scaled so that the root mean square about
    the mean is `rms` in expectation, and shifted to start at 0 (How to Train Your HiPPO, appendix, "white
    noise"; first in Nengo). The length is period/dt, rounded up to an even number.

    Raises ValueError if freq < 1/period (nothing would be left) or freq > 1/(2 dt) (Nyquist), and for sizes
    <= 0.
    """
    if period <= 0 or dt <= 0:
        raise ValueError(f"period and dt must be positive; got period={period}, dt={dt}")
    if batch < 1:
        raise ValueError(f"batch must be at least 1; got {batch}")
    if not freq >= 1 / period:
        raise ValueError(f"freq={freq} must be at least 1/period = {1 / period}, or the signal is zero")
    if freq > 0.5 / dt:
        raise ValueError(f"freq={freq} must not exceed the Nyquist frequency 1/(2 dt) = {0.5 / dt}")
    half = math.ceil(round(period / dt / 2, 9))
    source = generator.device if generator is not None else torch.device(device)
    parts = torch.randn(batch, half + 1, 2, dtype=torch.float64, device=source, generator=generator).to(
        device
    )
    coefficients = torch.view_as_complex(parts * rms * math.sqrt(0.5))
    kept = torch.fft.rfftfreq(2 * half, d=dt, dtype=torch.float64, device=device) <= freq * (1 + 1e-12)
    kept[0] = False
    # a coefficient of variance rms^2 on each of `half` frequencies would give the signal variance rms^2
    power = kept.sum() / half
    # the Nyquist coefficient of a real signal is real
    coefficients[:, -1].imag.zero_()
    signal = torch.fft.irfft(coefficients * kept / power.sqrt() * math.sqrt(2 * half), n=2 * half)
    return (signal - signal[:, :1]).to(dtype)
