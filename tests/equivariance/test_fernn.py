"""FERNN's truths: the theorem with its bookkeeping, both forms, both read-outs, and where exactness ends."""

import pytest
import torch

from labkit.equivariance.actions import flow, shift
from labkit.equivariance.fernn.method import (
    FlowCell,
    FlowClassifier,
    FlowSeq2Seq,
    GRNNPlusCell,
    PixelRNN,
    RotationFlowCell,
    Video3DCNN,
    flow_equivariance_error,
    grnn_cell,
    inner_channels,
    moving_frame,
    parameter_count,
    pool_velocities,
    predict_rotated_states,
    predict_shifted_states,
    prediction_loss,
    ring_velocities,
    velocity_grid,
)

V2 = velocity_grid(2)
NU = (1, -2)


def noise(device, *shape):
    return torch.rand(
        *shape, generator=torch.Generator("cpu").manual_seed(1), dtype=torch.float64, device="cpu"
    ).to(device)


def model_of(device, cell, **options):
    """A double-precision model with weights that keep signals alive; made on the CPU whatever the default device."""
    model = FlowSeq2Seq(cell, **options)
    return revive(model, device)


def revive(model, device):
    generator = torch.Generator("cpu").manual_seed(0)
    model = (
        model.to_empty(device="cpu").double() if torch.get_default_device().type == "meta" else model.double()
    )
    buffers = dict(model.named_buffers())
    for module in model.modules():  # to_empty forgets what the constructor computed
        if isinstance(module, FlowCell):
            module.velocity = torch.tensor(module.velocities, dtype=torch.long, device="cpu")
    for name, buffer in buffers.items():
        if name.endswith("running_var"):
            buffer.fill_(1.0)
        elif buffer.is_floating_point():
            buffer.zero_()
    with torch.no_grad():
        for parameter in model.parameters():
            fan = max(1, parameter[0].numel()) if parameter.ndim > 1 else 1
            values = torch.randn(parameter.shape, generator=generator, dtype=torch.float64, device="cpu")
            parameter.copy_(values / fan**0.5)
    return model.to(device)


@pytest.fixture
def frames(device):
    return noise(device, 1, 6, 1, 11, 11)


# ---------------------------------------------------------------- the theorem


def test_the_theorem_is_exact_on_every_channel_that_has_a_partner(device, frames):
    model = model_of(device, FlowCell(1, 4, V2))
    states, found = model.encode(frames), model.encode(flow(frames, NU))
    wanted, valid = predict_shifted_states(states, V2, NU)
    assert valid.sum() == 12 and states.shape == (1, 6, 25, 4, 11, 11)
    assert (found - wanted)[:, :, valid].abs().max() <= 1e-12
    assert states[:, :, valid].abs().amax() > 0.1


def test_the_wrong_lag_and_the_wrong_channel_are_far_off(device, frames):
    model = model_of(device, FlowCell(1, 4, V2))
    states, found = model.encode(frames), model.encode(flow(frames, NU))
    wanted, valid = predict_shifted_states(states, V2, NU)
    late = flow(wanted[:, :, valid], (0, 0)).clone()
    late = torch.stack([shift(late[:, t], NU) for t in range(6)], 1)
    assert (found[:, :, valid] - late).abs().max() > 1e-2
    opposite, mask = predict_shifted_states(states, V2, (-1, 2))
    moved = flow(flow(opposite, NU), NU)  # psi_t(nu^) . h(nu + nu^)
    assert (found - moved)[:, :, mask].abs().max() > 1e-2


def test_a_grnn_is_not_flow_equivariant_from_the_second_frame_on(device, frames):
    model = model_of(device, grnn_cell(1, 4))
    error = flow_equivariance_error(model, frames, NU, "pooled")
    assert error[0] == 0 and (error[1:] > 0.05).all()


def test_the_moving_frame_is_the_trivial_lift_seen_from_another_frame(device, frames):
    for mix in (0, 1):
        roll = model_of(device, FlowCell(1, 4, velocity_grid(1), mix_radius=mix))
        moving = model_of(device, FlowCell(1, 4, velocity_grid(1), mix_radius=mix, shift="moving"))
        moving.load_state_dict(roll.state_dict())
        assert (roll.encode(frames) - moving.encode(frames)).abs().max() <= 1e-12
        assert (roll(frames, 3) - moving(frames, 3)).abs().max() <= 1e-12


def test_a_channel_in_its_moving_frame_is_a_grnn_on_the_stabilised_video(device, frames):
    fernn = model_of(device, FlowCell(1, 4, V2))
    grnn = model_of(device, grnn_cell(1, 4))
    grnn.load_state_dict(fernn.state_dict())
    g = moving_frame(fernn.encode(frames), V2)
    still = grnn.encode(flow(frames, (-1, 2)))
    assert (g[:, :, V2.index(NU)] - still[:, :, 0]).abs().max() <= 1e-12


def test_v_of_rest_alone_is_the_grnn_with_as_many_parameters(device, frames):
    fernn, grnn = FlowCell(1, 4, V2), grnn_cell(1, 4)
    assert parameter_count(fernn) == parameter_count(grnn)
    rest, grnn = model_of(device, FlowCell(1, 4, [(0, 0)])), model_of(device, grnn_cell(1, 4))
    grnn.load_state_dict(rest.state_dict())
    assert torch.equal(rest.encode(frames), grnn.encode(frames))
    # the plain recurrence, written out
    state = torch.zeros(1, 4, 11, 11, dtype=torch.float64, device=device)
    for t in range(6):
        state = torch.relu(grnn.cell.conv_h(state) + grnn.cell.conv_u(frames[:, t]))
    assert torch.allclose(state, grnn.encode(frames)[:, -1, 0], atol=1e-13)


def test_a_constant_shift_of_all_frames_shifts_all_states(device, frames):
    model = model_of(device, FlowCell(1, 4, V2))
    moved = shift(frames, (3, 5))
    assert (model.encode(moved) - shift(model.encode(frames), (3, 5))).abs().max() <= 1e-12


@pytest.mark.parametrize("pool", ["max", "mean", "sum"])
def test_the_aligned_readout_is_equivariant_end_to_end_on_a_cyclic_v_and_the_reference_is_not(device, pool):
    S = 9
    strips = noise(device, 2, 4, 1, S)
    cell = FlowCell(1, 3, ring_velocities(S), dims=1)
    aligned = model_of(device, cell, readout="aligned", pool=pool)
    reference = model_of(device, FlowCell(1, 3, ring_velocities(S), dims=1), pool=pool)
    for nu in range(S):
        assert flow_equivariance_error(aligned, strips, (nu,), "output", horizon=3).max() <= 1e-10
        if nu:
            assert flow_equivariance_error(reference, strips, (nu,), "output", horizon=3).max() > 1e-3


def test_pooling_a_truncated_v_is_not_exact_and_pooling_a_cyclic_one_is(device, frames):
    truncated = flow_equivariance_error(model_of(device, FlowCell(1, 4, V2)), frames, NU, "pooled")
    assert 1e-3 < truncated.max() < 0.5
    ring = model_of(device, FlowCell(1, 3, ring_velocities(7), dims=1))
    assert flow_equivariance_error(ring, noise(device, 1, 5, 1, 7), (3,), "pooled").max() <= 1e-12


def test_mixing_velocities_is_exact_away_from_the_border_of_v_and_wrong_on_it(device):
    V = velocity_grid(4, dims=1)
    strips = noise(device, 1, 4, 1, 13)
    model = model_of(device, FlowCell(1, 3, V, dims=1, mix_radius=1))
    states, found = model.encode(strips), model.encode(flow(strips, (1,)))
    wanted, valid = predict_shifted_states(states, V, (1,))
    for t in range(4):
        inner = inner_channels(V, t).to(device)
        # both nu and its partner nu - 1 must be far enough inside
        partner = torch.cat([torch.zeros_like(inner[:1]), inner[:-1]])
        exact = inner & partner & valid
        error = (found - wanted)[0, t].abs().amax((-2, -1))
        assert error[exact].max() <= 1e-12
        if t:
            assert error[valid & ~exact].max() > 1e-3


def test_mixing_reads_the_neighbouring_velocity_at_the_index_of_their_difference(device):
    cell = FlowCell(1, 2, velocity_grid(1, 1), dims=1, mix_radius=1, activation="identity")
    cell = revive(cell, device)
    h, f = noise(device, 1, 3, 2, 7), noise(device, 1, 1, 7)

    def conv(x, weight):
        padded = torch.cat([x[..., -1:], x, x[..., :1]], -1)
        return torch.nn.functional.conv1d(padded, weight)

    minus, plus = cell.mix[0], cell.mix[1]  # offsets -1 and +1
    by_hand = {
        -1: conv(h[:, 0], cell.conv_h.weight) + conv(h[:, 1], plus),
        0: conv(h[:, 1], cell.conv_h.weight) + conv(h[:, 0], minus) + conv(h[:, 2], plus),
        1: conv(h[:, 2], cell.conv_h.weight) + conv(h[:, 1], minus),
    }
    wanted = torch.stack([shift(x, (nu,)) for nu, x in by_hand.items()], 1) + cell.conv_u(f)[:, None]
    assert (cell(f, h, 1) - wanted).abs().max() <= 1e-12


def test_flows_compose(device, frames):
    assert torch.equal(flow(flow(frames, (1, 0)), (0, 2)), flow(frames, (1, 2)))
    model = model_of(device, FlowCell(1, 3, V2))
    states = model.encode(frames)
    once, valid_once = predict_shifted_states(states, V2, (1, 1))
    twice, valid_twice = predict_shifted_states(once, V2, (-1, 1))
    direct, valid = predict_shifted_states(states, V2, (0, 2))
    both = valid & valid_twice
    both &= torch.tensor([(vx + 1, vy - 1) in V2 and (vx, vy - 2) in V2 for vx, vy in V2], device="cpu").to(
        device
    )
    assert both.sum() > 5 and valid_once.any()
    assert torch.equal(twice[:, :, both], direct[:, :, both])


# ---------------------------------------------------------------- rotation


def test_rotations_by_quarter_turns_are_exact(device):
    clips = noise(device, 1, 4, 1, 9, 9)
    V = (-90, 0, 90)
    model = model_of(device, RotationFlowCell(1, 3, V, N=4))
    turning = torch.stack([torch.rot90(clips[:, t], t, (-2, -1)) for t in range(4)], 1)
    states, found = model.encode(clips), model.encode(turning)
    wanted, valid = predict_rotated_states(states, V, 90, N=4)
    assert valid.tolist() == [False, True, True]
    assert (found - wanted)[:, :, valid].abs().max() <= 1e-10
    assert states.abs().max() > 0.1


def test_rotations_between_are_approximate_and_not_exact(device):
    from labkit.equivariance.actions import rotate

    y, x = torch.meshgrid(*[torch.linspace(-1, 1, 16, device="cpu", dtype=torch.float64)] * 2, indexing="ij")
    blob = torch.exp(-((x - 0.2) ** 2 + (y + 0.1) ** 2) / 0.1).to(device)[None, None]
    clips = torch.stack([blob] * 4, 1)
    turning = torch.stack([rotate(blob, 10.0 * t) for t in range(4)], 1)
    V = (0, 10)
    model = model_of(device, RotationFlowCell(1, 2, V, N=36))
    wanted, valid = predict_rotated_states(model.encode(clips), V, 10, N=36)
    a, b = model.encode(turning)[:, :, valid], wanted[:, :, valid]
    error = ((a - b).norm() / (a.norm() + b.norm())).item()
    assert 0 < error < 0.35


def test_the_rotation_model_predicts_images(device):
    model = model_of(device, RotationFlowCell(1, 2, (0, 90), N=4), decoder_layers=1)
    assert model(noise(device, 1, 3, 1, 8, 8), 2).shape == (1, 2, 1, 8, 8)


# ---------------------------------------------------------------- gradients and loss


def test_both_forms_have_the_same_gradients(device, frames):
    gradients = []
    for form in ("roll", "moving"):
        model = model_of(device, FlowCell(1, 3, velocity_grid(1), shift=form))
        model.encode(frames).sum().backward()
        gradients.append(model.cell.conv_h.weight.grad)
    assert (gradients[0] - gradients[1]).abs().max() / gradients[0].abs().max() <= 1e-10


def test_gradcheck():
    cell = revive(FlowCell(1, 1, [(0, 0), (1, 0), (0, -1)], activation="tanh"), torch.device("cpu"))
    frames = noise("cpu", 1, 1, 5, 5).requires_grad_()
    state = noise("cpu", 1, 3, 1, 5, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda f, h: cell(f, h, 1), (frames, state))


def test_the_loss_is_over_predicted_frames_only(device):
    frames = noise(device, 2, 6, 1, 5)
    copied = frames[:, 2:3].expand(-1, 3, -1, -1)
    by_hand = sum((frames[:, t] - frames[:, 2]).square().mean() for t in (3, 4, 5)) / 3
    assert torch.allclose(prediction_loss(copied, frames[:, 3:]), by_hand)
    with pytest.raises(ValueError, match="predicted has the shape"):
        prediction_loss(copied, frames)


# ---------------------------------------------------------------- read-outs and rollout


def test_the_reference_feeds_the_last_frame_twice_and_the_aligned_one_does_not(device):
    frames = noise(device, 1, 3, 1, 7)
    reference = model_of(device, FlowCell(1, 2, velocity_grid(1, 1), dims=1))
    aligned = model_of(device, FlowCell(1, 2, velocity_grid(1, 1), dims=1), readout="aligned")
    again = torch.cat([frames, frames[:, -1:]], 1)
    first = reference.decoder(reference.encode(again)[:, -1].amax(1))
    assert torch.allclose(reference(frames, 1)[:, 0], first)
    second = reference.decoder(reference.encode(torch.cat([again, first[:, None]], 1))[:, -1].amax(1))
    assert torch.allclose(reference(frames, 2)[:, 1], second)
    state = aligned.encode(frames)[:, -1]
    ahead = torch.stack([shift(state[:, i], v) for i, v in enumerate(aligned.cell.velocities)], 1)
    assert torch.allclose(aligned(frames, 1)[:, 0], aligned.decoder(ahead.amax(1)))


def test_predictions_are_detached_before_they_are_fed_back(device):
    model = model_of(device, grnn_cell(1, 2, dims=1), decoder_layers=0)
    frames = noise(device, 1, 2, 1, 5)
    model(frames, 2)[:, 1].sum().backward()
    found = model.decoder[0].weight.grad.clone()
    model.zero_grad()
    with torch.no_grad():
        first = model(frames, 1)
    (model.decode(model.encode(torch.cat([frames, frames[:, -1:], first], 1))[:, -1])).sum().backward()
    assert torch.allclose(found, model.decoder[0].weight.grad)


def test_states_behind_the_predictions_come_back_when_asked_for(device):
    model = model_of(device, FlowCell(1, 2, velocity_grid(1, 1), dims=1))
    predicted, states = model(noise(device, 2, 3, 1, 7), 4, return_states=True)
    assert predicted.shape == (2, 4, 1, 7) and states.shape == (2, 4, 3, 2, 7)


def test_pools(device):
    x = noise(device, 2, 3, 4)
    assert torch.equal(pool_velocities(x, "sum"), x.sum(1))
    assert torch.equal(pool_velocities(x, "mean"), x.mean(1))
    assert torch.equal(pool_velocities(x), x.amax(1))


# ---------------------------------------------------------------- baselines and classifier


def test_grnn_plus_has_as_many_copies_and_no_symmetry(device, frames):
    model = model_of(device, GRNNPlusCell(1, 4, radius=1))
    assert len(model.cell.velocities) == 9
    assert parameter_count(model) > parameter_count(FlowSeq2Seq(FlowCell(1, 4, velocity_grid(1))))
    assert flow_equivariance_error(model, frames, (1, 0), "hidden")[1:].min() > 1e-2
    # with kernels that are the shifts, it is the FERNN
    fernn = model_of(device, FlowCell(1, 4, velocity_grid(1)))
    with torch.no_grad():
        model.cell.moves.zero_()
        for i, (vx, vy) in enumerate(velocity_grid(1)):
            model.cell.moves[4 * i : 4 * i + 4, 0, 1 - vy, 1 - vx] = 1.0
    model.load_state_dict(fernn.state_dict() | {"cell.moves": model.cell.moves})
    assert torch.allclose(model.encode(frames), fernn.encode(frames), atol=1e-12)


def test_the_pixel_rnn_predicts_and_knows_nothing_of_space(device):
    model = revive(PixelRNN(1, (7,), 5), device)
    frames = noise(device, 2, 3, 1, 7)
    assert model(frames, 2).shape == (2, 2, 1, 7)
    assert not torch.allclose(model.encode(shift(frames, (1,))), model.encode(frames), atol=1e-3)


def test_the_classifier_has_the_papers_shapes_and_is_invariant_to_nothing_but_what_it_should(device):
    clips = noise(device, 2, 3, 1, 12, 12)
    for layers in (1, 2):
        model = revive(FlowClassifier(1, 8, velocity_grid(1), layers=layers), device).eval()
        assert model(clips).shape == (2, 6)
    assert revive(Video3DCNN(1), device).eval()(noise(device, 2, 4, 1, 12, 12)).shape == (2, 6)


def test_upper_layers_keep_the_theorem(device):
    """Two layers, circular lifts: the second layer's channels obey the same right-hand side."""
    from labkit.equivariance.fernn.method.classify import _UpperLayer

    frames = noise(device, 1, 4, 1, 9, 9)
    V = velocity_grid(1)
    below = model_of(device, FlowCell(1, 8, V))
    upper = revive(_UpperLayer(8, V), device).eval()
    upper.lift[0].padding_mode, upper.lift[0]._reversed_padding_repeated_twice = "circular", [1, 1, 1, 1]

    def states(video):
        state, found = None, []
        for t in range(4):
            state = upper(below.encode(video)[:, t], state)
            found.append(state)
        return torch.stack(found, 1)

    wanted, valid = predict_shifted_states(states(frames), V, (1, 0))
    assert (states(flow(frames, (1, 0))) - wanted)[:, :, valid].abs().max() <= 1e-12


# ---------------------------------------------------------------- bad input


def test_velocity_grid_has_the_references_order():
    assert [len(velocity_grid(r)) for r in (0, 1, 2)] == [1, 9, 25]
    assert velocity_grid(1)[:4] == [(-1, -1), (-1, 0), (-1, 1), (0, -1)]
    with pytest.raises(ValueError, match="radius must be at least 0; got -1"):
        velocity_grid(-1)


@pytest.mark.parametrize(
    ("velocities", "words"),
    [
        ([(0.5, 0)], r"\(0\.5, 0\) is not whole"),
        ([(0, 0), (1, 0), (0, 0)], r"\(0, 0\) stands there twice"),
        ([(1,)], r"\(1,\) has 1 components; with dims = 2 it needs 2"),
        ([], "velocities is empty"),
    ],
)
def test_bad_velocities_are_named(velocities, words):
    with pytest.raises(ValueError, match=words):
        FlowCell(1, 2, velocities)


def test_bad_input_is_refused_by_name():
    model = FlowSeq2Seq(FlowCell(2, 3, velocity_grid(1)))
    with pytest.raises(ValueError, match=r"frames must have the shape \(B, T, C, H, W\); got \(4, 2, 8, 8\)"):
        model(torch.zeros(4, 2, 8, 8), 2)
    with pytest.raises(ValueError, match="frames have 1 channels; the cell takes 2"):
        model(torch.zeros(1, 4, 1, 8, 8), 2)
    with pytest.raises(ValueError, match="horizon must be at least 1; got 0"):
        model(torch.zeros(1, 4, 2, 8, 8), 0)
    with pytest.raises(ValueError, match="unknown pool: 'median'; choose from max, mean, sum"):
        FlowSeq2Seq(FlowCell(1, 2, V2), pool="median")
    with pytest.raises(ValueError, match="unknown readout: 'late'"):
        FlowSeq2Seq(FlowCell(1, 2, V2), readout="late")
    with pytest.raises(ValueError, match="kernel must be odd and at least 1; got 4"):
        FlowCell(1, 2, V2, kernel=4)
    with pytest.raises(ValueError, match="valid N: 8, 16"):
        RotationFlowCell(1, 2, (45,), N=4)
    with pytest.raises(ValueError, match=r"V does not contain any pair nu, nu - nu\^"):
        predict_shifted_states(torch.zeros(1, 2, 1, 1, 5, 5), [(0, 0)], (1, 0))
    with pytest.raises(ValueError, match="unknown space: 'colour'"):
        flow_equivariance_error(model, torch.zeros(1, 2, 2, 8, 8), (0, 0), "colour")


def test_a_velocity_larger_than_the_image_wraps(device):
    frames = noise(device, 1, 3, 1, 5, 5)
    far, near = model_of(device, FlowCell(1, 2, [(7, -6)])), model_of(device, FlowCell(1, 2, [(2, -1)]))
    assert torch.equal(far.encode(frames), near.encode(frames))
