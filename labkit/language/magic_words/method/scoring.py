"""Scoring prompts: what a model answers to each of many, and how far each is from a wanted answer."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from labkit.language.magic_words.method.system import check_token
from labkit.language_model import LanguageModel

# where a prompt stands: before the imposed text, after it, or half before and half after
PLACEMENTS = ("prefix", "suffix", "both")


@dataclass
class SearchStep:
    """One step of a search.

    Attributes:
        number: from 0. prompt, loss: what the search goes on from.
        reached: whether any prompt that was scored in this step steers to the target. witness, witness_loss: such a
            prompt,
            the one of smallest loss. (The prompt of smallest loss of all need not be one.)
        candidates: the prompts that were tried. predicted, actual: each one's change of the loss, to first order in the
            one-hot rows, and as evaluated. positions: which position each changes. gradient: the norm of the gradient
            at each position of the prompt before the step.
        evaluations: prompts scored so far in this search.
    """

    number: int
    prompt: Int[Tensor, " k"]
    loss: float
    reached: bool
    evaluations: int
    witness: Int[Tensor, " k"] | None = None
    witness_loss: float = float("inf")
    candidates: Int[Tensor, "candidates k"] | None = None
    predicted: Float[Tensor, " candidates"] | None = None
    actual: Float[Tensor, " candidates"] | None = None
    positions: Int[Tensor, " candidates"] | None = None
    gradient: Float[Tensor, " before"] | None = None


@dataclass
class SearchResult:
    """What a search found.

    Attributes:
        prompt, loss: where it ended. best_prompt, best_loss: the best that it ever saw. reached: whether the best
            prompt
            steers to the target; if not, the target was *not found*, which proves nothing.
        history: its steps. evaluations: how many prompts it scored.
    """

    method: str
    prompt: Int[Tensor, " k"]
    loss: float
    best_prompt: Int[Tensor, " best"]
    best_loss: float
    reached: bool
    history: list[SearchStep] = field(default_factory=list)
    evaluations: int = 0

    def note(self, step: SearchStep) -> None:
        """Take a step over; the best prompt is one that steers, if there is one, and of these that of smallest loss."""
        self.prompt, self.loss, self.evaluations = step.prompt, step.loss, step.evaluations
        found = (step.witness, step.witness_loss) if step.reached else (step.prompt, step.loss)
        if (step.reached, -found[1]) > (self.reached, -self.best_loss):
            (self.best_prompt, self.best_loss), self.reached = found, step.reached
        step.candidates = step.predicted = step.actual = step.positions = None
        self.history.append(step)


def witness_of(
    rows: Int[Tensor, "batch k"], losses: Float[Tensor, " batch"], reached: Bool[Tensor, " batch"]
) -> dict:
    """Of the prompts that steer, the one of smallest loss, as arguments of a SearchStep."""
    if not bool(reached.any()):
        return {"reached": False}
    best = int(losses.masked_fill(~reached, torch.inf).argmin())
    return {"reached": True, "witness": rows[best], "witness_loss": losses[best].item()}


def chunk_of(lm: LanguageModel, chunk: int | None, length: int) -> int:
    """How many states of this length are read at once: on a CPU as many as fit its caches, on a GPU many.

    Raises:
        ValueError: a chunk below 1.
    """
    if chunk is None:
        return 4096 if lm.device.type == "cuda" else max(16, 1300 // length)
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1; got {chunk}")
    return chunk


def compose(
    prompts: Int[Tensor, "batch k"], x0: Int[Tensor, " n"], placement: str = "prefix"
) -> Int[Tensor, "batch length"]:
    """The states u x0 (prefix), x0 u (suffix), or (both) the first half of u before x0 and the rest after it."""
    imposed, before = x0.expand(len(prompts), -1), tokens_before(prompts.shape[1], placement)
    return torch.cat([prompts[:, :before], imposed, prompts[:, before:]], dim=1)


def tokens_before(k: int, placement: str) -> int:
    """How many of a prompt's k tokens stand before the imposed text; with `both`, the larger half."""
    return {"prefix": k, "suffix": 0, "both": (k + 1) // 2}[placement]


def prompt_places(k: int, length: int, placement: str, device: torch.device) -> Int[Tensor, " k"]:
    """Where a prompt's k tokens stand in the state, for an imposed text of so many tokens."""
    places = torch.arange(k, device=device)
    return places + length * (places >= tokens_before(k, placement))


def check_state(lm: LanguageModel, x0: Int[Tensor, " n"], longest: int, placement: str = "prefix") -> None:
    """Refuse a state that the model cannot read together with a prompt of the `longest` length.

    Raises:
        ValueError: says what is wrong with it, and what is allowed.
    """
    if placement not in PLACEMENTS:
        raise ValueError(f"placement: {placement!r} is not allowed; choose from {', '.join(PLACEMENTS)}")
    if longest < 0:
        raise ValueError(f"k must be at least 0; got {longest}")
    if len(x0) == 0:
        raise ValueError(
            f"x0 is empty: there is no imposed text, so with placement={placement!r} nothing is asked"
        )
    for id in x0.tolist():
        check_token(id, lm.vocab_size, "x0")
    if longest + len(x0) > lm.context:
        raise ValueError(
            f"x0 has {len(x0)} tokens and the prompt {longest}; together they must fit the context of {lm.name}, "
            f"{lm.context} tokens"
        )


def target_of(
    lm: LanguageModel, y: int | Int[Tensor, " answer"], device: torch.device
) -> Int[Tensor, " answer"]:
    """The target as a tensor of one or several token ids.

    Raises:
        ValueError: it is empty, or an id is no token.
    """
    ids = y.flatten() if isinstance(y, Tensor) else torch.tensor([y], device=device)
    if len(ids) == 0:
        raise ValueError("y is empty: there is no target")
    for id in ids.tolist():
        check_token(id, lm.vocab_size, "y")
    return ids.to(device=device, dtype=torch.long)


def control_tokens(lm: LanguageModel, controls: Int[Tensor, " tokens"] | None) -> Int[Tensor, " tokens"]:
    """The tokens that prompts may be made of: by default all but special tokens (which make steering look easy).

    Raises:
        ValueError: none are left, or an id is no token.
    """
    if controls is None:
        return lm.allowed_tokens(ascii_only=False)
    if len(controls) == 0:
        raise ValueError("controls is empty: no token is left to prompt with (special tokens are dropped)")
    for id in (int(controls.min()), int(controls.max())):
        check_token(id, lm.vocab_size, "controls")
    return controls.to(lm.device)


@torch.no_grad()
def logits_of(
    lm: LanguageModel,
    prompts: Int[Tensor, "batch k"],
    x0: Int[Tensor, " n"],
    *,
    placement: str = "prefix",
    chunk: int | None = None,
):
    """Yield the logits of the token after each state, chunk by chunk, each (at most chunk, vocabulary).

    Only the last position's logits are computed. A suffix shares the imposed text, which is then read once.
    """
    cache = None
    shared = placement == "suffix" and prompts.shape[1] > 0 and len(prompts) > 1
    if shared:
        cache = lm.new_cache()
        lm.logits(x0[None], cache=cache, last_only=True)
    read = prompts.shape[1] + (0 if shared else len(x0))
    for part in prompts.split(chunk_of(lm, chunk, read)):
        if shared:
            rows = lm.cache_rows(cache, torch.zeros(len(part), dtype=torch.long, device=part.device))
            yield lm.logits(part, cache=rows, last_only=True)
        else:
            yield lm.logits(compose(part, x0, placement), last_only=True)


@torch.no_grad()
def outputs_of(
    lm: LanguageModel,
    prompts: Int[Tensor, "batch k"],
    x0: Int[Tensor, " n"],
    *,
    placement: str = "prefix",
    chunk: int | None = None,
) -> tuple[Int[Tensor, " batch"], Float[Tensor, " batch"]]:
    """What the model generates after each prompt at zero temperature, and by how many nats it beats the second.

    Among equals the smallest id is generated.
    """
    answers, margins = [], []
    for logits in logits_of(lm, prompts, x0, placement=placement, chunk=chunk):
        best = logits.topk(2).values
        answers.append(logits.argmax(-1))  # the first maximum: the smallest id
        margins.append(best[:, 0] - best[:, 1])
    return torch.cat(answers), torch.cat(margins)


@torch.no_grad()
def scores_of(
    lm: LanguageModel,
    prompts: Int[Tensor, "batch k"],
    x0: Int[Tensor, " n"],
    y: Int[Tensor, " answer"],
    *,
    placement: str = "prefix",
    chunk: int | None = None,
) -> tuple[Float[Tensor, " batch"], Bool[Tensor, " batch"]]:
    """Each prompt's loss, and whether it reaches the target.

    The loss is the mean cross-entropy of y after the state. The target is reached when the argmax at every answer
    position is y.

    Raises:
        ValueError: a loss that is not finite.
    """
    losses, reached = [], []
    if len(y) == 1:
        for logits in logits_of(lm, prompts, x0, placement=placement, chunk=chunk):
            losses.append(logits.logsumexp(-1) - logits[:, y[0]])
            reached.append(logits.argmax(-1) == y[0])
    else:
        for part in prompts.split(chunk_of(lm, chunk, prompts.shape[1] + len(x0) + len(y))):
            whole = torch.cat([compose(part, x0, placement), y[:-1].expand(len(part), -1)], dim=1)
            logits = lm.logits(whole)[:, -len(y) :]
            wanted = y.expand(len(part), -1)
            losses.append(F.cross_entropy(logits.transpose(1, 2), wanted, reduction="none").mean(1))
            reached.append((logits.argmax(-1) == wanted).all(1))
    loss = torch.cat(losses)
    if not torch.isfinite(loss).all():
        raise ValueError(f"a loss of {lm.name} is not finite ({loss[~torch.isfinite(loss)][0].item()})")
    return loss, torch.cat(reached)
