"""Matrix groups: random elements of O(d) and SO(d)."""

import torch
from jaxtyping import Float
from torch import Tensor


def random_orthogonal(
    batch: int,
    d: int,
    *,
    special: bool = False,
    generator: torch.Generator | None = None,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
) -> Float[Tensor, "batch d d"]:
    """Haar-distributed orthogonal matrices: every rotation (and, unless `special`, reflection) is equally likely.

    Q of the QR decomposition of a Gaussian matrix is Haar only once its columns are multiplied by sign(diag R):
    QR leaves that sign to the algorithm.

    Args:
        special: with determinant +1 only, SO(d).
        generator: on the CPU, so that the same seed draws the same matrices for every device.

    Raises:
        ValueError: batch or d is below 1.
    """
    if batch < 1 or d < 1:
        raise ValueError(f"batch and d must be at least 1; got batch = {batch}, d = {d}")
    gaussian = torch.randn(batch, d, d, generator=generator, dtype=torch.float64, device="cpu")
    Q, R = torch.linalg.qr(gaussian)
    Q = Q * R.diagonal(dim1=-2, dim2=-1).sign()[:, None, :]
    if special:
        flip = torch.where(torch.linalg.det(Q) < 0, -1.0, 1.0)
        Q = torch.cat([Q[:, :, :1] * flip[:, None, None], Q[:, :, 1:]], dim=2)
    return Q.to(device=device, dtype=dtype)
