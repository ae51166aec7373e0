"""SpaceTime: an encoder of companion blocks, a closed-loop decoder, and its three losses (SpaceTime, section 4)."""

from typing import TypedDict

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.state_space.spacetime.method.layers import ClosedLoopCompanionSSM, CompanionSSM
from labkit.state_space.spacetime.method.preprocess import Preprocessing


class Forecast(TypedDict):
    """What SpaceTime gives in training: forecasts in the data's own level, and layer inputs guessed and true."""

    closed: Float[Tensor, "batch horizon 1"]
    open: Float[Tensor, "batch lag 1"]
    z_pred: Float[Tensor, "batch lag channels"]
    z_true: Float[Tensor, "batch lag channels"]


class Block(nn.Module):
    """z = pre(u); y = SSM(z); y + Linear(dropout(GELU(y))) + z: (B, L, D) in and out."""

    def __init__(self, ssm: CompanionSSM, pre: nn.Module, dropout: float | int, place: dict):
        super().__init__()
        width = ssm.d_model
        self.pre, self.ssm = pre, ssm
        self.mlp = nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(width, width, **place))

    def forward(self, u: Float[Tensor, "batch length channels"]) -> Float[Tensor, "batch length channels"]:
        """The block's output; the outer skip starts behind the preprocessing."""
        z = self.pre(u)
        y = self.ssm(z)
        return self.mlp(y) + y + z


def _heads(d_model: int, n_heads: int) -> dict:
    if d_model < 1 or n_heads < 1 or d_model % n_heads:
        raise ValueError(
            f"d_model must be divisible by n_heads (kernels = d_model / n_heads); got {d_model} and {n_heads}"
        )
    return {"d_model": d_model, "n_kernels": d_model // n_heads, "n_heads": n_heads}


class Encoder(nn.Module):
    """Repeat the series over D channels; a block with preprocessing, `n_heads` channels a kernel; then `n_blocks`
    blocks with a kernel for each channel.
    """

    def __init__(
        self,
        d_model: int,
        d_state: int,
        n_heads: int,
        n_blocks: int,
        dropout: float | int,
        preprocess: bool,
        kind: str,
        norm_order: int,
        init: str,
        place: dict,
        generator: torch.Generator | None,
    ):
        super().__init__()
        if n_blocks < 0:
            raise ValueError(f"n_blocks must not be negative; got {n_blocks}")
        ssm = {
            "d_state": d_state,
            "kind": kind,
            "norm_order": norm_order,
            "init": init,
            **place,
            "generator": generator,
        }
        pre = Preprocessing(d_model, **place, generator=generator) if preprocess else nn.Identity()
        blocks = [Block(CompanionSSM(**_heads(d_model, n_heads), **ssm), pre, dropout, place)]
        blocks += [
            Block(CompanionSSM(**_heads(d_model, 1), **ssm), nn.Identity(), dropout, place)
            for _ in range(n_blocks)
        ]
        self.d_model, self.blocks = d_model, nn.Sequential(*blocks)

    def forward(self, x: Float[Tensor, "batch length 1"]) -> Float[Tensor, "batch length channels"]:
        """The features of each step."""
        return self.blocks(x.expand(-1, -1, self.d_model))


class SpaceTime(nn.Module):
    """Forecasts one series from its last `lag` steps, over any horizon.

    d_model      width D: a multiple of n_heads, and of 8 with preprocessing
    d_state      d of every companion system
    n_heads      channels that share a kernel in the first block
    n_blocks     further blocks of the encoder
    preprocess   the eight fixed filters in front of the first block
    kind         "companion" or "shift" (a = 0, b = e_1) in encoder and decoder
    norm_order   1: l1-normalised systems; 0: none
    init         "normal" or "xavier", see `CompanionSSM`

    The reference's configuration for ETTh1 is the default. Raises ValueError for sizes that do not divide.
    """

    def __init__(
        self,
        d_model: int = 128,
        d_state: int = 64,
        n_heads: int = 8,
        n_blocks: int = 1,
        dropout: float | int = 0.25,
        preprocess: bool = True,
        kind: str = "companion",
        norm_order: int = 1,
        init: str = "normal",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        place = {"dtype": dtype, "device": device}
        self.d_state = d_state
        self.encoder = Encoder(
            d_model, d_state, n_heads, n_blocks, dropout, preprocess, kind, norm_order, init, place, generator
        )
        self.decoder = ClosedLoopCompanionSSM(
            **_heads(d_model, 1),
            d_state=d_state,
            norm_order=norm_order,
            kind=kind,
            init=init,
            **place,
            generator=generator,
        )
        self.head = nn.Sequential(nn.GELU(), nn.Dropout(dropout), nn.Linear(d_model, 1, **place))

    def _encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if x.ndim != 3 or x.shape[-1] != 1 or x.shape[1] < 1:
            raise ValueError(f"x must be (batch, lag, 1) and not empty; got {tuple(x.shape)}")
        if not torch.isfinite(x).all():
            raise ValueError("x must hold finite numbers; it has NaN or infinity: fill the gaps first")
        mean = x.mean(1, keepdim=True)
        return self.encoder(x - mean), mean

    def forward(self, x: Float[Tensor, "batch lag 1"], horizon: int) -> Forecast:
        """The closed-loop forecast, and the open loop over the lag, for the three losses.

        open[t] predicts x[t + 1], z_pred[t] the decoder's input z_true[t + 1].
        Raises ValueError for lag <= d_state (the open loop has no filled state to learn from), horizon < 1,
        another shape, and NaN.
        """
        if x.shape[1] <= self.d_state:
            raise ValueError(
                f"lag must exceed d_state for the open-loop loss; got lag={x.shape[1]}, d_state={self.d_state}"
            )
        z, mean = self._encode(x)
        closed, _ = self.decoder(z, horizon)
        opened, guesses = self.decoder.open_loop(z)
        return Forecast(
            closed=self.head(closed) + mean, open=self.head(opened) + mean, z_pred=guesses, z_true=z
        )

    def forecast(self, x: Float[Tensor, "batch lag 1"], horizon: int) -> Float[Tensor, "batch horizon 1"]:
        """The closed loop alone, over any horizon, trained for or not. Raises as `forward`, but takes any lag."""
        z, mean = self._encode(x)
        return self.head(self.decoder(z, horizon)[0]) + mean


def rmse(found: Tensor, wanted: Tensor) -> Tensor:
    """The root of the mean square; its gradient stays finite at 0."""
    return ((found - wanted).square().mean() + 1e-12).sqrt()


def spacetime_loss(
    out: Forecast,
    x: Float[Tensor, "batch lag 1"],
    future: Float[Tensor, "batch horizon 1"],
    d_state: int,
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> Tensor:
    """w0 RMSE(closed loop, future) + w1 RMSE(open loop, the next x) + w2 RMSE(guessed, true next layer inputs).

    The first d - 1 steps of the open loop do not count: their state is not yet filled. Raises ValueError for
    lag <= d.
    """
    d = d_state
    if x.shape[1] <= d:
        raise ValueError(f"lag must exceed d_state; got lag={x.shape[1]}, d_state={d}")
    following = torch.cat([x, future[:, :1]], dim=1)[:, d:]
    parts = (
        rmse(out["closed"], future),
        rmse(out["open"][:, d - 1 :], following),
        rmse(out["z_pred"][:, d - 1 : -1], out["z_true"][:, d:]),
    )
    return sum(w * part for w, part in zip(weights, parts, strict=True) if w)


class SpaceTimeClassifier(nn.Module):
    """The open-loop blocks alone, their mean over time, and a linear map to the classes' logits.

    Arguments as for `SpaceTime`. With several labels at once use binary cross-entropy on the logits.
    """

    def __init__(
        self,
        classes: int,
        d_model: int = 128,
        d_state: int = 64,
        n_heads: int = 8,
        n_blocks: int = 1,
        dropout: float | int = 0.25,
        preprocess: bool = True,
        init: str = "normal",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__()
        if classes < 1:
            raise ValueError(f"classes must be at least 1; got {classes}")
        place = {"dtype": dtype, "device": device}
        self.encoder = Encoder(
            d_model, d_state, n_heads, n_blocks, dropout, preprocess, "companion", 1, init, place, generator
        )
        self.head = nn.Linear(d_model, classes, **place)

    def forward(self, x: Float[Tensor, "batch length 1"]) -> Float[Tensor, "batch classes"]:
        """Logits."""
        return self.head(self.encoder(x).mean(1))
