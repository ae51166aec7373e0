"""The worlds: springs and charges by simulation, pedestrians recorded or generated, skeletons, molecules."""

import torch

from labkit.datasets.bodies import bead_molecule, walker
from labkit.datasets.pedestrians import Walks, crowd, eth_ucy, eth_ucy_present, focal_samples
from labkit.equivariance.eqmotion.experiment.settings import Bodies, Task, Walkers
from labkit.equivariance.eqmotion.experiment.training import World
from labkit.equivariance.nbody import ChargedSystem, SpringSystem

CROWD = "generated crowd"


def springs(task: Bodies, count: int, generator: torch.Generator) -> World:
    """Five bodies, each pair joined by a spring with probability 1/2."""
    frames = task.past + task.future
    found = SpringSystem(dt=task.dt).sample(count, (frames + 1) * task.every, task.every, generator=generator)
    return World(found.x[:, :frames].transpose(1, 2).float(), found.coupling.float())


def charges(task: Bodies, count: int, generator: torch.Generator) -> World:
    """Five charges; an edge is 1 where two repel each other."""
    frames = task.past + task.future
    found = ChargedSystem(dt=task.dt).sample(
        count, (frames + 1) * task.every, task.every, generator=generator
    )
    q = found.coupling
    alike = (q[:, :, None] * q[:, None] > 0).float()
    return World(found.x[:, :frames].transpose(1, 2).float(), alike)


def _joined(parts: list[Walks]) -> World:
    return World(
        torch.cat([part.positions for part in parts]), None, torch.cat([part.present for part in parts])
    )


def pedestrians(task: Walkers, fold: str, generator: torch.Generator) -> tuple[World, World, str]:
    """Scenes to train on, the scene to test on, and which data these are.

    The recordings, where they are on this machine: trained on all scenes but `fold`. Else a generated crowd.
    """
    if eth_ucy_present():
        from labkit.datasets.pedestrians import SCENES

        train = [eth_ucy(scene, task.agents, task.stride) for scene in SCENES if scene != fold]
        return _joined(train), _joined([eth_ucy(fold, task.agents)]), "ETH-UCY (eth, hotel, zara01)"
    made = [crowd(count, generator, task.agents) for count in (240, 60)]
    train, test = (_joined([focal_samples(list(scenes), task.agents)]) for scenes in made)
    return train, test, CROWD


def skeletons(task: Task, count: int, generator: torch.Generator) -> World:
    """Generated walkers of 17 joints, in decimetres."""
    return World(10 * walker(count, task.past + task.future, generator))


def molecules(task: Task, count: int, generator: torch.Generator) -> World:
    """Generated bead-spring molecules of 13 beads."""
    return World(bead_molecule(count, task.past + task.future, generator))
