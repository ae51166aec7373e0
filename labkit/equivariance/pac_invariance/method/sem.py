"""Linear structural equation models X = B X + U, and sets of environments that interventions make of them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

# the paper's simulation: child <- parents, all weights 1; node 4 is the target
PAPER_EDGES = {1: (0,), 2: (0,), 3: (1, 2), 4: (1, 3), 5: (2, 3), 6: (4, 5)}
PAPER_SITES = (2, 3, 5)
PAPER_NOISE = 0.02


@dataclass(frozen=True)
class LinearSEM:
    """X = B X + U with independent noise U of mean zero: X = (I - B)^{-1} U.

    Attributes:
        coefficients: B; row i holds the weights with which the other nodes enter node i.
        noise_std: of each node. target: the node to be predicted from the others.

    Raises:
        ValueError: a B that is not square or has a cycle, a negative deviation, a target that is no node.
    """

    coefficients: Float[Tensor, "n n"]
    noise_std: Float[Tensor, " n"]
    target: int

    def __post_init__(self):
        n = len(self.noise_std)
        if self.coefficients.shape != (n, n):
            raise ValueError(f"coefficients must be {n} by {n}; got {tuple(self.coefficients.shape)}")
        if not 0 <= self.target < n:
            raise ValueError(f"target must be a node, 0 to {n - 1}; got {self.target}")
        if (self.noise_std < 0).any():
            raise ValueError(f"noise_std must not be negative; got {self.noise_std.tolist()}")
        # a graph of n nodes has no cycle exactly when no path has n edges
        edges = (self.coefficients != 0).to(self.coefficients)
        if torch.linalg.matrix_power(edges, n).any():
            raise ValueError("coefficients must be acyclic; they have a cycle, so that I - B may be singular")

    @property
    def n(self) -> int:
        """The number of nodes."""
        return len(self.noise_std)

    @property
    def covariates(self) -> tuple[int, ...]:
        """All nodes but the target."""
        return tuple(i for i in range(self.n) if i != self.target)

    def parents(self, node: int) -> tuple[int, ...]:
        """The nodes with an edge into this one."""
        return tuple(self.coefficients[node].nonzero()[:, 0].tolist())

    def children(self, node: int) -> tuple[int, ...]:
        """The nodes that this one has an edge into."""
        return tuple(self.coefficients[:, node].nonzero()[:, 0].tolist())

    def observed(self) -> "Environments":
        """The system as it is, as a set of one environment."""
        return Environments(
            self.coefficients[None], self.noise_std[None], torch.zeros_like(self.noise_std)[None]
        )

    def second_moment(self) -> Float[Tensor, "n n"]:
        """Sigma = A D A^T with A = (I - B)^{-1} and D the noise's variances."""
        return self.observed().second_moments()[0]

    def sample(self, count: int, generator: torch.Generator) -> Float[Tensor, "n count"]:
        """Draws of X, one a column."""
        return self.observed().sample(count, generator)[0]

    @classmethod
    def paper_graph(
        cls,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
        noise: float = PAPER_NOISE,
    ) -> "LinearSEM":
        """The simulation's seven nodes."""
        B = torch.zeros(7, 7, dtype=dtype, device=device)
        for child, parents in PAPER_EDGES.items():
            B[child, list(parents)] = 1.0
        return cls(B, torch.full((7,), noise, dtype=dtype, device=device), target=4)

    @classmethod
    def random(
        cls,
        n: int,
        max_in_degree: int,
        generator: torch.Generator,
        dtype: torch.dtype = torch.float64,
        device: torch.device | str = "cpu",
    ) -> "LinearSEM":
        """A random graph: every node but the first has 1 to `max_in_degree` earlier parents, weights +-U(0.5, 1.5).

        Noise deviations are 1. The target is a node of the later half. Raises ValueError for n < 3 or max_in_degree
        < 1.
        """
        if n < 3 or max_in_degree < 1:
            raise ValueError(
                f"n must be at least 3 and max_in_degree at least 1; got {n} and {max_in_degree}"
            )

        def draw(low: int, high: int) -> int:
            return int(torch.randint(low, high, (), generator=generator, device="cpu"))

        B = torch.zeros(n, n, dtype=dtype, device="cpu")
        for child in range(1, n):
            count = min(child, draw(1, max_in_degree + 1))
            parents = torch.randperm(child, generator=generator, device="cpu")[:count]
            size = torch.rand(count, generator=generator, dtype=dtype, device="cpu") + 0.5
            sign = 2.0 * torch.randint(0, 2, (count,), generator=generator, device="cpu") - 1
            B[child, parents] = size * sign
        target = draw(n // 2, n)
        return cls(B.to(device), torch.ones(n, dtype=dtype, device=device), target)


@dataclass(frozen=True)
class Environments:
    """A set of interventions on one system: in each, X = B_e X + U_e with U_e = constant + deviation * noise."""

    coefficients: Float[Tensor, "environments n n"]
    noise_std: Float[Tensor, "environments n"]
    constants: Float[Tensor, "environments n"]

    def __len__(self) -> int:
        return len(self.coefficients)

    def __getitem__(self, chosen: slice) -> "Environments":
        return Environments(self.coefficients[chosen], self.noise_std[chosen], self.constants[chosen])

    def responses(self) -> Float[Tensor, "environments n n"]:
        """A_e = (I - B_e)^{-1}: what a unit of noise at one node does to another."""
        eye = torch.eye(
            self.coefficients.shape[-1], dtype=self.coefficients.dtype, device=self.coefficients.device
        )
        return torch.linalg.inv(eye - self.coefficients)

    def second_moments(self) -> Float[Tensor, "environments n n"]:
        """E X X^T = A_e (diag(deviation^2) + constant constant^T) A_e^T, exactly."""
        A = self.responses()
        noise = torch.diag_embed(self.noise_std**2) + self.constants[:, :, None] * self.constants[:, None]
        return A @ noise @ A.mT

    def sample(self, count: int, generator: torch.Generator) -> Float[Tensor, "environments n count"]:
        """Draws of X with Gaussian noise. Raises ValueError for count < 1."""
        return self.responses() @ self._noise(count, generator)

    def sample_moments(self, count: int, generator: torch.Generator) -> Float[Tensor, "environments n n"]:
        """The second moments of `count` Gaussian draws in each environment, without making the draws.

        X X^T = A (U U^T) A^T with U = c 1^T + s Z, and
            Z Z^T / N = zbar zbar^T + W / N,   zbar ~ N(0, I/N) and W ~ Wishart(N - 1, I) independent;
        W = L L^T with Bartlett's L: N(0, 1) below the diagonal, sqrt(chi^2 of N - 1 - i degrees) on it. The
        distribution is exactly that of the draws, and the cost does not depend on N.

        Raises:
            ValueError: count not above the number of nodes.
        """
        E, n = self.noise_std.shape
        if count <= n:
            raise ValueError(f"count must be above the number of nodes {n}; got {count}")
        seed = int(torch.randint(2**62, (), generator=generator, device="cpu"))
        rng = np.random.default_rng(seed)
        L = np.tril(rng.standard_normal((E, n, n)), -1)
        L[:, range(n), range(n)] = np.sqrt(rng.chisquare(count - 1 - np.arange(n), (E, n)))
        mean = rng.standard_normal((E, n)) / np.sqrt(count)
        L, mean = (torch.from_numpy(part).to(self.noise_std) for part in (L, mean))
        s, c = self.noise_std, self.constants
        centre = c + s * mean
        gram = centre[:, :, None] * centre[:, None] + s[:, :, None] * (L @ L.mT / count) * s[:, None]
        A = self.responses()
        return A @ gram @ A.mT

    def _noise(self, count: int, generator: torch.Generator) -> Float[Tensor, "environments n count"]:
        if count < 1:
            raise ValueError(f"count must be at least 1; got {count}")
        shape = (*self.noise_std.shape, count)
        white = torch.randn(shape, generator=generator, dtype=self.noise_std.dtype, device="cpu")
        return self.constants[..., None] + self.noise_std[..., None] * white.to(self.noise_std.device)


def moments_from_samples(x: Float[Tensor, "*batch n count"]) -> Float[Tensor, "*batch n n"]:
    """X X^T / count, the uncentred second moments: under a hard intervention the constant is signal."""
    return x @ x.mT / x.shape[-1]
