"""S4's hot paths against their baselines: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch

from labkit.allocation import peak_bytes
from labkit.state_space.kernels import dplr_kernel, truncate_readout
from labkit.state_space.layers import S4Layer
from labkit.state_space.s4.experiment.settings import Speed
from labkit.state_space.s4.experiment.speed import kernel_work, language_models, system


def parts_of(L):
    parts = system(64, 64, torch.Generator().manual_seed(0), torch.float32, torch.device("cpu"))
    Lambda, P, Q, _, C, dt = parts
    return parts, truncate_readout(C, Lambda, P, Q, dt, L)


@pytest.mark.benchmark(group="DPLR kernel's memory, H=64, N=64")
@pytest.mark.parametrize("L", [1024, 4096])
def test_memory_of_pairs_v_naive(benchmark, L):
    """Peak bytes of one kernel; the time is the pairs'."""
    parts, C_hat = parts_of(L)
    pairs, naive = (kernel_work(name, parts, C_hat, L) for name in ("Cauchy, pairs", "Cauchy, naive"))
    benchmark.pedantic(pairs, rounds=3, iterations=1, warmup_rounds=1)
    if not benchmark.disabled:
        least, most = peak_bytes(pairs) / 2**20, peak_bytes(naive) / 2**20
        benchmark.extra_info.update({"MiB": least, "baseline_MiB": most})
        verdict = "met" if least <= most / 2 else "missed"
        print(f"\nL={L}: pairs {least:.1f} MiB, naive {most:.1f} MiB (goal half: {verdict})")


@pytest.mark.benchmark(group="forward and backward of one layer, H=64, N=64, L=1024, batch 8")
def test_layer_v_reference_kernel(race):
    """The same layer with a naive Cauchy kernel, as the reference computes it without its CUDA extension."""
    layer, u = S4Layer(64, 64), torch.randn(8, 1024, 64)
    layer(u)
    Lambda, P, B, dt = layer.systems()
    C = torch.view_as_complex(layer.C.detach())

    def fast():
        layer.kernel(1024).sum().backward()

    def naive():
        fresh = [part.detach().requires_grad_() for part in (Lambda, P, B)]
        dplr_kernel(
            fresh[0], fresh[1], fresh[1], fresh[2], C, dt.detach(), 1024, True, "naive"
        ).sum().backward()

    race(fast, naive, goal=3, rounds=2, baseline="naive Cauchy kernel")


@pytest.mark.benchmark(group="one generated step, width 64, 4 layers, batch 8, context 1024")
@pytest.mark.parametrize("baseline", ["recomputing", "KV cache"])
def test_generation_v_transformer(race, baseline):
    models = language_models(Speed(), torch.device("cpu"))
    tokens = torch.zeros(8, 1024, dtype=torch.int64)
    s4, transformer = models["S4"], models["Transformer"]
    with torch.no_grad():
        _, states = s4(tokens, s4.default_state(8))
        s4.to_recurrent()
        _, cache = transformer(tokens, transformer.default_state(8, 1025))

        def recompute():
            return transformer(tokens)

        def cached():
            return transformer.step(tokens[:, 0], cache)

        race(
            lambda: s4.step(tokens[:, 0], states),
            recompute if baseline == "recomputing" else cached,
            goal=5 if baseline == "recomputing" else None,
            baseline=f"Transformer, {baseline}",
        )


@pytest.mark.benchmark(group="step modes, H=64, N=64, batch 8")
def test_linear_step_v_dense_step(race):
    """O(N) against O(N^2) per head and step."""
    layer, u = S4Layer(64, 64).eval(), torch.randn(8, 64)
    forms = {}
    for name in ("linear", "dense"):
        layer.to_recurrent(mode=name)
        with torch.no_grad():
            forms[name] = (layer._form, layer.step(u, layer.default_state(8))[1])

    def step(name):
        layer._form, state = forms[name]
        with torch.no_grad():
            return layer.step(u, state)

    race(lambda: step("linear"), lambda: step("dense"), baseline="dense step")
