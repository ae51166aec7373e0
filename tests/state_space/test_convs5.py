"""ConvS5: its scan, its systems, its layers and its model of video, against loops, unfolding and closed forms."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from labkit.datasets import MovingDigits, digit_source, read_videos, to_signed, to_unit
from labkit.state_space.convs5 import method
from labkit.state_space.convs5.method import (
    ConvLSTMLayer,
    ConvS5Layer,
    ConvS5SSM,
    ConvSSM,
    Element,
    LayerStack,
    VideoModel,
    compose,
    compose_kernels,
    conv_scan,
    convolve,
    scan_rounds,
    tree_scan,
    video_model,
)
from labkit.state_space.s5_layer import S5Layer

WIDE = {"dtype": torch.float64}


def generator(seed=0):
    return torch.Generator(device="cpu").manual_seed(seed)


def draw(*shape, seed=0, device="cpu", complex=False):
    kind = torch.complex128 if complex else torch.float64
    return torch.randn(*shape, dtype=kind, device="cpu", generator=generator(seed)).to(device)


def system(device, U=3, P=8, **options):
    return ConvS5SSM(U, P, device=device, generator=generator(1), **WIDE, **options)


def model(kind="convs5", device="cpu", size=8, layers=2, **core):
    torch.manual_seed(3)
    options = {
        "convs5": {"P": 8},
        "convlstm": {},
        "transformer": {"width": 16, "heads": 2},
        "s5": {"width": 16, "d_state": 8},
    }[kind]
    return video_model(kind, size, 8, layers, (4, 8), device=device, **WIDE, **{**options, **core}).eval()


def clips(n, length, size=8, device="cpu", seed=0):
    return (2 * torch.rand(n, length, 1, size, size, generator=generator(seed), device="cpu") - 1).to(
        device=device, dtype=torch.float64
    )


# the scan


def test_all_methods_of_the_scan_are_the_loop_and_so_are_their_gradients(device):
    a = torch.exp(torch.complex(-0.1 * draw(4).abs(), draw(4, seed=1))).to(device)
    b, x0 = (
        draw(2, 70, 4, 3, 2, seed=2, complex=True, device=device),
        draw(2, 4, 3, 2, complex=True).to(device),
    )
    weight = draw(2, 70, 4, 3, 2, seed=4, complex=True, device=device)
    found = {}
    for method_ in ("own loop", "chunked", "odd_even"):
        inputs = [x.clone().requires_grad_() for x in (a, b, x0)]
        if method_ == "own loop":
            x, states = inputs[2], []
            for frame in inputs[1].unbind(1):
                x = inputs[0][:, None, None] * x + frame
                states.append(x)
            states = torch.stack(states, 1)
        else:
            states = conv_scan(*inputs, method_)
        (states * weight).real.sum().backward()
        found[method_] = [states.detach(), *[x.grad for x in inputs]]
    for method_ in ("chunked", "odd_even"):
        for one, other in zip(found["own loop"], found[method_], strict=True):
            assert torch.allclose(one, other, atol=1e-10, rtol=1e-10)


def test_kernels_compose_and_grow(device):
    for a, b in ((1, 1), (3, 3), (3, 5), (5, 1)):
        k2, k1 = draw(4, 3, a, a, device=device), draw(3, 2, b, b, seed=1, device=device)
        u = draw(2, 2, 13, 11, seed=2, device=device)
        both = compose_kernels(k2, k1)
        assert both.shape == (4, 2, a + b - 1, a + b - 1)
        for padding, edge in (("circular", 0), ("zeros", (a + b) // 2)):
            inside = (..., slice(edge, 13 - edge), slice(edge, 11 - edge))
            twice = convolve(k2, convolve(k1, u, padding), padding)
            assert torch.allclose(twice[inside], convolve(both, u, padding)[inside], atol=1e-10)


@pytest.mark.parametrize("k", [1, 3])
def test_the_operator_is_associative(device, k):
    steps = [
        Element(draw(3, 3, k, k, seed=s, device=device), draw(2, 3, 9, 9, seed=10 + s, device=device))
        for s in range(3)
    ]
    left = compose(compose(steps[0], steps[1], "circular"), steps[2], "circular")
    right = compose(steps[0], compose(steps[1], steps[2], "circular"), "circular")
    assert torch.allclose(left.A, right.A, atol=1e-10) and torch.allclose(left.b, right.b, atol=1e-10)
    assert left.A.shape[-1] == 3 * (k - 1) + 1
    # not commutative
    swapped = compose(compose(steps[1], steps[0], "circular"), steps[2], "circular")
    assert not torch.allclose(left.b, swapped.b, atol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 5, 8])
def test_the_tree_with_any_kernel_is_the_loop(device, length):
    A = 0.2 * draw(2, 2, 3, 3, device=device)
    b = draw(2, length, 2, 7, 7, seed=1, device=device)
    tree = tree_scan([Element(A, frame) for frame in b.unbind(1)], "circular")
    x, states = torch.zeros_like(b[:, 0]), []
    for frame in b.unbind(1):
        x = convolve(A, x, "circular") + frame
        states.append(x)
    assert torch.allclose(tree.states, torch.stack(states, 1), atol=1e-10)
    assert [max(sizes) for sizes in tree.sizes] == [2 * 2**level + 1 for level in range(len(tree.sizes))]


def test_the_tree_needs_two_rounds_a_level(device):
    for T in (1, 2, 3, 4, 5, 8, 64, 100):
        step = Element(torch.ones(1, 1, 1, 1, device=device), torch.ones(1, 1, 1, 1, device=device))
        levels = [len(sizes) for sizes in tree_scan([step] * T).sizes]
        # on the way up each level composes its pairs; on the way down it fills in what lies between
        assert scan_rounds(T) == sum(n > 1 for n in levels) + sum(n > 2 for n in levels)
    assert scan_rounds(64) == 11 and scan_rounds(300) == 15


def test_the_general_system_runs_both_ways(device):
    kernels = [
        0.2 * draw(*shape, seed=i, device=device)
        for i, shape in enumerate([(3, 3, 3, 3), (3, 2, 3, 3), (4, 3, 1, 1), (4, 2, 3, 3)])
    ]
    u, x0 = draw(2, 6, 2, 8, 8, seed=9, device=device), draw(2, 3, 8, 8, seed=8, device=device)
    ssm = ConvSSM(*kernels, padding="circular")
    y, last = ssm(u, x0, "parallel")
    z, other = ssm(u, x0, "sequential")
    assert y.shape == (2, 6, 4, 8, 8) and torch.allclose(y, z, atol=1e-10)
    assert torch.allclose(last, other, atol=1e-10)


# ConvS5's system


def test_parallel_is_sequential_and_a_video_may_be_cut(device):
    ssm, u = system(device), draw(2, 70, 3, 5, 6, device=device)
    x0 = draw(2, 4, 5, 6, seed=5, complex=True, device=device)
    y, last = ssm(u, x0)
    z, other = ssm(u, x0, "sequential")
    assert torch.allclose(y, z, atol=1e-10) and torch.allclose(last, other, atol=1e-10)
    first, state = ssm(u[:, :23], x0)
    second, end = ssm(u[:, 23:], state)
    assert torch.allclose(torch.cat([first, second], 1), y, atol=1e-10)
    assert torch.allclose(end, last, atol=1e-10)


def test_one_pixel_is_an_s5_over_patches(device):
    """The equivalence (proposition 3): shared A, the input the vectorised patch, B the reshaped kernel."""
    ssm, u = system(device, k_B=3, k_C=1), draw(2, 12, 3, 5, 6, device=device)
    Abar, Bbar = ssm.system()
    patches = F.unfold(u.flatten(0, 1), 3, padding=1).unflatten(0, (2, 12))  # (B, T, U k k, pixels)
    driven = torch.einsum("pi,btin->btpn", Bbar.flatten(1), patches.to(Bbar.dtype))
    x, outputs = torch.zeros_like(driven[:, 0]), []
    C = torch.view_as_complex(ssm.C)[..., 0, 0]
    for frame in driven.unbind(1):
        x = Abar[:, None] * x + frame
        outputs.append(2 * torch.einsum("up,bpn->bun", C, x).real)
    expected = torch.stack(outputs, 1).unflatten(-1, (5, 6))
    assert torch.allclose(ssm(u)[0], expected, atol=1e-10)


def test_with_pointwise_kernels_on_one_pixel_it_is_s5s_system(device):
    ssm = system(device, k_B=1, k_C=1, blocks=2)
    s5 = S5Layer(3, 8, blocks=2, activation="none", device=device, **WIDE)
    with torch.no_grad():
        for name in ("log_dt", "decay", "frequency"):
            getattr(s5, name).copy_(getattr(ssm, name))
        s5.B.copy_(ssm.B[:, :, 0, 0])
        s5.C.copy_(ssm.C[:, :, 0, 0])
        s5.D.zero_()
    u = draw(2, 40, 3, device=device)
    assert torch.allclose(ssm(u[..., None, None])[0][..., 0, 0], s5(u), atol=1e-10)


def test_shifting_the_video_shifts_the_output_in_the_interior(device):
    ssm, u = system(device), draw(1, 9, 3, 12, 12, device=device)
    moved = torch.roll(u, (1, 2), (-2, -1))
    inside = (..., slice(4, 9), slice(4, 9))
    assert torch.allclose(ssm(moved)[0][inside], torch.roll(ssm(u)[0], (1, 2), (-2, -1))[inside], atol=1e-10)


@pytest.mark.parametrize("kind", method.KINDS)
def test_no_model_sees_the_future(device, kind):
    net, video = model(kind, device), clips(2, 7, device=device)
    changed = video.clone()
    changed[:, 4:] = clips(2, 3, device=device, seed=8)
    one, other = net(video)[0], net(changed)[0]
    assert torch.allclose(one[:, :4], other[:, :4], atol=1e-10)
    assert not torch.allclose(one[:, 4], other[:, 4], atol=1e-6)


def test_the_start_is_the_real_systems(device):
    """B~ = V^* B and C~ = C V: the first markov parameter is C B's, up to what zero-order hold makes of it."""
    ssm = ConvS5SSM(2, 8, 3, 3, generator=generator(4), device=device, dt_min=1e-9, dt_max=1e-9, **WIDE)
    source = generator(4)
    B = torch.randn(8, 18, generator=source, device="cpu", **WIDE) * np.sqrt(2 / 18)
    C = torch.randn(2, 8, 3, 3, generator=source, device="cpu", **WIDE) * np.sqrt(2 / 72)
    # one bright pixel in the middle: y_0 = C * (Delta B) * u
    u = torch.zeros(1, 1, 2, 7, 7, device=device, **WIDE)
    u[0, 0, 1, 3, 3] = 1
    real = convolve(C.to(device), 1e-9 * convolve(B.view(8, 2, 3, 3).to(device), u[:, 0]))
    assert torch.allclose(ssm(u)[0][:, 0] / 1e-9, real / 1e-9, atol=1e-6)
    Abar, _ = ssm.system()
    assert torch.allclose(ssm.decay.detach(), torch.full((4,), -0.5, device=device, **WIDE), atol=1e-9)
    assert (Abar.abs() < 1).all()


def test_the_random_start_is_a_random_normal_matrix(device):
    one, other = system(device, init="random"), system(device)
    assert not torch.allclose(one.decay, other.decay)
    assert (one.decay < 0).all() and (one.frequency > 0).all()
    assert one.B.square().sum().item() == pytest.approx(other.B.square().sum().item(), rel=0.7)


def test_clipping_keeps_the_eigenvalues_stable(device):
    for clip in (True, False):
        ssm = system(device, clip_eigs=clip)
        with torch.no_grad():
            ssm.decay.fill_(0.3)
        Abar, _ = ssm.system()
        assert bool((Abar.abs() < 1).all()) == clip
        assert ssm.eigenvalues().real.max().item() == pytest.approx(-1e-4 if clip else 0.3)


def test_the_gradient_of_delta_is_the_finite_difference(device):
    ssm, u = system(device), draw(1, 6, 3, 4, 4, device=device)
    weight = draw(1, 6, 3, 4, 4, seed=2, device=device)

    def value():
        return (ssm(u)[0] * weight).sum()

    value().backward()
    for p in range(4):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                ssm.log_dt[p] += sign * 1e-5
                values.append(value().item())
                ssm.log_dt[p] -= sign * 1e-5
        assert (values[0] - values[1]) / 2e-5 == pytest.approx(ssm.log_dt.grad[p].item(), rel=1e-6, abs=1e-9)


def test_steps_cost_the_same_however_long_the_past(device):
    stack = LayerStack(lambda: ConvS5Layer(4, 8, device=device, **WIDE), 2)
    short = stack(draw(1, 3, 4, 4, 4, device=device))[1]
    long = stack(draw(1, 50, 4, 4, 4, device=device))[1]
    assert [s.shape for s in short] == [s.shape for s in long] == [(1, 4, 4, 4)] * 2


# layers and models


@pytest.mark.parametrize("kind", method.NONLINEARITIES)
def test_nonlinearities(device, kind):
    layer = ConvS5Layer(8, 4, nonlinearity=kind, device=device, **WIDE)
    u = draw(2, 5, 8, 4, 4, device=device)
    y, _ = layer(u)
    assert y.shape == u.shape
    assert torch.allclose(y.mean(2), torch.zeros_like(y.mean(2)), atol=1e-6), "post-norm over channels"
    stepped, frame_state = [], layer.default_state(2, 4, 4)
    for frame in u.unbind(1):
        out, frame_state = layer.step(frame, frame_state)
        stepped.append(out)
    assert torch.allclose(torch.stack(stepped, 1), y, atol=1e-10)
    # written out
    s = layer.ssm(u)[0].flatten(0, 1)
    n = layer.nonlinearity
    flat = u.flatten(0, 1)
    if kind == "half_glu":
        z = F.gelu(s) * torch.sigmoid(n.gate(F.gelu(s)))
    elif kind == "standard":
        z = F.gelu(n.norm1(s + n.D[:, None, None] * flat))
    else:
        z = F.gelu(n.norm2(n.conv1(F.gelu(n.norm1(s)))))
        z = F.gelu(s + (n.conv2(z) if kind == "resnet" else z))
    wanted = F.layer_norm((flat + z).movedim(1, -1), (8,)).movedim(-1, 1)
    assert torch.allclose(y.flatten(0, 1), wanted, atol=1e-6)


def test_convlstm_is_its_equations(device):
    layer, u = ConvLSTMLayer(3, device=device, **WIDE), draw(2, 4, 3, 5, 5, device=device)
    h, c, wanted = torch.zeros_like(u[:, 0]), torch.zeros_like(u[:, 0]), []
    for frame in u.unbind(1):
        i, f, o, g = F.conv2d(torch.cat([frame, h], 1), layer.weight, padding=1).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        wanted.append(layer.norm(frame + h))
    y, state = layer(u)
    assert torch.allclose(y, torch.stack(wanted, 1), atol=1e-10)
    assert torch.allclose(state, torch.stack([h, c], 1), atol=1e-10)


@pytest.mark.parametrize("kind", method.KINDS)
def test_generating_is_repeated_forward(device, kind):
    net, video = model(kind, device), clips(2, 5, device=device)
    made = net.generate(video, 4)
    assert made.shape == (2, 4, 1, 8, 8)
    seen = video
    for k in range(4):
        following = net(seen)[0][:, -1:]
        assert torch.allclose(made[:, k : k + 1], following, atol=1e-4)
        seen = torch.cat([seen, following], 1)
    assert torch.allclose(net.generate(video[:, :1], 1), net(video[:, :1])[0], atol=1e-10)


def test_encoder_and_decoder_shapes_and_the_small_branch(device):
    torch.manual_seed(0)
    encoder = method.Encoder(1, (64, 128, 256), 256, device=device)
    assert encoder(torch.zeros(1, 1, 64, 64, device=device)).shape == (1, 256, 16, 16)
    decoder = method.Decoder(1, (64, 128, 256), 256, device=device)
    assert decoder(torch.zeros(1, 256, 16, 16, device=device)).shape == (1, 1, 64, 64)
    block = method.ResidualBlock(4, 4, device=device, **WIDE)
    with torch.no_grad():
        block.bias.fill_(2.0)
        block.conv2.weight.zero_()
    x = draw(1, 4, 4, 4, device=device)
    assert torch.allclose(block(x), x + 0.2)


def test_actions_steer_and_the_null_action_is_no_action(device):
    torch.manual_seed(0)
    core = LayerStack(lambda: ConvS5Layer(8, 4, device=device, **WIDE), 1)
    net = VideoModel(core, 8, depths=(8,), actions=3, device=device, **WIDE).eval()
    video = clips(2, 4, 4, device)
    null = torch.full((2, 4), 3, device=device)
    assert torch.allclose(net(video)[0], net(video, None, null)[0])
    assert not torch.allclose(net(video)[0], net(video, None, torch.zeros_like(null))[0])
    assert net.generate(video, 3, torch.zeros(2, 6, dtype=torch.long, device=device)).shape[1] == 3
    net.train()
    net.action_drop = 1.0
    assert torch.allclose(net(video)[0], net(video, None, torch.zeros_like(null))[0]), "always dropped"
    with pytest.raises(ValueError, match=r"actions must lie in 0\.\.3"):
        net(video, None, null + 1)


def test_teco_runs_between_a_users_codebook_and_prior(device):
    class Codes:
        def encode(self, video):
            return (video[:, :, 0] > 0).long()

        def decode(self, tokens):
            return tokens[:, :, None].float()

    class Guess:
        def loss(self, features, tokens):
            assert features.shape[:2] == tokens.shape[:2]
            return features.square().mean()

        def sample(self, features):
            return features.argmax(2)

    core = LayerStack(lambda: ConvS5Layer(4, 4, device=device), 1)
    teco = method.TecoConvS5(Codes(), core, Guess(), 2, 4, device=device)
    assert torch.isfinite(teco.loss(clips(1, 5, 4, device).float()))
    assert not method.CONFIGS["dmlab"].clip_eigs and method.CONFIGS["habitat"].learning_rate == 5e-4


# metrics and data


def test_metrics_against_closed_forms(device):
    truth = torch.rand(2, 3, 1, 16, 16, generator=generator(), device="cpu").to(device)
    off = truth + 0.1
    assert torch.allclose(method.psnr(off, truth), torch.full((2, 3), 20.0, device=device), atol=1e-3)
    assert torch.allclose(method.ssim(truth, truth), torch.ones(2, 3, device=device))
    flat = torch.full_like(truth, 0.5)
    shifted = torch.full_like(truth, 0.6)
    # two constant frames: only the first factor is left
    expected = (2 * 0.3 + 1e-4) / (0.25 + 0.36 + 1e-4)
    assert torch.allclose(method.ssim(flat, shifted), torch.full((2, 3), expected, device=device), atol=1e-4)
    dot = torch.zeros(1, 1, 16, 16, device=device)
    dot[..., 3, 5] = 1
    assert method.centroid(dot)[0].tolist() == pytest.approx([5, 3], abs=1e-2)
    assert method.centroid_error(dot, torch.roll(dot, (3, 4), (-2, -1))).item() == pytest.approx(5, abs=1e-2)
    assert method.centroid(torch.zeros_like(dot))[0].tolist() == pytest.approx([7.5, 7.5])
    loss = method.next_frame_loss(off, truth)
    assert loss.item() == pytest.approx(0.5 * 256 * (0.01 + 0.1), rel=1e-4)


def test_frechet_distance_of_gaussians_is_the_closed_form():
    x = draw(4000, 1, 1, 2, 1)
    far = method.frechet_distance(lambda v: v.flatten(1), 2 * x + 1, x)
    assert far == pytest.approx(2 * (1 + 1), rel=0.1)  # |mean|^2 = 2, (2 - 1)^2 for each axis
    assert method.frechet_distance(lambda v: v.flatten(1), x, x) == pytest.approx(0, abs=1e-9)


def test_moving_digits_bounce_inside_the_canvas():
    moving = MovingDigits(digit_source(8), digits=2, canvas=16)
    frames, about = moving.sample(6, 60, generator=generator())
    assert frames.shape == (6, 60, 1, 16, 16) and frames.min() == -1 and frames.max() <= 1
    paths = about["paths"]
    assert paths.min() >= 0 and paths.max() <= 1
    assert about["corners"].max() <= 8 and (about["corners"] == (paths * 8).long()).all()
    steps = paths.diff(dim=1)
    length = torch.linalg.vector_norm(steps, dim=-1)
    free = ((paths[:, 1:] > 0) & (paths[:, 1:] < 1)).all(-1)
    assert torch.allclose(length[free], torch.full_like(length[free], 0.15)), "0.15 of the free range a frame"
    # after the wall the component turns round, and keeps its size
    turned = 0
    for n, t, d, axis in itertools.product(range(6), range(1, 58), range(2), range(2)):
        if paths[n, t, d, axis] in (0, 1) and 0 < paths[n, t - 1, d, axis] < 1:
            before, after = steps[n, t - 1, d, axis], steps[n, t, d, axis]
            assert before * after < 0
            turned += 1
    assert turned > 10
    # the brighter pixel wins: with its digit alone no pixel is brighter than with both
    assert torch.allclose(to_signed(to_unit(frames)), frames)


def test_the_frame_is_the_digit_at_its_corner():
    source = digit_source(8, "test")
    frames, about = MovingDigits(source, 1, 20).sample(3, 4, generator=generator(2))
    x, y = about["corners"][1, 3, 0].tolist()
    patch = to_unit(frames)[1, 3, 0, y : y + 8, x : x + 8]
    assert source.labels[(source.images - patch).flatten(1).abs().sum(1).argmin()] == about["labels"][1, 0]
    assert (source.images - patch).flatten(1).abs().sum(1).min() < 1e-5
    assert to_unit(frames)[1, 3].sum().item() == pytest.approx(patch.sum().item(), rel=1e-5)


def test_stored_videos_are_read(tmp_path):
    data = np.random.default_rng(0).integers(0, 256, (2, 5, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", data=data, labels=np.array([1, 2]))
    frames, labels = read_videos(tmp_path / "a.npz")
    assert frames.shape == (2, 5, 1, 8, 8) and labels.tolist() == [1, 2]
    assert torch.allclose(to_unit(frames)[0, 0, 0], torch.from_numpy(data[0, 0, :, :, 0]).float() / 255)
    np.savez(tmp_path / "b.npz", other=data)
    with pytest.raises(ValueError, match="should hold `data`"):
        read_videos(tmp_path / "b.npz")
    with pytest.raises(FileNotFoundError, match="no videos at"):
        read_videos(tmp_path / "none.npz")


# bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k_B": 2}, r"k_B must be odd .* got 2"),
        ({"k_C": 4}, r"k_C must be odd .* got 4"),
        ({"P": 7}, "P must be a multiple of 2 blocks .* got P=7"),
        ({"P": 8, "blocks": 3}, "blocks=3"),
        ({"U": 0}, "U must be at least 1; got 0"),
        ({"init": "zeros"}, "init must be one of legs, random; got 'zeros'"),
        ({"dt_min": 0.2}, "0 < dt_min <= dt_max is required"),
    ],
)
def test_bad_systems_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ConvS5SSM(**{"U": 3, "P": 8, **options})


def test_bad_input_is_refused_by_name():
    ssm = system("cpu")
    u = draw(2, 3, 3, 4, 4)
    with pytest.raises(ValueError, match=r"u must be \(batch, length, 3, H, W\)"):
        ssm(u[:, :0])
    with pytest.raises(ValueError, match=r"u must be \(batch, length, 3, H, W\)"):
        ssm(u[:, :, :2])
    with pytest.raises(
        ValueError, match=r"x0, the state, must have shape \(2, 4, 4, 4\); got \(2, 3, 4, 4\)"
    ):
        ssm(u, torch.zeros(2, 3, 4, 4, dtype=torch.complex128))
    with pytest.raises(ValueError, match="mode must be one of parallel, sequential"):
        ssm(u, mode="fast")
    with pytest.raises(ValueError, match="nonlinearity must be one of"):
        ConvS5Layer(4, 4, nonlinearity="relu")
    with pytest.raises(ValueError, match="groups must divide the 8 channels; got 3"):
        ConvS5Layer(8, 4, groups=3)
    with pytest.raises(ValueError, match="kernel must be odd"):
        ConvLSTMLayer(4, kernel=2)
    with pytest.raises(ValueError, match="kind must be one of convs5"):
        video_model("lstm", 8, 8, 1)
    net = model()
    with pytest.raises(ValueError, match="context must hold at least one frame"):
        net.generate(clips(1, 1)[:, :0], 3)
    with pytest.raises(ValueError, match="n, the frames to generate, must be at least 1; got 0"):
        net.generate(clips(1, 2), 0)
    with pytest.raises(ValueError, match=r"video must be \(batch, length, 1, H, W\)"):
        net(torch.zeros(1, 2, 3, 8, 8, dtype=torch.float64))
    with pytest.raises(ValueError, match="multiples of 2"):
        net(torch.zeros(1, 2, 1, 7, 8, dtype=torch.float64))
    with pytest.warns(UserWarning, match=r"frames should lie in \[-1, 1\]; these reach 3"):
        net(torch.full((1, 2, 1, 8, 8), 3.0, dtype=torch.float64))
    with pytest.raises(ValueError, match="canvas must be at least the digits' size 8; got 7"):
        MovingDigits(digit_source(8), canvas=7)
    with pytest.raises(ValueError, match="digits must be at least 1"):
        MovingDigits(digit_source(8), digits=0)
    with pytest.raises(ValueError, match=r"step must lie in \(0, 1\]"):
        MovingDigits(digit_source(8), step=0)
    with pytest.raises(ValueError, match="frames must be at least 11 x 11"):
        method.ssim(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8))
    with pytest.raises(ValueError, match="both videos must have one shape"):
        method.psnr(torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 9))
    with pytest.raises(ValueError, match="share P"):
        ConvSSM(torch.zeros(2, 2, 1, 1), torch.zeros(3, 1, 1, 1), torch.zeros(1, 2, 1, 1))
