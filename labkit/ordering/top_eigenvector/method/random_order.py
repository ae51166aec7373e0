"""The paper's algorithm (reconstructed): heavy rows are stored, the light ones turn a vector block by block."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.ordering.top_eigenvector.method.block_power import BlockPower
from labkit.ordering.top_eigenvector.method.linear import check_kappa, chunks, random_start, top_eigenvector

GUESSES = 8  # of ||A||_F^2 in parallel, each twice the one before


@dataclass(frozen=True)
class RandomOrderResult:
    """What the algorithm found.

    Attributes:
        vector: normalised. heavy_rows: the rows that were stored.
        light_vector, light_weight: z, and lambda, the estimate of ||L z||^2 for the light part L.
        words: the numbers that were kept while streaming, all guesses together.
        frobenius_squared: ||A||_F^2, as given or as seen. threshold: on a row's squared norm.
    """

    vector: Float[Tensor, " d"]
    heavy_rows: Float[Tensor, "h d"]
    light_vector: Float[Tensor, " d"]
    light_weight: float
    words: int
    frobenius_squared: float
    threshold: float


class HeavyAndLight:
    """One guess of the threshold: the store of heavy rows beside the light rows' power method."""

    def __init__(self, threshold: float, power: BlockPower, store_limit: int | None):
        self.threshold, self.power, self.limit = threshold, power, store_limit
        self.stored: list[tuple[float, Tensor]] = []

    @property
    def words(self) -> int:
        """h rows, z, w and the row that is read: (h + 3) d, and four counters."""
        return (len(self.stored) + 3) * self.power.z.shape[1] + 4

    def update(self, rows: Float[Tensor, "chunk d"], norms: Float[Tensor, " chunk"], first: int) -> None:
        """Read rows; those at or above the threshold are stored, the largest `store_limit` of them."""
        heavy = norms >= self.threshold
        for place in heavy.nonzero().flatten().tolist():
            self.stored.append((norms[place].item(), rows[place].clone()))
            if self.limit is not None and len(self.stored) > self.limit:
                self.stored.remove(min(self.stored, key=lambda one: one[0]))
        self.power.update(rows, first, ~heavy)

    def copy(self, threshold: float) -> "HeavyAndLight":
        """A guess with a higher threshold that goes on from here; stored rows that are light for it join the block."""
        power = object.__new__(BlockPower)
        power.__dict__.update(self.power.__dict__)
        other = HeavyAndLight(threshold, power, self.limit)
        other.stored = [one for one in self.stored if one[0] >= threshold]
        light = [row.to(power.z.dtype) for squared, row in self.stored if squared < threshold]
        if light:
            power.add(torch.stack(light))
        return other

    def answer(self, width: int, seen: float) -> RandomOrderResult:
        """The top right singular vector of [stored rows; sqrt(lambda) z^T]; before the end, lambda is provisional."""
        z, power = self.power.z[0], self.power
        # the weighing part is one of parts: lambda = parts * sum of <a, z>^2 over it
        weight = power.parts * (power.weight if power.block >= power.parts else power.stretch)
        rows = [row.to(z.dtype) for _, row in self.stored]
        heavy = torch.stack(rows) if rows else z.new_zeros(0, width)
        whole = torch.cat([heavy, math.sqrt(weight) * z[None]])
        vector = top_eigenvector(whole) if len(rows) else z
        return RandomOrderResult(vector, heavy, z, weight, self.words, seen, self.threshold)


def random_order_top_eigenvector(
    stream,
    *,
    frobenius_squared: float | None = None,
    blocks: int | None = None,
    kappa: float | None = None,
    threshold: float | None = None,
    start: Float[Tensor, " d"] | None = None,
    generator: torch.Generator | None = None,
    store_limit: int | None = None,
) -> RandomOrderResult:
    """The top eigenvector of A^T A from one pass over its rows in random order, in (h + 3) d words.

    1. A row with ||a||^2 >= tau^2 = ||A||_F^2 / (kappa d) is stored; any other joins its block's power step.
    2. Block T + 1 weighs z: lambda = (T + 1) * sum of <a, z>^2 over its light rows.
    3. The answer is the top right singular vector of [stored rows; sqrt(lambda) z^T].

    If the light part L has lambda_1(L) >= sigma_1^2 / sqrt(R), it has a gap of sqrt(R) of its own, and lambda z
    z^T is L up to O(sigma_1^2 / sqrt(R)); otherwise L is negligible at that level. Hence correlation 1 - O(1 /
    sqrt(R)).

    Args:
        frobenius_squared: ||A||_F^2 where it is known. Where not, 8 guesses 2^k run in parallel; a guess that the
            running sum exceeds makes room for one that is 256 times as large and goes on from the largest so far, when
            less than 1/128 of what that one is for has been seen.
        blocks: T; by default ceil(2 log d). kappa: by default (log d)^2. threshold: tau^2 itself instead.
        start: z_0; by default uniform on the sphere, drawn from `generator`. It must not depend on the order.
        store_limit: store at most so many heavy rows, the largest; the others are lost.

    Raises:
        ValueError: kappa not positive, store_limit or threshold negative, frobenius_squared not positive, fewer rows
            than blocks + 1, a bad start or row, or no row other than zero.
    """
    d, n = stream.width, stream.rows
    blocks = math.ceil(2 * math.log(d)) if blocks is None else blocks
    kappa = math.log(d) ** 2 if kappa is None else kappa
    check_kappa(kappa)
    if blocks < 1:
        raise ValueError(f"blocks must be at least 1; got {blocks}")
    if n < blocks + 1:
        raise ValueError(
            f"a stream for {blocks} blocks and one to weigh must have {blocks + 1} rows; got {n}"
        )
    if store_limit is not None and store_limit < 0:
        raise ValueError(f"store_limit must be at least 0; got {store_limit}")
    if threshold is not None and not threshold >= 0:
        raise ValueError(f"threshold must be at least 0; got {threshold}")
    if frobenius_squared is not None and not frobenius_squared > 0:
        raise ValueError(f"frobenius_squared must be positive; got {frobenius_squared}")
    z0 = random_start(stream, generator, start)[None]

    def power(z0: Tensor) -> BlockPower:
        # with a threshold of 0, and under a guess that is far too low, there are no light rows: nothing to warn of
        return BlockPower(n, blocks + 1, z0, weighing=1, quiet=not known or threshold == 0)

    known = threshold is not None or frobenius_squared is not None
    if threshold is None and frobenius_squared is not None:
        threshold = frobenius_squared / (kappa * d)
    guesses: dict[int, HeavyAndLight] = {}
    seen, first, most = 0.0, 0, 0
    for rows in chunks(stream):
        norms = rows.square().sum(1)
        z0 = z0.to(rows)
        if known:
            if not guesses:
                guesses[0] = HeavyAndLight(threshold, power(z0), store_limit)
            seen += norms.sum().item()
            guesses[0].update(rows, norms, first)
        else:
            # a guess is retired between two rows, so the chunk is cut where the running sum passes one
            at = 0
            while at < len(rows):
                running = seen + norms[at:].cumsum(0)
                if not guesses:
                    nonzero = (running > 0).nonzero().flatten()
                    low = math.ceil(math.log2(running[nonzero[0]].item())) if len(nonzero) else 0
                    guesses = {
                        k: HeavyAndLight(
                            2.0 ** (k - 1) / (kappa * d),
                            power(z0),
                            store_limit,
                        )
                        for k in range(low, low + GUESSES)
                    }
                fits = int((running <= 2.0 ** min(guesses)).sum())
                if fits == 0:
                    lowest, highest = min(guesses), max(guesses)
                    following = guesses[highest].copy(2.0**highest / (kappa * d))
                    del guesses[lowest]
                    guesses[highest + 1] = following
                    continue
                part = slice(at, at + fits)
                for guess in guesses.values():
                    guess.update(rows[part], norms[part], first + at)
                seen = running[fits - 1].item()
                at += fits
        first += len(rows)
        most = max(most, sum(guess.words for guess in guesses.values()))
    if seen == 0:
        raise ValueError("the stream has no non-zero row")
    found = guesses[min(guesses)].answer(d, seen)
    return RandomOrderResult(**{**vars(found), "words": most})


def row_norm_sample(
    rows: Float[Tensor, "n d"],
    frobenius_squared: float,
    constant: float,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "kept d"], Float[Tensor, " n"]]:
    """Keep row i with p_i = min(1, C d log d ||a_i||^2 / ||A||_F^2) and scale it by 1/sqrt(p_i).

    Then E[B^T B] = A^T A. Rows that T independent samples would share, p_i > 1/T, are the heavy ones.

    Returns: the sample B, and all p_i.

    Raises:
        ValueError: a constant or frobenius_squared that is not positive.
    """
    if not (constant > 0 and frobenius_squared > 0):
        raise ValueError(
            f"constant and frobenius_squared must be positive; got {constant} and {frobenius_squared}"
        )
    d = rows.shape[1]
    p = (constant * d * math.log(d) / frobenius_squared * rows.square().sum(1)).clamp(max=1.0)
    drawn = torch.rand(len(rows), dtype=torch.float64, device="cpu", generator=generator).to(rows.device)
    kept = drawn < p
    return rows[kept] / p[kept, None].sqrt(), p
