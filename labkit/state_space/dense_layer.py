"""The layer that S4 makes fast: a dense A, its kernel by powers (the linear state-space layer, LSSL)."""

import math
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from labkit.state_space.bases import MEASURES
from labkit.state_space.discretize import gbt
from labkit.state_space.inits import random_transition
from labkit.state_space.kernels.krylov import krylov
from labkit.state_space.matrices import transition
from labkit.state_space.recurrence import DenseStep
from labkit.state_space.ssm_layer import SSMLayer
from labkit.state_space.streaming import last_state

DENSE_INITS = {measure.lower(): measure for measure in MEASURES} | {"gaussian": "dense"}


class DenseSSMLayer(SSMLayer):
    """The same layer as `S4Layer` with any real N x N matrix A per channel (LSSL; S4, section 3.1).

    The kernel C Abar^l Bbar is computed by powers of Abar, O(N^2 L) a channel, and nothing keeps the
    eigenvalues of a learnt A in the left half-plane: a step too far, and Abar^l grows with l.

    init      legs, legt, fout, lagt (the HiPPO matrix itself), or gaussian (random; stable as it starts)
    frozen    keeps A and B as they start
    Other arguments as for `S4Layer`. Raises ValueError as it does, and for an unknown init.
    """

    SSM_PARAMETERS: ClassVar[tuple[str, ...]] = ("log_dt", "A", "B")

    def __init__(
        self,
        d_model: int,
        d_state: int = 64,
        init: str = "legs",
        dt_min: float | int = 1e-3,
        dt_max: float | int = 0.1,
        bidirectional: bool = False,
        dropout: float | int = 0.0,
        l_max: int | None = None,
        n_ssm: int | None = None,
        frozen: bool = False,
        activation: str = "gelu",
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generator: torch.Generator | None = None,
    ):
        super().__init__(d_model, d_state, dt_min, dt_max, n_ssm, bidirectional, dropout, l_max, activation)
        if init not in DENSE_INITS:
            raise ValueError(f"init must be one of {', '.join(DENSE_INITS)}; got {init!r}")
        if init == "gaussian":
            systems = [random_transition("dense", d_state, generator) for _ in range(self.n_ssm)]
        else:
            systems = [transition(DENSE_INITS[init], d_state)] * self.n_ssm
        A, B = (torch.stack(part) for part in zip(*systems, strict=True))
        channels = 2 if bidirectional else 1
        C = torch.randn(
            channels, d_model, d_state, dtype=torch.float64, device="cpu", generator=generator
        ) / math.sqrt(2)
        D = torch.randn(d_model, dtype=torch.float64, device="cpu", generator=generator)
        steps = self._log_steps(dt_min, dt_max, generator)
        for name, value in (("A", A), ("B", B), ("C", C), ("D", D), ("log_dt", steps)):
            learnt = not (frozen and name in ("A", "B"))
            value = value.to(dtype=dtype, device=device).contiguous()
            setattr(self, name, nn.Parameter(value, requires_grad=learnt))
        self._add_tail(dtype, device)

    def discrete(
        self, rate: float | int = 1.0
    ) -> tuple[Float[Tensor, "heads N N"], Float[Tensor, "heads N"]]:
        """(Abar, Bbar) of every channel by the bilinear rule; `rate` multiplies Delta."""
        copies = self.d_model // self.n_ssm
        return gbt(self.A.repeat(copies, 1, 1), self.B.repeat(copies, 1), self.log_dt.exp() * rate)

    def _responses(
        self, length: int, rate: float | int, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        Abar, Bbar = self.discrete(rate)
        k = torch.einsum("chn,hnl->chl", self.C, krylov(Abar, Bbar, length))
        if state is None:
            return k, None
        # what a state adds is C Abar^{l+1} x
        rows = krylov(Abar.mT, self.C[0], length + 1)[..., 1:]
        return k, torch.einsum("hnl,bhn->bhl", rows, state)

    def _last_state(self, u: Tensor, state: Tensor, rate: float | int) -> Tensor:
        return last_state(*self.discrete(rate), u, state)

    def _recurrent_form(self, rate: float | int, mode: str) -> DenseStep:
        if mode not in ("linear", "dense"):
            raise ValueError(f"a dense layer steps in mode dense; got {mode!r}")
        return DenseStep(*self.discrete(rate), self.C)

    def _state(self) -> Tensor:
        return torch.zeros(self.d_model, self.d_state, dtype=self.D.dtype, device=self.D.device)

    @torch.no_grad()
    def rescale(self, rate: float | int) -> "DenseSSMLayer":
        """Multiply Delta by `rate` for good. Raises ValueError for rate <= 0."""
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")
        self.log_dt += math.log(rate)
        self._form = None
        return self
