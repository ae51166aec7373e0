"""Forward reachability: no target; prompts are pushed away from outputs seen before and pulled towards new ones."""

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from labkit.language.magic_words.method.enumeration import ReachableSet
from labkit.language.magic_words.method.scoring import (
    check_state,
    control_tokens,
    logits_of,
)
from labkit.language_model import LanguageModel


def push_pull_loss(
    logits: Float[Tensor, "batch vocabulary"],
    reached: Bool[Tensor, " vocabulary"],
    push: float = 1.0,
    pull: float = 1.0,
) -> Float[Tensor, " batch"]:
    """The score of a prompt, lower is better.

    push (-CE(uniform over the reached, logits)) + pull H(softmax of the logits restricted to the unreached): far from
    what was seen, and decided among what was not.

    Raises:
        ValueError: nothing was reached yet, or everything was.
    """
    count = int(reached.sum())
    if count in (0, len(reached)):
        raise ValueError(
            f"reached: {count} of {len(reached)} outputs; the loss needs some that were reached and some that were not"
        )
    # CE(uniform over R, logits) = -mean over R of log softmax(logits)
    cross_entropy = -logits.log_softmax(-1)[:, reached].mean(1)
    rest = logits[:, ~reached].log_softmax(-1)
    entropy = -(rest.exp() * rest).sum(1)
    return push * -cross_entropy + pull * entropy


def iter_forward_reachability(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    *,
    rounds: int,
    pool_size: int = 100,
    push: float = 1.0,
    pull: float = 1.0,
    frac_ext: float = 0.25,
    max_len: int = 10,
    best_first: bool = False,
    generator: torch.Generator,
    controls: Int[Tensor, " tokens"] | None = None,
    placement: str = "prefix",
) -> Iterator[ReachableSet]:
    """Yield what was reached after each round; see `forward_reachability`."""
    check_state(lm, x0, max_len, placement)
    if not 0 < frac_ext <= 1:
        raise ValueError(f"frac_ext must be above 0 and at most 1; got {frac_ext}")
    if rounds < 1 or pool_size < 1 or max_len < 1:
        raise ValueError(
            f"rounds, pool_size and max_len must be at least 1; got {rounds}, {pool_size}, {max_len}"
        )
    tokens = control_tokens(lm, controls)
    reached = torch.zeros(lm.vocab_size, dtype=torch.bool, device=lm.device)
    lengths: dict[int, int] = {}
    found = ReachableSet(exact=False)

    def read(prompts: Tensor) -> Tensor:
        logits = torch.cat(list(logits_of(lm, prompts, x0, placement=placement)))
        best = logits.topk(2).values
        for row, id in enumerate(logits.argmax(-1).tolist()):
            k = prompts.shape[1]
            if id not in lengths or k < lengths[id]:
                lengths[id], found.witness[id] = k, tuple(prompts[row].tolist())
                found.margin[id] = (best[row, 0] - best[row, 1]).item()
            reached[id] = True
        found.prompts += len(prompts)
        return logits

    logits = read(x0.new_empty((1, 0)))
    pool: list[tuple[tuple[int, ...], Tensor, float]] = [((), logits[0], 0.0)]
    for _ in range(rounds):
        drawn = int(torch.randint(len(pool), (1,), generator=generator, device="cpu"))
        parent = pool[0 if best_first else drawn][0]
        count = max(1, round(frac_ext * len(tokens)))
        order = torch.randperm(len(tokens), generator=generator, device="cpu")[:count]
        left = tokens[order.to(tokens.device)][:, None]
        right = torch.tensor(parent, dtype=torch.long, device=left.device).expand(count, -1)
        rows = torch.cat([left, right], dim=1)
        fresh = read(rows)
        if rows.shape[1] < max_len:  # a prompt of the largest length cannot be extended
            pool += [(tuple(row), logit, 0.0) for row, logit in zip(rows.tolist(), fresh, strict=True)]
        if bool(reached.all()):
            yield _sets(found, lengths, max_len)
            break
        scores = push_pull_loss(torch.stack([logit for _, logit, _ in pool]), reached, push, pull).tolist()
        pool = [(prompt, logit, score) for (prompt, logit, _), score in zip(pool, scores, strict=True)]
        pool = sorted(pool, key=lambda member: member[2])[:pool_size]
        yield _sets(found, lengths, max_len)


def _sets(found: ReachableSet, lengths: dict[int, int], max_len: int) -> ReachableSet:
    found.sets = [frozenset(id for id, k in lengths.items() if k <= limit) for limit in range(max_len + 1)]
    return found


def forward_reachability(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    *,
    rounds: int,
    pool_size: int = 100,
    push: float = 1.0,
    pull: float = 1.0,
    frac_ext: float = 0.25,
    max_len: int = 10,
    best_first: bool = False,
    generator: torch.Generator,
    controls: Int[Tensor, " tokens"] | None = None,
    placement: str = "prefix",
) -> ReachableSet:
    """Open-ended search for many outputs at once, with a pool of prompts (the reference repository's).

    Each round takes a member of the pool (a random one, or the best), prepends a random share of the vocabulary, adds
    what is generated to the reached outputs, scores everything anew and keeps the best `pool_size`.

    Returns:
        a set that is not exact: what is missing is not found.

    Raises:
        ValueError: a bad state, share, number of rounds or pool.
    """
    *_, last = iter_forward_reachability(
        lm,
        x0,
        rounds=rounds,
        pool_size=pool_size,
        push=push,
        pull=pull,
        frac_ext=frac_ext,
        max_len=max_len,
        best_first=best_first,
        generator=generator,
        controls=controls,
        placement=placement,
    )
    return last
