"""How good is a generated video? PSNR, SSIM, where the digit is, and a Frechet distance of features.

Frames are in [0, 1] (`labkit.datasets.to_unit`); everything is per frame, so that it can be drawn against the horizon.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


def _check_pair(found: Tensor, truth: Tensor) -> None:
    if found.shape != truth.shape:
        raise ValueError(
            f"both videos must have one shape; got {tuple(found.shape)} and {tuple(truth.shape)}"
        )


def mse(found: Float[Tensor, "*frames C H W"], truth: Float[Tensor, "*others"]) -> Float[Tensor, "*frames"]:
    """The mean squared error of each frame. Raises ValueError for different shapes."""
    _check_pair(found, truth)
    return (found - truth).square().mean((-3, -2, -1))


def psnr(found: Float[Tensor, "*frames C H W"], truth: Float[Tensor, "*others"]) -> Float[Tensor, "*frames"]:
    """Peak signal-to-noise ratio of each frame in dB, -10 log10 MSE for a peak of 1 (at most 100: equal frames)."""
    return -10 * torch.log10(mse(found, truth).clamp(min=1e-10))


def ssim(
    found: Float[Tensor, "*frames C H W"],
    truth: Float[Tensor, "*others"],
    window: int = 11,
    sigma: float | int = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Float[Tensor, "*frames"]:
    """Structural similarity of each frame (Wang et al. 2004), 1 for equal frames, over windows that fit inside.

    (2 m_x m_y + c1)(2 s_xy + c2) / ((m_x^2 + m_y^2 + c1)(s_x^2 + s_y^2 + c2)), with Gaussian means, c = (k L)^2, L = 1.
    Raises ValueError for frames smaller than the window and for different shapes.
    """
    _check_pair(found, truth)
    if min(found.shape[-2:]) < window:
        raise ValueError(f"frames must be at least {window} x {window}; got {tuple(found.shape[-2:])}")
    dtype, found, truth = found.dtype, found.double(), truth.double()  # variances are small differences
    place = torch.arange(window, dtype=found.dtype, device=found.device) - (window - 1) / 2
    bell = torch.exp(-(place**2) / (2 * sigma**2))
    bell = bell / bell.sum()
    kernel = torch.outer(bell, bell)[None, None]

    def mean(x: Tensor) -> Tensor:
        return F.conv2d(x.reshape(-1, 1, *x.shape[-2:]), kernel)

    m_x, m_y = mean(found), mean(truth)
    s_x, s_y = mean(found * found) - m_x**2, mean(truth * truth) - m_y**2
    s_xy = mean(found * truth) - m_x * m_y
    c1, c2 = k1**2, k2**2
    local = (2 * m_x * m_y + c1) * (2 * s_xy + c2) / ((m_x**2 + m_y**2 + c1) * (s_x + s_y + c2))
    return local.mean((1, 2, 3)).view(found.shape[:-2]).mean(-1).to(dtype)


def centroid(frames: Float[Tensor, "*frames C H W"]) -> Float[Tensor, "*frames 2"]:
    """Where the light is, (x, y) in pixels: the mean position weighted by brightness; a black frame's is its middle."""
    light = frames.sum(-3) + 1e-6
    y = torch.arange(light.shape[-2], dtype=light.dtype, device=light.device)
    x = torch.arange(light.shape[-1], dtype=light.dtype, device=light.device)
    whole = light.sum((-2, -1))
    return torch.stack([(light.sum(-2) * x).sum(-1) / whole, (light.sum(-1) * y).sum(-1) / whole], dim=-1)


def centroid_error(
    found: Float[Tensor, "*frames C H W"], truth: Float[Tensor, "*others"]
) -> Float[Tensor, "*frames"]:
    """Distance in pixels between the two frames' centroids: fair to a prediction that is blurred but well placed."""
    _check_pair(found, truth)
    return torch.linalg.vector_norm(centroid(found) - centroid(truth), dim=-1)


def frechet_distance(
    network: Callable[[Tensor], Tensor],
    found: Float[Tensor, "n length C H W"],
    truth: Float[Tensor, "m length C H W"],
) -> float:
    """The Frechet distance of features, |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^{1/2}): FVD, if `network` is I3D.

    network   videos to features (n, d); the lab ships none. Raises ValueError for fewer than 2 videos.
    """
    if len(found) < 2 or len(truth) < 2:
        raise ValueError(f"at least 2 videos on each side are needed; got {len(found)} and {len(truth)}")
    a, b = (network(videos).to(torch.float64) for videos in (found, truth))
    S1, S2 = (torch.cov(x.T).reshape(x.shape[1], x.shape[1]) for x in (a, b))
    # tr (S1 S2)^{1/2} = tr (R S2 R)^{1/2} with R = S1^{1/2}: symmetric, so eigh serves
    w, Q = torch.linalg.eigh(S1)
    R = (Q * w.clamp(min=0).sqrt()) @ Q.T
    cross = torch.linalg.eigvalsh(R @ S2 @ R).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + S1.trace() + S2.trace() - 2 * cross)
