"""Forward reachability by gradient ("forward GCG"): swaps of single tokens, proposed by the push and pull loss."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from labkit.language.magic_words.method.coordinate import propose, random_prompts
from labkit.language.magic_words.method.enumeration import ReachableSet
from labkit.language.magic_words.method.forward import push_pull_loss
from labkit.language.magic_words.method.scoring import (
    check_state,
    compose,
    control_tokens,
    logits_of,
    prompt_places,
)
from labkit.language_model import LanguageModel


def push_pull_gradient(
    lm: LanguageModel,
    prompt: Int[Tensor, " k"],
    x0: Int[Tensor, " n"],
    reached: Bool[Tensor, " vocabulary"],
    push: float,
    pull: float,
    placement: str,
) -> tuple[Tensor, Float[Tensor, "k vocabulary"]]:
    """The push and pull loss of one prompt, and its gradient with respect to the prompt's one-hot rows."""
    whole = compose(prompt[None], x0, placement)
    embeds = lm.embedding[whole].detach().requires_grad_(True)
    with torch.enable_grad():
        logits = lm.logits(embeds=embeds, last_only=True)
        loss = push_pull_loss(
            logits if logits.dtype == torch.float64 else logits.float(), reached, push, pull
        )[0]
        (gradient,) = torch.autograd.grad(loss, embeds)
    # dL/d(one-hot row) = dL/d(embedding) E^T
    places = prompt_places(len(prompt), len(x0), placement, x0.device)
    return loss.detach(), gradient[0, places] @ lm.embedding.T


def forward_coordinate_gradient(
    lm: LanguageModel,
    x0: Int[Tensor, " n"],
    *,
    k: int,
    rounds: int,
    batch: int = 128,
    top: int = 64,
    push: float = 1.0,
    pull: float = 1.0,
    generator: torch.Generator,
    controls: Int[Tensor, " tokens"] | None = None,
    placement: str = "prefix",
) -> ReachableSet:
    """Many outputs with prompts of k tokens: each round swaps the token that promises most, away from what was seen.

    Each round takes the gradient of the push and pull loss, draws `batch` swaps from each position's `top` tokens of
    most negative gradient, adds all that they generate to the reached outputs, and goes on from the best swap, or,
    where that was the prompt before, from a random one.

    Returns:
        a set that is not exact (`sets` holds R^0 and, at k, what was found); what is missing is not found.

    Raises:
        ValueError: a bad state, or rounds, k, batch or top below 1.
    """
    if min(rounds, k, batch, top) < 1:
        raise ValueError(f"rounds, k, batch and top must be at least 1; got {rounds}, {k}, {batch}, {top}")
    check_state(lm, x0, k, placement)
    tokens = control_tokens(lm, controls)
    reached = torch.zeros(lm.vocab_size, dtype=torch.bool, device=lm.device)
    found = ReachableSet(exact=False)

    def read(rows: Tensor) -> Tensor:
        logits = torch.cat(list(logits_of(lm, rows, x0, placement=placement)))
        best = logits.topk(2).values
        for row, id in enumerate(logits.argmax(-1).tolist()):
            if id not in found.witness:
                found.witness[id] = tuple(rows[row].tolist())
                found.margin[id] = (best[row, 0] - best[row, 1]).item()
        reached[logits.argmax(-1)] = True
        found.prompts += len(rows)
        return logits

    read(x0.new_empty((1, 0)))
    unprompted = frozenset(found.witness)
    prompt = random_prompts(tokens, 1, k, generator)[0]
    read(prompt[None])
    for _ in range(rounds):
        if bool(reached.all()):
            break
        _, gradient = push_pull_gradient(lm, prompt, x0, reached, push, pull, placement)
        rows, _, _ = propose(prompt, gradient[:, tokens], tokens, batch, top, generator)
        logits = read(rows)
        if bool(reached.all()):
            break
        best = rows[int(push_pull_loss(logits, reached, push, pull).argmin())]
        prompt = random_prompts(tokens, 1, k, generator)[0] if torch.equal(best, prompt) else best
    found.sets = [unprompted] * k + [frozenset(found.witness)]
    return found
