"""The theme's shared pieces: actions, group convolutions, metrics, moving images, MNIST's files."""

import gzip

import pytest
import torch

from labkit.datasets import Missing, dataset, digit_source, mnist_source
from labkit.datasets.mnist import mnist, mnist_5k, read_idx
from labkit.equivariance.actions import flow, orientation_steps, rotate, rotate_regular, shift, shift_channels
from labkit.equivariance.group_conv import GroupConv2d, LiftingConv2d, pool_orientations
from labkit.equivariance.metrics import (
    equivariance_error,
    invariance_error,
    relative_error,
    relative_norm_error,
)
from labkit.equivariance.moving_images import (
    ACTIONS,
    action_clips,
    rotating_sequences,
    strip_sequences,
    translating_sequences,
)


def noise(device, *shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator("cpu").manual_seed(seed), device="cpu").to(device)


def generator(seed=0):
    return torch.Generator("cpu").manual_seed(seed)


# ---------------------------------------------------------------- actions


def test_shift_moves_the_value_at_p_to_p_plus_v(device):
    x = torch.zeros(1, 5, 7, device=device)
    x[0, 1, 2] = 1
    assert shift(x, (3, -2))[0, 4, 5] == 1  # x to the right along the last axis, y along the rows
    assert shift(x, (3, 1))[0, 2, 5] == 1


def test_one_shift_a_sample_equals_single_shifts(device):
    x = noise(device, 3, 2, 5, 7)
    v = torch.tensor([[1, 2], [0, -3], [-8, 11]], device="cpu").to(device)
    wanted = torch.stack([shift(x[i], v[i].tolist()) for i in range(3)])
    assert torch.equal(shift(x, v), wanted)


def test_flow_shifts_frame_t_by_t_nu(device):
    x = noise(device, 2, 4, 1, 5, 5)
    assert torch.equal(flow(x, (1, -1), start=2)[:, 3], shift(x[:, 3], (5, -5)))
    each = flow(x, torch.tensor([[1, 0], [0, 1]], device="cpu").to(device))
    assert torch.equal(each[1, 2], shift(x[1:, 2], (0, 2))[0])


@pytest.mark.parametrize("pad", [0, 1, 2])
def test_all_channels_in_one_gather_equal_a_loop_of_rolls_and_circular_padding(device, pad):
    x = noise(device, 2, 3, 2, 5, 6)
    V = torch.tensor([[0, 0], [1, -2], [-1, 3]], device="cpu").to(device)
    wanted = torch.stack([shift(x[:, i], (2 * V[i]).tolist()) for i in range(3)], 1)
    if pad:
        wanted = torch.nn.functional.pad(wanted.flatten(1, 2), [pad] * 4, mode="circular").unflatten(
            1, (3, 2)
        )
    assert torch.equal(shift_channels(x, V, 2, pad=pad), wanted)


def test_rotation_is_counter_clockwise_and_agrees_with_rot90(device):
    x = noise(device, 2, 9, 9)
    assert torch.equal(rotate(x, 90), torch.rot90(x, 1, (-2, -1)))
    assert torch.equal(rotate(x, -90), torch.rot90(x, 3, (-2, -1)))
    # the bilinear path, a hair away from 90 degrees, turns the same way
    assert (rotate(x, 89.999) - rotate(x, 90)).abs().max() < 1e-2
    with pytest.raises(ValueError, match="only square images"):
        rotate(noise(device, 4, 5), 90)


def test_orientations_roll_by_whole_steps():
    assert orientation_steps(10, 36) == 1 and orientation_steps(-90, 4) == -1
    with pytest.raises(ValueError, match=r"valid N: 12, 24, 36"):
        orientation_steps(30, 4)


def test_bad_displacements_are_named(device):
    x = noise(device, 2, 5, 5)
    with pytest.raises(ValueError, match=r"whole pixels; got 0\.5"):
        shift(x, (0.5, 0))
    with pytest.raises(ValueError, match="given for 3 samples, x has 2"):
        shift(x, torch.zeros(3, 2, device="cpu"))


# ---------------------------------------------------------------- group convolutions


def weighted(layer, device):
    layer = layer.to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator(), device="cpu") / 5)
    return layer.to(device)


@pytest.mark.parametrize("padding", ["zeros", "circular"])
def test_group_convolutions_commute_with_quarter_turns(device, padding):
    lift = weighted(LiftingConv2d(2, 3, 3, 4, padding), device)
    conv = weighted(GroupConv2d(3, 2, 3, 4, padding), device)
    x = noise(device, 2, 2, 8, 8)
    y = lift(x)
    assert (lift(rotate(x, 90)) - rotate_regular(y, 90, 4)).abs().max() < 1e-5
    assert (conv(rotate_regular(y, 90, 4)) - rotate_regular(conv(y), 90, 4)).abs().max() < 1e-5
    assert y.std(dim=2).max() > 1e-2, "the orientations differ"


def test_group_convolutions_commute_with_shifts_when_padding_is_circular(device):
    conv = weighted(GroupConv2d(3, 2, 3, 4, "circular"), device)
    x = noise(device, 1, 3, 4, 7, 7)
    assert (conv(shift(x, (2, 3))) - shift(conv(x), (2, 3))).abs().max() < 1e-5
    zero = weighted(GroupConv2d(3, 2, 3, 4, "zeros"), device)
    assert (zero(shift(x, (2, 3))) - shift(zero(x), (2, 3))).abs().max() > 1e-2


def test_eighth_turns_are_approximate(device):
    y, x = torch.meshgrid(*[torch.linspace(-1, 1, 21, device="cpu")] * 2, indexing="ij")
    smooth = torch.exp(-((x - 0.2) ** 2 + (y + 0.1) ** 2) / 0.08)[None, None].to(device)
    lift = weighted(LiftingConv2d(1, 4, 5, 8), device)
    a, b = lift(rotate(smooth, 45)), rotate_regular(lift(smooth), 45, 8)
    error = ((a - b).norm() / (a.norm() + b.norm())).item()
    assert 0 < error < 0.2


def test_pooling_orientations(device):
    x = noise(device, 2, 4, 3, 3)
    assert torch.equal(pool_orientations(x), x.amax(1))
    with pytest.raises(ValueError, match="unknown pooling: 'sum'"):
        pool_orientations(x, "sum")
    with pytest.raises(ValueError, match="unknown padding"):
        LiftingConv2d(1, 1, 3, 4, "reflect")


# ---------------------------------------------------------------- metrics


def test_two_conventions_of_relative_error(device):
    a, b = (
        torch.tensor([[3.0, 4.0], [0, 0]], device=device),
        torch.tensor([[0.0, 0.0], [0, 0]], device=device),
    )
    assert relative_error(a, b, -1).tolist() == [1.0, 0.0]
    assert relative_error(2 * a[:1], a[:1], -1).item() == pytest.approx(1 / 3)
    assert relative_norm_error(2 * a[:1], a[:1], -1).item() == pytest.approx(1.0)


def test_equivariance_and_invariance_errors(device):
    x = noise(device, 3, 1, 6)
    error = equivariance_error(
        lambda z: z**2, x, [(1,), (2,)], lambda g, z: shift(z, g), lambda g, z: shift(z, g)
    )
    assert error.shape == (2, 3) and error.max() == 0
    still = invariance_error(lambda z: z.sum((1, 2))[:, None], x, [(1,)], lambda g, z: shift(z, g))
    assert still.max() < 1e-6
    assert invariance_error(lambda z: z, x, [(1,)], lambda g, z: shift(z, g)).min() > 1e-2


# ---------------------------------------------------------------- moving images


def test_a_single_bar_is_a_flow_of_its_first_frame(device):
    frames, about = strip_sequences(4, 5, velocities=[-2, 3], bars=1, generator=generator())
    assert frames.shape == (4, 5, 1, 24) and frames.max() <= 1
    still = frames[:, :1].expand(-1, 5, -1, -1)
    assert torch.equal(frames, flow(still, about["velocities"][:, 0]))
    assert set(about["velocities"].flatten().tolist()) <= {-2, 3}
    assert ((frames[:, 0] > 0).sum((1, 2)) <= 7).all() and (frames[:, 0].amax((1, 2)) >= 0.5).all()


def test_a_single_digit_is_a_flow_and_the_generator_repeats(device):
    source = digit_source(8, "test")
    frames, about = translating_sequences(source, 3, 4, 13, 2, 1, generator=generator(5))
    again, _ = translating_sequences(source, 3, 4, 13, 2, 1, generator=generator(5))
    assert torch.equal(frames, again) and frames.shape == (3, 4, 1, 13, 13)
    assert torch.equal(frames, flow(frames[:, :1].expand(-1, 4, -1, -1, -1), about["velocities"][:, 0]))
    with pytest.raises(ValueError, match="image_size must be at least the images' size 8; got 6"):
        translating_sequences(source, 1, 1, 6, generator=generator())


def test_a_turning_digit_turns_by_its_velocity(device):
    frames, _ = rotating_sequences(digit_source(8), 2, 5, 12, [90], 1, start=0, generator=generator())
    for t in range(5):
        assert (frames[:, t] - rotate(frames[:, 0], 90 * t)).abs().max() < 1e-5


def test_sources_split_and_resize():
    train, test = digit_source(), digit_source(split="test")
    assert len(train.images) == 1500 and len(test.images) == 297
    assert digit_source(12).images.shape[1:] == (12, 12) and train.images.max() <= 1
    with pytest.raises(ValueError, match="unknown split: 'all'"):
        digit_source(8, "all")


def test_actions_differ_and_the_camera_is_a_flow(device):
    frames, about = action_clips(24, 6, 24, [(0, 0)], generator=generator(3))
    moved, _ = action_clips(24, 6, 24, [(1, -2)], generator=generator(3))
    assert frames.shape == (24, 6, 1, 24, 24) and frames.min() >= 0 and frames.max() <= 1
    assert torch.equal(moved, flow(frames, (1, -2)))
    assert set(about["labels"].tolist()) <= set(range(len(ACTIONS)))
    change = (frames[:, 1:] - frames[:, :-1]).abs().sum((1, 2, 3, 4))
    assert change.min() > 1, "somebody moves in every clip"


# ---------------------------------------------------------------- MNIST


def test_idx_files_are_read_and_broken_ones_refused(tmp_path):
    content = b"\x00\x00\x08\x02" + (2).to_bytes(4, "big") + (3).to_bytes(4, "big") + bytes(range(6))
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b.gz").write_bytes(gzip.compress(content))
    for name in ("a", "b.gz"):
        assert read_idx(tmp_path / name).tolist() == [[0, 1, 2], [3, 4, 5]]
    (tmp_path / "short").write_bytes(content[:-1])
    with pytest.raises(ValueError, match="is truncated: it holds 5 bytes of the 6"):
        read_idx(tmp_path / "short")
    (tmp_path / "other").write_bytes(b"PK\x03\x04")
    with pytest.raises(ValueError, match="is no IDX file"):
        read_idx(tmp_path / "other")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(content)[:-6])
    with pytest.raises(ValueError, match="truncated"):
        read_idx(tmp_path / "cut.gz")


def test_mnist_is_the_official_test_set_or_says_how_to_get_it():
    if not dataset("mnist-test-images").present() or not dataset("mnist-test-labels").present():
        with pytest.raises(Missing, match="labkit data fetch mnist-test-images"):
            mnist("test")
        return
    images, labels = mnist("test")
    assert images.shape == (10000, 28, 28) and images.max() == 1
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert mnist_source("test").name == "MNIST"


def test_five_thousand_of_mnist_need_no_download(monkeypatch, tmp_path):
    (train, train_labels), (test, test_labels) = mnist_5k("train"), mnist_5k("test")
    assert train.shape == (4000, 28, 28) and test.shape == (1000, 28, 28)
    assert train_labels.bincount().tolist() == [400] * 10 and test_labels.bincount().tolist() == [100] * 10
    assert test.min() == 0 and test.max() == 1
    assert not (train_labels[1:] >= train_labels[:-1]).all()  # mixed
    # pictures and labels belong together: the nearest class mean names most of the test set
    means = torch.stack([train[train_labels == digit].mean(0) for digit in range(10)])
    nearest = torch.cdist(test.flatten(1), means.flatten(1)).argmin(1)
    assert (nearest == test_labels).double().mean() > 0.75
    with pytest.raises(ValueError, match="unknown split"):
        mnist_5k("validation")
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    if not dataset("mnist-train-images").present():
        assert "5,000" in mnist_source("train").name
