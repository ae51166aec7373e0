"""Linear recurrences x_k = a_k x_{k-1} + b_k along a sequence, run in parallel, with their own backward.

The pairs (a, b) compose associatively, (a_i, b_i) then (a_j, b_j) -> (a_j a_i, a_j b_i + b_j), so the
recurrence need not be run step by step. No method divides by a product of a's: such shortcuts overflow after
a few hundred steps.
"""

import torch
from jaxtyping import Inexact
from torch import Tensor

METHODS = ("chunked", "loop", "odd_even")


def linear_scan(
    a: Inexact[Tensor, "..."],
    b: Inexact[Tensor, "batch length *features"],
    x0: Inexact[Tensor, "batch *features"] | None = None,
    method: str = "chunked",
    chunk: int = 64,
) -> Inexact[Tensor, "batch length *features"]:
    """Every x_k of the recurrence x_k = a_k x_{k-1} + b_k, from x_{-1} = x0 (zero if None), elementwise.

    a         real or complex, of b's rank; each axis is b's or 1 (its gradient is then summed over that axis)
    b         the inputs, batch first and the sequence second
    chunked   steps of all chunks at once, then the L/chunk ends one after another, then one correction:
              2 passes over memory, chunk + L/chunk dependent steps
    loop      one step after another
    odd_even  Blelloch's reduction: pairs are merged, the half-length recurrence is solved, the even steps are
              filled in; log2 L dependent steps and twice the work

    The gradient is a recurrence again, run backwards: g_b(k) = g(k) + conj(a_{k+1}) g_b(k+1), and
    g_a(k) = conj(x_{k-1}) g_b(k). Autograd through a loop that indexes a[:, k] would instead make a zero
    tensor of a's full size at each step.

    Raises ValueError for an unknown method, chunk < 1, an empty sequence, and shapes of a or x0 that do not
    fit b.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1; got {chunk}")
    if b.shape[1] < 1:
        raise ValueError(f"b must hold at least one step in axis 1; got shape {tuple(b.shape)}")
    if a.ndim != b.ndim or any(m not in (1, n) for m, n in zip(a.shape, b.shape, strict=True)):
        raise ValueError(f"a must broadcast to b, {tuple(b.shape)}, axis by axis; got {tuple(a.shape)}")
    if x0 is not None and x0.shape != b.shape[:1] + b.shape[2:]:
        raise ValueError(f"x0 must have shape {tuple(b.shape[:1] + b.shape[2:])}; got {tuple(x0.shape)}")
    dtype = torch.result_type(a, b) if x0 is None else torch.promote_types(torch.result_type(a, b), x0.dtype)
    if x0 is None:
        x0 = torch.zeros_like(b[:, 0])
    a = a.to(dtype)
    if a.shape[1] == 1:
        a = a.expand(-1, b.shape[1], *[-1] * (a.ndim - 2))
    return _Scan.apply(a, b.to(dtype), x0.to(dtype), method, chunk)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b, x0, method, chunk):
        b = torch.cat([b[:, :1] + a[:, :1] * x0[:, None], b[:, 1:]], dim=1)
        x = {"chunked": _chunked, "loop": _loop, "odd_even": _odd_even}[method](a, b, chunk)
        ctx.save_for_backward(a, x, x0)
        ctx.method, ctx.chunk = method, chunk
        return x

    @staticmethod
    def backward(ctx, g):
        a, x, x0 = ctx.saved_tensors
        # g_b(k) = g(k) + conj(a_{k+1}) g_b(k+1): the same recurrence on the reversed sequence
        following = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], dim=1).conj()
        g_b = linear_scan(following.flip(1), g.flip(1), None, ctx.method, ctx.chunk).flip(1)
        g_a = g_x0 = None
        if ctx.needs_input_grad[0]:
            before = torch.cat([x0[:, None], x[:, :-1]], dim=1)
            g_a = _sum_to(before.conj() * g_b, a.shape)
        if ctx.needs_input_grad[2]:
            g_x0 = a[:, 0].conj() * g_b[:, 0]
        return g_a, g_b, g_x0, None, None


def _sum_to(g: Tensor, shape: torch.Size) -> Tensor:
    """The gradient of a broadcast: g summed over the axes that were 1."""
    axes = [i for i, (m, n) in enumerate(zip(shape, g.shape, strict=True)) if m != n]
    return g.sum(axes, keepdim=True) if axes else g


def _loop(a: Tensor, b: Tensor, chunk: int) -> Tensor:
    steps = []
    x = torch.zeros_like(b[:, 0])
    for a_k, b_k in zip(a.unbind(1), b.unbind(1), strict=True):
        x = a_k * x + b_k
        steps.append(x)
    return torch.stack(steps, dim=1)


def _odd_even(a: Tensor, b: Tensor, chunk: int) -> Tensor:
    length = b.shape[1]
    if length == 1:
        return b
    even, odd = slice(0, length - length % 2, 2), slice(1, None, 2)
    # two steps in one: x_{2i+1} = (a_{2i+1} a_{2i}) x_{2i-1} + a_{2i+1} b_{2i} + b_{2i+1}
    x_odd = _odd_even(a[:, odd] * a[:, even], torch.addcmul(b[:, odd], a[:, odd], b[:, even]), chunk)
    x = torch.empty_like(b)
    x[:, odd] = x_odd
    x[:, 0] = b[:, 0]
    x[:, 2::2] = torch.addcmul(b[:, 2::2], a[:, 2::2], x_odd[:, : (length - 1) // 2])
    return x


def _chunked(a: Tensor, b: Tensor, chunk: int) -> Tensor:
    length = b.shape[1]
    chunk = min(chunk, length)
    chunks = -(-length // chunk)
    missing = chunks * chunk - length
    if missing:
        # steps with a = 0, b = 0 at the end change nothing before them
        a = torch.cat([a, torch.zeros_like(a[:, :1]).expand(-1, missing, *a.shape[2:])], dim=1)
        b = torch.cat([b, torch.zeros_like(b[:, :1]).expand(-1, missing, *b.shape[2:])], dim=1)
    a, b = a.unflatten(1, (chunks, chunk)), b.unflatten(1, (chunks, chunk))
    x, decay = torch.empty_like(b), torch.empty_like(a)
    x[:, :, 0], decay[:, :, 0] = b[:, :, 0], a[:, :, 0]
    for k in range(1, chunk):
        torch.addcmul(b[:, :, k], a[:, :, k], x[:, :, k - 1], out=x[:, :, k])
        torch.mul(a[:, :, k], decay[:, :, k - 1], out=decay[:, :, k])
    # what each chunk inherits: its predecessor's end, itself corrected
    carried = torch.zeros_like(x[:, :, 0])
    for c in range(1, chunks):
        torch.addcmul(x[:, c - 1, -1], decay[:, c - 1, -1], carried[:, c - 1], out=carried[:, c])
    x.addcmul_(decay, carried[:, :, None])
    return x.flatten(1, 2)[:, :length]
