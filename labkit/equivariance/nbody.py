"""Simulators of two worlds of n bodies with unit mass: springs, and charged particles.

Both step with symplectic Euler, as the field's n-body data sets do: v <- v + dt F(x), then in turn x <- x + dt v and
v <- v + dt F(x). Positions and velocities are recorded every `sample_freq` steps; the start is not among them.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Trajectories:
    """Recorded motion.

    Attributes:
        x, v: positions and velocities, (batch, frames, n, 3).
        coupling: what pulls on whom: springs (batch, n, n), or charges (batch, n).
    """

    x: Float[Tensor, "batch frames n d"]
    v: Float[Tensor, "batch frames n d"]
    coupling: Tensor


class System(ABC):
    """n bodies of unit mass in d dimensions.

    Args:
        n: bodies. loc_std: standard deviation of the initial positions. speed: norm of the initial velocities.
        strength: of the force. dt: the step of the simulation. d: dimensions of space.

    Raises:
        ValueError: n below 2, or a loc_std, speed or dt that is not positive.
    """

    def __init__(
        self,
        n: int = 5,
        *,
        loc_std: float,
        speed: float = 0.5,
        strength: float,
        dt: float = 0.001,
        d: int = 3,
    ):
        if n < 2:
            raise ValueError(f"n must be at least 2 bodies; got {n}")
        for name, value in (("loc_std", loc_std), ("speed", speed), ("dt", dt)):
            if not value > 0:
                raise ValueError(f"{name} must be positive; got {value}")
        self.n, self.d = n, d
        self.loc_std, self.speed, self.strength, self.dt = loc_std, speed, strength, dt

    @abstractmethod
    def draw_coupling(self, batch: int, generator: torch.Generator | None = None) -> Tensor:
        """Random springs or charges."""

    @abstractmethod
    def force(self, x: Float[Tensor, "batch n d"], coupling: Tensor) -> Float[Tensor, "batch n d"]:
        """The force on every body."""

    @abstractmethod
    def energy(
        self, x: Float[Tensor, "*batch n d"], v: Float[Tensor, "*batch n d"], coupling: Tensor
    ) -> Float[Tensor, "*batch"]:
        """Kinetic plus potential energy; `coupling` must broadcast against x."""

    def start(
        self, batch: int, generator: torch.Generator | None = None, dtype: torch.dtype = torch.float64
    ) -> tuple[Float[Tensor, "batch n d"], Float[Tensor, "batch n d"]]:
        """Initial positions N(0, loc_std^2), and velocities of norm `speed` in random directions."""
        shape = (batch, self.n, self.d)
        x = torch.randn(shape, generator=generator, dtype=dtype, device="cpu") * self.loc_std
        v = torch.randn(shape, generator=generator, dtype=dtype, device="cpu")
        return x, v * self.speed / v.norm(dim=-1, keepdim=True)

    def simulate(
        self,
        x: Float[Tensor, "batch n d"],
        v: Float[Tensor, "batch n d"],
        coupling: Tensor,
        steps: int,
        sample_freq: int = 100,
    ) -> Trajectories:
        """Step by step. Of `steps` steps (the first kick counts as one), steps / sample_freq - 1 frames are recorded.

        Raises:
            ValueError: so few steps that no frame is recorded.
        """
        if sample_freq < 1 or steps - 1 < sample_freq:
            raise ValueError(
                f"steps must be above sample_freq, a positive number; got steps = {steps}, sample_freq = {sample_freq}"
            )
        positions, velocities = [], []
        v = v + self.dt * self.force(x, coupling)
        for step in range(1, steps):
            x = x + self.dt * v
            if step % sample_freq == 0:
                positions.append(x)
                velocities.append(v)
            v = v + self.dt * self.force(x, coupling)
        return Trajectories(torch.stack(positions, 1), torch.stack(velocities, 1), coupling)

    def sample(
        self,
        batch: int,
        steps: int,
        sample_freq: int = 100,
        *,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float64,
    ) -> Trajectories:
        """Random trajectories from random starts."""
        coupling = self.draw_coupling(batch, generator).to(dtype)
        x, v = self.start(batch, generator, dtype)
        return self.simulate(x, v, coupling, steps, sample_freq)


class ChargedSystem(System):
    """Charges of +-1 that attract and repel each other.

    The force on i is strength * sum_j q_i q_j (x_i - x_j) / |x_i - x_j|^3, each component clipped to +-0.1 / dt
    (two bodies that nearly meet would else be thrown out of the picture by one step).
    """

    def __init__(
        self,
        n: int = 5,
        *,
        loc_std: float | None = None,
        speed: float = 0.5,
        strength: float = 1.0,
        dt: float = 0.001,
        d: int = 3,
    ):
        spread = (n / 5) ** (1 / 3) if loc_std is None else loc_std
        super().__init__(n, loc_std=spread, speed=speed, strength=strength, dt=dt, d=d)

    def draw_coupling(self, batch: int, generator: torch.Generator | None = None) -> Float[Tensor, "batch n"]:
        """A charge of +1 or -1 for every body."""
        return torch.randint(0, 2, (batch, self.n), generator=generator, device="cpu") * 2.0 - 1.0

    def force(
        self, x: Float[Tensor, "batch n d"], coupling: Float[Tensor, "batch n"]
    ) -> Float[Tensor, "batch n d"]:
        """Coulomb's force, clipped."""
        apart = x[:, :, None] - x[:, None]
        square = apart.square().sum(-1)
        square = square + torch.eye(
            self.n, dtype=x.dtype, device=x.device
        )  # no force on itself: apart is 0 there
        scale = self.strength * coupling[:, :, None] * coupling[:, None, :] / (square * square.sqrt())
        pull = (scale[..., None] * apart).sum(2)
        return pull.clamp(-0.1 / self.dt, 0.1 / self.dt)

    def energy(
        self,
        x: Float[Tensor, "*batch n d"],
        v: Float[Tensor, "*batch n d"],
        coupling: Float[Tensor, "*#batch n"],
    ) -> Float[Tensor, "*batch"]:
        """1/2 |v|^2 + strength * sum_{i<j} q_i q_j / |x_i - x_j|."""
        i, j = torch.triu_indices(self.n, self.n, 1, device=x.device)
        distance = (x[..., i, :] - x[..., j, :]).norm(dim=-1)
        potential = (coupling[..., i] * coupling[..., j] / distance).sum(-1)
        return 0.5 * v.square().sum((-1, -2)) + self.strength * potential


class SpringSystem(System):
    """Bodies joined by springs of rest length 0; each pair has one with probability 1/2.

    The force on i is -strength * sum_j e_ij (x_i - x_j) = -strength (L x)_i, with L the graph's Laplacian.
    """

    def __init__(
        self,
        n: int = 5,
        *,
        loc_std: float = 0.5,
        speed: float = 0.5,
        strength: float = 0.1,
        dt: float = 0.001,
        d: int = 3,
    ):
        super().__init__(n, loc_std=loc_std, speed=speed, strength=strength, dt=dt, d=d)

    def draw_coupling(
        self, batch: int, generator: torch.Generator | None = None
    ) -> Float[Tensor, "batch n n"]:
        """Symmetric springs, 0 or 1, none from a body to itself."""
        half = torch.randint(0, 2, (batch, self.n, self.n), generator=generator, device="cpu").triu(1)
        return (half + half.transpose(1, 2)).to(torch.get_default_dtype())

    def force(
        self, x: Float[Tensor, "batch n d"], coupling: Float[Tensor, "batch n n"]
    ) -> Float[Tensor, "batch n d"]:
        """Hooke's force."""
        return -self.strength * (coupling.sum(-1, keepdim=True) * x - coupling @ x)

    def energy(
        self,
        x: Float[Tensor, "*batch n d"],
        v: Float[Tensor, "*batch n d"],
        coupling: Float[Tensor, "*#batch n n"],
    ) -> Float[Tensor, "*batch"]:
        """1/2 |v|^2 + strength/2 * sum_{i<j} e_ij |x_i - x_j|^2."""
        stretch = (x[..., :, None, :] - x[..., None, :, :]).square().sum(-1)
        return 0.5 * v.square().sum((-1, -2)) + self.strength / 4 * (coupling * stretch).sum((-1, -2))

    def simulate(
        self,
        x: Float[Tensor, "batch n d"],
        v: Float[Tensor, "batch n d"],
        coupling: Float[Tensor, "batch n n"],
        steps: int,
        sample_freq: int = 100,
        method: Literal["linear", "loop"] | str = "linear",
    ) -> Trajectories:
        """As `System.simulate`; "linear" takes `sample_freq` steps at once, for a step is a matrix:

        (x, v) <- [[I, dt I], [-dt k L, I - dt^2 k L]] (x, v).

        Raises:
            ValueError: an unknown method, or so few steps that no frame is recorded.
        """
        if method not in ("linear", "loop"):
            raise ValueError(f"unknown method: {method!r}; choose from linear, loop")
        if method == "loop" or steps - 1 < sample_freq or sample_freq < 1:
            return super().simulate(x, v, coupling, steps, sample_freq)
        one = torch.eye(self.n, dtype=x.dtype, device=x.device).expand(len(x), -1, -1)
        kL = self.strength * (torch.diag_embed(coupling.sum(-1)) - coupling)
        top = torch.cat([one, self.dt * one], dim=2)
        bottom = torch.cat([-self.dt * kL, one - self.dt**2 * kL], dim=2)
        jump = torch.linalg.matrix_power(torch.cat([top, bottom], dim=1), sample_freq)
        state = torch.cat([x, v + self.dt * self.force(x, coupling)], dim=1)
        recorded = []
        for _ in range((steps - 1) // sample_freq):
            state = jump @ state
            recorded.append(state)
        found = torch.stack(recorded, 1)
        # the loop records the velocity before the kick at the new position, the matrix kicks first: undo that kick
        positions, velocities = found[:, :, : self.n], found[:, :, self.n :]
        kick = self.dt * (kL[:, None] @ positions)
        return Trajectories(positions, velocities + kick, coupling)
