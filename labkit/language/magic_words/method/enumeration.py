"""Exact reachable sets: every prompt up to a length is tried, so what was not reached is proven unreachable."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.language.magic_words.method.scoring import (
    check_state,
    chunk_of,
    control_tokens,
    outputs_of,
)
from labkit.language_model import LanguageModel


@dataclass
class ReachableSet:
    """R^0, R^1, ..., each a set of output tokens; R^k contains R^{k-1}.

    Attributes:
        sets: `sets[k]` is R^k. witness: one shortest prompt for each output. margin: by how many nats the witness wins.
        exact: whether all prompts were tried, so that outputs outside are proven unreachable; else they are not found.
        prompts: how many were tried.
    """

    sets: list[frozenset[int]] = field(default_factory=list)
    witness: dict[int, tuple[int, ...]] = field(default_factory=dict)
    margin: dict[int, float] = field(default_factory=dict)
    exact: bool = True
    prompts: int = 0

    @property
    def counts(self) -> list[int]:
        """|R^0|, |R^1|, ..."""
        return [len(found) for found in self.sets]

    def shortest(self, token: int) -> int | None:
        """The smallest k with the token in R^k; None when there is none among those that were tried."""
        return next((k for k, found in enumerate(self.sets) if token in found), None)

    def coverage(self, size: int) -> float:
        """|R^k| / |V| at the largest k; 1 means output controllable from this state."""
        return len(self.sets[-1]) / size


def verdict(found: ReachableSet, token: int, k: int | None = None) -> str:
    """`reached`, `proven unreachable` (all prompts of at most k tokens were tried) or `not found`.

    Raises:
        ValueError: a k that was not tried.
    """
    k = len(found.sets) - 1 if k is None else k
    if not 0 <= k < len(found.sets):
        raise ValueError(f"k must be from 0 to {len(found.sets) - 1}, the lengths that were tried; got {k}")
    if token in found.sets[k]:
        return "reached"
    return "proven unreachable" if found.exact else "not found"


def enumerate_reachable(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    max_k: int,
    *,
    controls: Int[Tensor, " tokens"] | None = None,
    chunk: int | None = None,
    budget: int = 2_000_000,
    placement: str = "prefix",
    exclude_copies: bool = False,
    progress: Callable[[float, str], None] = lambda done, words: None,
) -> ReachableSet:
    """R^0 ... R^max_k by trying every prompt.

    Args:
        controls: the tokens that prompts are made of; by default all but special tokens.
        budget: the largest number of prompts to try.
        progress: called with the share done and a few words.
        exclude_copies: an output counts only if it does not itself stand in the prompt.

    Raises:
        ValueError: the state is empty or too long, max_k is negative, or the budget is exceeded: names |V|^k, the limit
            and what to do.
    """
    check_state(lm, x0, max_k, placement)
    tokens = control_tokens(lm, controls)
    total = sum(len(tokens) ** k for k in range(max_k + 1))
    if total > budget:
        largest = int(budget ** (1 / max_k))
        raise ValueError(
            f"all prompts of up to {max_k} tokens from {len(tokens)} are {total:,}, over the budget of "
            f"{budget:,}; use a "
            f"smaller alphabet (controls of at most {largest} tokens), a smaller k, or a larger budget"
        )
    found = ReachableSet()
    reached: set[int] = set()
    block, tried = 8 * chunk_of(lm, chunk, max_k + len(x0)), 0
    for k in range(max_k + 1):
        for prompts in all_prompts(tokens, k, block):
            tried += len(prompts)
            answers, margins = outputs_of(lm, prompts, x0, placement=placement, chunk=chunk)
            if exclude_copies and k:
                kept = (prompts != answers[:, None]).all(1)
                prompts, answers, margins = prompts[kept], answers[kept], margins[kept]
            note_new(found, reached, prompts, answers, margins)
            progress(tried / total, f"prompts of {k} tokens")
        found.sets.append(frozenset(reached))
    found.prompts = total
    return found


def note_new(
    found: ReachableSet, reached: set[int], prompts: Tensor, answers: Tensor, margins: Tensor | None
) -> None:
    """Keep the first prompt of each output that is new, and its margin where it is known."""
    ids = answers.tolist()
    for id in set(ids) - reached:
        row = ids.index(id)
        found.witness[id] = tuple(prompts[row].tolist())
        if margins is not None:
            found.margin[id] = margins[row].item()
        reached.add(id)


def all_prompts(tokens: Int[Tensor, " tokens"], k: int, block: int):
    """All |V|^k prompts in lexicographic order, block by block."""
    size, total = len(tokens), len(tokens) ** k
    for start in range(0, total, block):
        number = torch.arange(start, min(total, start + block), device=tokens.device)
        digits = [number // size ** (k - 1 - place) % size for place in range(k)]
        index = torch.stack(digits, dim=1) if k else number.new_empty((len(number), 0))
        yield tokens[index]


def one_token_prompts(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    *,
    controls: Int[Tensor, " tokens"] | None = None,
    placement: str = "prefix",
) -> tuple[Int[Tensor, " tokens"], Int[Tensor, " tokens"], Float[Tensor, " tokens"]]:
    """Every one-token prompt, what it makes the model generate, and by how many nats.

    Raises:
        ValueError: as `enumerate_reachable`.
    """
    check_state(lm, x0, 1, placement)
    tokens = control_tokens(lm, controls)
    answers, margins = outputs_of(lm, tokens[:, None], x0, placement=placement)
    return tokens, answers, margins


def random_reachable(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    max_k: int,
    *,
    prompts: int,
    generator: torch.Generator,
    controls: Int[Tensor, " tokens"] | None = None,
    placement: str = "prefix",
) -> ReachableSet:
    """The baseline: outputs that `prompts` random prompts of each length reach; what is missing is not found.

    Raises:
        ValueError: as `enumerate_reachable`.
    """
    check_state(lm, x0, max_k, placement)
    tokens = control_tokens(lm, controls)
    found, reached = ReachableSet(exact=False), set()
    for k in range(max_k + 1):
        drawn = torch.randint(len(tokens), (prompts if k else 1, k), generator=generator, device="cpu")
        rows = tokens[drawn.to(tokens.device)]
        note_new(found, reached, rows, *outputs_of(lm, rows, x0, placement=placement))
        found.prompts += len(rows)
        found.sets.append(frozenset(reached))
    return found
