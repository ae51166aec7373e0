"""Jamba's layout, its cache and parameters, and how experts share the tokens."""

from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval, MultipleOf, doc

from labkit.demo import Label, Step, demo
from labkit.nn.moe import TopKRouter
from labkit.state_space.s4_survey import figures
from labkit.state_space.s4_survey.method import jamba_sizes, layers_block_type, layers_num_experts

CONTEXTS = [4096 * 2**i for i in range(7)]


@demo("Jamba builder: layout, cache, parameters")
def jamba_builder(
    layers: Annotated[int, Interval(ge=8, le=48), MultipleOf(8)] = 32,
    period: Annotated[int, Interval(ge=1, le=16), Label("one attention layer in")] = 8,
    offset: Annotated[int, Interval(ge=0, le=15), doc("the first one; cut to the period")] = 4,
    experts: Annotated[int, Interval(ge=1, le=32), doc("in every second layer")] = 16,
    top_k: Annotated[int, Interval(ge=1, le=4), Label("experts a token")] = 2,
    kv_heads: Annotated[
        int, Interval(ge=1, le=8), Label("heads of keys and values"), doc("of 32 query heads")
    ] = 8,
) -> go.Figure:
    """With its published sizes (width 4096, MLP 14336) this is Jamba: 52 billion parameters, of which a token meets
    12 billion, and 4 GiB of cache at 256K tokens. Set *one attention layer in* to 1: that is a Transformer, with
    eight times the cache. More experts: more parameters, the same work a token. The offset moves the attention layers
    and costs nothing.
    """
    offset, top_k, kv_heads = min(offset, period - 1), min(top_k, experts), 2 ** (kv_heads.bit_length() - 1)
    mixers = layers_block_type(layers, period, offset)
    sizes = jamba_sizes(
        depth=layers, attn_period=period, attn_offset=offset, experts=experts, top_k=top_k, kv_heads=kv_heads
    )
    whole = jamba_sizes(
        depth=layers, attn_period=1, attn_offset=0, experts=experts, top_k=top_k, kv_heads=kv_heads
    )
    cache = {
        "this hybrid": [sizes["cache"] * c / 2**30 for c in CONTEXTS],
        "attention everywhere": [whole["cache"] * c / 2**30 for c in CONTEXTS],
    }
    parameters = {"all": sizes["total"] / 1e9, "active": sizes["active"] / 1e9}
    return figures.hybrid(mixers, layers_num_experts(layers, experts), CONTEXTS, cache, parameters)


@demo("Expert loads: who does the work")
def expert_loads(
    experts: Annotated[int, Interval(ge=2, le=16)] = 8,
    top_k: Annotated[int, Interval(ge=1, le=4), Label("experts a token")] = 2,
    sharpness: Annotated[
        float, Interval(ge=0.0, le=5.0), Step(0.25), doc("how large the router's weights are")
    ] = 1.0,
    bias: Annotated[
        float,
        Interval(ge=0.0, le=3.0),
        Step(0.25),
        Label("tokens alike"),
        doc("what all tokens have in common"),
    ] = 1.0,
    seed: Annotated[int, Interval(ge=0, le=20), Label("router")] = 0,
) -> go.Figure:
    """A random router shares 512 tokens among experts. Make the tokens more alike: they all want the same experts, and
    the others stand idle. The balance loss E Σ f p is k when the load is even, and grows up to E with k experts that do
    everything: it is what training adds, with a small weight, to spread the work.
    """
    top_k = min(top_k, experts)
    generator = torch.Generator(device="cpu").manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        router = TopKRouter(16, experts, top_k, device="cpu")
    x = torch.randn(512, 16, generator=generator, device="cpu")
    x = x + bias * torch.randn(16, generator=generator, device="cpu")
    with torch.no_grad():
        router.proj.weight.mul_(4 * sharpness)
        routing = router(x)
    balance = float(routing.balance)
    title = f"{experts} experts, {top_k} a token: balance loss {balance:.2f} (even: {top_k})"
    return figures.loads(routing.load.tolist(), balance, top_k, title=title)
