"""SpaceTime's rivals: one-shot networks, and the linear forecasters that all of them must be compared with."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.recurrent import RecurrentMixer
from labkit.nn.transformer import Transformer
from labkit.state_space.layers import S4Layer, SequenceModel
from labkit.state_space.spacetime.experiment.settings import Forecasting
from labkit.state_space.spacetime.method import SpaceTime

PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)


class OneShot(nn.Module):
    """The lag, less its mean, through a sequence model; its last output mapped to all of the horizon at once."""

    def __init__(self, body: SequenceModel):
        super().__init__()
        self.body = body

    def forward(self, x: Float[Tensor, "batch lag 1"]) -> Float[Tensor, "batch horizon 1"]:
        """The forecast."""
        mean = x.mean(1, keepdim=True)
        return self.body(x - mean)[..., None] + mean


def build(name: str, task: Forecasting) -> nn.Module:
    """SpaceTime, S4D, LSTM or Transformer of about as many parameters. Raises ValueError for another name."""
    if name == "SpaceTime":
        return SpaceTime(task.d_model, task.d_state, dropout=task.dropout, init=task.init)
    options = {"d_in": 1, "d_model": task.d_model, "pool": "last", "d_out": task.horizon}
    whole = {"n_layers": 1, "norm": "none", "residual": False}
    layers = {
        "S4D": {
            "layer": lambda width: S4Layer(
                width, task.d_state, mode="diag", init="lin", dropout=task.dropout
            ),
            "n_layers": 2,
            "prenorm": True,
        },
        "LSTM": {"layer": lambda width: RecurrentMixer(width, layers=2, dropout=task.dropout), **whole},
        "Transformer": {
            "layer": lambda width: Transformer(width, depth=1, heads=4, dropout=task.dropout),
            **whole,
        },
    }
    if name not in layers:
        raise ValueError(f"model must be one of SpaceTime, {', '.join(layers)}; got {name!r}")
    return OneShot(SequenceModel(**options, **layers[name]))


def naive(past: Float[Tensor, "n lag"], horizon: int, period: int) -> Float[Tensor, "n horizon"]:
    """The last `period` values again and again: 1 repeats the last value, 24 yesterday, 168 last week.

    Raises ValueError for a period longer than the past.
    """
    if not 1 <= period <= past.shape[1]:
        raise ValueError(f"period must be from 1 to the past's length {past.shape[1]}; got {period}")
    index = torch.arange(horizon, device=past.device) % period
    return past[:, past.shape[1] - period + index]


class RidgeForecaster:
    """A linear map from the past to the whole horizon, in closed form: the plain linear forecaster.

    level    "none": Linear, the function class of DLinear, whose moving average and two maps are one map;
             "last": NLinear, which takes off the last value and adds it again

    W = argmin |X W - Y|^2 + penalty n |W|^2, an intercept included.
    """

    def __init__(self, level: str = "last"):
        if level not in ("none", "last"):
            raise ValueError(f"level must be none or last; got {level!r}")
        self.level = level
        self.weights: Tensor | None = None

    def _inputs(self, past: Tensor) -> tuple[Tensor, Tensor]:
        level = past[:, -1:] if self.level == "last" else torch.zeros_like(past[:, :1])
        return torch.cat([past - level, torch.ones_like(level)], dim=1), level

    def fit(
        self, past: Float[Tensor, "n lag"], future: Float[Tensor, "n horizon"], penalty: float
    ) -> "RidgeForecaster":
        """Find W; returns itself."""
        X, level = self._inputs(past)
        gram = X.T @ X
        gram.diagonal()[:-1].add_(penalty * len(X))
        gram.diagonal()[-1].add_(1e-9 * len(X))
        self.weights = torch.linalg.solve(gram, X.T @ (future - level))
        return self

    def __call__(self, past: Float[Tensor, "n lag"]) -> Float[Tensor, "n horizon"]:
        """The forecast."""
        X, level = self._inputs(past)
        return X @ self.weights + level


def best_ridge(
    level: str, train: tuple[Tensor, Tensor], validation: tuple[Tensor, Tensor]
) -> RidgeForecaster:
    """The one of four penalties with the smallest error on validation."""
    fitted = [RidgeForecaster(level).fit(*train, penalty) for penalty in PENALTIES]
    return min(fitted, key=lambda one: (one(validation[0]) - validation[1]).square().mean().item())
