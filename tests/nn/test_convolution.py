"""labkit.nn.convolution: equal to the sums that define it, without wrap-around, in every precision."""

import pytest
import torch
from scipy.fft import next_fast_len

from labkit.nn.convolution import bidirectional_conv, causal_conv, fast_length


def direct(u, k, k_back=None):
    """The double sum, term by term."""
    y = torch.zeros_like(u)
    length = u.shape[1]
    for i in range(length):
        for j in range(min(i + 1, k.shape[1])):
            y[:, i] += k[:, j] * u[:, i - j]
        for j in range(0 if k_back is None else min(length - 1 - i, k_back.shape[1])):
            y[:, i] += k_back[:, j] * u[:, i + 1 + j]
    return y


def draw(*shape, device, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, device=device)


@pytest.mark.parametrize(("length", "kernel"), [(1, 1), (7, 7), (16, 5), (9, 30), (24, 1)])
def test_causal_equals_the_sum(length, kernel, device):
    u, k = draw(2, length, 3, device=device), draw(3, kernel, device=device)
    y = causal_conv(u, k)
    assert torch.allclose(y, direct(u, k), atol=1e-12)
    assert y.dtype == u.dtype
    assert y.device.type == device.type


@pytest.mark.parametrize(
    ("length", "kernel", "back"), [(1, 1, 1), (7, 7, 7), (16, 5, 3), (9, 30, 30), (2, 1, 2)]
)
def test_bidirectional_equals_the_sum(length, kernel, back, device):
    u = draw(2, length, 3, device=device)
    k, k_back = draw(3, kernel, device=device), draw(3, back, device=device)
    assert torch.allclose(bidirectional_conv(u, k, k_back), direct(u, k, k_back), atol=1e-12)


def test_the_end_does_not_reach_the_beginning(device):
    u = torch.zeros(1, 64, 1, dtype=torch.float64, device=device)
    u[:, -1] = 1.0
    y = causal_conv(u, torch.ones(1, 64, dtype=torch.float64, device=device))
    assert y[:, :-1].abs().max() < 1e-12
    assert abs(y[0, -1, 0] - 1) < 1e-12


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(dtype, device):
    """Length 100 is no power of two, where a half-precision FFT is refused."""
    u, k = draw(2, 100, 3, device=device, dtype=dtype), draw(3, 100, device=device, dtype=dtype)
    y = causal_conv(u, k)
    exact = causal_conv(u.double(), k.double())
    assert y.dtype == dtype
    assert (y.double() - exact).abs().max() <= torch.finfo(dtype).eps * exact.abs().max()
    assert bidirectional_conv(u, k, k).dtype == dtype


def test_gradients():
    u, k, b = (draw(*s, device="cpu").requires_grad_() for s in ((1, 5, 2), (2, 5), (2, 4)))
    assert torch.autograd.gradcheck(causal_conv, (u, k))
    assert torch.autograd.gradcheck(bidirectional_conv, (u, k, b))


def test_fast_length():
    assert all(fast_length(n) == next_fast_len(n, real=True) for n in range(1, 2000))


def test_bad_input(device):
    u, k = draw(2, 5, 3, device=device), draw(3, 5, device=device)
    for call in (lambda u, k: causal_conv(u, k), lambda u, k: bidirectional_conv(u, k, k)):
        with pytest.raises(ValueError, match=r"same channels; got \(2, 5, 3\) and \(2, 5\)"):
            call(u, k[:2])
        with pytest.raises(TypeError):
            call(torch.zeros(2, 5, 3, dtype=torch.int64, device=device), k)
        with pytest.raises(ValueError, match="must not be empty"):
            call(u[:, :0], k)
