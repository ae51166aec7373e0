"""Tokens to be copied or looked up: training the lineage, and testing it where it was not trained."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from labkit.device import seed_everything
from labkit.experiment import Run
from labkit.experiment.progress import Progress, part
from labkit.state_space.optim import parameter_groups
from labkit.state_space.s4_survey.experiment.settings import SurveySettings, TokenTask
from labkit.state_space.s4_survey.method import build, state_bytes
from labkit.state_space.tasks import induction_heads, selective_copying
from labkit.training import cosine, fit

Draw = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]


def copy_draw(task: TokenTask) -> Draw:
    """Batches of selective copying; the targets belong to the last `tokens` outputs."""
    return lambda batch, generator: selective_copying(batch, task.length, task.tokens, task.vocab, generator)


def induction_draw(task: TokenTask, stretch: float = 1.0) -> Draw:
    """Batches of induction heads, as many times longer; the target belongs to the last output."""
    length = max(4, round(task.length * stretch))

    def draw(batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = induction_heads(batch, length, task.vocab, generator)
        return x, y[:, None]

    return draw


def right(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """The share of wanted tokens that are the likeliest ones."""
    return float((model(x)[:, -y.shape[1] :].argmax(-1) == y).float().mean())


def train(
    name: str,
    task: TokenTask,
    run: Run,
    draw: Draw,
    progress: Progress,
    label: str | None = None,
    **options,
) -> nn.Module:
    """Train one model of the lineage; write its accuracy on held-out sequences along the way, its size and cost."""
    label = label or name
    seed_everything(run.seed)
    model = build(name, task.d_model, task.layers, task.vocab, d_state=task.d_state, **options).to(run.device)
    balance = getattr(task, "balance", 0.0)
    test = [t.to(run.device) for t in draw(task.test, run.generator(999_999))]

    def batch(step: int) -> tuple[Tensor, Tensor]:
        x, y = draw(task.batch, run.generator(step))
        return x.to(run.device), y.to(run.device)

    def loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        x, y = batch
        logits = model(x)[:, -y.shape[1] :]
        value = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        return value + balance * stack.balance_loss() if balance else value

    stack = model.layers[0]
    started = time.process_time()
    history = fit(
        model,
        batch,
        loss,
        torch.optim.AdamW(parameter_groups(model, task.rate, ssm_lr=task.rate, weight_decay=task.decay)),
        steps=task.steps,
        device=run.device,
        schedule=cosine(task.steps, task.warmup),
        clip=1.0,
        evaluate=lambda model: right(model, *test),
        evaluate_every=max(1, task.steps // 10),
        progress=progress,
        checkpoint=run.checkpoint(label.replace(" ", "-")),
    )
    for step, value in history.evaluations:
        run.measure("test accuracy", value, model=label, step=step)
    run.measure("final accuracy", history.evaluations[-1][1], model=label)
    run.measure("parameters", sum(p.numel() for p in model.parameters()), model=label)
    run.measure("processor seconds", time.process_time() - started, model=label)
    return model


def copying(settings: SurveySettings, run: Run) -> None:
    """Selective copying."""
    task = settings.copying
    for i, name in enumerate(task.models):
        progress = part(run.progress, i / len(task.models), (i + 1) / len(task.models), name)
        model = train(name, task, run, copy_draw(task), progress)
        if name == "mamba":
            x, _ = copy_draw(task)(1, run.generator(123))
            run.keep("tokens", x)
            run.keep("steps", steps_of(model, x.to(run.device)))


@torch.no_grad()
def steps_of(model: nn.Module, x: Tensor) -> Tensor:
    """Delta of every Mamba layer for the tokens x (1, length): (layers, length, channels)."""
    h, found = model.encoder(x), []
    for norm, block in zip(model.norms, model.layers, strict=False):
        inner, _, _ = block.inside(norm(h))
        found.append(block.ssm.coefficients(inner)[0][0])
        h = h + block(norm(h))
    return torch.stack(found)


def induction(settings: SurveySettings, run: Run) -> None:
    """Induction heads, then at other lengths."""
    task = settings.induction
    for i, name in enumerate(task.models):
        progress = part(run.progress, i / len(task.models), (i + 1) / len(task.models), name)
        model = train(name, task, run, induction_draw(task), progress)
        stretch(model, name, task, run)


@torch.no_grad()
def stretch(model: nn.Module, name: str, task: TokenTask, run: Run) -> None:
    """Accuracy at multiples of the trained length."""
    for times in task.stretches:
        x, y = induction_draw(task, times)(task.test, run.generator(888_888))
        accuracy = right(model, x.to(run.device), y.to(run.device))
        run.measure("accuracy at another length", accuracy, model=name, stretch=times, length=x.shape[1])


def ablation(settings: SurveySettings, run: Run) -> None:
    """Selective copying with only Delta, only B or only C made from the token."""
    task = settings.ablation
    for i, name in enumerate(task.models):
        progress = part(run.progress, i / len(task.models), (i + 1) / len(task.models), name)
        train(name, task, run, copy_draw(task), progress)


def hybrid(settings: SurveySettings, run: Run) -> None:
    """Jamba on induction heads for one or several ratios of attention; its cache against that of attention alone."""
    task = settings.hybrid
    for i, period in enumerate(task.periods):
        label = f"1 in {period}" if period else "none"
        progress = part(run.progress, i / len(task.periods), (i + 1) / len(task.periods), label)
        offset = min(task.offset, period - 1) if period else 0
        layout = {"experts": task.experts, "kv_heads": 4, "attn_period": period, "attn_offset": offset}
        model = train("jamba", task, run, induction_draw(task), progress, label, **layout)
        stretch(model, label, task, run)
        caches = model.default_state(1, task.length)[0]
        # the caches alone; Mamba's states do not grow
        kept = sum(c.keys.nbytes + c.values.nbytes for c in caches if hasattr(c, "keys"))
        whole = build("transformer", task.d_model, task.layers, task.vocab)
        run.measure("share of the cache", kept / state_bytes(whole, 1, task.length), model=label)
        loads = torch.stack(model.layers[0].expert_loads())
        run.keep(f"loads {label}", loads)
