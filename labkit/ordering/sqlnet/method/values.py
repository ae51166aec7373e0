"""The value of a condition: a pointer decoder over the question's tokens."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from labkit.ordering.sqlnet.data.batch import Batch
from labkit.ordering.sqlnet.method.layers import Activation, ColumnReader, take

POSITIONS, MAX_STEPS = 200, 50


class PointerDecoder(nn.Module):
    """An LSTM that points; its scores are a_i = u^T act(U_q H_i + U_c E + U_h h) over the positions i.

    Args:
        context: whether the scores have a column's E.
        feed: what the LSTM is shown of the position that it pointed at last: its one-hot `position` (SQLNet's choice)
            or its `state` H_i (Vinyals et al. 2015).
    """

    def __init__(
        self, d: int, layers: int, activation: str = "relu", context: bool = True, feed: str = "position"
    ):
        super().__init__()
        if feed not in ("position", "state"):
            raise ValueError(f"feed must be position or state; got {feed!r}")
        self.feed = feed
        self.lstm = nn.LSTM(POSITIONS if feed == "position" else d, d, layers, batch_first=True)
        self.U_q, self.U_h = nn.Linear(d, d), nn.Linear(d, d, bias=False)
        self.U_c = nn.Linear(d, d, bias=False) if context else None
        self.u, self.act = nn.Linear(d, 1), Activation(activation)

    def start(self, last: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """The decoder's first state: the encoder's last ones, the two directions side by side."""
        return tuple(torch.cat([s[0::2], s[1::2]], dim=-1).contiguous() for s in last)

    def keys(
        self, H: Float[Tensor, "rows length d"], E: Float[Tensor, "rows d"] | None
    ) -> Float[Tensor, "rows length d"]:
        """U_q H_i + U_c E, which no step changes."""
        return self.U_q(H) if self.U_c is None else self.U_q(H) + self.U_c(E)[:, None]

    def forward(
        self,
        keys: Float[Tensor, "rows length d"],
        mask: Bool[Tensor, "rows length"],
        pointed: Int[Tensor, "rows steps"],
        state: tuple[Tensor, Tensor],
        H: Float[Tensor, "rows length d"] | None = None,
    ) -> tuple[Float[Tensor, "rows steps length"], tuple[Tensor, Tensor]]:
        """Scores of the next position after each one pointed at, -inf on padding; and the LSTM's state.

        H, the states that are pointed at, is needed where they are fed.
        """
        if self.feed == "state":
            x = H.gather(1, pointed[..., None].expand(-1, -1, H.shape[-1]))
        else:
            x = torch.nn.functional.one_hot(pointed, POSITIONS).to(keys.dtype)
        h, state = self.lstm(x, state)
        scores = self.u(self.act(keys[:, None] + self.U_h(h)[:, :, None]))[..., 0]
        return scores.masked_fill(~mask[:, None], -torch.inf), state

    def decode(
        self,
        keys: Float[Tensor, "rows length d"],
        mask: Bool[Tensor, "rows length"],
        state: tuple[Tensor, Tensor],
        begin: Int[Tensor, " rows"],
        end: Int[Tensor, " rows"],
        steps: int = MAX_STEPS,
        sample: torch.Generator | None = None,
        early: bool = True,
        H: Float[Tensor, "rows length d"] | None = None,
    ) -> Int[Tensor, "rows taken"]:
        """The positions pointed at, greedily or sampled, END included; after its END a row repeats it.

        `early` stops when every row has ended; the released code always takes all steps.
        """
        pointed, done, found = begin, torch.zeros_like(begin, dtype=torch.bool), []
        for _ in range(steps):
            scores, state = self(keys, mask, pointed[:, None], state, H)
            if sample is None:
                pointed = scores[:, 0].argmax(-1)
            else:
                chances = scores[:, 0].softmax(-1).cpu()
                pointed = torch.multinomial(chances, 1, generator=sample)[:, 0].to(begin.device)
            pointed = torch.where(done, end, pointed)
            found.append(pointed)
            done = done | (pointed == end)
            if early and bool(done.all()):
                break
        return torch.stack(found, dim=1)


class ValuePredictor(ColumnReader):
    """A value for each chosen column: tokens of the question, pointed at one after another from BEG until END."""

    def __init__(self, embedding, d, layers, column_attention=True, types=False, activation="relu"):
        super().__init__(embedding, d, layers, column_attention, types)
        self.attention = None  # the decoder attends step by step
        self.decoder = PointerDecoder(d, layers, activation)

    def _prepare(self, batch: Batch, columns: Tensor, wanted: Tensor):
        """One row a wanted condition: the fixed part of the scores, the mask, the first state, END's position."""
        vectors = self.vectors(batch)
        E, (H, last) = self.read_names(batch, vectors), self.read_question(batch, vectors)
        row = wanted.nonzero()[:, 0]
        keys = self.decoder.keys(H[row], take(E, columns)[wanted])
        state = tuple(s[:, row].contiguous() for s in self.decoder.start(last))
        return keys, batch.mask[row], state, batch.lengths[row] - 1

    def forward(
        self,
        batch: Batch,
        columns: Int[Tensor, "batch 4"],
        wanted: Bool[Tensor, "batch 4"],
        values: Int[Tensor, "batch 4 steps"],
    ) -> Float[Tensor, "conditions steps length"]:
        """Teacher-forced scores of the wanted conditions, in row order: step t has been shown values[..., :t]."""
        keys, mask, state, _ = self._prepare(batch, columns, wanted)
        target = values[wanted]
        shown = torch.cat([torch.zeros_like(target[:, :1]), target[:, :-1]], dim=1)
        return self.decoder(keys, mask, shown, state)[0]

    def point(
        self,
        batch: Batch,
        columns: Int[Tensor, "batch 4"],
        wanted: Bool[Tensor, "batch 4"],
        steps: int = MAX_STEPS,
        early: bool = True,
    ) -> Int[Tensor, "conditions taken"]:
        """The positions that greedy decoding points at, for the wanted conditions in row order."""
        keys, mask, state, end = self._prepare(batch, columns, wanted)
        return self.decoder.decode(keys, mask, state, torch.zeros_like(end), end, steps, early=early)
