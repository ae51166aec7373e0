"""Averaging any network over a frame, and, for comparison, over random elements of the whole group (section 2)."""

from collections.abc import Callable
from typing import Literal, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from labkit.equivariance.frame_averaging.method.frames import GROUPS, Frame, Group, euclidean_frame
from labkit.equivariance.groups import random_orthogonal

Output = Literal["invariant", "vector", "position"]
OUTPUTS: tuple[str, ...] = get_args(Output)


def _checked(output: str) -> str:
    if output not in OUTPUTS:
        raise ValueError(f"unknown output: {output!r}; choose from {', '.join(OUTPUTS)}")
    return output


def chosen(frame: Frame, elements: Int[Tensor, "batch k"]) -> Frame:
    """The frame with only these of its elements."""
    return frame._replace(rotations=torch.take_along_dim(frame.rotations, elements[:, :, None, None], dim=1))


def averaged(y: Float[Tensor, "batch f *shape"], frame: Frame, output: str) -> Float[Tensor, "batch *shape"]:
    """1/|F| sum_g rho_2(g) y_g: outputs are taken back before they are averaged, unless they are invariant."""
    if output == "invariant":
        return y.mean(1)
    if output == "vector":
        return frame.restore_vectors(y).mean(1)
    return frame.restore_positions(y).mean(1)


class FrameAverage(nn.Module):
    """<Phi>_F: any backbone, made invariant or equivariant by averaging it over the frame of its input.

        invariant:    1/|F(X)| sum_{g in F(X)} phi(rho_1(g)^{-1} X)
        equivariant:  1/|F(X)| sum_{g in F(X)} rho_2(g) Phi(rho_1(g)^{-1} X)

    Args:
        backbone: takes (batch * f, n, d + ...): the framed points, the framed vectors, the features; and, when there
            is a mask, the mask (batch * f, n). One call for all elements.
        group: E, SE, O or SO.
        output: "invariant": anything; "vector" and "position": (batch * f, n, d).
        stochastic: average over so many elements, drawn afresh at each call without replacement.
        detach, tol, strict: as for `euclidean_frame`.

    Raises:
        ValueError: an unknown group or output; `stochastic` below 1, or (when called) above the frame's size.
    """

    def __init__(
        self,
        backbone: Callable[..., Tensor],
        group: Group | str = "E",
        output: Output | str = "invariant",
        stochastic: int | None = None,
        *,
        detach: bool = True,
        tol: float = 1e-6,
        strict: bool = False,
    ):
        super().__init__()
        if group not in GROUPS:
            raise ValueError(f"unknown group: {group!r}; choose from {', '.join(GROUPS)}")
        if stochastic is not None and stochastic < 1:
            raise ValueError(f"stochastic must be at least 1 element; got {stochastic}")
        self.backbone, self.group, self.output = backbone, group, _checked(output)
        self.stochastic, self.detach, self.tol, self.strict = stochastic, detach, tol, strict

    def _drawn(self, frame: Frame, generator: torch.Generator | None) -> Frame:
        batch, f = frame.rotations.shape[:2]
        if self.stochastic > f:
            raise ValueError(f"stochastic = {self.stochastic} elements of a frame that has {f}")
        order = torch.rand(batch, f, generator=generator, device="cpu").argsort(1)
        return chosen(frame, order[:, : self.stochastic].to(frame.rotations.device))

    def forward(
        self,
        X: Float[Tensor, "batch n d"],
        vectors: Float[Tensor, "batch n d"] | None = None,
        features: Float[Tensor, "batch n c"] | None = None,
        mask: Bool[Tensor, "batch n"] | None = None,
        *,
        elements: Int[Tensor, "batch k"] | None = None,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """The average.

        Args:
            vectors: one a point, turned along with the points. features: invariant ones.
            elements: use these elements of the frame only. generator: for `stochastic`, on the CPU.
        """
        frame = euclidean_frame(X, self.group, mask, detach=self.detach, tol=self.tol, strict=self.strict)
        if elements is not None:
            frame = chosen(frame, elements)
        elif self.stochastic is not None:
            frame = self._drawn(frame, generator)
        f = frame.rotations.shape[1]
        inputs = [frame.apply(X)]
        if vectors is not None:
            inputs.append(frame.apply_to_vectors(vectors))
        if features is not None:
            inputs.append(features[:, None].expand(-1, f, -1, -1))
        copies = torch.cat(inputs, dim=-1).flatten(0, 1)
        more = () if mask is None else (mask.repeat_interleave(f, dim=0),)
        return averaged(self.backbone(copies, *more).unflatten(0, (len(X), f)), frame, self.output)


def group_average(
    fn: Callable[[Tensor], Tensor],
    X: Float[Tensor, "batch n d"],
    group: Group | str = "O",
    samples: int = 64,
    output: Output | str = "invariant",
    generator: torch.Generator | None = None,
) -> Tensor:
    """The Monte-Carlo average over the whole group: random rotations (E and SE: about the centre of the cloud).

    Raises:
        ValueError: an unknown group or output; `samples` below 1.
    """
    if group not in GROUPS:
        raise ValueError(f"unknown group: {group!r}; choose from {', '.join(GROUPS)}")
    if samples < 1:
        raise ValueError(f"samples must be at least 1; got {samples}")
    batch, _, d = X.shape
    R = random_orthogonal(
        batch * samples,
        d,
        special=group in ("SE", "SO"),
        generator=generator,
        dtype=X.dtype,
        device=X.device,
    ).unflatten(0, (batch, samples))
    t = X.mean(1, keepdim=True) if group in ("E", "SE") else torch.zeros_like(X[:, :1])
    drawn = Frame(R, t, torch.zeros_like(X[:, 0]))
    y = fn(drawn.apply(X).flatten(0, 1)).unflatten(0, (batch, samples))
    return averaged(y, drawn, _checked(output))
