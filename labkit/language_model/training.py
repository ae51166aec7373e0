"""How the lab's own small models are made: a Llama reads tinyworld until it writes it.

python -m labkit.language_model train --which target --seed 0
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from labkit import checkpoint as files
from labkit.datasets import tinyworld
from labkit.device import seed_everything
from labkit.experiment.progress import Progress, silent
from labkit.language_model.llama import Llama, LlamaConfig
from labkit.language_model.tokenizer import word_tokenizer
from labkit.training import History, cosine, fit

VALIDATION_SEED = 1_000_003  # of documents that no training draws


@dataclass(frozen=True)
class Recipe:
    """A small model's shape and training.

    Attributes:
        answer_weight: how much an answer to a choice question counts; at 1 the choosing does not emerge.
    """

    hidden_size: int
    layers: int
    heads: int
    feed_forward: int
    steps: int
    rate: float
    batch: int = 16
    length: int = 128
    answer_weight: float = 8.0
    weight_decay: float = 0.1

    def config(self) -> LlamaConfig:
        """The Llama's."""
        return LlamaConfig(
            vocab_size=len(tinyworld.VOCABULARY),
            hidden_size=self.hidden_size,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            num_key_value_heads=self.heads,
            intermediate_size=self.feed_forward,
        )


RECIPES = {
    "target": Recipe(hidden_size=128, layers=4, heads=4, feed_forward=344, steps=5000, rate=2e-3),
    "draft": Recipe(hidden_size=32, layers=1, heads=2, feed_forward=80, steps=3000, rate=4e-3),
}


class Stream:
    """Tinyworld as one stream of tokens, cut into windows: most begin in the middle of a document."""

    def __init__(self, seed: int, answer_weight: float):
        self.ids = {word: id for id, word in enumerate(tinyworld.VOCABULARY)}
        self.seed, self.weight = seed, answer_weight

    def windows(self, number: int, count: int, length: int) -> tuple[Tensor, Tensor]:
        """The `number`-th batch: ids (count, length + 1) and each predicted token's weight (count, length)."""
        need = count * (length + 1)
        ids: list[int] = []
        weights: list[float] = []
        for words, answers in tinyworld.documents(self.seed * 1_000_003 + number):
            marked = set(answers)
            ids += [self.ids[word] for word in words]
            weights += [self.weight if place in marked else 1.0 for place in range(len(words))]
            if len(ids) >= need + length:
                break
        start = random.Random(number).randrange(length)  # so that windows begin anywhere
        rows = torch.tensor(ids[start : start + need], device="cpu").view(count, length + 1)
        factors = torch.tensor(weights[start : start + need], device="cpu").view(count, length + 1)
        return rows, factors[:, 1:]


def train(
    which: str,
    seed: int = 0,
    *,
    device: torch.device,
    steps: int | None = None,
    progress: Progress = silent,
    checkpoint: Path | None = None,
    log: Callable[[int, dict], None] | None = None,
) -> tuple[Llama, History, dict]:
    """Train the target or the draft from scratch.

    Args:
        steps: fewer than the recipe's, for a test that the training works.
        log: called with the step and the figures of each evaluation.

    Returns:
        the model, its losses, and what to store beside the weights.

    Raises:
        ValueError: an unknown `which`.
    """
    if which not in RECIPES:
        raise ValueError(f"which: {which!r} is not allowed; choose from {', '.join(RECIPES)}")
    recipe = RECIPES[which]
    steps = recipe.steps if steps is None else steps
    seed_everything(seed)
    with torch.device("cpu"):
        model = Llama(recipe.config()).initialise()
    model = model.to(device)
    stream = Stream(seed, recipe.answer_weight)
    held_out, _ = Stream(VALIDATION_SEED, 1.0).windows(0, 64, recipe.length)
    held_out = held_out.to(device)
    asked = choice_questions(400)
    figures: list[dict] = []

    def batch(step: int) -> tuple[Tensor, Tensor]:
        ids, weights = stream.windows(step, recipe.batch, recipe.length)
        return ids.to(device), weights.to(device)

    def loss(model: nn.Module, drawn: tuple[Tensor, Tensor]) -> Tensor:
        ids, weights = drawn
        each = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        return (each * weights.flatten()).sum() / weights.sum()

    def evaluate(model: nn.Module) -> float:
        logits = model(held_out[:, :-1])
        value = F.cross_entropy(logits.flatten(0, 1), held_out[:, 1:].flatten()).item()
        figures.append({"validation loss": value, **choice_accuracy(model, asked, device)})
        if log is not None:
            log(len(figures), figures[-1])
        return value

    decayed = [weight for weight in model.parameters() if weight.dim() == 2]
    others = [weight for weight in model.parameters() if weight.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}],
        lr=recipe.rate,
        betas=(0.9, 0.95),
    )
    history = fit(
        model,
        batch,
        loss,
        optimizer,
        steps=steps,
        device=device,
        schedule=cosine(recipe.steps, warmup=100, floor=0.02),
        clip=1.0,
        evaluate=evaluate,
        evaluate_every=250,
        progress=progress,
        checkpoint=checkpoint,
        checkpoint_every=250,
    )
    about = {
        "which": which,
        "seed": seed,
        "steps": steps,
        "recipe": asdict(recipe),
        "config": asdict(recipe.config()),
        "evaluations": [[step, value] for step, value in history.evaluations],
        "figures": figures[-1],
    }
    return model, history, about


def choice_questions(count: int, seed: int = VALIDATION_SEED) -> list[tinyworld.Choice]:
    """Choice questions that no training draws."""
    rng = random.Random(seed)
    return [tinyworld.choice(rng) for _ in range(count)]


@torch.no_grad()
def choice_accuracy(
    model: nn.Module, questions: list[tinyworld.Choice], device: torch.device
) -> dict[str, float]:
    """How often the likeliest next word is a right option, and how often it is the first right one.

    Figures: `choice accuracy` (the first right option, over all questions), `one right`, `two right: any`,
    `two right: the first`.
    """
    ids = {word: id for id, word in enumerate(tinyworld.VOCABULARY)}
    right: dict[str, list[float]] = {name: [] for name in ("choice accuracy", "one right", "any", "first")}
    by_length = itertools.groupby(sorted(questions, key=lambda q: len(q.words)), key=lambda q: len(q.words))
    for _, group in by_length:
        group = list(group)
        rows = [[ids[word] for word in (tinyworld.BOS, *one.words)] for one in group]
        answers = model(torch.tensor(rows, device=device))[:, -1].argmax(-1).tolist()
        for one, answer in zip(group, answers, strict=True):
            word = tinyworld.VOCABULARY[answer]
            first = float(word == one.right[0])
            right["choice accuracy"].append(first)
            if len(one.right) == 1:
                right["one right"].append(first)
            else:
                right["any"].append(float(word in one.right))
                right["first"].append(first)
    names = {"any": "two right: any", "first": "two right: the first"}
    return {names.get(name, name): sum(values) / max(1, len(values)) for name, values in right.items()}


def ship(model: Llama, about: dict, folder: Path) -> Path:
    """Write the model in half precision, and the tokenizer beside it; returns the model's file."""
    folder.mkdir(parents=True, exist_ok=True)
    word_tokenizer(tinyworld.VOCABULARY, tinyworld.SPECIAL).save(folder / "tinyworld-tokenizer.json")
    half = {name: weight.detach().half() for name, weight in model.state_dict().items()}
    return files.save(folder / f"tinyworld-{about['which']}.safetensors", half, about)
