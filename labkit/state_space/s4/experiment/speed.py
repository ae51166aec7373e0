"""Is the kernel right, and what do the kernel and generation cost?"""

import torch
from torch import Tensor, nn

from labkit.allocation import peak_bytes
from labkit.device import seconds, seed_everything
from labkit.experiment import Run
from labkit.nn.transformer import Transformer
from labkit.state_space.kernels import dplr_kernel, naive_kernel, truncate_readout, vandermonde
from labkit.state_space.layers import SequenceModel
from labkit.state_space.matrices import dplr, nplr
from labkit.state_space.s4.experiment.settings import S4Settings, Speed
from labkit.state_space.s4.method import S4Model, eigenvector_condition

Parts = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def system(heads: int, N: int, generator: torch.Generator, dtype: torch.dtype, device: torch.device) -> Parts:
    """(Lambda, P, Q, B, C, Delta) of LegS for so many heads: C normal, Delta from 1e-3 to 1e-1."""
    Lambda, P, B, _ = dplr("LegS", N, dtype=dtype, device=device)
    Lambda, B, P = Lambda.expand(heads, -1), B.expand(heads, -1), P[:, None].expand(-1, heads, -1)
    C = torch.randn(1, heads, N // 2, dtype=torch.complex128, generator=generator, device="cpu")
    dt = torch.logspace(-3, -1, heads, dtype=dtype, device=device)
    return Lambda, P, P, B, C.to(device=device, dtype=Lambda.dtype), dt


def kernels(settings: S4Settings, run: Run) -> None:
    """The kernel against its power series in float64, and why A is rotated rather than diagonalised."""
    for length in settings.kernel_lengths:
        parts = system(3, 64, run.generator(1), torch.float64, run.device)
        error = dplr_kernel(*parts, length) - naive_kernel(*parts, length, "doubling")
        run.measure("largest error", error.abs().max().item(), length=length)
    for N in settings.orders:
        run.measure("condition number", eigenvector_condition(N), N=N, basis="eigenvectors of A")
        V = nplr("LegS", N, device=run.device)[3]
        run.measure("condition number", torch.linalg.cond(V).item(), N=N, basis="S4's V")


# how each kernel is computed: (name, L) -> the work, from the parts and the truncated readout
def kernel_work(name: str, parts: Parts, C_hat: Tensor, L: int):
    """A function that computes the kernel of length L in the named way."""
    Lambda, P, Q, B, C, dt = parts
    return {
        "loop": lambda: naive_kernel(*parts, L, "sequential"),
        "doubling": lambda: naive_kernel(*parts, L, "doubling"),
        "Cauchy, naive": lambda: dplr_kernel(Lambda, P, Q, B, C_hat, dt, L, True, "naive"),
        "Cauchy, pairs": lambda: dplr_kernel(Lambda, P, Q, B, C_hat, dt, L, True),
        "S4D, Vandermonde": lambda: vandermonde(C * B, dt[:, None] * Lambda, L),
    }[name]


KERNELS = ("loop", "doubling", "Cauchy, naive", "Cauchy, pairs", "S4D, Vandermonde")


def kernel_cost(settings: S4Settings, run: Run) -> None:
    """Seconds and memory of one kernel computation, forwards, in float32."""
    speed = settings.speed
    parts = system(speed.heads, speed.d_state, run.generator(2), torch.float32, run.device)
    Lambda, P, Q, _, C, dt = parts
    for position, L in enumerate(speed.lengths):
        C_hat = truncate_readout(C, Lambda, P, Q, dt, L)
        for name in KERNELS:
            if name == "loop" and speed.loop_up_to < L:
                continue
            work = kernel_work(name, parts, C_hat, L)
            slow = name == "loop" or (name != "Cauchy, pairs" and L >= 4096)
            taken = seconds(work, run.device, repeats=1 if slow else 5, warmup=0 if slow else 1)
            run.measure("seconds", taken, kernel=name, length=L)
            if name != "loop" or L <= 1024:
                run.measure("MiB", peak_bytes(work) / 2**20, kernel=name, length=L)
        run.progress((position + 1) / len(speed.lengths), f"length {L}")


def language_models(speed: Speed, device: torch.device, vocabulary: int = 64) -> dict[str, SequenceModel]:
    """An S4 and a Transformer of the same width and depth over tokens, with an output for each step."""
    s4 = S4Model(
        vocabulary,
        vocabulary,
        speed.d_model,
        speed.layers,
        d_state=speed.d_state,
        pool=None,
        embedding=True,
        device=device,
    )
    transformer = SequenceModel(
        vocabulary,
        speed.d_model,
        1,
        lambda width: Transformer(width, speed.layers, 4, device=device),
        norm="none",
        pool=None,
        d_out=vocabulary,
        embedding=True,
        residual=False,
        device=device,
    )
    return {"S4": s4.eval(), "Transformer": transformer.eval()}


@torch.no_grad()
def tokens_per_second(
    models: dict[str, nn.Module], context: int, batch: int, device: torch.device, steps: int = 12
) -> dict[str, float]:
    """Tokens that are generated per second, all sequences of the batch together, after `context` tokens."""
    tokens = torch.zeros(batch, context, dtype=torch.int64, device=device)
    found = {}
    s4, transformer = models["S4"], models["Transformer"]
    _, states = s4(tokens, s4.default_state(batch))
    s4.to_recurrent()

    def step_s4() -> None:
        held = states
        for _ in range(steps):
            _, held = s4.step(tokens[:, 0], held)

    # room for the steps of the warm-up and of every repeat; each starts again behind the context
    _, cache = transformer(tokens, transformer.default_state(batch, context + steps))

    def step_cache() -> None:
        held = cache
        for _ in range(steps):
            _, held = transformer.step(tokens[:, 0], held)

    found["S4, recurrent step"] = batch * steps / seconds(step_s4, device, repeats=5)
    found["Transformer, KV cache"] = batch * steps / seconds(step_cache, device, repeats=5)
    found["Transformer, recomputing"] = batch / seconds(lambda: transformer(tokens), device, repeats=3)
    return found


def generation(settings: S4Settings, run: Run) -> None:
    """Tokens per second against the context's length, all three in this run."""
    seed_everything(run.seed)
    speed = settings.speed
    models = language_models(speed, run.device)
    for position, context in enumerate(speed.contexts):
        for name, value in tokens_per_second(models, context, speed.batch, run.device).items():
            run.measure("tokens per second", value, model=name, context=context)
        run.progress((position + 1) / len(speed.contexts), f"context {context}")
