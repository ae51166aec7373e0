"""RNN, LSTM and GRU as sequence mixers: run over a whole sequence, or step by step with the same parameters."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

CELLS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentMixer(nn.Module):
    """A recurrent network over a sequence of `d_model` channels, with as many outputs.

    cell      "lstm" (Hochreiter and Schmidhuber 1997, with forget gate), "gru" (Cho et al. 2014), or "rnn" (Elman
              1990: one tanh, no gate)
    hidden    units; d_model if None. A linear map brings another number back to d_model channels.
    layers    stacked recurrent layers

    The state is one tensor, (batch, layers, 2, hidden) for an LSTM (output and cell), (batch, layers, 1, hidden)
    for a GRU or an RNN. Raises ValueError for an unknown cell and for sizes below 1.
    """

    def __init__(
        self,
        d_model: int,
        cell: str = "lstm",
        hidden: int | None = None,
        layers: int = 1,
        dropout: float | int = 0.0,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}; got {cell!r}")
        hidden = d_model if hidden is None else hidden
        for name, size in (("d_model", d_model), ("hidden", hidden), ("layers", layers)):
            if size < 1:
                raise ValueError(f"{name} must be at least 1; got {size}")
        place = {"dtype": dtype, "device": device}
        self.d_model, self.hidden, self.parts = d_model, hidden, 2 if cell == "lstm" else 1
        self.recurrence = CELLS[cell](
            d_model, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0, **place
        )
        self.out = nn.Identity() if hidden == d_model else nn.Linear(hidden, d_model, **place)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        u: Float[Tensor, "batch length channels"],
        state: Float[Tensor, "batches layers parts hidden"] | None = None,
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
        """The output; with a state (`default_state` to begin with) also the state after the last step.

        Raises ValueError for another width, an empty sequence, or a state of another shape.
        """
        if u.ndim != 3 or u.shape[-1] != self.d_model or u.shape[1] < 1:
            raise ValueError(f"u must be (batch, length, {self.d_model}) and not empty; got {tuple(u.shape)}")
        if state is None:
            return self.drop(self.out(self.recurrence(u)[0]))
        expected = (len(u), self.recurrence.num_layers, self.parts, self.hidden)
        if tuple(state.shape) != expected:
            raise ValueError(f"state must have shape {expected}; got {tuple(state.shape)}")
        start = tuple(part.contiguous() for part in state.permute(2, 1, 0, 3))
        y, end = self.recurrence(u, start if self.parts == 2 else start[0])
        end = torch.stack(end if self.parts == 2 else (end,)).permute(2, 1, 0, 3)
        return self.drop(self.out(y)), end

    def step(
        self, u: Float[Tensor, "batch channels"], state: Float[Tensor, "batches layers parts hidden"]
    ) -> tuple[Float[Tensor, "batch channels"], Tensor]:
        """(output, new state) for one step. Raises as `forward` does."""
        if u.ndim != 2 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, {self.d_model}) for one step; got {tuple(u.shape)}")
        y, state = self(u[:, None], state)
        return y[:, 0], state

    def default_state(
        self, batch: int, max_length: int | None = None
    ) -> Float[Tensor, "batch layers parts hidden"]:
        """The state before the first step: zero, and of one size for any `max_length`. Raises ValueError for a
        batch below 1.
        """
        if batch < 1:
            raise ValueError(f"batch must be at least 1; got {batch}")
        weight = self.recurrence.weight_hh_l0.detach()
        return weight.new_zeros(batch, self.recurrence.num_layers, self.parts, self.hidden)
