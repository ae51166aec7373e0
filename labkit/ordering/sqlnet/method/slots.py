"""The slots chosen from a list: select column, aggregation, number of conditions, their columns and operators."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.ordering.sqlnet.data.batch import Batch
from labkit.ordering.sqlnet.method.layers import Activation, ColumnReader, State, take
from labkit.ordering.sqlnet.query import AGGREGATIONS, MAX_CONDITIONS, OPERATORS


class ColumnsPredictor(ColumnReader):
    """P(col_j in WHERE) = sigmoid(u^T act(U_c E_j + U_q E_{Q|j})): the columns as a set, one score each."""

    def __init__(self, embedding, d, layers, column_attention=True, types=False, activation="relu"):
        super().__init__(embedding, d, layers, column_attention, types)
        self.U_c, self.U_q = nn.Linear(d, d), nn.Linear(d, d, bias=False)
        self.u, self.act = nn.Linear(d, 1), Activation(activation)

    def forward(self, batch: Batch) -> Float[Tensor, "batch columns"]:
        """The logits of every column, -inf on padding."""
        vectors = self.vectors(batch)
        E, (H, _) = self.read_names(batch, vectors), self.read_question(batch, vectors)
        scores = self.u(self.act(self.U_c(E) + self.U_q(self.attention(E, H, batch.mask))))[..., 0]
        return scores.masked_fill(~batch.column_mask, -torch.inf)


class SelectPredictor(ColumnsPredictor):
    """The selected column: softmax over columns of u^T tanh(U_c E_j + U_q E_{Q|j})."""

    def __init__(self, embedding, d, layers, column_attention=True, types=False):
        super().__init__(embedding, d, layers, column_attention, types, "tanh")


class AggregationPredictor(ColumnReader):
    """softmax(U_a tanh(U_q E_{Q|sel})): the aggregation depends on the column that is selected."""

    def __init__(self, embedding, d, layers, column_attention=True, types=False):
        super().__init__(embedding, d, layers, column_attention, types)
        self.U_q, self.U_a = nn.Linear(d, d), nn.Linear(d, len(AGGREGATIONS))

    def forward(self, batch: Batch, select: Int[Tensor, " batch"]) -> Float[Tensor, "batch 6"]:
        """The logits for a given selected column."""
        vectors = self.vectors(batch)
        E, (H, _) = self.read_names(batch, vectors), self.read_question(batch, vectors)
        read = self.attention(take(E, select[:, None]), H, batch.mask)[:, 0]
        return self.U_a(torch.tanh(self.U_q(read)))


class NumberPredictor(ColumnReader):
    """softmax(U_1 tanh(U_2 E_{Q|Q})) over 0..4; the question's encoder starts from a summary of the columns."""

    def __init__(self, embedding, d, layers, column_attention=True, types=False):
        super().__init__(embedding, d, layers, column_attention=False, types=types)
        self.column = nn.Linear(d, 1, bias=False)
        self.h0, self.c0 = nn.Linear(d, layers * d), nn.Linear(d, layers * d)
        self.U_2, self.U_1 = nn.Linear(d, d), nn.Linear(d, MAX_CONDITIONS + 1)

    def start(self, E: Float[Tensor, "batch columns d"], batch: Batch) -> State:
        """(h0, c0), each (2 layers, batch, d/2), from sum_j softmax(w . E_j) E_j."""
        weights = self.column(E)[..., 0].masked_fill(~batch.column_mask, -torch.inf).softmax(-1)
        summary = (weights[:, None] @ E)[:, 0]
        shape = (len(E), 2 * self.question.layers, self.question.d // 2)
        return tuple(
            linear(summary).view(shape).transpose(0, 1).contiguous() for linear in (self.h0, self.c0)
        )

    def forward(self, batch: Batch) -> Float[Tensor, "batch 5"]:
        """The logits of 0 to 4 conditions."""
        vectors = self.vectors(batch)
        E = self.read_names(batch, vectors)
        H, _ = self.read_question(batch, vectors, self.start(E, batch))
        read = self.attention(E[:, :1], H, batch.mask)[:, 0]
        return self.U_1(torch.tanh(self.U_2(read)))


class OperatorPredictor(ColumnReader):
    """softmax(U_a tanh(U_c E_col + U_q E_{Q|col})) for each chosen column, all of them at once."""

    def __init__(self, embedding, d, layers, column_attention=True, types=False):
        super().__init__(embedding, d, layers, column_attention, types)
        self.U_c, self.U_q = nn.Linear(d, d), nn.Linear(d, d, bias=False)
        self.U_a = nn.Linear(d, len(OPERATORS))

    def forward(self, batch: Batch, columns: Int[Tensor, "batch slots"]) -> Float[Tensor, "batch slots 3"]:
        """The logits of the operators."""
        vectors = self.vectors(batch)
        E, (H, _) = self.read_names(batch, vectors), self.read_question(batch, vectors)
        E = take(E, columns)
        return self.U_a(torch.tanh(self.U_c(E) + self.U_q(self.attention(E, H, batch.mask))))
