"""Three sets of targets, and back-off prompting for each pair: the paper's experiments."""

import torch

from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.language.magic_words.experiment.contexts import beginnings, fragments, prose
from labkit.language.magic_words.experiment.reachable import model_of
from labkit.language.magic_words.experiment.settings import MagicSettings, Search
from labkit.language.magic_words.method import (
    Pair,
    back_off_prompt,
    greedy_back_generation,
    greedy_coordinate_gradient,
    make_pairs,
    outputs_of,
    random_prompts,
    scores_of,
)
from labkit.language.magic_words.method.scoring import control_tokens
from labkit.language_model import LanguageModel, LanguageModelUnavailable, shared

NOT_FOUND = -1.0  # how a table of numbers says that no prompt was found


def search_pairs(
    lm: LanguageModel,
    pairs: list[Pair],
    search: Search,
    run: Run,
    *,
    progress,
    candidates: torch.Tensor | None = None,
    **description,
) -> None:
    """Back-off prompting for each pair: one row each with the shortest length, -1 where none was found."""
    used = []
    for number, pair in enumerate(pairs):
        found = back_off_prompt(
            lm,
            pair.x0,
            pair.y,
            greedy_lengths=search.greedy_lengths,
            gcg_lengths=search.gcg_lengths,
            batch=search.batch,
            top=search.top,
            iterations=search.iterations,
            generator=run.generator(10_000 + number),
            candidates=candidates,
        )
        if found.reached:  # once more from scratch
            again, _ = outputs_of(lm, found.prompt[None], pair.x0)
            assert int(again[0]) == pair.y, "a prompt that steers does not steer when it is tried again"
            used.append(found.prompt)
        run.measure(
            "shortest prompt",
            NOT_FOUND if found.k is None else found.k,
            pair=number,
            method=found.method,
            base_rank=found.base_rank,
            base_loss=found.base_loss,
            prompt_loss=found.prompt_loss,
            length=len(pair.x0),
            text=lm.decode(pair.x0),
            target=lm.token_strings([pair.y])[0],
            prompt=lm.decode(found.prompt) if found.reached else "",
            **description,
        )
        progress((number + 1) / len(pairs), f"{description.get('set')} {number + 1} of {len(pairs)}")
    if used:
        run.keep(f"prompts/{'/'.join(map(str, description.values()))}", torch.cat([u.cpu() for u in used]))


def control(settings: MagicSettings, run: Run) -> None:
    """The true next token, likely ones, and evenly spread ones; from fragments and from document beginnings."""
    lm = model_of(settings, run)
    run.uses("states cut from tinyworld")
    run.measure("vocabulary", lm.vocab_size)
    starts = {
        "fragment": (fragments(lm, settings.contexts, run.generator(3)), 1.0),
        "beginning": (
            beginnings(lm, settings.beginnings, run.generator(4)),
            settings.beginnings / settings.contexts,
        ),
    }
    done, whole = 0.0, 3 * sum(share for _, share in starts.values())
    for start, (contexts, share) in starts.items():
        size = len(contexts)
        top = contexts[: max(1, size * settings.top_contexts // settings.contexts)]
        uniform = contexts[: max(1, size * settings.uniform_contexts // settings.contexts)]
        sets = {
            "truth": make_pairs(lm, contexts, "truth"),
            "top": make_pairs(lm, top, "top", ranks=settings.top_ranks),
            "uniform": make_pairs(
                lm, uniform, "uniform", skip=settings.uniform_skip, start=settings.uniform_start
            ),
        }
        for name, pairs in sets.items():
            report = part(run.progress, done / whole, (done + share) / whole, start)
            search_pairs(lm, pairs, settings.search, run, progress=report, set=name, start=start)
            done += share


def budgets(settings: MagicSettings, run: Run) -> None:
    """Greedy, coordinate gradient and random prompts at equal numbers of scored prompts."""
    lm = model_of(settings, run)
    contexts = fragments(lm, settings.budget_pairs, run.generator(5))
    pairs = make_pairs(lm, contexts, "top", ranks=(9,))
    tokens = control_tokens(lm, None)
    for number, (x0, y, _) in enumerate(pairs):
        target = torch.tensor([y], device=lm.device)
        prompt = x0[:0]
        for k in settings.budget_lengths:
            generator = run.generator(20_000 + 100 * number + k)
            greedy = greedy_back_generation(lm, x0, y, k, init=prompt)
            prompt = greedy.prompt
            budget = k * len(tokens)
            # a coordinate-gradient search from a random prompt until the same number of prompts was scored
            batch = min(settings.search.batch, budget)
            gcg = greedy_coordinate_gradient(
                lm,
                x0,
                y,
                k,
                batch=batch,
                top=settings.search.top,
                iterations=max(1, round(budget / batch)),
                generator=generator,
            )
            drawn, _ = scores_of(lm, random_prompts(tokens, budget, k, generator), x0, target)
            for method, loss in (
                ("greedy", greedy.loss),
                ("gcg", gcg.best_loss),
                ("random", drawn.min().item()),
            ):
                run.measure("loss at equal budget", loss, method=method, k=k, pair=number)
        run.progress((number + 1) / len(pairs), f"pair {number + 1} of {len(pairs)}")


def real_model(settings: MagicSettings, run: Run) -> None:
    """Back-off prompting on a model of real text. Where the model is not here nothing is measured, and it is said."""
    real = settings.real
    try:
        lm = shared(real.model, str(run.device))
    except LanguageModelUnavailable:
        run.uses(f"not on this machine: model {real.model}")
        run.measure("model present", 0.0, model=real.model)
        return
    run.measure("model present", 1.0, model=real.model)
    run.uses(f"model {lm.name}: {lm.about}")
    run.uses(f"contexts from {real.text}")
    contexts = prose(lm, real.text, real.contexts, real.lengths, run.generator(6))
    tokens = lm.allowed_tokens()
    if real.candidates is not None:
        order = torch.randperm(len(tokens), generator=run.generator(7), device="cpu")[: real.candidates]
        tokens = tokens[order.to(tokens.device)]
    sets = {"truth": make_pairs(lm, contexts, "truth")}
    if real.top_ranks:
        sets["top"] = make_pairs(lm, contexts, "top", ranks=real.top_ranks)
    if real.uniform_skip:
        sets["uniform"] = make_pairs(lm, contexts, "uniform", skip=real.uniform_skip)
    for place, (name, pairs) in enumerate(sets.items()):
        report = part(run.progress, place / len(sets), (place + 1) / len(sets))
        search_pairs(
            lm, pairs, real.search, run, progress=report, candidates=tokens, set=name, start=real.model
        )
    _round_trips(lm, run)


def _round_trips(lm: LanguageModel, run: Run) -> None:
    """How many random prompts of three tokens are read back from their text as the same tokens."""
    tokens = lm.allowed_tokens()
    prompts = random_prompts(tokens, 200, 3, run.generator(8))
    same = sum(lm.tokenizer.encode(lm.decode(prompt)) == prompt.tolist() for prompt in prompts)
    run.measure("prompts that survive their text", same / len(prompts), model=lm.name)
