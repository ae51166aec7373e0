"""Scans over images: kernels that compose, the scan for any state kernel, and the one for a pointwise state kernel.

X_k = A * X_{k-1} + B * U_k, where * convolves over space (ConvSSM, section 3.1). The pairs (A_i, b_i), then (A_j, b_j),
compose associatively,
    (A_i, b_i) . (A_j, b_j) = (A_j * A_i, A_j * b_i + b_j)                       (section 3.2, proposition 1)
but a composed k x k kernel is (2k-1) x (2k-1): only 1 x 1 stays what it is.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float, Inexact
from torch import Tensor
from torch.nn import functional as F

from labkit.nn.scan import linear_scan

PADDINGS = ("zeros", "circular")


def check_kernel_size(name: str, size: int) -> None:
    """Raises ValueError for an even kernel: with "same" padding it has no middle."""
    if size < 1 or size % 2 == 0:
        raise ValueError(f"{name} must be odd (an even kernel has no middle to centre on); got {size}")


def convolve(
    kernel: Float[Tensor, "out in k k"], x: Float[Tensor, "*batch in H W"], padding: str = "zeros"
) -> Float[Tensor, "*batch out H W"]:
    """y(p) = sum_d kernel(d) x(p + d), as large as x; beyond the border x is zero, or goes round ("circular").

    Raises ValueError for an even kernel and an unknown padding.
    """
    check_kernel_size("kernel", kernel.shape[-1])
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {', '.join(PADDINGS)}; got {padding!r}")
    reach = kernel.shape[-1] // 2
    flat = x.reshape(-1, *x.shape[-3:])
    if padding == "circular":
        for axis in (-2, -1):  # also for a kernel that is larger than the image
            place = torch.arange(-reach, x.shape[axis] + reach, device=x.device) % x.shape[axis]
            flat = flat.index_select(axis, place)
        y = F.conv2d(flat, kernel)
    else:
        y = F.conv2d(flat, kernel, padding=reach)
    return y.view(*x.shape[:-3], *y.shape[-3:])


def compose_kernels(
    k2: Float[Tensor, "out middle a a"], k1: Float[Tensor, "middle in b b"]
) -> Float[Tensor, "out in c c"]:
    """The kernel of "first k1, then k2", of size c = a + b - 1.

    k2 * (k1 * x) (p) = sum_{d2, d1} k2(d2) k1(d1) x(p + d1 + d2): the kernels themselves are convolved in full,
    (k2 k1)(d) = sum_{d2} k2(d2) k1(d - d2).
    """
    a = k2.shape[-1]
    return F.conv2d(k1.transpose(0, 1), k2.flip(-2, -1), padding=a - 1).transpose(0, 1)


class Element(NamedTuple):
    """A step, or several composed: X -> A * X + b."""

    A: Float[Tensor, "P P k k"]
    b: Float[Tensor, "batch P H W"]


def compose(first: Element, then: Element, padding: str = "zeros") -> Element:
    """(A_i, b_i) . (A_j, b_j) = (A_j * A_i, A_j * b_i + b_j): one step that does what both do."""
    return Element(compose_kernels(then.A, first.A), convolve(then.A, first.b, padding) + then.b)


class TreeScan(NamedTuple):
    """All states, and for each level of the tree the sizes of the kernels that were composed there."""

    states: Float[Tensor, "batch length P H W"]
    sizes: list[list[int]]


def tree_scan(elements: Sequence[Element], padding: str = "zeros") -> TreeScan:
    """All states X_k of a recurrence with any state kernel, from X_{-1} = 0, by a tree (Blelloch's scan).

    Pairs are composed, the half as long recurrence is solved, the steps between are filled in: 2 log2 T rounds of
    compositions that do not wait for each other. With "circular" padding the result is that of the loop exactly;
    with zeros, composed kernels see less of the border than one convolution after the other.
    Raises ValueError for no elements.
    """
    if not elements:
        raise ValueError("elements must hold at least one step; it is empty")
    sizes: list[list[int]] = []
    states = _tree(list(elements), padding, sizes)
    return TreeScan(torch.stack(states, dim=1), sizes)


def _tree(elements: list[Element], padding: str, sizes: list[list[int]]) -> list[Tensor]:
    sizes.append([element.A.shape[-1] for element in elements])
    if len(elements) == 1:
        return [elements[0].b]
    pairs = [compose(i, j, padding) for i, j in zip(elements[::2], elements[1::2], strict=False)]
    odd = _tree(pairs, padding, sizes)
    states = [elements[0].b]
    for k in range(1, len(elements)):
        if k % 2:
            states.append(odd[k // 2])
        else:
            states.append(convolve(elements[k].A, odd[k // 2 - 1], padding) + elements[k].b)
    return states


def scan_rounds(length: int) -> int:
    """Rounds of compositions in `tree_scan` that wait for each other: one up and one down a level, 2 log2 T.

    The loop has T - 1. Raises ValueError for length < 1.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1; got {length}")
    if length == 1:
        return 0
    # a level composes pairs (one round); an even step beyond the first is filled in (one more)
    return 1 + scan_rounds(length // 2) + (1 if length > 2 else 0)


def conv_scan(
    a: Inexact[Tensor, " P"],
    bu: Inexact[Tensor, "batch length P H W"],
    x0: Inexact[Tensor, "batches P H W"] | None = None,
    method: str = "chunked",
) -> Inexact[Tensor, "batch length P H W"]:
    """All states of x_k(p) = a x_{k-1}(p) + (B * u_k)(p): a pointwise, diagonal state kernel, one scan a pixel.

    Work O(T), and each element carries P numbers for a and (P, H, W) for b, at every level of the tree. The backward is
    `labkit.nn.scan`'s own: the same recurrence on the reversed sequence, with conj(a); x0 gets its gradient too.

    Raises ValueError for an empty sequence, an x0 of another shape, and an unknown method.
    """
    if bu.shape[1] < 1:
        raise ValueError(f"bu must hold at least one frame; got shape {tuple(bu.shape)}")
    if x0 is not None and x0.shape != bu.shape[:1] + bu.shape[2:]:
        raise ValueError(f"x0 must have shape {tuple(bu.shape[:1] + bu.shape[2:])}; got {tuple(x0.shape)}")
    return linear_scan(a[None, None, :, None, None], bu, x0, method)
