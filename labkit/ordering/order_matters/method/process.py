"""Read, Process, Write: a sequence-to-sequence model whose input is a set (section 4.2)."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from labkit.ordering.attention import check_mask, dot_scores, masked_softmax
from labkit.ordering.pointer_decoder import PointerDecoder


class ProcessBlock(nn.Module):
    """An LSTM without inputs that attends to a memory for some steps (eqs. 3 to 7).

    Args:
        d: width of memory and state. steps: T; with 0 the result is zero, and what comes after it is blind.
        learned_start: q*_0 is learned instead of zero (not in the paper).
    """

    def __init__(self, d: int, steps: int, learned_start: bool = False):
        super().__init__()
        if steps < 0:
            raise ValueError(f"steps must be at least 0; got {steps}")
        self.d, self.steps = d, steps
        self.cell = nn.LSTMCell(2 * d, d)
        self.start = nn.Parameter(torch.randn(2 * d) * 0.1) if learned_start else None

    def forward(
        self, memory: Float[Tensor, "batch n d"], mask: Bool[Tensor, "batch n"] | None = None
    ) -> tuple[Float[Tensor, "batch twice"], Float[Tensor, "batch steps n"]]:
        """What the set is summarised to, q*_T (batch, 2d), and the attention of every step.

        Raises:
            ValueError: no elements at all, or a row of the mask has none.
        """
        batch, n, d = memory.shape
        if n == 0:
            raise ValueError("memory: row 0 has no elements; a set needs at least one")
        if mask is not None:
            check_mask(mask)
            memory = torch.where(mask[..., None], memory, 0.0)
        q_star = memory.new_zeros(batch, 2 * d) if self.start is None else self.start.expand(batch, -1)
        h = c = memory.new_zeros(batch, d)
        looks = []
        for _ in range(self.steps):
            # q_t = LSTM(q*_{t-1});  a_{i,t} = softmax_i(m_i . q_t);  r_t = sum_i a_{i,t} m_i;  q*_t = [q_t; r_t]
            h, c = self.cell(q_star, (h, c))
            looks.append(masked_softmax(dot_scores(memory, h), mask))
            q_star = torch.cat([h, (looks[-1][:, None] @ memory)[:, 0]], -1)
        return q_star, torch.stack(looks, 1) if looks else memory.new_zeros(batch, 0, n)


class ReadProcessWrite(nn.Module):
    """Read each element by itself, process the set, write positions with a pointer decoder.

    Args:
        in_dim: numbers an element. d: width. steps: T of the process block.
        glimpses, glimpse_update, mask_repeats: of the pointer decoder.
        encoder: `set` as above; `lstm`, the baseline Ptr-Net: the memory is an LSTM's states over the elements in the
            given order, and the decoder starts from its last state.
    """

    def __init__(
        self,
        in_dim: int,
        d: int,
        steps: int,
        glimpses: int = 0,
        encoder: str = "set",
        glimpse_update: str = "add",
        mask_repeats: bool = False,
        learned_start: bool = False,
    ):
        super().__init__()
        if encoder not in ("set", "lstm"):
            raise ValueError(f"encoder: {encoder!r}; choose from set, lstm")
        self.encoder = encoder
        if encoder == "set":
            self.read = nn.Sequential(nn.Linear(in_dim, d), nn.ReLU(), nn.Linear(d, d))
            self.process = ProcessBlock(d, steps, learned_start)
            self.first = nn.Linear(2 * d, 2 * d)
        else:
            self.lstm = nn.LSTM(in_dim, d, batch_first=True)
        self.writer = PointerDecoder(d, None, glimpses, glimpse_update, mask_repeats)

    def encode(
        self, x: Float[Tensor, "batch n k"], mask: Bool[Tensor, "batch n"] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor], Tensor, Tensor]:
        """Memory (batch, n, d), the writer's first state, q* (or the last state h), and the process block's attention.

        Raises:
            ValueError: an empty set; or a mask for the LSTM, which reads every element.
        """
        if self.encoder == "lstm":
            if mask is not None:
                raise ValueError("mask: the LSTM encoder reads every element; give sets of one size")
            memory, (h, c) = self.lstm(x)
            return memory, (h[0], c[0]), h[0], x.new_zeros(len(x), 0, x.shape[1])
        if mask is not None:
            x = torch.where(mask[..., None], x, 0.0)
        memory = self.read(x)
        q_star, looks = self.process(memory, mask)
        h, c = self.first(q_star).chunk(2, -1)
        return memory, (torch.tanh(h), c), q_star, looks

    def logits(self, x: Tensor, order: Int[Tensor, "batch length"], mask: Tensor | None = None) -> Tensor:
        """Logits (batch, length, n) of every step, given the positions before it."""
        memory, state, _, _ = self.encode(x, mask)
        return self.writer(memory, mask, state, order)

    def log_prob(
        self, x: Float[Tensor, "batch n k"], order: Int[Tensor, "batch length"], mask: Tensor | None = None
    ) -> Float[Tensor, " batch"]:
        """log p(order | x); without END, since the length of the answer is known.

        Raises:
            ValueError: a position outside the set.
        """
        n = x.shape[1]
        if n == 0:
            raise ValueError("x: row 0 has no elements; a set needs at least one")
        if order.numel() and (int(order.min()) < 0 or int(order.max()) >= n):
            raise ValueError(
                f"order: positions must be from 0 to {n - 1}; got {int(order.min())} to {int(order.max())}"
            )
        log_p = self.logits(x, order, mask).log_softmax(-1)
        return log_p.gather(-1, order[..., None])[..., 0].sum(-1)

    @torch.no_grad()
    def decode(
        self, x: Float[Tensor, "batch n k"], beam: int = 1, length: int | None = None
    ) -> Int[Tensor, "batch length"]:
        """The best answer by beam search, of n positions (or `length`)."""
        memory, state, _, _ = self.encode(x)
        found = self.writer.beam(self.writer.context(memory), state, beam, length or x.shape[1])
        return found.tokens[:, 0]


def sorting_order(x: Float[Tensor, "batch n 1"]) -> Int[Tensor, "batch n"]:
    """The positions of the elements from the smallest to the largest."""
    return x[..., 0].argsort(-1)
