"""The theme's data: white noise of limited bandwidth, delays, and digits as sequences."""

import pytest
import torch

from labkit.state_space.signals import white_signal
from labkit.state_space.tasks import delay_task, delayed, reconstruct_task, sequential_digits

D = torch.float64


def seeded():
    return torch.Generator("cpu").manual_seed(7)


@pytest.mark.parametrize("freq", [3, 40, 500])
def test_white_signal(freq, device):
    """Starts at 0, holds no frequency above `freq` and every one below, and has the asked variance."""
    u = white_signal(2.0, 1e-3, freq, rms=0.7, batch=300, generator=seeded(), dtype=D, device=device)
    assert u.shape == (300, 2000)
    assert not u[:, 0].any()
    power = torch.fft.rfft(u).abs().square().mean(0)[1:]
    frequencies = torch.fft.rfftfreq(2000, d=1e-3, dtype=D, device=device)[1:]
    assert power[frequencies > freq + 1e-9].sum() < 1e-20 * power.sum()
    inside = power[frequencies <= freq + 1e-9]
    assert inside[:-1].min() > 0.6 * inside[:-1].max()
    assert float(u.var(1, correction=0).mean().sqrt()) == pytest.approx(0.7, rel=0.05)


def test_white_signal_is_seeded_and_cast(device):
    a, b = (white_signal(1.0, 0.01, 10, generator=seeded(), device=device) for _ in range(2))
    assert torch.equal(a, b)
    assert a.dtype == torch.float32
    assert not torch.equal(a, white_signal(1.0, 0.01, 10, device=device))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((2.0, 1e-3, 0.4), r"freq=0\.4 must be at least 1/period = 0\.5"),
        ((2.0, 1e-3, 501), r"freq=501 must not exceed the Nyquist frequency 1/\(2 dt\) = 500\.0"),
        ((2.0, 1e-3, float("nan")), "freq=nan must be at least"),
        ((0, 1e-3, 3), "period and dt must be positive; got period=0"),
        ((2.0, -1.0, 3), "period and dt must be positive"),
        ((2.0, 1e-3, 3, 0.5, 0), "batch must be at least 1; got 0"),
    ],
)
def test_bad_white_signal(arguments, message):
    with pytest.raises(ValueError, match=message):
        white_signal(*arguments)


def test_delayed(device):
    u = torch.arange(1.0, 6.0, dtype=D, device=device)[None]
    assert delayed(u, 2).tolist() == [[0, 0, 1, 2, 3]]
    assert torch.equal(delayed(u, 0), u)
    assert not delayed(u, 5).any()
    with pytest.raises(ValueError, match="lag must lie between 0 and the length 5; got 6"):
        delayed(u, 6)


@pytest.mark.parametrize("length", [200, 201])
def test_delay_and_reconstruct(length, device):
    u, y = delay_task(3, length, 50, 1e-3, 100, generator=seeded(), device=device)
    assert u.shape == y.shape == (3, length, 1)
    assert torch.equal(y[:, 50:], u[:, :-50])
    assert not y[:, :50].any()
    u, y = reconstruct_task(3, length, 40, 1e-3, 100, generator=seeded(), device=device)
    assert torch.equal(y, u[:, -40:, 0])
    with pytest.raises(ValueError, match=f"memory must lie between 1 and the length {length}"):
        reconstruct_task(1, length, length + 1, 1e-3, 100)
    with pytest.raises(ValueError, match="length must be at least 1"):
        delay_task(1, 0, 0, 1e-3, 100)


def test_sequential_digits(device):
    digits = sequential_digits(device=device)
    assert digits.train.shape == (1400, 256, 1)
    assert digits.test.shape == (397, 256, 1)
    assert digits.train_labels.dtype == torch.int64
    for part in (digits.train, digits.test):
        assert part.dtype == torch.float32
        assert part.min() >= 0
        assert part.max() <= 1
        assert part.device.type == device.type
    for labels in (digits.train_labels, digits.test_labels):
        assert labels.bincount(minlength=10).min() > 0.07 * len(labels)
    again = sequential_digits(side=8, device=device)
    # a digit at 8 x 8 is the 2 x 2 mean of its own resized picture, to within the interpolation's blur
    small = digits.test[0].reshape(16, 16).unfold(0, 2, 2).unfold(1, 2, 2).mean((-1, -2))
    assert (small - again.test[0].reshape(8, 8)).abs().mean() < 0.08
    assert torch.equal(again.test_labels, digits.test_labels)
    assert not torch.equal(sequential_digits(side=8, seed=1, device=device).test_labels, digits.test_labels)
    with pytest.raises(ValueError, match="train between 1 and 1796; got side=16, train=1797"):
        sequential_digits(train=1797)
