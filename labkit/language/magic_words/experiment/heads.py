"""The attention bound against the truth: on random heads, and on the heads of the tiny model."""

import torch

from labkit.experiment import Run
from labkit.language.magic_words.attention_bound import (
    TIGHTNESS,
    AttentionHead,
    beta,
    decompose,
    head_from_layer,
    inputs_of_layer,
    is_excluded,
    largest_displacement,
    orthogonal_part,
    outputs,
    sample_controls,
)
from labkit.language.magic_words.experiment.contexts import fragments
from labkit.language.magic_words.experiment.reachable import model_of
from labkit.language.magic_words.experiment.settings import MagicSettings
from labkit.language_model import LanguageModel


def random_head(generator: torch.Generator, d_in: int = 6, d_k: int = 4, d_out: int = 3) -> AttentionHead:
    """A head with entries of variance 1 / d_in."""

    def draw(columns: int) -> torch.Tensor:
        return torch.randn(d_in, columns, generator=generator, dtype=torch.float64, device="cpu") / d_in**0.5

    return AttentionHead(draw(d_k), draw(d_k), draw(d_out))


def random_states(generator: torch.Generator, rows: int = 5, d_in: int = 6) -> torch.Tensor:
    """Imposed rows of norm 1."""
    X = torch.randn(rows, d_in, generator=generator, dtype=torch.float64, device="cpu")
    return X / X.norm(dim=1, keepdim=True)


def attention(settings: MagicSettings, run: Run) -> None:
    """The ladder of bounds on one head, the bounds' violations on many, and the bounds on the model's own heads."""
    generator = run.generator(9)
    head, X0 = random_head(generator), random_states(generator)
    for k in (1, 2, 4, 8, 16, 32):
        for tightness in TIGHTNESS:
            run.measure("bound", beta(head, X0, k, 1.0, tightness=tightness)[0].item(), k=k, what=tightness)
        yhat = decompose(head, X0[:0], X0).yhat[0]
        drawn = outputs(head, sample_controls(k, 1.0, 2000, generator, dim=6), X0, 0)
        cloud = orthogonal_part(drawn, yhat).norm(dim=1).max().item()
        _, best = largest_displacement(head, X0, k, 1.0, steps=100, restarts=8, generator=generator)
        run.measure("bound", orthogonal_part(best, yhat).norm().item(), k=k, what="best found")
        run.measure("bound", cloud, k=k, what="sampled")
    run.progress(0.3, "the ladder of bounds")
    _violations(settings, run, generator)
    run.progress(0.6, "random heads")
    _model_heads(model_of(settings, run), run)


def _violations(settings: MagicSettings, run: Run, generator: torch.Generator) -> None:
    """How many produced outputs each form of the theorem calls impossible."""
    wrong = dict.fromkeys((*TIGHTNESS, "linear", "first", "as printed"), 0)
    total = 0
    for _ in range(settings.heads):
        head, X0 = random_head(generator), random_states(generator)
        scale = float(torch.rand(1, generator=generator, device="cpu")) * 3 + 0.2
        for U in sample_controls(3, scale, settings.draws, generator, dim=6):
            Y = decompose(head, U, X0).y
            total += 1
            for tightness in TIGHTNESS:
                wrong[tightness] += bool(is_excluded(Y, head, X0, 3, scale, tightness=tightness).any())
            wrong["linear"] += bool(is_excluded(Y, head, X0, 3, scale, form="linear").any())
            wrong["first"] += bool(is_excluded(Y, head, X0, 3, scale, theorem="first").any())
            wrong["as printed"] += bool(
                is_excluded(Y, head, X0, 3, scale, theorem="first", as_printed=True).any()
            )
    for name, count in wrong.items():
        run.measure("produced but excluded", count, what=name, outputs=total)


def layer_bounds(
    lm: LanguageModel, x0: torch.Tensor, k: int, tokens: torch.Tensor
) -> list[tuple[int, int, float, dict[str, float]]]:
    """For every head: the largest orthogonal displacement of the last row by controls of k real tokens, and the bounds.

    The controls are the layer's inputs at the prompt's positions, M_u their largest norm; the imposed rows are the
    layer's inputs without a prompt, as the theorem has them.
    """
    rows = []
    config = lm.model.config
    for layer in range(config.num_hidden_layers):
        X0 = inputs_of_layer(lm, x0, layer).double()
        controls = torch.stack(
            [inputs_of_layer(lm, torch.cat([prompt, x0]), layer)[:k].double() for prompt in tokens.split(k)]
        )
        M_u = controls.norm(dim=-1).max().item()
        for number in range(config.num_attention_heads):
            head = head_from_layer(lm, layer, number)
            head = AttentionHead(head.Wq.double(), head.Wk.double(), head.Wv.double(), causal=True)
            yhat = decompose(head, X0[:0], X0).yhat[-1]
            found = outputs(head, controls, X0, len(X0) - 1)
            bounds = {t: beta(head, X0, k, M_u, tightness=t)[-1].item() for t in TIGHTNESS}
            rows.append((layer, number, orthogonal_part(found, yhat).norm(dim=1).max().item(), bounds))
    return rows


def _model_heads(lm: LanguageModel, run: Run) -> None:
    x0 = fragments(lm, 1, run.generator(11))[0][0]
    tokens = lm.allowed_tokens()[:60]
    for layer, head, measured, bounds in layer_bounds(lm, x0, 1, tokens):
        about = {"layer": layer, "head": head}
        run.measure("displacement", measured, what="measured", **about)
        for name, value in bounds.items():
            run.measure("displacement", value, what=name, **about)
        run.measure("bound minus measured", min(bounds.values()) - measured, **about)
