"""What every slot is made of: a bidirectional LSTM, the summary of a column's name, and column attention."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from labkit.ordering.sqlnet.data.batch import Batch

State = tuple[Float[Tensor, "states batch half"], Float[Tensor, "states batch half"]]


class Encoder(nn.Module):
    """A BiLSTM, d/2 a direction, with dropout between its layers. Padding is packed away, so it changes nothing."""

    def __init__(self, d_in: int, d: int, layers: int = 2, dropout: float = 0.3):
        super().__init__()
        if d % 2 or d < 2:
            raise ValueError(f"d must be even, half for each direction; got {d}")
        self.d, self.layers = d, layers
        self.lstm = nn.LSTM(
            d_in, d // 2, layers, batch_first=True, bidirectional=True, dropout=dropout if layers > 1 else 0.0
        )

    def forward(
        self,
        x: Float[Tensor, "batch length d_in"],
        lengths: Int[Tensor, " batch"],
        state: State | None = None,
    ) -> tuple[Float[Tensor, "batch length d"], State]:
        """(states of all tokens, zero on padding; the last states of both directions)."""
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        found, last = self.lstm(packed, state)
        return pad_packed_sequence(found, batch_first=True, total_length=x.shape[1])[0], last


def pool(
    states: Float[Tensor, "names width d"], lengths: Int[Tensor, " names"], how: str = "last"
) -> Float[Tensor, "names d"]:
    """A name's vector: the state at its last word, whose forward half has read all words and whose backward half only
    the last ("last", the paper's), or the forward half there with the backward half at the first word ("ends").
    """
    rows = torch.arange(len(states), device=states.device)
    last = states[rows, lengths - 1]
    if how == "last":
        return last
    if how != "ends":
        raise ValueError(f"pool must be last or ends; got {how!r}")
    half = states.shape[-1] // 2
    return torch.cat([last[:, :half], states[:, 0, half:]], dim=1)


class ColumnAttention(nn.Module):
    """The question, read again for every column (section 3.2)."""

    def __init__(self, d: int):
        super().__init__()
        self.W = nn.Linear(d, d, bias=False)

    def weights(
        self,
        E: Float[Tensor, "batch columns d"],
        H: Float[Tensor, "batch length d"],
        mask: Bool[Tensor, "batch length"],
    ) -> Float[Tensor, "batch columns length"]:
        """w = softmax(v) over the question's tokens, with v_ci = E_c^T W H_i."""
        v = E @ self.W(H).mT
        return v.masked_fill(~mask[:, None], -torch.inf).softmax(-1)

    def forward(
        self,
        E: Float[Tensor, "batch columns d"],
        H: Float[Tensor, "batch length d"],
        mask: Bool[Tensor, "batch length"],
    ) -> Float[Tensor, "batch columns d"]:
        """E_{Q|col} = sum_i w_i H_i."""
        return self.weights(E, H, mask) @ H


class SelfAttention(nn.Module):
    """The question read once, for a learned vector in the place of a column: what is left without column attention."""

    def __init__(self, d: int):
        super().__init__()
        self.query = nn.Linear(d, 1, bias=False)

    def weights(
        self,
        E: Float[Tensor, "batch columns d"],
        H: Float[Tensor, "batch length d"],
        mask: Bool[Tensor, "batch length"],
    ) -> Float[Tensor, "batch columns length"]:
        """w = softmax(q^T H_i) over the question's tokens: the same for all columns."""
        v = self.query(H).mT
        return v.masked_fill(~mask[:, None], -torch.inf).softmax(-1).expand(-1, E.shape[1], -1)

    forward = ColumnAttention.forward


class ColumnReader(nn.Module):
    """A sub-predictor's own encoders of question and column names, and its attention."""

    def __init__(
        self, embedding: nn.Module, d: int, layers: int, column_attention: bool = True, types: bool = False
    ):
        super().__init__()
        self.embedding = embedding
        self.question = Encoder(embedding.dim + 3 * types, d, layers)
        self.names = Encoder(embedding.dim, d, layers)
        self.attention = (ColumnAttention if column_attention else SelfAttention)(d)
        self.kind = nn.Embedding(2, d) if types else None
        self.pool = "last"

    def read_names(self, batch: Batch, vectors: Tensor) -> Float[Tensor, "batch columns d"]:
        """E_col: every name of the batch is encoded once, then handed to the tables that have it."""
        states, _ = self.names(vectors[batch.names], batch.name_lengths)
        E = pool(states, batch.name_lengths, self.pool)[batch.columns]
        return E if self.kind is None else E + self.kind(batch.kinds)

    def read_question(
        self, batch: Batch, vectors: Tensor, state: State | None = None
    ) -> tuple[Float[Tensor, "batch length d"], State]:
        """H_Q, the states of the bracketed question, and the encoder's last states."""
        x = vectors[batch.question]
        if self.kind is not None:
            x = torch.cat([x, batch.features.to(x)], dim=-1)
        return self.question(x, batch.lengths, state)

    def vectors(self, batch: Batch) -> Float[Tensor, "words dim"]:
        """The batch's words; word 0, the brackets and padding, is zero."""
        found = self.embedding(batch.words)
        keep = torch.ones(len(found), 1, device=found.device, dtype=found.dtype)
        keep[0] = 0.0
        return found * keep


def take(
    E: Float[Tensor, "batch columns d"], chosen: Int[Tensor, "batch slots"]
) -> Float[Tensor, "batch slots d"]:
    """The chosen columns' vectors."""
    return E.gather(1, chosen[..., None].expand(-1, -1, E.shape[-1]))


class Activation(nn.Module):
    """The paper's activation, or the released code's ReLU."""

    def __init__(self, activation: str):
        super().__init__()
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation must be tanh or relu; got {activation!r}")
        self.function = torch.tanh if activation == "tanh" else torch.relu

    def forward(self, x: Tensor) -> Tensor:
        """Element by element."""
        return self.function(x)
