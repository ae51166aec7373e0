"""Output sets: star models head first and head last, and five-grams whose order is searched for."""

import math

import torch
from torch import Tensor

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.ordering.order_matters.data import MarkovText, StarModel, as_pairs
from labkit.ordering.order_matters.experiment.settings import Grams, OrderSettings
from labkit.ordering.order_matters.experiment.sorting import schedule
from labkit.ordering.order_matters.method import (
    OrderSearch,
    SetLanguageModel,
    best_order,
    order_log_probs,
    set_log_likelihood,
)
from labkit.ordering.permutations import all_permutations
from labkit.training import fit

EVERY = 25  # steps between evaluations


def stars(settings: OrderSettings, run: Run) -> None:
    """Star models, the head variable first or last; the test loss where the validation loss was best."""
    run.uses("star models, generated")
    plan = [(star, r) for star in settings.stars for r in range(settings.replicates)]
    for position, (star, replicate) in enumerate(plan):
        world = StarModel(star.variables, 10, star.peakiness, run.generator(10 + replicate))
        draw = run.generator(500 + replicate)
        train, valid, test = (world.sample(count, draw) for count in (star.samples, 500, 2000))
        exact = -world.log_prob(test).mean().item()
        about = star.model_dump() | {"replicate": replicate}
        run.measure("nll", exact, order="exact", **about)
        for head in ("first", "last"):
            seed_everything(run.seed * 10 + replicate)
            model = SetLanguageModel(10 * star.variables, settings.d_sets)
            parts = [world.tokens(values) for values in (train, valid, test)]
            parts = [(p if head == "first" else p.roll(-1, 1)).to(run.device) for p in parts]
            value = _best_on_validation(model, parts, settings, run, f"{position}-{head}")
            run.measure("nll", value, order=f"head {head}", **about)
        run.progress((position + 1) / len(plan), f"{star.variables} variables, {star.samples} samples")


def _best_on_validation(model, parts, settings: OrderSettings, run: Run, key: str) -> float:
    train, valid, test = parts
    kept: dict[float, float] = {}

    def evaluate(net) -> float:
        value = -net.log_prob(valid).mean().item()
        kept[value] = -net.log_prob(test).mean().item()
        return value

    def batch(step: int) -> Tensor:
        index = torch.randint(
            len(train), (settings.batch_sets,), generator=run.generator(5000 + step), device="cpu"
        )
        return train[index.to(train.device)]

    fit(
        model,
        batch,
        lambda net, tokens: -net.log_prob(tokens).mean(),
        torch.optim.Adam(model.parameters(), lr=settings.rate),
        steps=settings.star_steps,
        device=run.device,
        clip=2.0,
        evaluate=evaluate,
        evaluate_every=EVERY,
    )
    return kept[min(kept)]


def grams(settings: OrderSettings, run: Run) -> None:
    """Five-grams of one Markov chain as sets, in given orders or in those that the model comes to prefer."""
    run.uses("a Markov chain's five-grams, generated")
    text = MarkovText(settings.symbols, 1.5, run.generator(1))
    draw = run.generator(2)
    train, test = (
        as_pairs(text.five_grams(count, draw), settings.symbols).to(run.device)
        for count in (settings.train_grams, settings.test_grams)
    )
    run.measure("perplexity", text.perplexity(), model="exact", of="order")
    for position, (name, task) in enumerate(settings.grams.items()):
        seed_everything(run.seed)
        model = SetLanguageModel(5 * settings.symbols, settings.d_sets)
        progress = part(
            run.progress, position / len(settings.grams), (position + 1) / len(settings.grams), name
        )
        prefer: list[Tensor] = []
        probe = test[:50]
        every = all_permutations(5, run.device)

        def evaluate(_, model=model, prefer=prefer, probe=probe, every=every) -> float:
            prefer.append(order_log_probs(model, probe, every).softmax(-1).mean(0))
            return 0.0

        train_grams(model, task, train, settings, run, progress, evaluate)
        _measure_grams(model, task, test, run, name)
        if name in ("hard", "max at once"):
            run.keep(f"preferences/{name}", torch.stack(prefer))
        if name in ("natural", "bad", "hard"):
            for key, value in model.state_dict().items():
                run.keep(f"weights/{name}/{key}", value)


def train_grams(
    model: SetLanguageModel,
    task: Grams,
    train: Tensor,
    settings: OrderSettings,
    run: Run,
    progress,
    evaluate=None,
) -> None:
    """Train on sets; each step's orders are chosen by an OrderSearch."""
    candidates = None if task.orders is None else torch.tensor(task.orders, device="cpu")
    search = OrderSearch(task.mode, task.pretrain, candidates)

    def batch(step: int) -> tuple[int, Tensor]:
        index = torch.randint(
            len(train), (settings.batch_sets,), generator=run.generator(5000 + step), device="cpu"
        )
        return step, train[index.to(train.device)]

    def loss(net, pair) -> Tensor:
        step, items = pair
        order = search.choose(model, items, step, run.generator(50_000 + step))
        return -net.log_prob(items.gather(1, order)).mean()

    fit(
        model,
        batch,
        loss,
        torch.optim.Adam(model.parameters(), lr=settings.rate),
        steps=task.steps,
        device=run.device,
        schedule=schedule(task.steps),
        clip=2.0,
        evaluate=evaluate,
        evaluate_every=max(1, task.steps // 12),
        progress=progress,
    )


@torch.no_grad()
def _measure_grams(model: SetLanguageModel, task: Grams, test: Tensor, run: Run, name: str) -> None:
    n = test.shape[1]
    orders = (
        all_permutations(n, test.device)
        if task.orders is None
        else torch.tensor(task.orders, device=test.device)
    )
    scores = order_log_probs(model, test, orders)
    best = scores.max(-1)
    run.measure("perplexity", math.exp(-best.values.mean().item() / n), model=name, of="order")
    run.measure(
        "perplexity", math.exp(-set_log_likelihood(model, test).mean().item() / n), model=name, of="set"
    )
    chosen = orders[best.indices] if task.orders is not None else best_order(model, test)[0]
    found, counts = chosen.unique(dim=0, return_counts=True)
    for rank, index in enumerate(counts.argsort(descending=True)[:5].tolist()):
        order = "".join(str(i + 1) for i in found[index].tolist())
        run.measure("share", counts[index].item() / len(test), model=name, order=order, rank=rank)
