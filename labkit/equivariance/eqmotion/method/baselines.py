"""What EqMotion is compared with: uniform motion, an LSTM for each agent, message passing on raw coordinates."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.equivariance.eqmotion.method.features import frame_differences
from labkit.equivariance.graph_nets import PlainGNN


class ConstantVelocity(nn.Module):
    """Everybody goes on as in the last step."""

    def __init__(self, future: int):
        super().__init__()
        self.future = future

    def forward(
        self, positions: Float[Tensor, "batch agents past d"]
    ) -> Float[Tensor, "batch agents future d"]:
        last = positions[:, :, -1:]
        steps = torch.arange(1, self.future + 1, dtype=last.dtype, device=last.device)
        return last + steps[:, None] * (last - positions[:, :, -2:-1])


class LSTMPredictor(nn.Module):
    """An LSTM reads each agent's steps; a linear layer says all the steps to come. No interaction, no symmetry."""

    def __init__(self, future: int, d: int = 3, hidden: int = 64):
        super().__init__()
        self.future = future
        self.lstm = nn.LSTM(2 * d, hidden, batch_first=True)
        self.out = nn.Linear(hidden, future * d)

    def forward(
        self, positions: Float[Tensor, "batch agents past d"]
    ) -> Float[Tensor, "batch agents future d"]:
        batch, agents, _, d = positions.shape
        centred = positions - positions.mean((1, 2), keepdim=True)
        seen = torch.cat([centred, frame_differences(positions)], dim=-1).flatten(0, 1)
        moved = self.out(self.lstm(seen)[0][:, -1]).view(batch, agents, self.future, d)
        return positions[:, :, -1:] + moved


class PlainPredictor(nn.Module):
    """The theme's plain message passing on all the past coordinates at once: it sees interactions, and no symmetry."""

    def __init__(self, past: int, future: int, d: int = 3, hidden: int = 64, layers: int = 3):
        super().__init__()
        self.future = future
        self.net = PlainGNN(2 * past * d, hidden, layers, edge_dim=1, out_dim=future * d)

    def forward(
        self, positions: Float[Tensor, "batch agents past d"]
    ) -> Float[Tensor, "batch agents future d"]:
        batch, agents, _, d = positions.shape
        x = (positions - positions.mean((1, 2), keepdim=True)).flatten(2)
        v = frame_differences(positions).flatten(2)
        last = positions[:, :, -1]
        edges = (last[:, :, None] - last[:, None]).norm(dim=-1, keepdim=True)
        return positions[:, :, -1:] + self.net(x, v, edges).view(batch, agents, self.future, d)


class CorrelationGraph(nn.Module):
    """Who is joined to whom, without learning: pairs whose accelerations point at each other more than the median.

    The score of a pair is the mean, over time, of -<a_i - a_j, x_i - x_j>: a spring pulls its ends together.
    """

    def forward(
        self, positions: Float[Tensor, "batch agents past d"]
    ) -> Float[Tensor, "batch agents agents 2"]:
        a = positions.diff(dim=2).diff(dim=2)
        x = positions[:, :, 1:-1]
        pull = -((a[:, :, None] - a[:, None]) * (x[:, :, None] - x[:, None])).sum(-1).mean(-1)
        apart = ~torch.eye(positions.shape[1], dtype=torch.bool, device=positions.device)
        joined = (pull > pull[:, apart].median()).to(positions.dtype)
        return torch.stack([1 - joined, joined], dim=-1)
