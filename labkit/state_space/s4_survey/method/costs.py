"""What each model costs: parameters and state exactly, operations and kept memory to leading order."""

import math
from collections.abc import Callable

from labkit.state_space.s4_survey.method.jamba import layers_block_type, layers_num_experts

NAMES = ("rnn", "lstm", "gru", "transformer", "s4", "s4d", "dss", "s5", "mamba", "mamba_lti", "jamba")
CONV, EXPAND, HEADS, KV_HEADS, EXPERTS, TOP_K = 4, 2, 4, 1, 4, 2
CHUNK = 32  # of the selective scan
FLOAT = 4  # bytes


def _rank(D: int) -> int:
    return math.ceil(D / 16)


def _s4_frame(D: int) -> int:
    """Delta, D and the mixing Linear(D, 2D) of the S4 frame."""
    return 2 * D + 2 * D**2 + 2 * D


def _mamba_parameters(D: int, N: int, inner_norm: bool = False) -> int:
    E, R = EXPAND * D, _rank(D)
    projections = 2 * D * E + E * (R + 2 * N) + R * E + E * D
    return projections + E * (CONV + 1) + E + E * N + E + inner_norm * (R + 2 * N)


# parameters of one residual layer without its norm; D is the width, N the state of a channel
_LAYER: dict[str, Callable[[int, int], int]] = {
    "rnn": lambda D, N: 2 * D**2 + 2 * D,
    "gru": lambda D, N: 3 * (2 * D**2 + 2 * D),
    "lstm": lambda D, N: 4 * (2 * D**2 + 2 * D),
    "transformer": lambda D, N: 12 * D**2 + 9 * D + 2 * D,
    "s4": lambda D, N: 4 * D * N + _s4_frame(D),
    "s4d": lambda D, N: 3 * D * N + _s4_frame(D),
    "dss": lambda D, N: N + D * N + _s4_frame(D),
    "s5": lambda D, N: 3 * D + 4 * D**2 + D + D**2 + D,
    "mamba": _mamba_parameters,
    "mamba_lti": lambda D, N: 3 * EXPAND * D**2 + EXPAND * D * (CONV + 1 + 2 + 3 * N),
}


def _jamba_parameters(D: int, N: int, n_layers: int, active: bool = False) -> int:
    width, mlp = D // HEADS, 3 * D * 2 * D
    count = 0
    for mixer, experts in zip(
        layers_block_type(n_layers), layers_num_experts(n_layers, EXPERTS), strict=True
    ):
        count += 2 * D  # norms
        if mixer == "attention":
            count += 2 * D**2 + 2 * D * KV_HEADS * width
        else:
            count += _mamba_parameters(D, N, inner_norm=True)
        used = min(experts, TOP_K) if active else experts
        count += used * mlp + (experts * D if experts > 1 else 0)
    return count


def check_costs(name: str, **sizes: int) -> None:
    """Raise ValueError for a name without a cost model, and for sizes below 1."""
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}; got {name!r}")
    for label, size in sizes.items():
        if size < 1:
            raise ValueError(f"{label} must be at least 1; got {size}")


def parameter_count(name: str, D: int, n_layers: int, vocab: int, N: int = 16, active: bool = False) -> int:
    """The exact number of parameters of `lineage.build(name, D, n_layers, vocab, d_state=N)`.

    `active` counts, of Jamba's experts, only the top_k that a token meets. Raises as `check_costs` does.
    """
    check_costs(name, D=D, n_layers=n_layers, vocab=vocab, N=N)
    around = vocab * D + D * vocab + vocab + D  # embedding, head, last norm
    if name == "jamba":
        return around + _jamba_parameters(D, N, n_layers, active)
    norms = 0 if name == "transformer" else D  # the Transformer's are counted in its layer
    return around + n_layers * (_LAYER[name](D, N) + norms)


def match_params(
    name: str,
    target: int,
    n_layers: int,
    vocab: int,
    N: int = 16,
    tolerance: float = 0.05,
    multiple: int | None = None,
) -> int:
    """The width D whose model has `target` parameters, within `tolerance`; from the exact formula, building nothing.

    multiple   of the widths tried: 8 where heads must divide them (Transformer, Jamba), else 2

    Raises ValueError where no such width comes near enough: at small sizes a step of 8 changes the count by half.
    """
    multiple = multiple or (8 if name in ("transformer", "jamba") else 2)

    def off(width: int) -> int:
        return abs(parameter_count(name, width, n_layers, vocab, N) - target)

    best = min(range(multiple, 4097, multiple), key=off)
    if off(best) > tolerance * target:
        found = parameter_count(name, best, n_layers, vocab, N)
        raise ValueError(
            f"no width (a multiple of {multiple}) gives {name} {target} parameters within {tolerance:.0%}; "
            f"the nearest is {best}, with {found}"
        )
    return best


def _fft(L: int, D: int) -> float:
    """Three real FFTs of length 2L for each of D channels, and the product."""
    n = 2 * L
    return D * (3 * 2.5 * n * math.log2(n) + 6 * L)


def _mamba_projections(D: int, N: int) -> float:
    E, R = EXPAND * D, _rank(D)
    return 2 * (3 * D * E + E * (2 * R + 2 * N)) + 2 * E * CONV


def _forward(name: str, L: int, D: int, N: int) -> float:
    """Operations of one layer over a sequence of L; a multiply-add counts 2, a complex one 8."""
    E, P = EXPAND * D, 2 * D
    return {
        "rnn": lambda: L * 4 * D**2,
        "gru": lambda: L * 12 * D**2,
        "lstm": lambda: L * 16 * D**2,
        "transformer": lambda: L * 24 * D**2 + 2 * L**2 * D,  # half of the L^2 products are masked
        "s4": lambda: 8 * L * N * D + _fft(L, D) + L * 4 * D**2,
        "s4d": lambda: 2 * L * N * D + _fft(L, D) + L * 4 * D**2,
        "dss": lambda: 2 * L * N * D + _fft(L, D) + L * 4 * D**2,
        "s5": lambda: L * (4 * P * D + 8 * P + 2 * D**2),
        "mamba": lambda: L * (_mamba_projections(D, N) + 9 * E * N),
        "mamba_lti": lambda: 2 * L * N * E + _fft(L, E) + L * (6 * D * E + 2 * E * CONV),
    }[name]()


def _step(name: str, L: int, D: int, N: int) -> float:
    """Operations of one layer for the next sample, after L of them."""
    E, P = EXPAND * D, 2 * D
    return {
        "rnn": lambda: 4 * D**2,
        "gru": lambda: 12 * D**2,
        "lstm": lambda: 16 * D**2,
        "transformer": lambda: 24 * D**2 + 4 * L * D,
        "s4": lambda: 24 * N * D + 4 * D**2,
        "s4d": lambda: 8 * N * D + 4 * D**2,
        "dss": lambda: 8 * N * D + 4 * D**2,
        "s5": lambda: 4 * P * D + 4 * P + 2 * D**2,
        "mamba": lambda: _mamba_projections(D, N) + 9 * E * N,
        "mamba_lti": lambda: 6 * D * E + 2 * E * CONV + 5 * E * N,
    }[name]()


def _kept(name: str, L: int, D: int, N: int) -> float:
    """Numbers that one layer keeps for its backward pass."""
    E, P = EXPAND * D, 2 * D
    return {
        "rnn": lambda: 3 * L * D,
        "gru": lambda: 7 * L * D,
        "lstm": lambda: 8 * L * D,
        "transformer": lambda: 17 * L * D,  # fused attention keeps no L x L matrix
        "s4": lambda: 10 * L * D + 10 * L * N,
        "s4d": lambda: 10 * L * D + 4 * math.sqrt(L) * N * D,
        "dss": lambda: 10 * L * D + 4 * math.sqrt(L) * N * D,
        "s5": lambda: 6 * L * D + 3 * L * P,
        "mamba": lambda: 11 * L * E + 3 * L * N + L * E * N / CHUNK,
        "mamba_lti": lambda: 12 * L * E,
    }[name]()


def _state(name: str, L: int, D: int, N: int, kv_heads: int = HEADS) -> float:
    """Numbers of one layer's state after L steps; exact."""
    E = EXPAND * D
    return {
        "rnn": lambda: D,
        "gru": lambda: D,
        "lstm": lambda: 2 * D,
        "transformer": lambda: 2 * L * D * kv_heads / HEADS,
        "s4": lambda: N * D,
        "s4d": lambda: N * D,
        "dss": lambda: N * D,
        "s5": lambda: 2 * D,
        "mamba": lambda: E * (N + CONV - 1),
        "mamba_lti": lambda: E * (N + CONV - 1),
    }[name]()


def cost_model(name: str, L: int, D: int, N: int = 16, n_layers: int = 1) -> dict[str, float]:
    """flops_train (forwards and backwards, taken as three times forwards), flops_step, bytes_train and bytes_step.

    For a batch of one, float32, and n_layers layers of width D with N states a channel (S5: 2D in all; Jamba: one layer
    of eight with grouped-query attention, experts in every second), embeddings and head left out. bytes_step is
    exact (`lineage.state_bytes`); the others are leading terms. Raises as `check_costs` does.
    """
    check_costs(name, L=L, D=D, N=N, n_layers=n_layers)
    if name == "jamba":
        return _jamba_costs(L, D, N, n_layers)
    return {
        "flops_train": 3.0 * n_layers * _forward(name, L, D, N),
        "flops_step": float(n_layers * _step(name, L, D, N)),
        "bytes_train": float(FLOAT * n_layers * _kept(name, L, D, N)),
        "bytes_step": float(FLOAT * n_layers * _state(name, L, D, N)),
    }


def _jamba_costs(L: int, D: int, N: int, n_layers: int) -> dict[str, float]:
    total = dict.fromkeys(("flops_train", "flops_step", "bytes_train", "bytes_step"), 0.0)
    for mixer, experts in zip(
        layers_block_type(n_layers), layers_num_experts(n_layers, EXPERTS), strict=True
    ):
        mlp = min(experts, TOP_K) * 2 * 3 * D * 2 * D  # operations a token
        if mixer == "attention":
            projections = 2 * (2 + 2 * KV_HEADS / HEADS) * D**2
            forward, step = L * projections + 2 * L**2 * D, projections + 4 * L * D
            kept, state = 6 * L * D, _state("transformer", L, D, N, KV_HEADS)
        else:
            forward, step = _forward("mamba", L, D, N), _step("mamba", L, D, N)
            kept, state = _kept("mamba", L, D, N), _state("mamba", L, D, N)
        total["flops_train"] += 3 * (forward + L * mlp)
        total["flops_step"] += step + mlp
        total["bytes_train"] += FLOAT * (kept + L * (2 * D + min(experts, TOP_K) * 6 * D))
        total["bytes_step"] += FLOAT * state
    return total
