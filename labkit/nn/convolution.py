"""Long convolutions through the FFT."""

import torch
from jaxtyping import Float
from torch import Tensor


def fast_length(n: int) -> int:
    """The smallest length >= n whose only prime factors are 2, 3 and 5: the FFT is fast there."""
    best = 1 << (n - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            two = 1 << max(0, (-(-n // three) - 1).bit_length())
            best = min(best, three * two)
            three *= 3
        five *= 5
    return best


def _check(u: Tensor, k: Tensor, name: str = "k") -> None:
    for label, tensor in (("u", u), (name, k)):
        if not tensor.is_floating_point():
            raise TypeError(f"{label} must hold floating-point numbers; got {tensor.dtype}")
    if u.ndim != 3 or k.ndim != 2 or u.shape[2] != k.shape[0]:
        raise ValueError(
            f"u must be (batch, length, channels) and {name} (channels, kernel length), same channels; "
            f"got {tuple(u.shape)} and {tuple(k.shape)}"
        )
    if u.shape[1] < 1 or k.shape[1] < 1:
        raise ValueError(f"u and {name} must not be empty; got {tuple(u.shape)} and {tuple(k.shape)}")


def causal_conv(
    u: Float[Tensor, "batch length channels"], k: Float[Tensor, "kernels kernel_length"]
) -> Float[Tensor, "batch length channels"]:
    """y_i = sum_{j=0..i} k_j u_{i-j} for each channel: the past filters the present, in O(L log L).

    Both are padded with zeros to at least twice the length, so nothing wraps round from the end to the
    beginning. The FFT runs in float32 or float64 whatever the input (half-precision FFTs exist only for
    powers of two, and lose digits); the result has u's dtype.

    Raises TypeError for integers and ValueError for shapes that do not match.
    """
    _check(u, k)
    length = u.shape[1]
    wide = torch.promote_types(torch.promote_types(u.dtype, k.dtype), torch.float32)
    k = k[:, :length].to(wide)
    n = fast_length(length + k.shape[1] - 1)
    # convolution theorem: FFT(u * k) = FFT(u) FFT(k), along the sequence; the FFT is fastest on its last axis
    product = torch.fft.rfft(u.to(wide).mT, n=n) * torch.fft.rfft(k, n=n)
    return torch.fft.irfft(product, n=n)[..., :length].mT.to(u.dtype)


def bidirectional_conv(
    u: Float[Tensor, "batch length channels"],
    k: Float[Tensor, "kernels kernel_length"],
    k_back: Float[Tensor, "kernels back_length"],
) -> Float[Tensor, "batch length channels"]:
    """y_i = sum_{j=0..i} k_j u_{i-j} + sum_{j>=0} k_back_j u_{i+1+j}: past and present through k, future
    through k_back.

    The present enters once, through k: k_back starts at the next step, as in the reference implementation.
    Raises as `causal_conv` does.
    """
    _check(u, k)
    _check(u, k_back, "k_back")
    length = u.shape[1]
    wide = torch.promote_types(torch.promote_types(u.dtype, k.dtype), torch.float32)
    k, k_back = k[:, :length].to(wide), k_back[:, : max(length - 1, 1)].to(wide)
    n = fast_length(2 * length)
    # one kernel on the circle: lags 0, 1, ... from the front, lags -1, -2, ... from the back
    both = torch.nn.functional.pad(k, (0, n - k.shape[1]))
    both = both + torch.nn.functional.pad(k_back.flip(-1), (n - k_back.shape[1], 0))
    product = torch.fft.rfft(u.to(wide).mT, n=n) * torch.fft.rfft(both, n=n)
    return torch.fft.irfft(product, n=n)[..., :length].mT.to(u.dtype)
