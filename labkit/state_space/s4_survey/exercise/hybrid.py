"""Exercise 3: a hybrid within a budget."""

from functools import lru_cache
from typing import Annotated

import torch
from annotated_types import Interval, MultipleOf, doc
from torch import Tensor, nn

from labkit.demo import Label
from labkit.exercise import Mistake, Wrong, exercise
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s4_survey.method import build, induction_heads, layers_block_type, selective_copying
from labkit.training import cosine, fit

BUDGET = 16  # numbers of cache a token
PASS = 0.9
STEPS, LENGTH, HEADS = 150, 12, 4


def choose_hybrid(
    layers: Annotated[int, Interval(ge=1, le=4)] = 2,
    width: Annotated[int, Interval(ge=8, le=48), MultipleOf(8)] = 32,
    period: Annotated[int, Interval(ge=1, le=4), Label("one attention layer in")] = 1,
    offset: Annotated[int, Interval(ge=0, le=3), doc("the first attention layer")] = 0,
    kv_heads: Annotated[int, Interval(ge=1, le=4), Label("heads of keys and values"), doc("1, 2 or 4")] = 4,
) -> dict:
    """The answer that these controls give."""
    return {"layers": layers, "width": width, "period": period, "offset": offset, "kv_heads": kv_heads}


@lru_cache(maxsize=16)
def score(task: str, layers: int, width: int, period: int, offset: int, kv_heads: int) -> float:
    """Test accuracy after 150 steps on copying (2 tokens among 12) or induction heads (length 12)."""
    vocab = 5 if task == "copying" else 6
    layout = {
        "attn_period": period,
        "attn_offset": offset,
        "kv_heads": kv_heads,
        "heads": HEADS,
        "experts": 1,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build("jamba", width, layers, vocab, d_state=8, device="cpu", **layout)
    generator = torch.Generator(device="cpu").manual_seed(0)

    def draw(batch: int) -> tuple[Tensor, Tensor]:
        if task == "copying":
            return selective_copying(batch, LENGTH, 2, vocab, generator)
        x, y = induction_heads(batch, LENGTH, vocab, generator)
        return x, y[:, None]

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch
        return nn.functional.cross_entropy(model(x)[:, -y.shape[1] :].flatten(0, 1), y.flatten())

    x, y = draw(256)
    groups = parameter_groups(model, 5e-3, ssm_lr=5e-3)
    fit(
        model,
        lambda step: draw(32),
        loss,
        torch.optim.AdamW(groups),
        steps=STEPS,
        device=torch.device("cpu"),
        schedule=cosine(STEPS, 20),
        clip=1.0,
    )
    with torch.no_grad():
        return float((model(x)[:, -y.shape[1] :].argmax(-1) == y).float().mean())


@exercise(
    "A hybrid within a budget",
    level="open",
    points=3,
    solution={"layers": 2, "width": 32, "period": 2, "offset": 0, "kv_heads": 1},
    form=choose_hybrid,
    hints=(
        "An attention layer keeps 2 · kv_heads · (width / 4) numbers a token.",
        "Fewer heads of keys and values, fewer attention layers: which of the two costs you accuracy here?",
        "Attention has no positions here: what does it see of the order if a Mamba layer went before it, or did not?",
    ),
    mistakes=(
        Mistake(
            "attention everywhere",
            {"layers": 2, "width": 32, "period": 1, "offset": 0, "kv_heads": 4},
            "The cache is over the budget: every attention layer keeps 2 · kv_heads · width/4 numbers for each token.",
        ),
        Mistake(
            "no attention",
            {"layers": 2, "width": 32, "period": 4, "offset": 3, "kv_heads": 1},
            "There is no attention layer in it: the first one would stand behind the last layer. A hybrid has both.",
        ),
        Mistake(
            "too narrow",
            {"layers": 2, "width": 8, "period": 2, "offset": 0, "kv_heads": 1},
            "The layout fits, but the model is too narrow to learn both tasks in 150 steps.",
        ),
    ),
)
def hybrid_in_budget(answer) -> str:
    """Build a small Jamba (no experts, 4 query heads) that keeps at most **16 numbers of cache a token** and reaches an
    accuracy of **0.9 on both** selective copying and induction heads after 150 steps of training (a few seconds).
    Choose `{"layers": 1 to 4, "width": 8 to 48, "period": ..., "offset": ..., "kv_heads": 1, 2 or 4}`: layer i is
    attention where i mod period = offset, and Mamba elsewhere.
    """
    named = {mistake.name: mistake.message for mistake in hybrid_in_budget.mistakes}
    names = ("layers", "width", "period", "offset", "kv_heads")
    if not isinstance(answer, dict) or not set(names) <= set(answer):
        raise Wrong(
            'Answer with {"layers": ..., "width": ..., "period": ..., "offset": ..., "kv_heads": ...}.'
        )
    layers, width, period, offset, kv_heads = (int(answer[name]) for name in names)
    if not (1 <= layers <= 4 and 8 <= width <= 48 and width % 8 == 0 and kv_heads in (1, 2, 4)):
        raise Wrong("layers goes from 1 to 4, width from 8 to 48 in steps of 8, kv_heads is 1, 2 or 4.")
    if not 0 <= offset < period:
        raise Wrong(f"offset must lie between 0 and period - 1; yours is {offset} with period {period}.")
    attention = layers_block_type(layers, period, offset).count("attention")
    if not attention:
        raise Wrong(named["no attention"])
    cache = attention * 2 * kv_heads * width // HEADS
    if cache > BUDGET:
        raise Wrong(f"{named['attention everywhere']} Yours keeps {cache}.")
    found = {task: score(task, layers, width, period, offset, kv_heads) for task in ("copying", "induction")}
    worst = min(found, key=found.get)
    if found[worst] < PASS:
        words = (
            named["too narrow"]
            if width < 24
            else "Try another place for the attention layer, or more layers."
        )
        raise Wrong(f"{worst} reaches only {found[worst]:.2f}; {PASS} is asked. {words}")
    return (
        f"Copying {found['copying']:.2f}, induction heads {found['induction']:.2f}, {cache} numbers a token."
    )
