"""What every linear state-space layer shares: a convolution for training, steps for generating, a nonlinear tail."""

import math
from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Inexact
from torch import Tensor, nn

from labkit.nn.convolution import bidirectional_conv, causal_conv
from labkit.state_space.recurrence import DenseStep, DiagonalStep, LowRankStep, enter, recurrent_step

ACTIVATIONS = ("gelu", "none")


class SSMLayer(nn.Module, ABC):
    """y = GLU(Linear(Dropout(GELU(SSM(u) + D u)))): the frame around H linear systems.

    A subclass has the parameters D (channels), what its systems are made of, and says what its kernel is
    (`_responses`), how a state moves on (`_last_state`), and how it steps (`_recurrent_form`).
    """

    D: nn.Parameter
    mix: nn.Linear

    def __init__(
        self,
        d_model: int,
        d_state: int,
        dt_min: float | int,
        dt_max: float | int,
        n_ssm: int | None,
        bidirectional: bool,
        dropout: float | int,
        l_max: int | None,
        activation: str,
    ):
        super().__init__()
        n_ssm = d_model if n_ssm is None else n_ssm
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {activation!r}")
        if d_model < 1 or n_ssm < 1 or d_model % n_ssm:
            raise ValueError(
                f"d_model must be at least 1 and divisible by n_ssm; got d_model={d_model}, n_ssm={n_ssm}"
            )
        if not 0 < dt_min <= dt_max:
            raise ValueError(f"0 < dt_min <= dt_max is required; got dt_min={dt_min}, dt_max={dt_max}")
        if l_max is not None and l_max < 1:
            raise ValueError(f"l_max must be at least 1; got {l_max}")
        self.d_model, self.d_state, self.n_ssm, self.l_max = d_model, d_state, n_ssm, l_max
        self.bidirectional, self.dropout, self.activation = bidirectional, dropout, activation
        self._form: LowRankStep | DenseStep | DiagonalStep | None = None

    def _log_steps(self, dt_min: float | int, dt_max: float | int, generator) -> Tensor:
        """log Delta, uniform between the logarithms of its ends."""
        spread = torch.rand(self.d_model, dtype=torch.float64, device="cpu", generator=generator)
        return math.log(dt_min) + spread * math.log(dt_max / dt_min)

    def _add_tail(self, dtype: torch.dtype, device: torch.device | str) -> None:
        width = 2 * self.d_model if self.activation == "gelu" else self.d_model
        self.mix = nn.Linear(self.d_model, width, dtype=dtype, device=device)

    # --- what a subclass says
    # ------------------------------------------------------------------------------------

    @abstractmethod
    def _responses(
        self, length: int, rate: float | int, state: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """The kernel (channels, heads, length) and what a state adds to the output (batch, heads, length)."""

    @abstractmethod
    def _last_state(self, u: Tensor, state: Tensor, rate: float | int) -> Tensor:
        """The state after the sequence u."""

    @abstractmethod
    def _recurrent_form(self, rate: float | int, mode: str) -> LowRankStep | DenseStep | DiagonalStep:
        """The recurrence, ready to step."""

    @abstractmethod
    def _state(self) -> Tensor:
        """The zero state of one sequence, (heads, modes)."""

    # --- in parallel
    # --------------------------------------------------------------------------------------------

    def kernel(self, length: int, rate: float | int = 1.0) -> Float[Tensor, "channels heads length"]:
        """The convolution kernel of each channel, C Abar^l Bbar for l < length."""
        self._check_length(length, rate)
        return self._responses(length, rate, None)[0]

    def forward(
        self,
        u: Float[Tensor, "batch length channels"],
        state: Inexact[Tensor, "batches heads modes"] | None = None,
        rate: float | int = 1.0,
    ) -> Float[Tensor, "batch length channels"] | tuple[Tensor, Tensor]:
        """The layer's output; with a state (`default_state` to begin with) also the state after the last
        step.

        `rate` multiplies Delta: 2 for a signal that was sampled half as often as in training.
        Raises ValueError for a wrong shape of u or state, rate <= 0, a sequence longer than l_max, and a
        state with a bidirectional layer; TypeError for integers.
        """
        if not u.is_floating_point():
            raise TypeError(f"u must hold floating-point numbers; got {u.dtype}")
        if u.ndim != 3 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, length, {self.d_model}); got {tuple(u.shape)}")
        if state is not None:
            self._check_state(state, u.shape[0])
        self._check_length(u.shape[1], rate)
        k, carried = self._responses(u.shape[1], rate, state)
        y = bidirectional_conv(u, k[0], k[1]) if self.bidirectional else causal_conv(u, k[0])
        if carried is not None:
            y = y + carried.mT
        y = self._output(y + self.D * u)
        return y if state is None else (y, self._last_state(u, state, rate))

    def _output(self, y: Tensor) -> Tensor:
        """GELU, dropout of whole channels, Linear and GLU (or Linear alone)."""
        if self.activation == "gelu":
            y = nn.functional.gelu(y)
        if self.dropout and self.training and y.ndim == 3:
            y = y * nn.functional.dropout(torch.ones_like(y[:, :1]), self.dropout)
        y = self.mix(y)
        return nn.functional.glu(y, dim=-1) if self.activation == "gelu" else y

    def resize(self, length: int) -> None:
        """Allow sequences of this length, if l_max was shorter."""
        self.l_max = max(length, self.l_max or 0)

    # --- step by step
    # -------------------------------------------------------------------------------------------

    def default_state(
        self, batch: int, max_length: int | None = None
    ) -> Inexact[Tensor, "batch heads modes"]:
        """The state before the first sample: zero, and of one size for any `max_length`. Raises ValueError for a
        bidirectional layer.
        """
        self._check_causal()
        return self._state().expand(batch, -1, -1).clone()

    @torch.no_grad()
    def to_recurrent(self, rate: float | int = 1.0, mode: str = "linear") -> "SSMLayer":
        """Prepare `step` from the parameters as they are now; `train()` forgets it again.

        `mode` as for `recurrence.dplr_step_params`: they give the same outputs at different costs. Raises
        ValueError for rate <= 0, an unknown mode, one that the layer does not have, a bidirectional layer, and
        mode "diagonal" where the eigenvectors cannot be trusted.
        """
        self._check_causal()
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")
        self._form = self._recurrent_form(rate, mode)
        return self

    def step(
        self, u: Float[Tensor, "batch channels"], state: Inexact[Tensor, "batches heads modes"]
    ) -> tuple[Float[Tensor, "batch channels"], Inexact[Tensor, "batch heads coordinates"]]:
        """(output, new state) for one sample.

        A state from `default_state` or `forward` is brought into the coordinates of the step mode; what comes
        back is in those. Raises ValueError before `to_recurrent()`.
        """
        self._check_causal()
        if self._form is None:
            raise ValueError("step needs the recurrent form: call to_recurrent() first (train() drops it)")
        if u.ndim != 2 or u.shape[-1] != self.d_model:
            raise ValueError(f"u must be (batch, {self.d_model}) for one step; got {tuple(u.shape)}")
        inside = self._form.B2 if isinstance(self._form, LowRankStep) else self._form.Bbar
        if state.shape[1:] != inside.shape or state.dtype != inside.dtype:
            self._check_state(state, u.shape[0])
            state = enter(self._form, state)
        y, state = recurrent_step(self._form, state, u)
        return self._output(y[:, 0] + self.D * u), state

    def train(self, mode: bool = True) -> "SSMLayer":
        """Training mode; the recurrent form, which holds old parameters, is dropped."""
        if mode:
            self._form = None
        return super().train(mode)

    def _check_length(self, length: int, rate: float | int) -> None:
        if length < 1:
            raise ValueError(f"length must be at least 1; got {length}")
        if self.l_max is not None and length > self.l_max:
            raise ValueError(f"length {length} exceeds l_max {self.l_max}: call resize({length}) first")
        if not rate > 0:
            raise ValueError(f"rate must be positive; got {rate}")

    def _check_causal(self) -> None:
        if self.bidirectional:
            raise ValueError("a bidirectional model has no recurrent mode")

    def _check_state(self, state: Tensor, batch: int) -> None:
        self._check_causal()
        expected = (batch, *self._state().shape)
        if tuple(state.shape) != expected:
            raise ValueError(f"state must have shape {expected}; got {tuple(state.shape)}")
