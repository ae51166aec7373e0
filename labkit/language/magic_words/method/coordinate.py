"""Greedy coordinate gradient: the gradient proposes swaps of single tokens, the model judges them."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from labkit.language.magic_words.method.scoring import (
    SearchResult,
    SearchStep,
    check_state,
    compose,
    control_tokens,
    prompt_places,
    scores_of,
    target_of,
    witness_of,
)
from labkit.language_model import LanguageModel


def one_hot_gradient(
    lm: LanguageModel,
    prompt: Int[Tensor, " k"],
    x0: Int[Tensor, " n"],
    y: Int[Tensor, " answer"],
    *,
    placement: str = "prefix",
) -> tuple[Tensor, Float[Tensor, "k vocabulary"]]:
    """The loss, and its gradient with respect to the one-hot rows of the prompt."""
    whole = torch.cat([compose(prompt[None], x0, placement)[0], y])
    loss, gradient = lm.loss_and_embedding_grad(whole, len(y))
    # dL/d(one-hot row) = dL/d(embedding) E^T
    return loss, gradient[prompt_places(len(prompt), len(x0), placement, x0.device)] @ lm.embedding.T


def random_prompts(
    tokens: Int[Tensor, " tokens"], count: int, k: int, generator: torch.Generator
) -> Int[Tensor, "count k"]:
    """Prompts drawn uniformly, by a CPU generator."""
    index = torch.randint(len(tokens), (count, k), generator=generator, device="cpu")
    return tokens[index.to(tokens.device)]


def propose(
    prompt: Int[Tensor, " k"],
    gradient: Float[Tensor, "k tokens"],
    tokens: Int[Tensor, " tokens"],
    batch: int,
    top: int,
    generator: torch.Generator,
) -> tuple[Int[Tensor, "candidates k"], Int[Tensor, " candidates"], Int[Tensor, " candidates"]]:
    """Swaps of one position each, without repetitions, and of each its position and place among the tokens.

    A position is drawn uniformly, then one of its `top` tokens of most negative gradient.
    """
    best = (-gradient).topk(min(top, len(tokens)), dim=1).indices
    places = torch.randint(len(prompt), (batch,), generator=generator, device="cpu").to(prompt.device)
    ranks = torch.randint(best.shape[1], (batch,), generator=generator, device="cpu").to(prompt.device)
    # with few positions many draws coincide: each swap is evaluated once
    drawn = torch.unique(torch.stack([places, ranks], dim=1), dim=0)
    places, index = drawn[:, 0], best[drawn[:, 0], drawn[:, 1]]
    rows = prompt.repeat(len(places), 1)
    rows[torch.arange(len(places), device=prompt.device), places] = tokens[index]
    return rows, places, index


def iter_greedy_coordinate_gradient(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    y: int | Int[Tensor, " answer"],
    k: int,
    *,
    batch: int = 768,
    top: int = 128,
    iterations: int = 34,
    init: Int[Tensor, " shorter"] | None = None,
    keep_best: bool = False,
    generator: torch.Generator,
    candidates: Int[Tensor, " tokens"] | None = None,
    chunk: int | None = None,
    placement: str = "prefix",
) -> Iterator[SearchStep]:
    """Yield the start (number 0) and then a step an iteration; see `greedy_coordinate_gradient`."""
    check_state(lm, x0, k, placement)
    for name, value in (("k", k), ("batch", batch), ("top", top)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1; got {value}")
    target, tokens = target_of(lm, y, x0.device), control_tokens(lm, candidates)
    init = x0[:0] if init is None else init
    if len(init) > k:
        raise ValueError(f"init has {len(init)} tokens; at most k = {k} fit")
    # a shorter prompt goes to the right end, next to x0; random tokens fill the left
    fill = random_prompts(tokens, 1, k - len(init), generator)[0]
    prompt = torch.cat([fill, init])
    losses, reached = scores_of(lm, prompt[None], x0, target, placement=placement)
    current, seen = losses.item(), 1
    yield SearchStep(
        number=0, prompt=prompt, loss=current, evaluations=seen, **witness_of(prompt[None], losses, reached)
    )
    for number in range(1, iterations + 1):
        loss, gradient = one_hot_gradient(lm, prompt, x0, target, placement=placement)
        gradient = gradient[:, tokens].to(loss.dtype)
        rows, places, index = propose(prompt, gradient, tokens, batch, top, generator)
        losses, reached = scores_of(lm, rows, x0, target, placement=placement, chunk=chunk)
        seen += len(rows)
        # to first order a swap changes the loss by g[new] - g[old]
        full = gradient[places, index]
        old = (tokens[None] == prompt[:, None]).to(gradient.dtype) * gradient
        predicted = full - old.sum(1)[places]
        best = int(losses.argmin())
        before = current
        if not keep_best or losses[best].item() < current:
            prompt, current = rows[best], losses[best].item()
        yield SearchStep(
            number=number,
            prompt=prompt,
            loss=current,
            evaluations=seen,
            **witness_of(rows, losses, reached),
            candidates=rows,
            predicted=predicted,
            actual=losses - before,
            positions=places,
            gradient=gradient.norm(dim=1),
        )


def greedy_coordinate_gradient(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    y: int | Int[Tensor, " answer"],
    k: int,
    *,
    batch: int = 768,
    top: int = 128,
    iterations: int = 34,
    init: Int[Tensor, " shorter"] | None = None,
    keep_best: bool = False,
    stop: bool = False,
    generator: torch.Generator,
    candidates: Int[Tensor, " tokens"] | None = None,
    chunk: int | None = None,
    placement: str = "prefix",
) -> SearchResult:
    """Improve a prompt of k tokens swap by swap.

    Each iteration: the gradient with respect to the one-hot rows; for each position the `top` tokens of most negative
    gradient; `batch` swaps drawn from those; all are evaluated, and the best replaces the prompt.

    Args:
        init: a shorter prompt, put at the right end; the rest is random.
        keep_best: keep the prompt when no swap is better. The reference always takes the best swap, so its loss may
            rise; the best prompt ever seen is returned beside the last one in any case.
        stop: end as soon as the target is reached.
        generator: on the CPU.
        candidates: the tokens that prompts are made of; by default all but special tokens.

    Raises:
        ValueError: a bad state, target, length or candidate set, or a loss that is not finite.
    """
    result = None
    for step in iter_greedy_coordinate_gradient(
        lm,
        x0,
        y,
        k,
        batch=batch,
        top=top,
        iterations=iterations,
        init=init,
        keep_best=keep_best,
        generator=generator,
        candidates=candidates,
        chunk=chunk,
        placement=placement,
    ):
        if result is None:
            result = SearchResult("gcg", step.prompt, step.loss, step.prompt, step.loss, step.reached)
        result.note(step)
        if stop and result.reached:
            break
    return result
