"""ConvS5's hot paths against their baselines: `pytest tests/benchmarks/test_convs5.py --benchmark-enable -s`."""

import pytest
import torch
from torch.nn import functional as F

from labkit.state_space.convs5.method import ConvLSTMLayer, ConvS5SSM, conv_scan, video_model


def frames(T, U=16, size=8, batch=2):
    return torch.randn(batch, T, U, size, size, generator=torch.Generator("cpu").manual_seed(0))


@pytest.mark.benchmark(group="scan over images, forward and backward, T=64")
def test_scan_v_unbind_loop(race):
    a = torch.exp(torch.complex(-0.1 * torch.rand(20), torch.randn(20)))
    b = torch.complex(frames(64, 20), frames(64, 20)).requires_grad_()

    def loop():
        x, states = torch.zeros_like(b[:, 0]), []
        for frame in b.unbind(1):
            x = a[:, None, None] * x + frame
            states.append(x)
        torch.stack(states, 1).real.sum().backward()

    race(lambda: conv_scan(a, b).real.sum().backward(), loop, goal=1.5, baseline="unbind loop")


@pytest.mark.benchmark(group="input convolution, T=64")
def test_real_arithmetic_v_complex_convolution(race):
    ssm, u = ConvS5SSM(16, 40), frames(64)
    with torch.no_grad():
        _, Bbar = ssm.system()

        def complex_convolution():
            return F.conv2d(u.flatten(0, 1).to(Bbar.dtype), Bbar, padding=1)

        assert torch.allclose(ssm._drive(u, Bbar).flatten(0, 1), complex_convolution(), atol=1e-4)
        race(lambda: ssm._drive(u, Bbar), complex_convolution, baseline="complex64 conv2d")


@pytest.mark.benchmark(group="one layer, forward and backward, T=64")
def test_system_v_step_by_step(race):
    ssm, u = ConvS5SSM(16, 40), frames(64)
    race(
        lambda: ssm(u)[0].sum().backward(),
        lambda: ssm(u, mode="sequential")[0].sum().backward(),
        goal=1.5,
        rounds=2,
        baseline="frame by frame",
    )


@pytest.mark.benchmark(group="one layer, forward and backward, T=300")
def test_system_v_convlstm(race):
    ssm, lstm, u = ConvS5SSM(16, 40), ConvLSTMLayer(16), frames(300, batch=1)
    race(
        lambda: ssm(u)[0].sum().backward(), lambda: lstm(u)[0].sum().backward(), rounds=2, baseline="ConvLSTM"
    )


@pytest.mark.benchmark(group="twenty frames after a context of 100")
def test_generate_v_reading_everything_again(race):
    torch.manual_seed(0)
    model = video_model("convs5", 16, 16, 2, P=40).eval()
    video = frames(100, 1, 16, 1).clamp(-1, 1)

    @torch.no_grad()
    def again():
        seen = video
        for _ in range(20):
            seen = torch.cat([seen, model(seen)[0][:, -1:]], 1)

    race(lambda: model.generate(video, 20), again, rounds=1, baseline="forward for each frame")
