"""What is measured: instances that separate the algorithms, in several orders."""

import time

import torch

from labkit import device as devices
from labkit.experiment import Run
from labkit.ordering.top_eigenvector.experiment.algorithms import ALGORITHMS, OURS, Instance
from labkit.ordering.top_eigenvector.experiment.settings import StreamSettings
from labkit.ordering.top_eigenvector.method import (
    correlation,
    covariance,
    frequent_directions,
    gap,
    hard_instance_correlation,
    oja,
    random_order_top_eigenvector,
    reservoir,
    top_eigenvector,
)
from labkit.ordering.top_eigenvector.streams import (
    RowStream,
    digit_rows,
    heavy_and_light,
    lower_bound,
    oja_hard,
    spiked,
    spiked_stream,
)

HEAVY = 8


def hard_instances(settings: StreamSettings, run: Run) -> None:
    """The instances that defeat every fixed rate, without and with a decoy, in a random basis."""
    for i, R in enumerate(settings.hard_gaps):
        for decoy in (False, True):
            matrix = oja_hard(
                settings.d, R, settings.m, decoy, rotate=True, generator=run.generator(10 * i + decoy)
            )
            instance = Instance(matrix.to(run.device), run.seed)
            about = {"R": R, "decoy": decoy}
            for name in ALGORITHMS:
                answer = instance.ask(name, kappa=settings.kappa, rates=settings.rates)
                run.measure("correlation", answer.correlation, algorithm=name, **about)
                run.measure("words", answer.words, algorithm=name, **about)
                run.measure("seconds", answer.seconds, algorithm=name, **about)
            run.measure("heavy rows", instance.ask(OURS, kappa=settings.kappa).heavy, **about)
        run.progress((i + 1) / len(settings.hard_gaps), f"R = {R}")


def orders(settings: StreamSettings, run: Run) -> None:
    """Spiked Gaussian rows in random, sorted and bursty order."""
    for i, R in enumerate(settings.spiked_gaps):
        matrix = spiked(settings.n, settings.d, R, run.generator(100 + i), rotate=True).to(run.device)
        instance = Instance(matrix, run.seed)
        run.measure("gap", gap(matrix), R=R)
        for order in settings.orders:
            for name in ALGORITHMS[:4]:
                answer = instance.ask(name, order, kappa=settings.kappa, rates=settings.rates)
                run.measure("correlation", answer.correlation, algorithm=name, order=order, R=R)
        run.progress((i + 1) / len(settings.spiked_gaps), f"R = {R}")


def heavy_store(settings: StreamSettings, run: Run) -> None:
    """How many of eight heavy rows must be kept."""
    matrix = heavy_and_light(settings.n, settings.d, HEAVY, 9.64, generator=run.generator(200), rotate=True)
    instance = Instance(matrix.to(run.device), run.seed)
    run.measure("gap", gap(matrix))
    for limit in settings.limits:
        answer = instance.ask(OURS, kappa=settings.kappa, store_limit=limit)
        run.measure("correlation", answer.correlation, limit=limit)
        run.measure("words", answer.words, limit=limit)
    answer = instance.ask(OURS, kappa=settings.kappa, frobenius_squared=instance.energy)
    run.measure("correlation, Frobenius norm known", answer.correlation)
    run.measure("words, Frobenius norm known", answer.words)


def best_rate(settings: StreamSettings, run: Run) -> None:
    """The best of 200 rates on the hard instance, by the closed form: the median over starts."""
    etas = torch.logspace(-3, 3, 200, dtype=torch.float64, device="cpu")
    generator = run.generator(300)
    for d in settings.wide:
        start = torch.randn(
            settings.starts, d, dtype=torch.float64, device="cpu", generator=generator
        ).square()
        odds = (start[:, 0] / start[:, 1:].sum(1))[:, None]
        for R in (*settings.hard_gaps, 10, 12):
            found = hard_instance_correlation(d, R, etas, 200, odds).amax(1)
            run.measure("best correlation", found.median().item(), d=d, R=R)


def space(settings: StreamSettings, run: Run) -> None:
    """The lower bound's instance: the reinforcing row alone, and everything stored."""
    for i, R in enumerate(settings.bound_gaps):
        alone, stored = [], []
        generator = run.generator(400 + i)
        for _ in range(settings.draws):
            matrix, _ = lower_bound(settings.d, settings.d // 4, R, generator)
            truth = top_eigenvector(matrix)
            alone.append((1 - correlation(matrix[-1], truth).item()) * R**2)
            found = random_order_top_eigenvector(
                RowStream(matrix, seed=run.seed), threshold=0.0, generator=generator
            )
            stored.append(correlation(found.vector, truth).item())
        run.measure("R^2 (1 - correlation), y alone", sum(alone) / len(alone), R=R)
        run.measure("correlation, all stored", min(stored), R=R)


def frontier(settings: StreamSettings, run: Run) -> None:
    """Correlation against the words that are kept, on two instances."""
    instances = {
        "heavy and light": heavy_and_light(settings.n, settings.d, HEAVY, 9.64, generator=run.generator(500)),
        "spiked, R = 4": spiked(settings.n, settings.d, 4.0, run.generator(501)),
    }
    for label, matrix in instances.items():
        matrix = matrix.to(run.device)
        instance, d = Instance(matrix, run.seed), settings.d

        def note(name, vector, words, label=label, instance=instance):
            found = correlation(vector, instance.truth).item()
            run.measure("correlation", found, algorithm=name, words=words, instance=label)

        for name in ALGORITHMS:
            answer = instance.ask(name, kappa=settings.kappa, rates=settings.rates)
            run.measure("correlation", answer.correlation, algorithm=name, words=answer.words, instance=label)
        note("covariance", top_of(covariance(RowStream(matrix, seed=run.seed))), d * d)
        # rates c/t, c in units of the rows' mean squared length along a direction
        slow = [c * len(matrix) * d / instance.energy for c in (0.1, 0.3, 1.0, 3.0)]
        ended = [
            oja(RowStream(matrix, seed=run.seed), eta, decaying=True, generator=run.generator(502)).vector
            for eta in slow
        ]
        best = max(ended, key=lambda v, truth=instance.truth: correlation(v, truth).item())
        note("Oja, eta = c/t, best c", best, 2 * d)
        for rows in settings.sketches:
            sketch = frequent_directions(RowStream(matrix, seed=run.seed), rows)
            note("Frequent Directions", top_eigenvector(sketch), 2 * rows * d)
            sample = reservoir(RowStream(matrix, seed=run.seed), rows, run.generator(503))
            note("reservoir", top_eigenvector(sample), rows * d)


def real_rows(settings: StreamSettings, run: Run) -> None:
    """1,797 handwritten digits as rows, in random order and sorted."""
    run.uses("digits (scikit-learn)")
    matrix = digit_rows().to(run.device)
    instance = Instance(matrix, run.seed)
    run.measure("gap", gap(matrix))
    for order in settings.orders:
        for name in ALGORITHMS[:4]:
            answer = instance.ask(name, order, kappa=settings.kappa, rates=settings.rates)
            run.measure("correlation", answer.correlation, algorithm=name, order=order)


def long_stream(settings: StreamSettings, run: Run) -> None:
    """A stream that is never in memory as a whole: made chunk by chunk on the device, in single precision."""
    R = 4.0
    stream = spiked_stream(settings.long_rows, settings.long_d, R, seed=run.seed, device=run.device)
    began = time.perf_counter()
    found = random_order_top_eigenvector(
        stream,
        frobenius_squared=float(settings.long_rows) * (settings.long_d - 1 + R),
        kappa=settings.kappa,
        generator=run.generator(600),
    )
    devices.synchronise(run.device)
    seconds = time.perf_counter() - began
    # v_1 of the population, e_1: the sample's own differs from it by about d / (n R)
    run.measure("correlation with the population's v_1", found.vector[0].square().item())
    run.measure("rows a second, making them included", settings.long_rows / seconds)


def top_of(gram: torch.Tensor) -> torch.Tensor:
    """The top eigenvector of a symmetric matrix."""
    return torch.linalg.eigh(gram)[1][:, -1]
