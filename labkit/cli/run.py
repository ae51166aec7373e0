"""`labkit run`: a paper's experiment, its figures and its claims; stored, and resumed after a kill."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

import labkit
from labkit import paths
from labkit.cli.errors import FAILED, STOPPED, complain, misuse
from labkit.cli.output import progress, table

if TYPE_CHECKING:
    from labkit.experiment import Result

SHOWN = 40  # so many rows of the measurements are printed


class Scale(StrEnum):
    """The scales, for the help; `labkit.experiment.scale` says what they mean."""

    smoke = "smoke"
    lesson = "class"
    paper = "paper"


def run(
    paper: str = typer.Argument(help="The paper's slug; labkit list names them."),
    scale: Scale = typer.Option(
        Scale.smoke, help="Seconds, a lesson's minutes, or the paper's own configuration."
    ),
    device: str = typer.Option("auto", help="auto, cpu, cuda or cuda:1."),
    seed: list[int] = typer.Option([0], min=0, help="Repeat it for several seeds: --seed 0 --seed 1."),
    to: Path | None = typer.Option(
        None, help="Where to store the Result; by default results/PAPER/SCALE-DEVICE."
    ),
    ledger: bool = typer.Option(False, "--ledger", help="Enter the claims in the ledger too."),
) -> None:
    """Run a paper's experiment, check its claims, and store the Result.

    A run that was stopped goes on where it was when the same command is given again.
    """
    from labkit import device as devices

    with misuse():
        record = labkit.paper(paper)
        place = devices.resolve(device)
        if len(set(seed)) < len(seed):
            raise ValueError(f"--seed was given twice: {', '.join(map(str, seed))}; the seeds should differ")
    to = to or paths.results() / paper / f"{scale.value}-{str(place).replace(':', '')}"
    experiment = record.experiment()
    with _resumable(), progress(f"{paper} ({scale.value})") as report:
        result = experiment.run(
            scale=scale.value,
            device=place,
            seed=seed[0] if len(seed) == 1 else seed,
            progress=report,
            checkpoints=to / "checkpoints",
            keep_checkpoints=True,
        )
    _print(result)
    try:
        result.save(to)
    except OSError as error:
        complain(
            f"{error.filename}: {error.strerror}. The finished stages are kept: the same command goes on from them"
        )
        raise typer.Exit(FAILED) from None
    experiment.clear_checkpoints(to / "checkpoints", result)
    with suppress(OSError):  # another run's checkpoints may lie beside it
        (to / "checkpoints").rmdir()
    print(f"Stored in {to}")
    if ledger:
        from labkit.experiment import record as enter

        print(f"Entered in {enter(result)}")


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        complain("stopped; the same command goes on from the last finished stage or checkpoint")
        raise typer.Exit(STOPPED) from None


def _print(result: "Result") -> None:
    metrics = result.metrics
    rows = metrics.head(SHOWN).itertuples(index=False)
    cells = [["" if cell is None or cell != cell else _number(cell) for cell in row] for row in rows]
    table(list(metrics.columns), cells, "Measurements")
    if len(metrics) > SHOWN:
        print(f"... and {len(metrics) - SHOWN} more rows in the stored Result\n")
    claims = result.claims_table()
    table(list(claims.columns), claims.itertuples(index=False), "Claims")
    held = sum(claim.holds is True for claim in result.claims)
    judged = sum(claim.holds is not None for claim in result.claims)
    print(
        f"{held} of {judged} claims hold at scale {result.scale} on {result.device_name}; "
        f"{result.seconds:.1f} s, peak memory {result.peak_memory:.0f} MiB"
    )


def _number(cell) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
