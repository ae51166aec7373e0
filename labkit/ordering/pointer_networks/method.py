"""Pointer Networks (section 2.3), and the two models that they are compared with (sections 2.1 and 2.2).

Outside, targets are 0-based positions of points and END is -1. Inside, position 0 is END and point j is position j + 1.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.ordering.attention import additive_scores
from labkit.ordering.beam import Beams, beam_search
from labkit.ordering.pointer_decoder import Context, PointerDecoder

END = -1


class PointerNetwork(nn.Module):
    """Encoder LSTM, decoder LSTM, and an output that points at the input; or one of the paper's two baselines.

    Args:
        in_dim: numbers a point. d: width of both LSTMs (256 or 512 in the paper).
        mode: `pointer`: attention weights are the output (Ptr-Net); `lstm`: a softmax over a fixed dictionary of
            max_n + 1 classes; `attention`: the same, from the state and what it attends to (input feeding).
        max_n: the largest input of the two baselines, whose dictionary cannot grow.
        embed: a linear layer before the encoder (not in the paper, which feeds raw coordinates).
        input_scale: inputs become (x - 0.5) * input_scale (not in the paper; None leaves them as they are).
        init: all weights are uniform in (-init, init); 0.08 in the paper.

    Raises:
        ValueError: an unknown mode, or a baseline without max_n.
    """

    def __init__(
        self,
        in_dim: int = 2,
        d: int = 256,
        mode: str = "pointer",
        max_n: int | None = None,
        embed: bool = False,
        input_scale: float | None = None,
        init: float = 0.08,
    ):
        super().__init__()
        if mode not in ("pointer", "attention", "lstm"):
            raise ValueError(f"mode: {mode!r}; choose from pointer, attention, lstm")
        if mode != "pointer" and (max_n is None or max_n < 1):
            raise ValueError(f"max_n must be given, at least 1, for the mode {mode!r}; got {max_n}")
        self.mode, self.max_n, self.d, self.input_scale = mode, max_n, d, input_scale
        self.embed = nn.Linear(in_dim, d) if embed else None
        self.encoder = nn.LSTM(d if embed else in_dim, d, batch_first=True)
        if mode == "pointer":
            self.end = nn.Parameter(torch.empty(d))  # e_0: what END is pointed at by
            self.decoder = PointerDecoder(d, in_dim)
        else:
            self.decoder = FixedDecoder(d, in_dim, max_n, attend=mode == "attention")
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -init, init)

    # --- reading ---

    def encode(self, points: Float[Tensor, "batch n k"], lengths: Int[Tensor, " batch"] | None = None):
        """Read the points in the given order.

        Returns:
            what the decoder needs, and its first state: the encoder's last (h, c).
        """
        points, lengths, there = self._checked(points, lengths)
        x = points if self.input_scale is None else (points - 0.5) * self.input_scale
        # padding may hold anything, NaN too: it is never read
        x = torch.where(there[..., None], x, 0.0)
        read = x if self.embed is None else self.embed(x)
        if bool((lengths == points.shape[1]).all()):
            e, (h, c) = self.encoder(read)
        else:
            packed = nn.utils.rnn.pack_padded_sequence(
                read, lengths.cpu(), batch_first=True, enforce_sorted=False
            )
            packed, (h, c) = self.encoder(packed)
            e, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, total_length=points.shape[1])
        fed = torch.cat([torch.zeros_like(x[:, :1]), x], 1)  # nothing follows END
        mask = torch.cat([torch.ones_like(there[:, :1]), there], 1)
        if self.mode == "pointer":
            memory = torch.cat([self.end.expand(len(e), 1, -1), e], 1)
            return self.decoder.context(memory, mask, fed), (h[0], c[0])
        return self.decoder.context(e, mask, fed), (h[0], c[0])

    def _checked(self, points, lengths):
        if points.dim() != 3:
            raise ValueError(
                f"points must have the shape (batch, n, {self.start_width}); got {tuple(points.shape)}"
            )
        n = points.shape[1]
        if lengths is None:
            lengths = torch.full((len(points),), n, device=points.device)
        if len(lengths) != len(points) or int(lengths.min()) < 1 or int(lengths.max()) > n:
            raise ValueError(f"lengths must be from 1 to n = {n}, one a row; got {lengths.tolist()[:8]}")
        if self.max_n is not None and int(lengths.max()) > self.max_n:
            raise ValueError(
                f"n = {int(lengths.max())} points, but the dictionary of this {self.mode} model has "
                f"max_n = {self.max_n} entries and cannot grow"
            )
        there = torch.arange(n, device=points.device) < lengths[:, None]
        if not torch.isfinite(points[there]).all():
            raise ValueError("points must be finite; some coordinate is NaN or infinite")
        return points, lengths, there

    @property
    def start_width(self) -> int:
        """Numbers a point."""
        return self.decoder.start.shape[0]

    # --- probabilities ---

    def logits(
        self,
        points: Float[Tensor, "batch n k"],
        lengths: Int[Tensor, " batch"] | None,
        targets: Int[Tensor, "batch length"],
    ) -> Float[Tensor, "batch length positions"]:
        """Logits of every step, given the targets before it: n + 1 positions (END first); max_n + 1 for the baselines.

        Raises:
            ValueError: a target is no point of its row; names the row.
        """
        context, state = self.encode(points, lengths)
        n = torch.full((len(points),), points.shape[1], device=points.device) if lengths is None else lengths
        wrong = ((targets < END) | (targets >= n[:, None])).any(-1).nonzero()
        if len(wrong):
            row = int(wrong[0])
            raise ValueError(
                f"targets: row {row} is {targets[row].tolist()}, but its points are 0 to {int(n[row]) - 1}"
            )
        if self.mode == "pointer":
            return self.decoder(context.memory, context.mask, state, targets + 1, context.fed)
        return self.decoder(context, state, targets + 1)

    def log_prob(
        self,
        points: Float[Tensor, "batch n k"],
        lengths: Int[Tensor, " batch"] | None,
        targets: Int[Tensor, "batch length"],
        target_lengths: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, " batch"]:
        """log p(C | P) = sum_i log p(C_i | C_<i, P) of whole sequences, END included (eq. 1).

        Args:
            target_lengths: entries that count, END among them; by default up to the first END of each row.
        """
        log_p = self.logits(points, lengths, targets).log_softmax(-1)
        chosen = log_p.gather(-1, (targets + 1)[..., None])[..., 0]
        if target_lengths is None:
            counted = (targets == END).cumsum(-1) - (targets == END).long() == 0
        else:
            counted = torch.arange(targets.shape[1], device=targets.device) < target_lengths[:, None]
        return torch.where(counted, chosen, 0.0).sum(-1)

    # --- answers ---

    def search(
        self,
        points: Float[Tensor, "batch n k"],
        lengths: Int[Tensor, " batch"] | None = None,
        beam: int = 1,
        constraint: str | None = None,
        max_length: int | None = None,
        normalise: bool = False,
    ) -> Beams:
        """Beam search; tokens are inner positions (0 is END, j + 1 is point j).

        Args:
            constraint: `tour`: every point exactly once, then END; `distinct`: a closed polygon of distinct points
                (an extra; the paper leaves hulls unconstrained).
            max_length: entries of the longest answer, END included; 2 n + 2 by default.
        """
        if constraint not in (None, "tour", "distinct"):
            raise ValueError(f"constraint: {constraint!r}; choose from None, tour, distinct")
        if beam < 1:
            raise ValueError(f"beam must be at least 1; got {beam}")
        context, state = self.encode(points, lengths)
        n = points.shape[1]
        max_length = 2 * n + 2 if max_length is None else max_length
        if constraint is not None:
            max_length = max(max_length, n + 2)  # room for a whole polygon and END
        allowed = None
        if constraint is not None:
            mask = context.mask.repeat_interleave(beam, 0)
            rule = tour_rule if constraint == "tour" else polygon_rule

            def allowed(history):
                return rule(history, mask)

        if self.mode == "pointer":
            return self.decoder.beam(context, state, beam, max_length, allowed, end=0, normalise=normalise)
        start = (context.parts(), self.decoder.first_state(state))

        def step(chosen, carried):
            parts, state = carried
            logits, state = self.decoder.step(chosen, Context(*parts), state)
            return logits, (parts, state)

        if allowed is not None:  # the dictionary may be larger than the input
            wide = self.max_n + 1

            def allowed(history, narrow=allowed):
                may = narrow(history)
                return nn.functional.pad(may, (0, wide - may.shape[1]))

        return beam_search(
            step, start, beam, max_length, allowed, batch=len(points), end=0, normalise=normalise
        )

    def decode(
        self,
        points: Float[Tensor, "batch n k"],
        lengths: Int[Tensor, " batch"] | None = None,
        beam: int = 1,
        constraint: str | None = None,
        max_length: int | None = None,
    ) -> list[Tensor]:
        """The best answers, without END: one LongTensor of 0-based points a row. Beam 1 is greedy."""
        found = self.search(points, lengths, beam, constraint, max_length).tokens[:, 0]
        return [row[(row == 0).cumsum(0) == 0] - 1 for row in found]


def tour_rule(history: Int[Tensor, "rows t"], mask: Tensor) -> Tensor:
    """Where a tour may go: points that were not visited; END after all of them, and only then."""
    may = mask.scatter(1, history, False)
    may[:, 0] = ~may[:, 1:].any(-1)
    return may


def polygon_rule(history: Int[Tensor, "rows t"], mask: Tensor) -> Tensor:
    """Where a polygon may go: new points; after three the first again, which closes it; then END."""
    if history.shape[1] == 0:
        may = mask.clone()
        may[:, 0] = False
        return may
    first = history[:, :1]
    ended = (history == 0).any(-1)
    closed = (history[:, 1:] == first).any(-1) | ended
    may = mask.scatter(1, history, False)
    may[:, 0] = False
    # three corners, or fewer where there are no more points: then it may be closed
    enough = (history.shape[1] >= 3) | ~may.any(-1)
    may = may.scatter(1, first, enough[:, None])
    may[closed] = False
    may[:, 0] = closed
    return may


class FixedDecoder(nn.Module):
    """A decoder over a dictionary of max_n + 1 classes, which n cannot exceed (sections 2.1 and 2.2).

    Args:
        attend: with content attention over the points, whose read d' joins the state and the next input.
    """

    def __init__(self, d: int, in_dim: int, max_n: int, attend: bool):
        super().__init__()
        self.attend, self.max_n, self.d = attend, max_n, d
        self.lstm = nn.LSTM(in_dim + d * attend, d, batch_first=True)
        self.start = nn.Parameter(torch.zeros(in_dim))
        self.out = nn.Linear(2 * d if attend else d, max_n + 1)
        if attend:
            self.W1, self.W2 = nn.Linear(d, d, bias=False), nn.Linear(d, d, bias=False)
            self.v = nn.Parameter(torch.zeros(d))

    def context(self, e: Tensor, mask: Tensor, fed: Tensor) -> Context:
        """What stays the same at every step."""
        return Context(e, mask, fed, self.W1(e) if self.attend else e[:, :0], ())

    def first_state(self, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """The encoder's last state, and an attention read of zeros."""
        return (*state, torch.zeros_like(state[0]))

    def _classes(self, features: Tensor, mask: Tensor) -> Tensor:
        logits = self.out(features)
        narrow = nn.functional.pad(mask, (0, logits.shape[-1] - mask.shape[-1]))  # classes without a point
        return logits.masked_fill(~(narrow[:, None] if logits.dim() == 3 else narrow), -torch.inf)

    def step(self, chosen: Tensor | None, context: Context, state: tuple) -> tuple[Tensor, tuple]:
        """One step: logits (rows, max_n + 1), and the next state (h, c, read)."""
        h, c, read = state
        if chosen is None:
            x = self.start.expand(len(h), -1)
        else:
            x = context.fed[torch.arange(len(h), device=chosen.device), chosen]
        if self.attend:
            x = torch.cat([x, read], -1)
        _, (h, c) = self.lstm(x[:, None], (h[None].contiguous(), c[None].contiguous()))
        h, c = h[0], c[0]
        features = h
        if self.attend:
            # a_i = softmax(u_i),  d'_i = sum_j a_ij e_j
            scores = additive_scores(context.keys, self.W2(h), self.v)
            weights = scores.masked_fill(~context.mask[:, 1:], -torch.inf).softmax(-1)
            read = (weights[:, None] @ context.memory)[:, 0]
            features = torch.cat([h, read], -1)
        return self._classes(features, context.mask), (h, c, read)

    def forward(self, context: Context, state: tuple, targets: Tensor) -> Tensor:
        """Logits of all steps (batch, length, max_n + 1), each given the targets before it."""
        if self.attend:  # what was read is an input of the next step: one step after the other
            carried, made = self.first_state(state), []
            for t in range(targets.shape[1]):
                logits, carried = self.step(targets[:, t - 1] if t else None, context, carried)
                made.append(logits)
            return torch.stack(made, 1)
        before = targets[:, :-1, None].expand(-1, -1, context.fed.shape[-1])
        inputs = torch.cat([self.start.expand(len(targets), 1, -1), context.fed.gather(1, before)], 1)
        hidden, _ = self.lstm(inputs, (state[0][None], state[1][None]))
        return self._classes(hidden, context.mask)
