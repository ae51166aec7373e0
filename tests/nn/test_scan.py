"""labkit.nn.scan: every method equals the recurrence, and so does its hand-written gradient."""

import pytest
import torch

from labkit.nn.scan import METHODS, linear_scan

D, C = torch.float64, torch.complex128


def recurrence(a, b, x0=None):
    a = a.expand(b.shape)
    x = torch.zeros_like(b[:, 0]) if x0 is None else x0
    steps = []
    for k in range(b.shape[1]):
        x = a[:, k] * x + b[:, k]
        steps.append(x)
    return torch.stack(steps, dim=1)


def draw(*shape, dtype=D, device):
    return torch.randn(*shape, dtype=dtype, device=device)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("length", [1, 2, 7, 64, 65, 130])
def test_equals_the_recurrence(method, length, device):
    for dtype in (D, C):
        a, b = (draw(2, length, 3, dtype=dtype, device=device) for _ in range(2))
        x0 = draw(2, 3, dtype=dtype, device=device)
        assert torch.allclose(
            linear_scan(a, b, x0, method, chunk=16), recurrence(a, b, x0), rtol=1e-9, atol=1e-9
        )
        assert torch.allclose(
            linear_scan(a, b, method=method, chunk=16), recurrence(a, b), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 9, 1, 1), (2, 9, 1, 2), (1, 1, 3, 2), (2, 1, 1, 1)])
def test_a_broadcasts_and_real_meets_complex(method, shape, device):
    a, b = draw(*shape, device=device), draw(2, 9, 3, 2, dtype=C, device=device)
    assert torch.allclose(linear_scan(a, b, method=method, chunk=4), recurrence(a, b), atol=1e-12)


def test_no_features(device):
    a, b = draw(2, 9, device=device), draw(2, 9, device=device)
    assert torch.allclose(linear_scan(a, b, chunk=4), recurrence(a, b), atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["full", "broadcast", "real a"])
def test_gradient_and_its_gradient(method, kind):
    def leaf(*shape, dtype=C):
        return draw(*shape, dtype=dtype, device="cpu").requires_grad_()

    a = {"full": leaf(2, 4, 1), "broadcast": leaf(1, 4, 1), "real a": leaf(2, 4, 1, dtype=D)}[kind]
    b, x0 = leaf(2, 4, 1), leaf(2, 1, dtype=D)
    assert torch.autograd.gradcheck(lambda *t: linear_scan(*t, method, 2), (a, b, x0))
    assert torch.autograd.gradgradcheck(lambda *t: linear_scan(*t, method, 2), (a, b, x0))


@pytest.mark.parametrize("method", METHODS)
def test_gradient_equals_autograd_through_the_recurrence(method, device):
    def gradients(scan):
        torch.manual_seed(1)
        a = (0.9 * draw(1, 200, 3, dtype=C, device=device).sgn()).requires_grad_()
        b, x0 = (draw(*s, dtype=C, device=device).requires_grad_() for s in ((2, 200, 3), (2, 3)))
        (scan(a, b, x0).abs() ** 3).sum().backward()
        return a.grad, b.grad, x0.grad

    for mine, theirs in zip(
        gradients(lambda a, b, x0: linear_scan(a, b, x0, method)), gradients(recurrence), strict=True
    ):
        assert torch.allclose(mine, theirs, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_strong_decay_stays_finite_in_float32(method, device):
    """Products of a over 2000 steps are far below the smallest float32: any division by them gives NaN."""
    a = torch.full((1, 2000, 1), 0.01, dtype=torch.float32, device=device)
    a[:, 700] = 0.0
    b = torch.ones(1, 2000, 1, dtype=torch.float32, device=device)
    x = linear_scan(a, b, method=method)
    assert torch.allclose(x, recurrence(a, b), rtol=1e-6)


def test_bad_input(device):
    a, b = draw(2, 5, 3, device=device), draw(2, 5, 3, device=device)
    with pytest.raises(ValueError, match=r"method must be one of chunked, loop, odd_even; got 'blelloch'"):
        linear_scan(a, b, method="blelloch")
    with pytest.raises(ValueError, match=r"chunk must be at least 1; got 0"):
        linear_scan(a, b, chunk=0)
    with pytest.raises(ValueError, match=r"a must broadcast to b"):
        linear_scan(a[:, :4], b)
    with pytest.raises(ValueError, match=r"a must broadcast to b"):
        linear_scan(a[..., 0], b)
    with pytest.raises(ValueError, match=r"at least one step"):
        linear_scan(a[:, :0], b[:, :0])


def test_the_wrong_initial_state_is_named():
    """A direct caller without shape checking gets a ValueError that states both shapes."""
    a = b = draw(2, 5, 3, device="cpu")
    with pytest.raises((ValueError, TypeError), match="x0"):
        linear_scan(a, b, draw(2, 4, device="cpu"))
