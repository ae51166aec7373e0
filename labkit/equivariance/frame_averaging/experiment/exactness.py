"""How exact is it? Random networks, in double precision, before any training."""

import torch
from torch import Tensor, nn

from labkit.equivariance.actions import apply_euclidean
from labkit.equivariance.frame_averaging.experiment.settings import FrameSettings
from labkit.equivariance.frame_averaging.method import FAGNN, FrameAverage, group_average, pair_features
from labkit.equivariance.graph_nets import PlainGNN
from labkit.equivariance.groups import random_orthogonal
from labkit.equivariance.metrics import relative_error
from labkit.experiment import Run

SAMPLES = (16, 32, 64, 128, 256, 512, 1024)
REPEATS = 16


class FlatMLP(nn.Module):
    """A random network with no symmetry at all: an MLP on the flattened cloud, with an output of so many numbers."""

    def __init__(self, n: int, d: int, out: int | None = None, hidden: int = 64):
        super().__init__()
        self.shape = (n, d) if out is None else (out,)
        width = n * d if out is None else out
        self.net = nn.Sequential(
            nn.Linear(n * d, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x.flatten(1)).unflatten(1, self.shape)


@torch.no_grad()
def exactness(settings: FrameSettings, run: Run) -> None:
    """Errors under a random motion; and how fast the Monte-Carlo average over the whole group converges."""
    generator = run.generator()
    n, batch = 12, 8
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run.seed)
        positions = FlatMLP(n, 3).double().to(run.device)
        number = FlatMLP(n, 3, 1).double().to(run.device)
        networks = {
            "FA-GNN": FAGNN(settings.nbody.hidden, settings.nbody.layers),
            "GNN": PlainGNN(6, settings.nbody.hidden, settings.nbody.layers),
        }
    X = torch.randn(batch, n, 3, generator=generator, dtype=torch.float64).to(run.device)
    v = torch.randn(batch, n, 3, generator=generator, dtype=torch.float64).to(run.device)
    R = random_orthogonal(batch, 3, generator=generator, dtype=torch.float64, device=run.device)
    t = torch.randn(batch, 1, 3, generator=generator, dtype=torch.float64).to(run.device)
    moved = apply_euclidean(X, R, t)

    averaged = FrameAverage(positions, "E", "position")
    for name, f in (("backbone", positions), ("FA", averaged)):
        error = relative_error(f(moved), apply_euclidean(f(X), R, t), (1, 2))
        run.measure("equivariance error", error.max().item(), model=name)
    q = torch.randint(0, 2, (batch, n), generator=generator).to(run.device) * 2.0 - 1
    edges = pair_features(X, q.double())
    for name, network in networks.items():
        f = network.double().to(run.device)
        found = f(moved, apply_euclidean(v, R), edges)
        wanted = apply_euclidean(f(X, v, edges), R, t)
        run.measure("equivariance error", relative_error(found, wanted, (1, 2)).max().item(), model=name)

    fa = FrameAverage(number, "E", "invariant")
    run.measure("invariance error", (fa(moved) - fa(X)).abs().mean().item(), model="FA", samples=8)
    for samples in SAMPLES:
        apart = torch.stack(
            [
                group_average(number, moved, "E", samples, "invariant", generator)
                - group_average(number, X, "E", samples, "invariant", generator)
                for _ in range(REPEATS)
            ]
        )
        run.measure("invariance error", apart.square().mean().sqrt().item(), model="group", samples=samples)
