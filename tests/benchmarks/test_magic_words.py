"""magic_words' hot paths against naive forms: `pytest tests/benchmarks --benchmark-enable -s`."""

import pytest
import torch
from torch.nn import functional as F

from labkit.language.magic_words.method import (
    enumerate_reachable,
    greedy_coordinate_gradient,
    one_hot_gradient,
    outputs_of,
    scores_of,
)
from labkit.language.magic_words.method.scoring import compose
from labkit.language_model import load_language_model, smollm

STATE = "story farm : ann lives in rome . bob finds the cow and the"


@pytest.fixture(scope="module")
def lm():
    return load_language_model("tiny")


@pytest.mark.benchmark(group="scoring 512 prompts of 4 tokens before 14, tiny model")
def test_batched_v_one_by_one(race, lm):
    x0 = lm.encode(STATE)
    prompts = lm.allowed_tokens()[torch.randint(108, (512, 4))]

    @torch.no_grad()
    def loop():
        return torch.stack(
            [lm.logits(row, last_only=True)[0].argmax() for row in compose(prompts, x0)[:, None]]
        )

    assert torch.equal(loop(), outputs_of(lm, prompts, x0)[0])
    race(lambda: outputs_of(lm, prompts, x0), loop, goal=8, rounds=2, baseline="one prompt a forward")


@torch.no_grad()
def reference(lm, prompts, x0, y):
    """The reference repository's scoring: all logits, and the loss over the whole sequence as well as its own."""
    states = torch.cat([compose(prompts, x0), y.expand(len(prompts), -1)], dim=1)
    losses = []
    for part in states.split(128):
        logits = lm.logits(part)
        F.cross_entropy(
            logits[:, :-1].flatten(0, 1), part[:, 1:].flatten()
        )  # the model's labels-loss, thrown away
        wanted = part[:, 1:].clone()
        wanted[:, : part.shape[1] - 1 - len(y)] = -100
        own = F.cross_entropy(logits[:, :-1].transpose(1, 2), wanted, reduction="none", ignore_index=-100)
        losses.append(own.sum(1) / len(y))
    return torch.cat(losses)


@pytest.mark.benchmark(group="scoring 768 prompts of 4 tokens before 14, tiny model")
def test_scores_v_the_references_form(race, lm):
    x0, y = lm.encode(STATE), torch.tensor([lm.single_token("saw")])
    prompts = lm.allowed_tokens()[torch.randint(108, (768, 4))]
    assert torch.allclose(scores_of(lm, prompts, x0, y)[0], reference(lm, prompts, x0, y), atol=1e-4)
    race(
        lambda: scores_of(lm, prompts, x0, y),
        lambda: reference(lm, prompts, x0, y),
        goal=1.5,
        baseline="all logits, two losses",
    )


@pytest.mark.skipif(not smollm.present(), reason="SmolLM2 is not here: labkit model fetch smollm2-135m")
@pytest.mark.benchmark(group="scoring 16 prompts of 4 tokens before 8, SmolLM2")
def test_scores_v_the_references_form_on_smollm(race):
    lm = load_language_model("smollm2-135m")
    x0, y = lm.encode("The weather in Paris today is rather"), torch.tensor([lm.single_token(" cold")])
    prompts = torch.randint(100, 40000, (16, 4))
    assert torch.allclose(scores_of(lm, prompts, x0, y)[0], reference(lm, prompts, x0, y), atol=1e-3)
    race(
        lambda: scores_of(lm, prompts, x0, y),
        lambda: reference(lm, prompts, x0, y),
        goal=1.5,
        rounds=2,
        baseline="all logits, two losses",
    )


@pytest.mark.benchmark(group="a suffix of 2 tokens after 14, 512 prompts")
def test_a_shared_prefix_is_read_once(race, lm):
    x0 = lm.encode(STATE)
    prompts = lm.allowed_tokens()[torch.randint(108, (512, 2))]

    @torch.no_grad()
    def plain():
        states = compose(prompts, x0, "suffix")
        return torch.cat([lm.logits(part, last_only=True).argmax(-1) for part in states.split(192)])

    assert torch.equal(plain(), outputs_of(lm, prompts, x0, placement="suffix")[0])
    race(lambda: outputs_of(lm, prompts, x0, placement="suffix"), plain, goal=2, baseline="read again")


@pytest.mark.benchmark(group="the gradient at one-hot rows, SmolLM2, 5 tokens")
@pytest.mark.skipif(not smollm.present(), reason="SmolLM2 is not here: labkit model fetch smollm2-135m")
def test_gradient_at_embeddings_v_at_one_hot_rows(race):
    lm = load_language_model("smollm2-135m")
    prompt, x0, y = (
        torch.tensor([500, 600]),
        lm.encode("The sky is"),
        torch.tensor([lm.single_token(" blue")]),
    )

    def direct():
        rows = F.one_hot(torch.cat([prompt, x0, y]), lm.vocab_size).float().requires_grad_(True)
        logits = lm.logits(embeds=(rows @ lm.embedding)[None])[0, -2]
        (gradient,) = torch.autograd.grad(F.cross_entropy(logits[None], y), rows)
        return gradient[:2]

    found = one_hot_gradient(lm, prompt, x0, y)[1]
    assert torch.allclose(found, direct(), atol=1e-3 * found.abs().max().item())
    race(
        lambda: one_hot_gradient(lm, prompt, x0, y),
        direct,
        goal=1.3,
        rounds=2,
        baseline="through the one-hot rows",
    )


@pytest.mark.benchmark(group="every prompt of two tokens before 14")
def test_enumeration(benchmark, lm):
    """The aim is 4 s on two cores."""
    x0 = lm.encode(STATE)
    benchmark.pedantic(lambda: enumerate_reachable(lm, x0, 2), rounds=1, iterations=1)


@pytest.mark.benchmark(group="one iteration of the coordinate search, 64 swaps, tiny model")
def test_an_iteration(benchmark, lm):
    """A live demo needs it below 0.2 s."""
    x0, y = lm.encode("finds the"), lm.single_token("rome")

    def iterate():
        greedy_coordinate_gradient(
            lm, x0, y, 4, batch=64, top=16, iterations=1, generator=torch.Generator().manual_seed(0)
        )

    benchmark.pedantic(iterate, rounds=5, iterations=1, warmup_rounds=1)
