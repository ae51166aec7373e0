"""A language model as a controlled discrete system (the paper's definition of an LLM system)."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from labkit.language_model import LanguageModel


class LLMSystem:
    """Sigma = (V, P_LM): the state is a string of tokens, the control is a token or nothing.

    A step is control or generation, never both: with u(t) in V, x(t+1) = x(t) u(t); with u(t) null,
    x(t+1) = x(t) x' with x' drawn from P_LM(. | x(t)).

    Args:
        temperature: 0 takes the likeliest token (the smallest id among equals), which makes the system deterministic.

    Raises:
        ValueError: a negative temperature.
    """

    def __init__(self, lm: LanguageModel, temperature: float = 0.0):
        if not temperature >= 0:
            raise ValueError(f"temperature must be at least 0; got {temperature}")
        self.lm, self.temperature = lm, temperature

    @torch.no_grad()
    def step(
        self,
        state: Int[Tensor, " length"],
        control: int | None = None,
        generator: torch.Generator | None = None,
    ) -> Int[Tensor, " longer"]:
        """The next state; it is longer by one token.

        Args:
            control: the token that is imposed; None lets the model generate.
            generator: to draw with (on the CPU) at a temperature above 0.

        Raises:
            ValueError: a control that is no token, or nothing to generate from.
        """
        if control is not None:
            check_token(control, self.lm.vocab_size, "control")
            following = torch.tensor([control], dtype=state.dtype, device=state.device)
            return torch.cat([state, following])
        if len(state) == 0:
            raise ValueError(
                "state is empty: a language model cannot generate from nothing; give a control first"
            )
        logits = self.lm.logits(state[None], last_only=True)[0]
        if self.temperature == 0:
            return torch.cat([state, logits.argmax()[None]])
        chances = (logits.double() / self.temperature).softmax(-1).cpu()
        drawn = torch.multinomial(chances, 1, generator=generator)
        return torch.cat([state, drawn.to(state.device)])

    def rollout(
        self,
        state: Int[Tensor, " length"],
        controls: Sequence[int | None],
        steps: int,
        generator: torch.Generator | None = None,
    ) -> Int[Tensor, " longer"]:
        """The state after so many steps: the controls first, then nulls.

        Raises:
            ValueError: fewer steps than controls.
        """
        if steps < len(controls):
            raise ValueError(f"steps must be at least the number of controls {len(controls)}; got {steps}")
        for t in range(steps):
            state = self.step(state, controls[t] if t < len(controls) else None, generator)
        return state

    @staticmethod
    def readout(state: Int[Tensor, " length"], r: int) -> Int[Tensor, " r"]:
        """h(x; r): the last r tokens.

        Raises:
            ValueError: the state is shorter.
        """
        if not 0 <= r <= len(state):
            raise ValueError(f"r must be from 0 to the state's length {len(state)}; got {r}")
        return state[len(state) - r :]


def check_token(id: int, size: int, name: str) -> None:
    """Refuse an id that is no token.

    Raises:
        ValueError: names the argument, the id and the vocabulary's size.
    """
    if not 0 <= int(id) < size:
        raise ValueError(f"{name}: {id} is no token; ids are from 0 to {size - 1} (V = {size})")
