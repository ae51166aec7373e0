"""The selective scan against a loop under autograd: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch

from labkit.allocation import peak_bytes
from labkit.device import resolve, seconds
from labkit.state_space.selective_scan import selective_scan

SIZES = (4, 1024, 64, 16)  # batch, length, channels, states


def tensors(device):
    B, L, E, N = SIZES
    generator = torch.Generator(device="cpu").manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, device="cpu").to(device)

    made = [draw(B, L, E), draw(B, L, E).abs(), -draw(E, N).abs(), draw(B, L, N), draw(B, L, N)]
    return [tensor.requires_grad_() for tensor in made]


def both_ways(parts, method):
    selective_scan(*parts, method=method).square().sum().backward()
    for part in parts:
        part.grad = None


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_chunked_scan_forwards_and_backwards(benchmark, device):
    """At least twice as fast as the loop on a CPU (measured: about 3), ten times on a GPU (unverified)."""
    place = resolve(device)
    parts = tensors(place)
    benchmark(lambda: both_ways(parts, "chunked"))
    loop = seconds(lambda: both_ways(parts, "loop"), place, repeats=3)
    chunked = seconds(lambda: both_ways(parts, "chunked"), place, repeats=3)
    print(f"\nselective scan, {SIZES}, forwards and backwards: loop / chunked = {loop / chunked:.1f}")


def test_memory():
    """What is kept for the backward pass, in multiples of one (batch, length, channels, states) tensor."""
    whole = 4 * SIZES[0] * SIZES[1] * SIZES[2] * SIZES[3]
    for method in ("loop", "chunked"):
        kept = {}

        def keep(tensor, kept=kept):
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        parts = tensors("cpu")
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            y = selective_scan(*parts, method=method)
        forwards = peak_bytes(lambda method=method, parts=parts: selective_scan(*parts, method=method))
        print(f"\n{method}: kept {sum(kept.values()) / whole:.2f}, peak forwards {forwards / whole:.2f}")
        del y
