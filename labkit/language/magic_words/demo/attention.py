"""Panels C and D: one head in the plane, and the bounds on the model's own heads."""

from functools import lru_cache
from typing import Annotated

import plotly.graph_objects as go
import torch
from annotated_types import Interval

from labkit.demo import Label, Log, Step, demo
from labkit.language.magic_words import figures
from labkit.language.magic_words.attention_bound import (
    TIGHTNESS,
    AttentionHead,
    alpha,
    beta,
    decompose,
    is_excluded,
    outputs,
    sample_controls,
    steer,
)
from labkit.language.magic_words.demo.controls import Seed, State, Text, read_state, tiny
from labkit.language.magic_words.experiment import heads
from labkit.language.magic_words.figures.maps import with_note
from labkit.language.magic_words.figures.style import safe

Scale = Annotated[float, Interval(ge=0.1, le=3), Step(0.1)]


@demo("One attention head: reached, excluded, or in the gap")
def attention_set(
    k: Annotated[int, Interval(ge=1, le=32), Log(per_decade=6), Label("control rows k")] = 2,
    M_u: Annotated[float, Interval(ge=0.1, le=5), Log(per_decade=10), Label("largest control M_u")] = 1.0,
    scale_q: Annotated[Scale, Label("scale of W_q")] = 1.0,
    scale_k: Annotated[Scale, Label("scale of W_k")] = 1.0,
    scale_v: Annotated[Scale, Label("scale of W_v")] = 1.0,
    rows: Annotated[int, Interval(ge=1, le=12), Label("imposed rows M")] = 5,
    target_x: Annotated[float, Interval(ge=-2, le=2), Step(0.05), Label("wanted output, x")] = 0.4,
    target_y: Annotated[float, Interval(ge=-2, le=2), Step(0.05), Label("wanted output, y")] = 0.3,
    causal: bool = False,
    seed: Seed = 0,
) -> go.Figure:
    """Grey is what random controls make one row of the head say; the black line is where it would be without control.
    The tubes are proofs: nothing outside can be produced. Raise k or M_u and the tubes widen, but never beyond σᵥM_u.
    Move the wanted output: the title says “reached”, “excluded by the theorem”, or “neither”, the gap between what was
    found and what is proven. Scale W_q up and the paper's bound becomes useless first.
    """
    generator = torch.Generator(device="cpu").manual_seed(seed)
    head = heads.random_head(generator, d_out=2)
    head = AttentionHead(scale_q * head.Wq, scale_k * head.Wk, scale_v * head.Wv, causal=causal)
    X0 = heads.random_states(generator, rows)
    row = rows - 1
    parts = decompose(head, X0[:0], X0)
    cloud = outputs(head, sample_controls(k, M_u, 5000, generator, dim=6), X0, row)
    bounds = {name: beta(head, X0, k, M_u, tightness=name)[row].item() for name in TIGHTNESS}
    s_min = (parts.g / (parts.g + k * alpha(head, X0, M_u).exp()))[row].item()
    target = torch.tensor([target_x, target_y], dtype=torch.float64, device="cpu")
    _, steered = steer(head, X0, target, k, M_u, steps=60, restarts=4, row=row, generator=generator)
    wanted = parts.yhat.clone()
    wanted[row] = target
    distance = (steered - target).norm().item()
    if distance < 0.02:
        said = "reached"
    elif any(bool(is_excluded(wanted, head, X0, k, M_u, tightness=name)[row]) for name in TIGHTNESS):
        said = "excluded by the theorem"
    else:
        said = "neither reached nor excluded"
    return figures.attention_set(
        cloud,
        parts.yhat[row],
        s_min,
        bounds,
        target,
        steered,
        title=f"The wanted output is {said} (steering came within {distance:.2g})",
    )


@lru_cache(maxsize=128)
def _heads(ids: tuple[int, ...], k: int) -> list:
    lm = tiny()
    tokens = lm.allowed_tokens()
    generator = torch.Generator(device="cpu").manual_seed(0)
    prompts = tokens[torch.randint(len(tokens), (24 * k,), generator=generator, device="cpu")]
    return heads.layer_bounds(lm, torch.tensor(ids, device="cpu"), k, prompts)


@demo("The theory on real heads: how loose is the bound?")
def layer_bounds(
    state: State = "the lemon is",
    text: Text = "ann sees the",
    k: Annotated[int, Interval(ge=1, le=4), Label("control tokens k")] = 1,
) -> go.Figure:
    """Each bar is a head of the tiny model: how far real words in front of the imposed text push its output off the
    line of what it says alone. The marks are the three bounds, on a logarithmic axis. Where the marks lie just above
    the bars the theory tells something; where they lie orders of magnitude above, α is large and the softmax
    saturates: the bound is σᵥM_u whatever you do.
    """
    ids, chosen, note = read_state(state, text)
    rows = _heads(tuple(ids.tolist()), k)
    drawn = figures.layer_bounds(
        [f"{layer}.{head}" for layer, head, _, _ in rows],
        [measured for _, _, measured, _ in rows],
        {name: [bounds[name] for *_, bounds in rows] for name in TIGHTNESS},
        title=f"After “{safe(chosen)}”: {k} real word{'s' if k > 1 else ''} as control, against the bounds",
    )
    return with_note(drawn, note)
