"""FA-GNN: message passing that is framed anew at every layer (section 4.3)."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.equivariance.frame_averaging.method.frames import euclidean_frame
from labkit.equivariance.graph_nets import MessagePassing


class FAGNN(nn.Module):
    """Where will the bodies be? An E(3)-equivariant answer from a network that is not.

    Positions and velocities are framed by the positions. After every layer but the last, the hidden state of each
    frame copy is read as hidden/3 vectors, taken back, and averaged over the frame: an equivariant field. That field
    has a frame of its own, and is projected on it for the next layer.

    Raises:
        ValueError: hidden is not a multiple of 3.
    """

    def __init__(self, hidden: int = 60, layers: int = 4, edge_dim: int = 2):
        super().__init__()
        if hidden % 3 or hidden < 3:
            raise ValueError(
                f"hidden must be a multiple of 3, for it is read as vectors in space; got {hidden}"
            )
        self.embed = nn.Linear(6, hidden)
        self.layers = nn.ModuleList(MessagePassing(hidden, edge_dim) for _ in range(layers))
        self.decode = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, 3))

    def forward(
        self,
        x: Float[Tensor, "batch n 3"],
        v: Float[Tensor, "batch n 3"],
        edges: Float[Tensor, "batch n n e"],
    ) -> Float[Tensor, "batch n 3"]:
        """Args:
        edges: invariant features of every pair, such as [q_i q_j, |x_i - x_j|^2].
        """
        batch, n, _ = x.shape
        frame = euclidean_frame(x, "E", tol=0)
        centre = frame.translation
        f = frame.rotations.shape[1]
        repeated = edges.repeat_interleave(f, dim=0)
        h = self.embed(torch.cat([frame.apply(x), frame.apply_to_vectors(v)], dim=-1)).flatten(0, 1)
        for index, layer in enumerate(self.layers):
            h = layer(h, repeated)
            if index + 1 == len(self.layers):
                break
            copies = h.view(batch, f, -1, 3)  # hidden/3 vectors of every body, in the frame's coordinates
            # Z = 1/|F| sum_g h_g R_g^T, an equivariant field; then h = Z R' with the frame R' of Z
            Z = frame.restore_vectors(copies).mean(1)
            frame = euclidean_frame(Z, "E", tol=0)
            h = frame.apply_to_vectors(Z).reshape(batch * f, n, -1)
        y = frame.restore_vectors(self.decode(h).view(batch, f, n, 3)).mean(1)
        return y + centre


def pair_features(
    x: Float[Tensor, "batch n 3"], charges: Float[Tensor, "batch n"]
) -> Float[Tensor, "batch n n 2"]:
    """[q_i q_j, |x_i - x_j|^2] for every pair."""
    square = (x[:, :, None] - x[:, None]).square().sum(-1)
    return torch.stack([charges[:, :, None] * charges[:, None, :], square], dim=-1)
