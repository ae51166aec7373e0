"""Sorting: sets as inputs, and the answer as a set."""

import torch
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import part
from labkit.ordering.order_matters.data import pairs_of, sorting_batch
from labkit.ordering.order_matters.experiment.settings import OrderSettings, Sorter
from labkit.ordering.order_matters.method import ReadProcessWrite, sorting_order
from labkit.ordering.permutations import sample_uniform_orders
from labkit.training import fit


def build(sorter: Sorter, d: int) -> ReadProcessWrite:
    """The network of a Sorter."""
    return ReadProcessWrite(
        1, d, sorter.steps, sorter.glimpses, sorter.encoder, glimpse_update=sorter.glimpse_update
    )


def name_of(sorter: Sorter) -> str:
    """`Ptr-Net`, or P and the number of process steps."""
    base = "Ptr-Net" if sorter.encoder == "lstm" else f"P = {sorter.steps}"
    return base if sorter.glimpse_update == "add" else f"{base}, replacing"


def schedule(steps: int, warmup: int = 50):
    """Linear warm-up; a fifth of the rate after 70% of the steps."""
    return lambda step: min(1.0, (step + 1) / warmup) * (1.0 if step < 0.7 * steps else 0.2)


def sorting(settings: OrderSettings, run: Run) -> None:
    """Every network learns to sort (Table 1)."""
    run.uses("uniform numbers, generated")
    for position, sorter in enumerate(settings.sorters):
        seed_everything(run.seed)
        model = build(sorter, settings.d)
        key = f"{sorter.n}-{name_of(sorter)}-{sorter.glimpses}"

        def batch(step: int, n=sorter.n) -> Tensor:
            return sorting_batch(settings.batch, n, run.generator(1000 + step)).to(run.device)

        def loss(net: nn.Module, x: Tensor) -> Tensor:
            return -net.log_prob(x, sorting_order(x)).mean()

        history = fit(
            model,
            batch,
            loss,
            torch.optim.Adam(model.parameters(), lr=settings.rate),
            steps=settings.sort_steps,
            device=run.device,
            schedule=schedule(settings.sort_steps),
            clip=2.0,
            progress=part(
                run.progress, position / len(settings.sorters), (position + 1) / len(settings.sorters), key
            ),
            checkpoint=run.checkpoint(key.replace(" ", "")),
        )
        x = sorting_batch(settings.tests, sorter.n, run.generator(1)).to(run.device)
        right = (model.decode(x) == sorting_order(x)).all(-1)
        about = {"model": name_of(sorter), "n": sorter.n, "glimpses": sorter.glimpses}
        run.measure("accuracy", right.double().mean().item(), **about)
        run.measure("loss", sum(history.losses[-20:]) / len(history.losses[-20:]), **about)
        if settings.d <= 64:
            for name, value in model.state_dict().items():
                run.keep(f"weights/{key}/{name}", value)


def set_sorting(settings: OrderSettings, run: Run) -> None:
    """Sorting as an output set: pairs (element, rank) in a fixed order, or in a random one (section 5.2.2)."""
    n, steps = 5, settings.set_sorting_steps
    for position, kind in enumerate(("fixed", "random")):
        seed_everything(run.seed)
        model = ReadProcessWrite(1 + n, settings.d, 1, 1)

        def batch(step: int, kind=kind) -> tuple[Tensor, Tensor]:
            x = sorting_batch(settings.batch, n, run.generator(1000 + step))
            features, answer = pairs_of(x)
            if kind == "random":
                order = sample_uniform_orders(len(x), n, run.generator(100_000 + step))
                answer = answer.gather(1, order)
            return features.to(run.device), answer.to(run.device)

        fit(
            model,
            batch,
            lambda net, pair: -net.log_prob(*pair).mean(),
            torch.optim.Adam(model.parameters(), lr=settings.rate),
            steps=steps,
            device=run.device,
            schedule=schedule(steps),
            clip=2.0,
            progress=part(run.progress, position / 2, (position + 1) / 2, f"{kind} order"),
            checkpoint=run.checkpoint(kind),
        )
        features, answer = pairs_of(sorting_batch(settings.tests, n, run.generator(1)))
        found = model.decode(features.to(run.device), length=n).cpu()
        right = (found.sort(-1).values == answer.sort(-1).values).all(-1)
        run.measure("accuracy", right.double().mean().item(), order=kind, n=n)
