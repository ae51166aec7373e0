"""The delay task: a ridge readout of the state gives the input of `lag` steps ago."""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.experiment import Run
from labkit.state_space.discretize import discretize
from labkit.state_space.hippo.experiment.settings import HippoSettings
from labkit.state_space.hippo.method import OrthogonalSSM, stream_states, white_signal
from labkit.state_space.inits import RANDOM_SYSTEMS, random_transition
from labkit.state_space.matrices import MEASURES
from labkit.state_space.tasks import delayed


def delay_signals(
    length: int, freq: float, train: int, test: int, seed: int | torch.Generator
) -> tuple[Float[Tensor, "train length"], Float[Tensor, "test length"]]:
    """White signals of `length` steps, `freq` wiggles a thousand steps, for training and for testing."""
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator(device="cpu").manual_seed(seed)
    u = white_signal(length * 1e-3, 1e-3, freq, batch=train + test, generator=generator, dtype=torch.float64)
    return u[:train, :length], u[train:, :length]


def ridge_nrmse(
    states: Float[Tensor, "train length order"],
    target: Float[Tensor, "train length"],
    held_out: Float[Tensor, "test length order"],
    truth: Float[Tensor, "test length"],
    penalty: float = 1e-6,
) -> float:
    """Error of the best linear readout on unseen signals, relative to the target's size (NRMSE).

    Args:
        penalty: the ridge's lambda is `penalty` times the number of samples (states are standardised).
    """
    readout, scale = ridge(states, target, penalty)
    found = (held_out / scale) @ readout
    return ((found - truth).square().mean() / truth.square().mean()).sqrt().item()


def ridge(
    states: Float[Tensor, "train length order"], target: Float[Tensor, "train length"], penalty: float = 1e-6
) -> tuple[Float[Tensor, " order"], Float[Tensor, " order"]]:
    """The readout C = argmin |X C - y|^2 + lambda |C|^2 of standardised states, and the states' scale."""
    X = states.flatten(0, 1)
    scale = X.square().mean(0).sqrt().clamp(min=1e-12)
    X = X / scale
    # (X^T X + lambda I) C = X^T y
    gram = X.T @ X
    gram.diagonal().add_(penalty * len(X))
    return torch.linalg.solve(gram, X.T @ target.flatten()), scale


def delay(settings: HippoSettings, run: Run) -> None:
    """For every memory and Delta: how well does a linear readout give the input of `lag` steps ago?"""
    train, test = delay_signals(
        settings.delay_length,
        settings.delay_freq,
        settings.train_signals,
        settings.test_signals,
        run.generator(10),
    )
    train, test = train.to(run.device), test.to(run.device)
    total = len(settings.delay_orders) * len(settings.lags) * len(settings.products)
    done = 0
    for N in settings.delay_orders:
        randoms = {
            (kind, draw): random_transition(kind, N, generator=run.generator(100 + draw), device=run.device)
            for kind in RANDOM_SYSTEMS
            for draw in range(settings.random_draws)
        }
        for lag in settings.lags:
            wanted, truth = delayed(train, lag), delayed(test, lag)
            for product in settings.products:
                dt = product / lag
                about = {"N": N, "lag": lag, "product": product}
                for measure in MEASURES:
                    ssm = OrthogonalSSM(measure, N, dt)
                    value = ridge_nrmse(ssm.forward(train), wanted, ssm.forward(test), truth)
                    run.measure("nrmse", value, measure=measure, **about)
                for kind in RANDOM_SYSTEMS:
                    values = []
                    for draw in range(settings.random_draws):
                        Abar, Bbar = discretize(*randoms[kind, draw], dt, "bilinear")
                        states, held_out = stream_states(Abar, Bbar, train), stream_states(Abar, Bbar, test)
                        values.append(ridge_nrmse(states, wanted, held_out, truth))
                    run.measure("nrmse", min(values), measure=f"random {kind}", **about)
                done += 1
                run.progress(done / total, f"N = {N}, lag {lag}, Δ·lag = {product:g}")
