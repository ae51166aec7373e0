"""Families of interventions: distributions over environments. None of them touches the target's own mechanism."""

from dataclasses import dataclass

import torch
from torch import Tensor

from labkit.equivariance.pac_invariance.method.sem import Environments, LinearSEM


@dataclass(frozen=True)
class _AtSites:
    """What families with sites share."""

    sites: tuple[int, ...]
    scale: float = 1.0

    def __post_init__(self):
        if not self.sites:
            raise ValueError("sites must name at least one node; got none")
        if self.scale < 0:
            raise ValueError(f"scale must not be negative; got {self.scale}")

    def _start(self, sem: LinearSEM, count: int) -> tuple[Tensor, Tensor, Tensor]:
        if sem.target in self.sites:
            raise ValueError(
                f"sites {self.sites} hold the target {sem.target}: interventions on the target break the problem"
            )
        if not all(0 <= site < sem.n for site in self.sites):
            raise ValueError(f"sites must be nodes, 0 to {sem.n - 1}; got {self.sites}")
        if count < 1:
            raise ValueError(f"count must be at least 1 environment; got {count}")
        B = sem.coefficients.expand(count, -1, -1).clone()
        std = sem.noise_std.expand(count, -1).clone()
        return B, std, torch.zeros_like(std)

    def _normal(self, sem: LinearSEM, generator: torch.Generator, *shape: int) -> Tensor:
        drawn = torch.randn(shape, generator=generator, dtype=sem.coefficients.dtype, device="cpu")
        return self.scale * drawn.to(sem.coefficients.device)


@dataclass(frozen=True)
class SoftIntervention(_AtSites):
    """Every incoming coefficient of a site is multiplied by its own N(0, scale^2)."""

    def sample(self, sem: LinearSEM, count: int, generator: torch.Generator) -> Environments:
        """`count` environments. Raises ValueError where the target is a site, or a site is no node."""
        B, std, constants = self._start(sem, count)
        sites = list(self.sites)
        B[:, sites] = B[:, sites] * self._normal(sem, generator, count, len(sites), sem.n)
        return Environments(B, std, constants)


@dataclass(frozen=True)
class HardIntervention(_AtSites):
    """X_s = a_s ~ N(0, scale^2): one constant for all samples of an environment; its parents and noise are cut off."""

    def sample(self, sem: LinearSEM, count: int, generator: torch.Generator) -> Environments:
        """`count` environments. Raises as `SoftIntervention.sample`."""
        B, std, constants = self._start(sem, count)
        sites = list(self.sites)
        B[:, sites], std[:, sites] = 0.0, 0.0
        constants[:, sites] = self._normal(sem, generator, count, len(sites))
        return Environments(B, std, constants)


@dataclass(frozen=True)
class MeanShift(_AtSites):
    """A constant a_s ~ N(0, scale^2) is added to each site; the mechanism stays."""

    def sample(self, sem: LinearSEM, count: int, generator: torch.Generator) -> Environments:
        """`count` environments. Raises as `SoftIntervention.sample`."""
        B, std, constants = self._start(sem, count)
        constants[:, list(self.sites)] = self._normal(sem, generator, count, len(self.sites))
        return Environments(B, std, constants)


@dataclass(frozen=True)
class NoiseScaling(_AtSites):
    """The noise of each site is multiplied by |N(0, scale^2)|."""

    def sample(self, sem: LinearSEM, count: int, generator: torch.Generator) -> Environments:
        """`count` environments. Raises as `SoftIntervention.sample`."""
        B, std, constants = self._start(sem, count)
        sites = list(self.sites)
        std[:, sites] = std[:, sites] * self._normal(sem, generator, count, len(sites)).abs()
        return Environments(B, std, constants)


@dataclass(frozen=True)
class SignFlip:
    """Every source's outgoing coefficients change their sign together with probability 1/2; the target's row is kept.

    It changes all mechanisms, those of the target's children too: a family to be tested on, not trained.
    """

    def sample(self, sem: LinearSEM, count: int, generator: torch.Generator) -> Environments:
        """`count` environments. Raises ValueError for count < 1."""
        if count < 1:
            raise ValueError(f"count must be at least 1 environment; got {count}")
        B = sem.coefficients
        signs = 2.0 * torch.randint(0, 2, (count, 1, sem.n), generator=generator, device="cpu") - 1
        flipped = B * signs.to(B)
        flipped[:, sem.target] = B[sem.target]
        std = sem.noise_std.expand(count, -1).clone()
        return Environments(flipped, std, torch.zeros_like(std))


def _rademacher(sites: tuple[int, ...], scale: float = 1.0) -> SignFlip:
    return SignFlip()


FAMILIES = {
    "soft": SoftIntervention,
    "hard": HardIntervention,
    "rademacher": _rademacher,
    "mean shift": MeanShift,
    "noise scaling": NoiseScaling,
}
