"""S4 as a model: what it can be made of, and the three ways to run it (S4, section 3)."""

import copy
import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import torch
from jaxtyping import Complex, Float, Inexact, Int
from torch import Tensor, nn

from labkit.state_space.dense_layer import DenseSSMLayer
from labkit.state_space.discretize import check_step
from labkit.state_space.kernels import dplr_kernel, naive_kernel
from labkit.state_space.layers import S4Layer, SequenceModel
from labkit.state_space.recurrence import dplr_step_params
from labkit.state_space.recurrence import recurrent_step as dplr_step

__all__ = [
    "VARIANTS",
    "S4Layer",
    "S4Model",
    "dplr_kernel",
    "dplr_step",
    "dplr_step_params",
    "eigenvector_condition",
    "generating_function",
    "legs_eigenvectors",
    "naive_kernel",
    "node",
    "resolvent_form",
    "woodbury",
]

# What the paper's ablations exchange, one at a time.
VARIANTS: dict[str, Callable[..., nn.Module]] = {
    "S4": partial(S4Layer, init="legs"),
    "rank 2": partial(S4Layer, init="legt", rank=2),
    "frozen": partial(S4Layer, init="legs", frozen=True),
    "random NPLR": partial(S4Layer, init="random"),
    "S4D": partial(S4Layer, mode="diag", init="legs"),
    "LSSL": partial(DenseSSMLayer, init="legs"),
    "random Gaussian": partial(DenseSSMLayer, init="gaussian"),
}


class S4Model(SequenceModel):
    """Linear or Embedding -> n_layers of S4 with residual and norm -> pool -> Linear (S4, section 3.4).

    d_in, d_out     features (or tokens, with `embedding`) of each step; outputs
    d_model         width H: the number of independent systems in a layer
    variant         S4 (LegS); rank 2 (LegT); frozen (A and B stay); random NPLR; S4D (the diagonal alone);
                    LSSL (dense A); random Gaussian (dense A, random)
    norm, prenorm, pool, dropout, embedding   as for `SequenceModel`
    options         for the layer: d_state, dt_min, dt_max, bidirectional, l_max, n_ssm, ...

    Trained as a convolution. `to_recurrent()` recovers C from the learnt C^ and makes the model step; `generate`
    does it by itself; `to_sampling_rate(rate)` is the same model for a signal sampled `rate` times more slowly.

    Raises ValueError for an unknown variant, and as the layer and `SequenceModel` do.
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        d_model: int = 32,
        n_layers: int = 2,
        variant: str = "S4",
        norm: str = "layer",
        prenorm: bool = False,
        pool: str | None = "mean",
        dropout: float | int = 0.0,
        embedding: bool = False,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        **options,
    ):
        if variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}; got {variant!r}")
        make = partial(VARIANTS[variant], dropout=dropout, dtype=dtype, device=device, **options)
        super().__init__(
            d_in, d_model, n_layers, make, norm, prenorm, pool, d_out, dropout, embedding, True, dtype, device
        )
        self.d_out = d_out

    def forward(
        self,
        x: Float[Tensor, "batch length features"] | Int[Tensor, "batch length"],
        states: list | None = None,
        rate: float | int = 1.0,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> Inexact[Tensor, "batch ..."] | tuple[Tensor, list]:
        """As `SequenceModel.forward`. Raises FloatingPointError, in training, that names a layer whose parameters
        are no longer finite.
        """
        if self.training:
            self._check_finite()
        return super().forward(x, states, rate, lengths)

    def _check_finite(self) -> None:
        parameters = list(self.named_parameters())
        if not math.isfinite(float(sum(p.detach().sum() for _, p in parameters))):
            for name, parameter in parameters:
                if not parameter.isfinite().all():
                    raise FloatingPointError(
                        f"{name} is no longer finite after a training step: try a smaller learning rate for it"
                    )

    def to_recurrent(self, rate: float | int = 1.0, mode: str = "linear") -> "S4Model":
        """Prepare every layer for `step`: C from C^, and the recurrence's factors. `mode` is the step mode."""
        for layer in self.layers:
            layer.to_recurrent(rate, mode)
        return self

    def to_sampling_rate(self, rate: float | int) -> "S4Model":
        """A copy for signals sampled `rate` times more slowly (2: every second sample): Delta times `rate`.

        Raises ValueError for rate <= 0.
        """
        model = copy.deepcopy(self)
        for layer in model.layers:
            layer.rescale(rate)
        return model

    @torch.no_grad()
    def generate(
        self,
        prefix: Float[Tensor, "batch length features"] | Int[Tensor, "batch length"],
        n: int,
        temperature: float | int = 0.0,
        generator: torch.Generator | None = None,
        mode: str = "linear",
    ) -> Float[Tensor, "batch n features"] | Int[Tensor, "batch n"]:
        """The next n steps after a prefix, each fed back as input.

        The prefix is absorbed in parallel, O(L log L); every step then costs O(H N). A model of numbers feeds its
        output back; a model of tokens (`embedding`) the likeliest token, or one drawn at `temperature`.

        Raises ValueError for n < 1, a pool, d_out other than d_in, a bidirectional model and temperature < 0.
        """
        tokens = isinstance(self.encoder, nn.Embedding)
        size = self.encoder.num_embeddings if tokens else self.encoder.in_features
        if n < 1 or temperature < 0:
            raise ValueError(
                f"n must be at least 1 and temperature not negative; got n={n}, temperature={temperature}"
            )
        if self.pool is not None or self.d_out != size:
            raise ValueError(
                f"generate feeds outputs back as inputs: the model needs pool=None and d_out = d_in = {size}; "
                f"got pool={self.pool!r}, d_out={self.d_out}"
            )
        training = self.training
        self.eval()
        try:
            y, states = self(prefix, self.default_state(len(prefix)))
            self.to_recurrent(mode=mode)
            y, steps = y[:, -1], []
            for k in range(n):
                steps.append(_choose(y, temperature, generator) if tokens else y)
                if k + 1 < n:
                    y, states = self.step(steps[-1], states)
        finally:
            self.train(training)
        return torch.stack(steps, dim=1)


def _choose(
    logits: Float[Tensor, "batch tokens"], temperature: float | int, generator: torch.Generator | None
) -> Int[Tensor, " batch"]:
    if temperature == 0:
        return logits.argmax(-1)
    return torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)[:, 0]


# --- the derivation, one step a function (S4, section 3.3 and appendix C)
# ----------------------------------------------------------------------------------------------


def generating_function(
    k: Inexact[Tensor, "*heads length"], z: Complex[Tensor, " points"]
) -> Complex[Tensor, "*heads points"]:
    """Khat(z) = sum_{l < L} K_l z^l, term by term."""
    powers = z[None] ** torch.arange(k.shape[-1], device=k.device)[:, None]
    return k.to(powers.dtype) @ powers


def node(z: Complex[Tensor, " points"], dt: float | int) -> Complex[Tensor, " points"]:
    """g(z) = (2/Delta) (1-z)/(1+z): where the bilinear rule puts the point z of the circle. Infinite at z = -1."""
    check_step(dt)
    return 2 / dt * (1 - z) / (1 + z)


def resolvent_form(
    A: Inexact[Tensor, "N N"],
    B: Inexact[Tensor, " N"],
    C_hat: Inexact[Tensor, " N"],
    dt: float | int,
    z: Complex[Tensor, " points"],
) -> Complex[Tensor, " points"]:
    """Khat(z) = (2/(1+z)) C^ (g(z) I - A)^{-1} B: no discrete matrix is left (S4, lemma C.4)."""
    eye = torch.eye(len(B), dtype=z.dtype, device=z.device)
    system = node(z, dt)[:, None, None] * eye - A.to(z.dtype)
    solved = torch.linalg.solve(system, B.to(z.dtype).expand(len(z), -1))
    return 2 / (1 + z) * (solved @ C_hat.to(z.dtype))


def woodbury(
    R: Complex[Tensor, " N"], P: Complex[Tensor, "rank N"], Q: Complex[Tensor, "rank N"]
) -> Complex[Tensor, "N N"]:
    """(diag(R)^{-1} + P Q^*)^{-1} = R - R P (I + Q^* R P)^{-1} Q^* R, from the diagonal R and thin P, Q (rows)."""
    RP, QR = R[:, None] * P.T, Q.conj() * R
    inner = torch.eye(len(P), dtype=R.dtype, device=R.device) + Q.conj() @ RP
    return torch.diag(R) - RP @ torch.linalg.solve(inner, QR)


def legs_eigenvectors(N: int) -> list[list[int]]:
    """The eigenvectors of LegS as columns, exactly: V_ij = (-1)^{i-j} binom(i+j, i-j), after the scaling by
    sqrt(2n+1) of row n is taken off (S4, lemma B.1). Entries grow like 2^{4N/3}.

    Raises ValueError for N < 1.
    """
    if N < 1:
        raise ValueError(f"N must be at least 1; got {N}")
    return [[(-1) ** (i - j) * math.comb(i + j, i - j) if i >= j else 0 for j in range(N)] for i in range(N)]


def eigenvector_condition(N: int) -> float:
    """The condition number of LegS's unit eigenvectors (Frobenius, over N), in exact arithmetic until the norms.

    A unitary matrix has 1. What a direct diagonalisation costs in digits is its logarithm.
    """
    V = legs_eigenvectors(N)
    # row i carries sqrt(2i+1); the square of a column's length stays rational
    lengths = [sum((2 * i + 1) * V[i][j] ** 2 for i in range(N)) for j in range(N)]
    # V is unit lower triangular: its inverse is integer, by forward substitution
    inverse = [[0] * N for _ in range(N)]
    for j in range(N):
        inverse[j][j] = 1
        for i in range(j + 1, N):
            inverse[i][j] = -sum(V[i][k] * inverse[k][j] for k in range(j, i))
    size = sum(
        lengths[i] * sum(Fraction(inverse[i][j] ** 2, 2 * j + 1) for j in range(i + 1)) for i in range(N)
    )
    # |V D|_F = sqrt(N) for unit columns, |D^{-1} V^{-1}|_F = sqrt(size)
    return math.sqrt(size / N)
