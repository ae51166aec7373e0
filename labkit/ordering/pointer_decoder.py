"""The pointer decoder: an LSTM whose output at each step is a distribution over the elements of a memory."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from labkit.ordering.attention import additive_scores, masked_softmax
from labkit.ordering.beam import Beams, beam_search

State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Context:
    """What stays the same at every step: W1 m, computed once, and what is fed back for each position."""

    memory: Float[Tensor, "batch n d"]
    mask: Bool[Tensor, "batch positions"] | None
    fed: Float[Tensor, "batch positions f"]
    keys: Float[Tensor, "batch k w"]
    glimpse_keys: tuple[Tensor, ...]

    def parts(self) -> tuple:
        """The tensors, for a beam search to repeat."""
        return (self.memory, self.mask, self.fed, self.keys, self.glimpse_keys)


class PointerDecoder(nn.Module):
    """Points at the n elements of a memory, for any n (Pointer Networks, section 2.3; Order Matters, section 4).

    Args:
        d: width of memory and state. in_dim: width of what is fed back (default d, the pointed memory itself).
        glimpses: attention reads before pointing, each with parameters of its own (0 or 1 in the papers).
        glimpse_update: the read is added to the query, or replaces it.
        mask_repeats: what was pointed at gets probability 0 afterwards.
    """

    def __init__(
        self,
        d: int,
        in_dim: int | None = None,
        glimpses: int = 0,
        glimpse_update: str = "add",
        mask_repeats: bool = False,
    ):
        super().__init__()
        if glimpses < 0:
            raise ValueError(f"glimpses must be at least 0; got {glimpses}")
        if glimpse_update not in ("add", "replace"):
            raise ValueError(f"glimpse_update: {glimpse_update!r}; choose from add, replace")
        in_dim = d if in_dim is None else in_dim
        self.glimpse_update, self.mask_repeats = glimpse_update, mask_repeats
        self.lstm = nn.LSTM(in_dim, d, batch_first=True)
        self.start = nn.Parameter(torch.randn(in_dim) * 0.1)
        self.W1, self.W2 = nn.Linear(d, d, bias=False), nn.Linear(d, d, bias=False)
        self.v = nn.Parameter(torch.empty(d).uniform_(-(d**-0.5), d**-0.5))
        self.glimpses = nn.ModuleList(
            nn.ParameterDict(
                {
                    "W1": nn.Parameter(torch.empty(d, d).uniform_(-(d**-0.5), d**-0.5)),
                    "W2": nn.Parameter(torch.empty(d, d).uniform_(-(d**-0.5), d**-0.5)),
                    "v": nn.Parameter(torch.empty(d).uniform_(-(d**-0.5), d**-0.5)),
                }
            )
            for _ in range(glimpses)
        )

    def context(
        self,
        memory: Float[Tensor, "batch n d"],
        mask: Bool[Tensor, "batch n"] | None = None,
        fed: Float[Tensor, "batch n f"] | None = None,
    ) -> Context:
        """Everything that does not change from step to step: O(n d^2), once a sequence."""
        return Context(
            memory,
            mask,
            memory if fed is None else fed,
            self.W1(memory),
            tuple(memory @ g["W1"].T for g in self.glimpses),
        )

    def forward(
        self,
        memory: Float[Tensor, "batch n d"],
        mask: Bool[Tensor, "batch n"] | None,
        state: State,
        targets: Int[Tensor, "batch length"],
        fed: Float[Tensor, "batch n f"] | None = None,
    ) -> Float[Tensor, "batch length n"]:
        """Logits of all steps at once, each given the targets before it (teacher forcing).

        Args:
            state: (h, c), each (batch, d). targets: positions of the memory.
        """
        context = self.context(memory, mask, fed)
        before = targets[:, :-1, None].expand(-1, -1, context.fed.shape[-1])
        inputs = torch.cat([self.start.expand(len(targets), 1, -1), context.fed.gather(1, before)], 1)
        hidden, _ = self.lstm(inputs, (state[0][None], state[1][None]))
        logits = self._point(hidden, context)
        if self.mask_repeats:
            # pointed at in one of the steps before this one
            seen = nn.functional.one_hot(targets, memory.shape[1]).cumsum(1).roll(1, 1)
            seen[:, 0] = 0
            logits = logits.masked_fill(seen.bool(), -torch.inf)
        return logits

    def glimpse_weights(
        self, hidden: Float[Tensor, "batch length d"], context: Context
    ) -> list[Float[Tensor, "batch length n"]]:
        """Where each glimpse looks, step by step."""
        return self._glimpse(hidden, context)[1]

    def _glimpse(self, query: Tensor, context: Context) -> tuple[Tensor, list[Tensor]]:
        looks = []
        mask = None if context.mask is None else context.mask[:, None]
        for g, keys in zip(self.glimpses, context.glimpse_keys, strict=True):
            # g_i = softmax_i(v_g^T tanh(W1_g m_i + W2_g q)),  r = sum_i g_i m_i,  q <- q + r
            scores = additive_scores(keys[:, None], query @ g["W2"].T, g["v"])
            looks.append(masked_softmax(scores, mask))
            read = looks[-1] @ context.memory
            query = query + read if self.glimpse_update == "add" else read
        return query, looks

    def _point(self, hidden: Tensor, context: Context) -> Tensor:
        query, _ = self._glimpse(hidden, context)
        # u_j = v^T tanh(W1 m_j + W2 q)
        logits = additive_scores(context.keys[:, None], self.W2(query), self.v)
        if context.mask is not None:
            logits = logits.masked_fill(~context.mask[:, None], -torch.inf)
        return logits

    def step(
        self, chosen: Int[Tensor, " rows"] | None, context: Context, state: State
    ) -> tuple[Tensor, State]:
        """One step: logits (rows, n) after `chosen` was pointed at (None: at the start), and the next state."""
        rows = len(state[0])
        if chosen is None:
            x = self.start.expand(rows, -1)
        else:
            x = context.fed[torch.arange(rows, device=chosen.device), chosen]
        hidden, (h, c) = self.lstm(x[:, None], (state[0][None].contiguous(), state[1][None].contiguous()))
        return self._point(hidden, context)[:, 0], (h[0], c[0])

    def beam(
        self,
        context: Context,
        state: State,
        width: int,
        max_length: int,
        allowed=None,
        end=None,
        normalise=False,
    ) -> Beams:
        """The best sequences by beam search; width 1 is greedy decoding."""
        n = context.memory.shape[1]

        def step(chosen, carried):
            parts, state = carried
            logits, state = self.step(chosen, Context(*parts), state)
            return logits, (parts, state)

        def fresh(history: Tensor) -> Tensor:
            may = torch.ones(len(history), n, dtype=torch.bool, device=history.device)
            return may.scatter(1, history, False)

        if self.mask_repeats and allowed is None:
            allowed = fresh
        start = (context.parts(), state)
        return beam_search(
            step, start, width, max_length, allowed, batch=len(state[0]), end=end, normalise=normalise
        )
