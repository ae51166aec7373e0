"""The theme's layers, and the backbone that stacks them into a model."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Inexact, Int
from torch import Tensor, nn

from labkit.state_space.dss_layer import DSSLayer
from labkit.state_space.mamba import MambaBlock
from labkit.state_space.s4_layer import S4Layer
from labkit.state_space.s5_layer import S5Layer

__all__ = ["DSSLayer", "MambaBlock", "S4Layer", "S5Layer", "SequenceModel"]

POOLS = ("mean", "last", None)
NORMS = ("layer", "rms", "batch", "none")


class _OverChannels(nn.BatchNorm1d):
    """Batch normalisation with channels last, for sequences and for single steps."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(0, -2)).view_as(x)


class SequenceModel(nn.Module):
    """Linear or Embedding -> n_layers residual blocks -> pool over time -> Linear.

    d_in       features of each step, or the number of tokens with `embedding`
    d_model    width H
    n_layers   number of blocks
    layer      makes one block's layer from H: a module from (B, L, H) to (B, L, H), S4Layer by default
    norm       "layer", "rms", "batch" or "none"
    prenorm    norm -> layer -> + residual, and one more norm after the last block; otherwise
               layer -> + residual -> norm
    residual   False hands a layer's output on as it is: for a layer with residual branches and norms of its own
               (n_layers=1, norm="none", layer=Transformer)
    pool       "mean" over time, "last" step, or None to give an output for each step
    d_out      outputs; None gives the features themselves

    Raises ValueError for an unknown norm or pool and for sizes below 1.
    """

    def __init__(
        self,
        d_in: int,
        d_model: int,
        n_layers: int,
        layer: Callable[[int], nn.Module] = S4Layer,
        norm: str = "layer",
        prenorm: bool = False,
        pool: str | None = "mean",
        d_out: int | None = None,
        dropout: float | int = 0.0,
        embedding: bool = False,
        residual: bool = True,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        for name, size in (("d_in", d_in), ("d_model", d_model), ("n_layers", n_layers)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1; got {size}")
        if norm not in NORMS:
            raise ValueError(f"norm must be {', '.join(NORMS[:-1])} or {NORMS[-1]}; got {norm!r}")
        if pool not in POOLS:
            raise ValueError(f"pool must be mean, last or None; got {pool!r}")
        place = {"dtype": dtype, "device": device}
        self.prenorm, self.pool, self.dropout, self.residual = prenorm, pool, dropout, residual
        self.encoder = (nn.Embedding if embedding else nn.Linear)(d_in, d_model, **place)
        kinds = {"layer": nn.LayerNorm, "rms": partial(nn.RMSNorm, eps=1e-5), "batch": _OverChannels}
        self.layers = nn.ModuleList(layer(d_model) for _ in range(n_layers))
        self.norms = nn.ModuleList(
            nn.Identity() if norm == "none" else kinds[norm](d_model, **place)
            for _ in range(n_layers + prenorm)
        )
        self.decoder = nn.Identity() if d_out is None else nn.Linear(d_model, d_out, **place)

    def forward(
        self,
        x: Float[Tensor, "batch length features"] | Int[Tensor, "batch length"],
        states: list | None = None,
        rate: float | int = 1.0,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> Inexact[Tensor, "batch ..."] | tuple[Tensor, list]:
        """(B, d_out) with a pool, (B, L, d_out) without; with `states` also the states after the last step.

        `rate` is handed to each layer: it multiplies the step size of a state-space layer. `lengths` says how
        much of each sequence is no padding: pooling then looks at that part alone.
        """
        h = self.encoder(x)
        after = []
        for i, layer in enumerate(self.layers):
            options = {"rate": rate} if rate != 1 else {}
            z = self.norms[i](h) if self.prenorm else h
            if states is None:
                z = layer(z, **options)
            else:
                z, state = layer(z, states[i], **options)
                after.append(state)
            h = self._join(i, h, z)
        y = self.decoder(self._pooled(self.norms[-1](h) if self.prenorm else h, lengths))
        return y if states is None else (y, after)

    def _join(self, i: int, h: Tensor, z: Tensor) -> Tensor:
        if self.dropout and self.training and z.ndim == 3:
            z = z * nn.functional.dropout(torch.ones_like(z[:, :1]), self.dropout)
        z = h + z if self.residual else z
        return z if self.prenorm else self.norms[i](z)

    def _pooled(self, h: Tensor, lengths: Tensor | None) -> Tensor:
        if self.pool is None:
            return h
        if lengths is None:
            return h.mean(1) if self.pool == "mean" else h[:, -1]
        if lengths.min() < 1 or lengths.max() > h.shape[1]:
            raise ValueError(
                f"lengths must lie between 1 and {h.shape[1]}; "
                f"got {int(lengths.min())} to {int(lengths.max())}"
            )
        if self.pool == "last":
            return h[torch.arange(len(h), device=h.device), lengths - 1]
        real = torch.arange(h.shape[1], device=h.device) < lengths[:, None]
        return (h * real[..., None]).sum(1) / lengths[:, None]

    def default_state(self, batch: int, max_length: int | None = None) -> list:
        """Each layer's state before the first step; a Transformer's needs to know how long it may get."""
        options = {} if max_length is None else {"max_length": max_length}
        return [layer.default_state(batch, **options) for layer in self.layers]

    def to_recurrent(self, rate: float | int = 1.0) -> "SequenceModel":
        """Prepare every layer for `step`, where it needs it. Training mode forgets it again."""
        for layer in self.layers:
            if hasattr(layer, "to_recurrent"):
                layer.to_recurrent(rate)
        return self

    def step(
        self, x: Float[Tensor, "batch features"] | Int[Tensor, " batch"], states: list
    ) -> tuple[Float[Tensor, "batch outputs"], list]:
        """(output, new states) for one step. Raises ValueError with mean pooling, which needs the whole
        sequence.
        """
        if self.pool == "mean":
            raise ValueError("step has no mean over time to give: build the model with pool=None or 'last'")
        h = self.encoder(x)
        after = []
        for i, layer in enumerate(self.layers):
            z, state = layer.step(self.norms[i](h) if self.prenorm else h, states[i])
            after.append(state)
            h = self._join(i, h, z)
        return self.decoder(self.norms[-1](h) if self.prenorm else h), after
