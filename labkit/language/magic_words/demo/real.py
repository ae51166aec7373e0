"""Panel F on a model of real text: the same search on SmolLM2, with progress."""

from typing import Annotated

import pandas as pd
import plotly.graph_objects as go
import torch
from annotated_types import Interval, MaxLen, MultipleOf, doc
from torch import Tensor

from labkit.demo import Label, demo
from labkit.experiment.progress import Progress, silent
from labkit.language.magic_words.demo.controls import Seed
from labkit.language.magic_words.demo.search import Method, drawn_step, iter_random
from labkit.language.magic_words.method import (
    iter_greedy_back_generation,
    iter_greedy_coordinate_gradient,
)
from labkit.language_model import LanguageModel, LanguageModelUnavailable, shared


@demo("Live search on SmolLM2: real text", slow=True)
def search_real_model(
    text: Annotated[str, MaxLen(200), Label("imposed text x₀")] = "The capital of France is",
    target: Annotated[
        str,
        MaxLen(20),
        Label("wanted token"),
        doc("one token; most words begin with a space, which is added for you"),
    ] = "green",
    method: Method = "greedy coordinate gradient",
    k: Annotated[int, Interval(ge=1, le=6), Label("prompt length k")] = 3,
    steps: Annotated[int, Interval(ge=1, le=12), doc("each takes a second or more on a CPU")] = 4,
    batch: Annotated[int, Interval(ge=8, le=64), MultipleOf(8), Label("swaps tried a step")] = 16,
    keep_best: Annotated[bool, Label("keep the best")] = True,
    seed: Seed = 0,
    device: str = "cpu",
    progress: Progress = silent,
) -> tuple[go.Figure, pd.DataFrame, pd.DataFrame]:
    """The same search on a language model of real text: 135 million parameters and 49,152 tokens, so nothing can be
    enumerated, and what is not reached is only not found. Compare the scatter with the tiny model's. Without SmolLM2 on
    this machine (`labkit model fetch smollm2-135m`) the picture searches on the tiny model, and says so.
    """
    note = ""
    try:
        lm = shared("smollm2-135m", device)
    except LanguageModelUnavailable as error:
        lm, note = shared("tiny", device), f"{error}."
    try:
        ids, y, word = _read_real(lm, text, target)
    except ValueError as error:
        fallback = ("The capital of France is", " green") if lm.name != "tiny" else ("the lemon is", "green")
        note = note or f"{error}. Shown instead: “{fallback[0]}”."
        text = fallback[0]
        ids, y, word = lm.encode(text), lm.single_token(fallback[1]), fallback[1]
    generator = torch.Generator(device="cpu").manual_seed(seed)
    candidates = None
    if lm.name != "tiny":  # a sweep of all 49,152 tokens would take minutes
        candidates = lm.allowed_tokens()
        order = torch.randperm(len(candidates), generator=generator, device="cpu")
        candidates = (
            candidates[order[: 4 * batch].to(candidates.device)] if method == "greedy" else candidates
        )
    found = []
    if method == "greedy":
        source = iter_greedy_back_generation(lm, ids, y, k, candidates=candidates)
    elif method == "random prompts":
        target_ids = torch.tensor([y], device=lm.device)
        source = iter_random(lm, ids, target_ids, k, batch, steps, generator)
    else:
        source = iter_greedy_coordinate_gradient(
            lm,
            ids,
            y,
            k,
            batch=batch,
            top=64,
            iterations=steps,
            keep_best=keep_best,
            generator=generator,
            candidates=candidates,
        )
    whole = k if method == "greedy" else steps + 1
    for number, step in enumerate(source, start=1):
        found.append(step)
        words = f"“{lm.decode(step.prompt)}”, loss {step.loss:.2f}"
        progress(number / whole, words + (": reached" if step.reached else ""))
    return drawn_step(lm, ids, y, text, word, found, f"{method}, {lm.name}", note)


def _read_real(lm: LanguageModel, text: str, target: str) -> tuple[Tensor, int, str]:
    """Ids of the imposed text and of a single wanted token."""
    ids = lm.encode(text)
    if len(ids) == 0:
        raise ValueError("there is no imposed text")
    if lm.name == "tiny":
        return ids, lm.single_token(target), target
    word = target if target.startswith((" ", "\n")) else f" {target}"
    if not target.strip():
        raise ValueError("there is no wanted token")
    return ids, lm.single_token(word), word
