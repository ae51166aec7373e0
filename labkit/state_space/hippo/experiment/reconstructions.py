"""What each memory reconstructs: the kernels' identity, white signals, real series."""

import torch
from jaxtyping import Float
from torch import Tensor

from labkit.datasets import Missing, series
from labkit.experiment import Run
from labkit.state_space.hippo.experiment.settings import HippoSettings
from labkit.state_space.hippo.method import OrthogonalSSM, ScaledLegS, white_signal
from labkit.state_space.matrices import MEASURES, basis, transition, weight


def kernels(settings: HippoSettings, run: Run) -> None:
    """The identity behind everything: e^{tA}B = p(t) w(t)."""
    t = torch.linspace(0, 6, 601, dtype=torch.float64, device=run.device)
    for measure in ("LegS", "LagT"):
        A, B = transition(measure, 32, device=run.device)
        computed = torch.linalg.matrix_exp(t[:, None, None] * A) @ B
        # LagT's basis functions already carry e^{-t/2}; its measure is uniform
        promised = (basis(measure, 32, t) * weight(measure, t)).T
        run.measure("largest error", (computed - promised).abs().max().item(), measure=measure, N=32)


def reconstruction(settings: HippoSettings, run: Run) -> None:
    """A white signal of `seconds` streams past; at its end the history is read back from the state."""
    length = round(settings.seconds / settings.dt)
    total = len(settings.orders) * len(settings.frequencies)
    done = 0
    for stream, freq in enumerate(settings.frequencies):
        u = white_signal(
            settings.seconds,
            settings.dt,
            freq,
            batch=settings.signals,
            generator=run.generator(stream),
            dtype=torch.float64,
        )
        u = u[:, :length].to(run.device)
        history = u.flip(-1)
        for N in settings.orders:
            for measure in MEASURES:
                ssm = OrthogonalSSM(measure, N, settings.dt)
                lags = torch.arange(length, dtype=torch.float64, device=run.device) + 0.5
                read = ssm.reconstruct(ssm.forward(u)[:, -1], lags)
                w = ssm.measure(lags)
                _write_reconstruction(run, measure, N, freq, history, read, w, settings.dt)
            scaled = ScaledLegS(N, length)
            read = scaled.reconstruct(scaled.forward(u)[:, -1], 1 - lags / length)
            _write_reconstruction(
                run, "scaled LegS", N, freq, history, read, torch.ones_like(lags), settings.dt
            )
            done += 1
            run.progress(done / total, f"{freq:g} Hz, N = {N}")


def _write_reconstruction(run, measure, N, freq, history, read, w, dt) -> None:
    error = weighted_error(history, read, w)
    run.measure("weighted error", error, measure=measure, N=N, freq=freq)
    per_second = round(1 / dt)
    half = per_second // 2
    for start in range(0, history.shape[-1], half):
        part_of = slice(start, start + half)
        age = (start + half / 2) * dt
        value = weighted_error(history[:, part_of], read[:, part_of], torch.ones_like(w[part_of]))
        run.measure("error by age", value, measure=measure, N=N, freq=freq, age=age)


def weighted_error(
    truth: Float[Tensor, "batch lag"], found: Float[Tensor, "batch lag"], w: Float[Tensor, " lag"]
) -> float:
    """The relative error |found - truth| / |truth| in L2(w), over all signals together."""
    return ((found - truth).square() @ w).sum().div((truth.square() @ w).sum()).sqrt().item()


def real_series(settings: HippoSettings, run: Run) -> None:
    """Real series stream past a memory of N = 64 that is as long as half of what streamed.

    By zero-order hold: where there are but a few samples for each of the N functions (sunspots: 2.4), the
    bilinear rule turns the fast modes too slowly and the reconstruction is lost.
    """
    names = ["ecg", "co2", "sunspots", "etth1"]
    for position, name in enumerate(names):
        try:
            found = series(name)
        except Missing:
            continue  # the ledger's list of data says which series the run had
        run.uses(name)
        u = found.standardised()[-1024:][None].to(run.device)
        length = u.shape[-1]
        lags = torch.arange(length, dtype=torch.float64, device=run.device) + 0.5
        history = u.flip(-1)
        for measure in MEASURES:
            ssm = OrthogonalSSM(measure, 64, 2 / length, "zoh")
            read = ssm.reconstruct(ssm.forward(u)[:, -1], lags)
            run.measure(
                "weighted error",
                weighted_error(history, read, ssm.measure(lags)),
                measure=measure,
                series=name,
                N=64,
            )
        scaled = ScaledLegS(64, length)
        read = scaled.reconstruct(scaled.forward(u)[:, -1], 1 - lags / length)
        value = weighted_error(history, read, torch.ones_like(lags))
        run.measure("weighted error", value, measure="scaled LegS", series=name, N=64)
        run.progress((position + 1) / len(names), found.title)
