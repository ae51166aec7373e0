"""`python -m labkit.language_model train --which target --seed 0`: make the small models that ship with the lab."""

import argparse
from pathlib import Path

from labkit import device as devices
from labkit import paths
from labkit.experiment.progress import bar
from labkit.language_model.training import RECIPES, ship, train


def main(arguments: list[str] | None = None) -> None:
    """Train a model, print what it can do, and write it to where the lab looks for it."""
    parser = argparse.ArgumentParser(prog="python -m labkit.language_model", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("train", help="train the target or the draft on tinyworld")
    command.add_argument("--which", choices=tuple(RECIPES), default="target")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", default="auto")
    command.add_argument(
        "--to", type=Path, default=paths.shipped() / "models", help="the folder for the files"
    )
    asked = parser.parse_args(arguments)

    def log(number: int, figures: dict) -> None:
        print(f"evaluation {number}: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))

    with bar(f"training the {asked.which}") as progress:
        model, _, about = train(
            asked.which,
            asked.seed,
            device=devices.resolve(asked.device),
            progress=progress,
            checkpoint=paths.results() / "checkpoints" / f"tinyworld-{asked.which}.safetensors",
            log=log,
        )
    print(ship(model, about, asked.to))


if __name__ == "__main__":
    main()
