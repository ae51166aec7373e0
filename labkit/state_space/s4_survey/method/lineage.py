"""The lineage behind one interface: mixer(u), mixer.step(u_t, state), mixer.default_state(batch, max_length)."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from labkit.nn.recurrent import RecurrentMixer
from labkit.nn.transformer import Transformer
from labkit.state_space.dss_layer import DSSLayer
from labkit.state_space.layers import S4Layer, S5Layer, SequenceModel
from labkit.state_space.mamba import MambaBlock
from labkit.state_space.s4_survey.method import costs
from labkit.state_space.s4_survey.method.jamba import Jamba

NORM_LENGTH = 256  # DSS's softmax runs over so many lags, so that it can also step


def _recurrent(cell: str) -> Callable[..., nn.Module]:
    def make(d_model: int, d_state: int = 16, n_layers: int = 1, **place) -> nn.Module:
        return RecurrentMixer(d_model, cell, **place)  # its state has d_model numbers (twice, in an LSTM)

    return make


def _ssm(layer: Callable[..., nn.Module], **options) -> Callable[..., nn.Module]:
    def make(d_model: int, d_state: int = 16, n_layers: int = 1, **place) -> nn.Module:
        return layer(d_model, d_state, **options, **place)

    return make


def _s5(d_model: int, d_state: int = 16, n_layers: int = 1, **place) -> nn.Module:
    # one system for all channels: P of the order of d_model, not N a channel
    return S5Layer(d_model, 2 * d_model, **place)


def _mamba(selective: tuple[str, ...]) -> Callable[..., nn.Module]:
    def make(d_model: int, d_state: int = 16, n_layers: int = 1, **place) -> nn.Module:
        return MambaBlock(d_model, d_state, selective=selective, n_layers=n_layers, **place)

    return make


def _transformer(d_model: int, d_state: int = 16, n_layers: int = 1, **place) -> nn.Module:
    return Transformer(d_model, n_layers, **place)


def _jamba(d_model: int, d_state: int = 16, n_layers: int = 8, **options) -> nn.Module:
    return Jamba(d_model, n_layers, d_state=d_state, **options)


LINEAGE: dict[str, Callable[..., nn.Module]] = {
    "rnn": _recurrent("rnn"),
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "transformer": _transformer,
    "s4": _ssm(S4Layer),
    "s4d": _ssm(S4Layer, mode="diag"),
    "dss": _ssm(DSSLayer, norm_length=NORM_LENGTH),
    "s5": _s5,
    "mamba": _mamba(("delta", "B", "C")),
    "mamba_lti": _mamba(()),
    "jamba": _jamba,
}
# the Mamba block with some of its parameters fixed: the ablation of selectivity
ABLATIONS: dict[str, Callable[..., nn.Module]] = {
    "delta only": _mamba(("delta",)),
    "B only": _mamba(("B",)),
    "C only": _mamba(("C",)),
}
# these stack their own layers, with residual branches and norms of their own
STACKS = ("transformer", "jamba")


def check_name(name: str) -> None:
    """Raise ValueError, with the choices, unless `name` is in the lineage or its ablations."""
    if name not in LINEAGE and name not in ABLATIONS:
        raise ValueError(f"name must be one of {', '.join((*LINEAGE, *ABLATIONS))}; got {name!r}")


class LineageModel(SequenceModel):
    """Tokens in, logits for each step out, whatever the mixer."""

    def forward(
        self,
        x: Int[Tensor, "batch length"],
        states: list | None = None,
        rate: float | int = 1.0,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, "batch length vocab"] | tuple[Tensor, list]:
        """As `SequenceModel.forward`. Raises ValueError for an empty sequence and a token outside the vocabulary."""
        if x.shape[1] < 1:
            raise ValueError(f"x must hold at least one token; got shape {tuple(x.shape)}")
        self._check_tokens(x)
        return super().forward(x, states, rate, lengths)

    def step(self, x: Int[Tensor, " batch"], states: list) -> tuple[Float[Tensor, "batch vocab"], list]:
        """As `SequenceModel.step`. Raises ValueError for a token outside the vocabulary."""
        self._check_tokens(x)
        return super().step(x, states)

    def _check_tokens(self, x: Tensor) -> None:
        vocab = self.encoder.num_embeddings
        outside = x[(x < 0) | (x >= vocab)]
        if len(outside):
            raise ValueError(f"token {int(outside[0])} is not in the vocabulary: 0 to {vocab - 1}")


def build(
    name: str,
    d_model: int,
    n_layers: int,
    vocab: int,
    match_params: int | None = None,
    d_state: int = 16,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    **options,
) -> LineageModel:
    """Embedding -> n_layers of (x + mixer(RMSNorm(x))) -> RMSNorm -> Linear: tokens in, logits for each step out.

    The Transformer's and Jamba's layers bring residual branches, norms and an MLP of their own; embeddings, last norm
    and head are the same for all. `options` go to the mixer (attn_period=... of Jamba).

    match_params   choose d_model so that the model has this many parameters, within 5% (see `costs.match_params`)

    Raises ValueError for an unknown name, sizes below 1, and as the mixer and `costs.match_params` do.
    """
    check_name(name)
    for label, size in (("d_model", d_model), ("n_layers", n_layers), ("vocab", vocab)):
        if size < 1:
            raise ValueError(f"{label} must be at least 1; got {size}")
    if match_params is not None:
        d_model = costs.match_params(name, match_params, n_layers, vocab, d_state)
    place = {"dtype": dtype, "device": device}
    factory = LINEAGE.get(name) or ABLATIONS[name]
    make = partial(factory, d_state=d_state, n_layers=n_layers, **options, **place)
    own = name in STACKS
    return LineageModel(
        vocab,
        d_model,
        1 if own else n_layers,
        make,
        norm="none" if own else "rms",
        prenorm=not own,
        pool=None,
        d_out=vocab,
        embedding=True,
        residual=not own,
        **place,
    )


def state_bytes(model: nn.Module, batch: int, length: int) -> int:
    """What the model keeps between two steps after `length` of them: counted on the state itself."""
    return _bytes(model.default_state(batch, length))


def _bytes(state) -> int:
    if isinstance(state, Tensor):
        return state.numel() * state.element_size()
    return sum(map(_bytes, state)) if isinstance(state, (list, tuple)) else 0
