"""The selective scan: a diagonal recurrence whose step, input and readout change with every sample (Mamba, section 3).

    x_k = exp(Delta_k A) x_{k-1} + Delta_k B_k u_k,    y_k = C_k x_k + D u_k,    per channel e and state n

The tensors of all states, (batch, length, channels, states), are never stored: they are made one chunk at a time.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.nn.scan import linear_scan
from labkit.state_space.discretize import expm1_over

METHODS = ("chunked", "loop")
RULES = ("simplified", "zoh")


def selective_scan(
    u: Float[Tensor, "batch length channels"],
    delta: Float[Tensor, "batch length channels"],
    A: Float[Tensor, "channels states"],
    B: Float[Tensor, "batch length states"],
    C: Float[Tensor, "batch length states"],
    D: Float[Tensor, " channels"] | None = None,
    z: Float[Tensor, "batch length channels"] | None = None,
    delta_bias: Float[Tensor, " channels"] | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
    state: Float[Tensor, "batch channels states"] | None = None,
    method: str = "chunked",
    chunk: int = 32,
) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
    """y (batch, length, channels), times SiLU(z) where z is given; and the last state, if asked for.

    delta         the steps; `delta_bias` is added first, then softplus is taken if `delta_softplus`
    A             negative, or the state grows
    state         x before the first step (zero if None)
    chunked       a chunk at a time. Forwards only the state before each chunk is kept; backwards exp(Delta A) and the
                  states inside a chunk are computed again and the adjoint recurrence runs through them in reverse
    loop          step by step under autograd, which keeps everything: the baseline and the reference

    Raises ValueError for shapes that do not fit, an empty sequence, a negative delta (without softplus), chunk < 1
    and an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1; got {chunk}")
    _check(u, delta, A, B, C)
    if delta_bias is not None:
        delta = delta + delta_bias
    if delta_softplus:
        delta = nn.functional.softplus(delta)
    elif delta.numel() and bool((delta.detach() < 0).any()):
        raise ValueError(
            f"delta must not be negative (or give delta_softplus=True); got {float(delta.detach().min())}"
        )
    wide = torch.promote_types(u.dtype, torch.float32)
    parts = [part.to(wide) for part in (u, delta, A, B, C)]
    x0 = u.new_zeros(u.shape[0], *A.shape, dtype=wide) if state is None else state.to(wide)
    if method == "loop":
        y, last = selective_loop(*parts, x0)
    else:
        y, last = _SelectiveScan.apply(*parts, x0, chunk)
    y = y.to(u.dtype)
    if D is not None:
        y = y + D * u
    if z is not None:
        y = y * nn.functional.silu(z)
    return (y, last) if return_last_state else y


def _check(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> None:
    if u.shape[1] < 1:
        raise ValueError(f"u must hold at least one step in axis 1; got shape {tuple(u.shape)}")
    batch, length, channels = u.shape
    for name, value, shape in (
        ("delta", delta, (batch, length, channels)),
        ("A", A, (channels, A.shape[-1])),
        ("B", B, (batch, length, A.shape[-1])),
        ("C", C, (batch, length, A.shape[-1])),
    ):
        if tuple(value.shape) != shape:
            raise ValueError(f"{name} must have shape {shape}; got {tuple(value.shape)}")


def selective_loop(
    u: Float[Tensor, "batch length channels"],
    delta: Float[Tensor, "batch length channels"],
    A: Float[Tensor, "channels states"],
    B: Float[Tensor, "batch length states"],
    C: Float[Tensor, "batch length states"],
    x0: Float[Tensor, "batch channels states"] | None = None,
    rule: str = "simplified",
) -> tuple[Float[Tensor, "batch length channels"], Float[Tensor, "batch channels states"]]:
    """(C_k x_k for every k, the last state), one step after another.

    rule   simplified: Bbar_k = Delta_k B_k (Mamba's); zoh: Bbar_k = Delta_k (e^z - 1)/z B_k with z = Delta_k A, which
           zero-order hold says. Raises ValueError for an unknown rule.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}; got {rule!r}")
    z = delta[..., None] * A
    inputs = (delta * u)[..., None] * B[:, :, None]
    if rule == "zoh":
        inputs = inputs * expm1_over(z)
    x = u.new_zeros(u.shape[0], *A.shape) if x0 is None else x0
    found = []
    for a_k, b_k, C_k in zip(z.exp().unbind(1), inputs.unbind(1), C.unbind(1), strict=True):
        x = a_k * x + b_k
        found.append((x @ C_k[..., None])[..., 0])
    return torch.stack(found, dim=1), x


def selective_step(
    u: Float[Tensor, "batch channels"],
    delta: Float[Tensor, "batch channels"],
    A: Float[Tensor, "channels states"],
    B: Float[Tensor, "batch states"],
    C: Float[Tensor, "batch states"],
    x: Float[Tensor, "batch channels states"],
) -> tuple[Float[Tensor, "batch channels"], Float[Tensor, "batch channels states"]]:
    """(C x_k, x_k) for one sample."""
    x = torch.exp(delta[..., None] * A) * x + (delta * u)[..., None] * B[:, None]
    return (x @ C[..., None])[..., 0], x


class _SelectiveScan(torch.autograd.Function):
    """Time stands first inside: a step of the chunk is then one contiguous block."""

    @staticmethod
    def forward(ctx, u, delta, A, B, C, x0, chunk):
        du, d, Bt, Ct = (part.transpose(0, 1).contiguous() for part in (delta * u, delta, B, C))
        y = torch.empty_like(du)
        x, before = x0, []
        for start in range(0, len(du), chunk):
            span = slice(start, start + chunk)
            before.append(x)
            _, _, states = _chunk(du[span], d[span], A, Bt[span], x)
            torch.matmul(states, Ct[span, :, :, None], out=y[span].unsqueeze_(-1))
            x = states[-1].clone()
        ctx.save_for_backward(u, delta, A, B, C, torch.stack(before))
        ctx.chunk = chunk
        return y.transpose(0, 1), x

    @staticmethod
    def backward(ctx, g_y, g_last):
        u, delta, A, B, C, before = ctx.saved_tensors
        ut, d, Bt, Ct, gy = (part.transpose(0, 1).contiguous() for part in (u, delta, B, C, g_y))
        du = d * ut
        g_d, g_du, g_B, g_C = (torch.empty_like(part) for part in (d, du, Bt, Ct))
        g_A = torch.zeros_like(A)
        carried = g_last  # the gradient of the state after the chunk
        starts = range(0, len(du), ctx.chunk)
        for i, start in reversed(list(enumerate(starts))):
            span = slice(start, start + ctx.chunk)
            a, b, x = _chunk(du[span], d[span], A, Bt[span], before[i])
            torch.matmul(gy[span, :, None], x, out=g_C[span].unsqueeze_(2))
            # g_x(k) = g_y(k) C_k + a_{k+1} g_x(k+1): the same recurrence, backwards
            g_x = gy[span][..., None] * Ct[span, :, None]
            g_x[-1] += carried
            g_x = _backwards(a, g_x)
            carried = a[0] * g_x[0]
            torch.matmul(g_x, Bt[span, :, :, None], out=g_du[span].unsqueeze_(-1))
            torch.matmul(du[span, :, None], g_x, out=g_B[span].unsqueeze_(2))
            # a_k x_{k-1} = x_k - b_k, and d a_k / d(Delta A) = a_k
            g_z = x.sub_(b).mul_(g_x)
            torch.sum(g_z * A, dim=-1, out=g_d[span])
            g_A += (g_z * d[span][..., None]).sum((0, 1))
        g_d += g_du * ut
        g_u = g_du * d
        found = [part.transpose(0, 1) for part in (g_u, g_d)]
        return *found, g_A, g_B.transpose(0, 1), g_C.transpose(0, 1), carried, None


def _chunk(du: Tensor, d: Tensor, A: Tensor, B: Tensor, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """exp(Delta A), Delta B u and all states of one chunk, (steps, batch, channels, states), from the state before."""
    a = (d[..., None] * A).exp_()
    b = du[..., None] * B[:, :, None]
    if a.device.type != "cpu":  # few dependent steps matter more than twice the work
        return a, b, linear_scan(a[None], b[None], x[None], "odd_even")[0]
    states = torch.empty_like(b)
    for a_k, b_k, to in zip(a.unbind(), b.unbind(), states.unbind(), strict=True):
        x = torch.addcmul(b_k, a_k, x, out=to)
    return a, b, states


def _backwards(a: Tensor, g: Tensor) -> Tensor:
    """g(k) + a_{k+1} g(k+1) from the end of a chunk to its beginning; in place on a CPU."""
    if a.device.type != "cpu":
        following = torch.cat([a[1:], torch.zeros_like(a[:1])])
        return linear_scan(following.flip(0)[None], g.flip(0)[None], None, "odd_even")[0].flip(0)
    steps, decays = g.unbind(), a.unbind()
    for k in range(len(steps) - 2, -1, -1):
        steps[k].addcmul_(decays[k + 1], steps[k + 1])
    return g
