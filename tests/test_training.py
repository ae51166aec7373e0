"""The training loop: it learns, goes on exactly where it was killed, and says when the loss is lost."""

import pytest
import torch
from torch import nn

from labkit import checkpoint
from labkit.training import cosine, epochs, fit

STEPS = 30
X = torch.linspace(-1, 1, 64)[:, None]
Y = 3 * X - 1


def model() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))


def batch(step: int):
    chosen = torch.randperm(64, generator=torch.Generator().manual_seed(step))[:16]
    return X[chosen], Y[chosen]


def loss(net: nn.Module, pair) -> torch.Tensor:
    return nn.functional.mse_loss(net(pair[0]), pair[1])


def train(net: nn.Module, steps: int = STEPS, batch=batch, **options):
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.03)
    return fit(net, batch, loss, optimizer, steps=steps, device=torch.device("cpu"), **options)


def test_it_learns():
    history = train(model(), steps=200, schedule=cosine(200, warmup=10), clip=1.0)
    assert history.losses[-1] < 0.01 * history.losses[0]


def test_it_evaluates_in_eval_mode_and_at_the_end():
    modes = []

    def evaluate(net) -> float:
        modes.append((net.training, torch.is_grad_enabled()))
        return 1.0

    history = train(model(), steps=10, evaluate=evaluate, evaluate_every=4)
    assert [step for step, _ in history.evaluations] == [4, 8, 10]
    assert set(modes) == {(False, False)}


class Killed(Exception):
    """A kill in the middle of a training."""


@pytest.mark.parametrize("at", [7, 11, 29])
def test_a_killed_training_goes_on_bit_for_bit(tmp_path, at):
    whole = model()
    expected = train(whole, schedule=cosine(STEPS))

    def dying(step: int):
        if step == at:
            raise Killed
        return batch(step)

    file = tmp_path / "training.safetensors"
    kept = {"schedule": cosine(STEPS), "checkpoint": file, "checkpoint_every": 5}
    with pytest.raises(Killed):
        train(model(), batch=dying, **kept)
    resumed = model()
    history = train(resumed, **kept)
    assert history.losses == expected.losses
    for one, other in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not file.exists(), "a finished training leaves no checkpoint"


def test_a_lost_loss_is_named():
    def poisoned(step: int):
        x, y = batch(step)
        return (x, y * float("nan")) if step == 3 else (x, y)

    with pytest.raises(FloatingPointError, match="nan at step 3; try a smaller learning rate"):
        train(model(), batch=poisoned)


def test_progress_is_told_to_the_end():
    told = []
    train(model(), steps=4, progress=lambda done, message="": told.append(done))
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_a_disk_that_refuses_does_not_stop_the_training(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "replace", full)
    with pytest.warns(UserWarning, match="No space left"):
        history = train(model(), checkpoint=tmp_path / "t.safetensors", checkpoint_every=5)
    assert len(history.losses) == STEPS
    assert list(tmp_path.iterdir()) == [], "no half file is left"


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop])
def test_an_optimisers_state_goes_round(tmp_path, kind):
    net = model()
    options = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    optimizer = kind(net.parameters(), lr=0.01, **options)
    for step in range(3):
        loss(net, batch(step)).backward()
        optimizer.step()
        optimizer.zero_grad()
    file = checkpoint.save_training(tmp_path / "t.safetensors", net, optimizer, {"step": 3})
    other = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
    again = kind(other.parameters(), lr=0.5, **options)
    assert checkpoint.load_training(file, other, again) == {"step": 3}
    before, after = optimizer.state_dict(), again.state_dict()
    assert before["param_groups"] == after["param_groups"]
    assert before["state"].keys() == after["state"].keys()
    for index, entries in before["state"].items():
        for name, value in entries.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(after["state"][index][name]))


def test_damaged_and_foreign_checkpoints_are_refused(tmp_path):
    file = checkpoint.save(tmp_path / "w.safetensors", model())
    tensors, about = checkpoint.load(file)
    assert about == {} and len(tensors) == 4
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="truncated or altered"):
        checkpoint.load(file)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        checkpoint.load(tmp_path / "none.safetensors")
    net = nn.Linear(2, 2)
    file = checkpoint.save_training(file, net, torch.optim.SGD(net.parameters(), lr=0.1), {})
    wide = nn.Linear(3, 3)
    with pytest.raises(ValueError, match="belongs to another model"):
        checkpoint.load_training(file, wide, torch.optim.SGD(wide.parameters(), lr=0.1))


def test_cosine_rises_and_falls():
    factor = cosine(100, warmup=10, floor=0.1)
    assert factor(0) == pytest.approx(0.1)
    assert factor(9) == pytest.approx(1.0)
    assert factor(100) == pytest.approx(0.1)


def test_an_epoch_shows_every_example_once():
    indices = epochs(12, 4, generator_seed=5)
    first = torch.cat([indices(step) for step in range(3)])
    assert sorted(first.tolist()) == list(range(12))
    assert torch.equal(epochs(12, 4, generator_seed=5)(7), indices(7))
    assert not torch.equal(indices(0), indices(3))
    with pytest.raises(ValueError, match="batch_size must be from 1"):
        epochs(4, 5, 0)
