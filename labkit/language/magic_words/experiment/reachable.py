"""Exact reachable sets of the tiny model, how random prompts and forward search compare, and searches against truth."""

import torch

from labkit.experiment import Run
from labkit.language.magic_words.experiment.contexts import beginnings, fragments
from labkit.language.magic_words.experiment.settings import MagicSettings
from labkit.language.magic_words.method import (
    enumerate_reachable,
    forward_reachability,
    greedy_back_generation,
)
from labkit.language.magic_words.method.enumeration import random_reachable
from labkit.language_model import LanguageModel, shared


def model_of(settings: MagicSettings, run: Run) -> LanguageModel:
    """The model whose reachable sets are enumerated; the run says so."""
    lm = shared(settings.model, str(run.device))
    run.uses(f"model {lm.name}: {lm.about}")
    return lm


def reachable(settings: MagicSettings, run: Run) -> None:
    """|R^0|, |R^1|, |R^2| of fragments and of document beginnings; random prompts and forward search against R^2."""
    lm = model_of(settings, run)
    run.uses("states cut from tinyworld")
    starts = {
        "fragment": fragments(lm, settings.exact_states, run.generator(1)),
        "beginning": beginnings(lm, settings.exact_states, run.generator(2)),
    }
    total = 2 * settings.exact_states
    done = 0
    for start, states in starts.items():
        for number, (x0, _) in enumerate(states):
            two = start == "fragment" and number < settings.exact_two
            found = enumerate_reachable(lm, x0, 2 if two else 1)
            for k, count in enumerate(found.counts):
                run.measure("outputs", count, start=start, state=number, k=k, text=lm.decode(x0))
            if two:
                run.measure("growth", found.counts[2] / found.counts[0], start=start, state=number)
                _compare(lm, x0, found, run, number, settings)
            done += 1
            run.progress(done / total, f"{start} {number + 1}")
    if settings.alphabet:
        _three(lm, starts["fragment"][0][0], run, settings)


def _compare(lm, x0, exact, run: Run, number: int, settings: MagicSettings) -> None:
    """What cheaper searches find of R^2, and whether any claims an output outside of it."""
    wrong = 0
    drawn = random_reachable(lm, x0, 2, prompts=400, generator=run.generator(1000 + number))
    run.measure(
        "share of R^2", len(drawn.sets[2]) / exact.counts[2], state=number, search="random, 400 a length"
    )
    forward = forward_reachability(
        lm, x0, rounds=settings.forward_rounds, max_len=2, generator=run.generator(2000 + number)
    )
    share = len(forward.sets[2] & exact.sets[2]) / exact.counts[2]
    run.measure("share of R^2", share, state=number, search=f"forward, {forward.prompts} prompts")
    wrong += len(forward.sets[2] - exact.sets[2]) + len(drawn.sets[2] - exact.sets[2])
    # targeted searches: a success must lie in R^2
    tokens = lm.allowed_tokens().tolist()
    hits = {y: greedy_back_generation(lm, x0, y, 2).reached for y in tokens[:: max(1, len(tokens) // 20)]}
    wrong += sum(hit and y not in exact.sets[2] for y, hit in hits.items())
    inside = [y for y in hits if y in exact.sets[2]]
    if inside:
        run.measure("greedy finds", sum(hits[y] for y in inside) / len(inside), state=number)
    run.measure("claimed but unreachable", wrong, state=number)


def _three(lm: LanguageModel, x0: torch.Tensor, run: Run, settings: MagicSettings) -> None:
    """R^3 over a smaller alphabet: exact, and exact only for that alphabet."""
    controls = lm.allowed_tokens()[: settings.alphabet]
    found = enumerate_reachable(lm, x0, 3, controls=controls)
    for k, count in enumerate(found.counts):
        run.measure("outputs, small alphabet", count, k=k, alphabet=len(controls), text=lm.decode(x0))
