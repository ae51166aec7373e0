"""Seconds against the length, and bytes of state counted on the state itself."""

import torch

from labkit.device import seconds, seed_everything
from labkit.experiment import Run
from labkit.state_space.s4_survey.experiment.settings import SurveySettings
from labkit.state_space.s4_survey.method import LINEAGE, build, state_bytes

VOCAB = 8


def training_seconds(
    name: str, length: int, width: int, states: int, device: torch.device, repeats: int = 3
) -> float:
    """Seconds of one forward and backward pass of a model of one layer, one sequence."""
    layers = 8 if name == "jamba" else 1
    model = build(name, width, layers, VOCAB, d_state=states).to(device)
    x = torch.zeros(1, length, dtype=torch.int64, device=device)

    def work() -> None:
        model(x).square().mean().backward()
        model.zero_grad()

    return seconds(work, device, repeats=repeats)


def complexity(settings: SurveySettings, run: Run) -> None:
    """One training step's time for each model and length, all in this run."""
    seed_everything(run.seed)
    for i, length in enumerate(settings.lengths):
        for name in settings.timed:
            taken = training_seconds(
                name,
                length,
                settings.timed_width,
                settings.timed_state,
                run.device,
                3 if length < 4096 else 2,
            )
            run.measure("seconds", taken, model=name, length=length)
        run.progress((i + 1) / len(settings.lengths), f"length {length}")


def memory(settings: SurveySettings, run: Run) -> None:
    """Bytes between two steps, for every model of the lineage and a batch of one."""
    for name in LINEAGE:
        layers = 8 if name == "jamba" else 2
        model = build(name, settings.timed_width, layers, VOCAB, d_state=settings.timed_state)
        for length in settings.memory_lengths:
            run.measure("state bytes", state_bytes(model, 1, length), model=name, length=length)
    run.progress(1.0, "counted")
