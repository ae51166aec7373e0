"""The survey's lineage: S4, DSS, S4D, S5, Mamba and Jamba beside RNN, LSTM, GRU and Transformer."""

from labkit.nn.moe import SparseMoE, TopKRouter
from labkit.state_space.dss_layer import DSSLayer, dss_kernel
from labkit.state_space.mamba import FixedSSM, MambaBlock, MambaState, SelectiveSSM
from labkit.state_space.s4_survey.method.costs import cost_model, match_params, parameter_count
from labkit.state_space.s4_survey.method.dynamics import (
    gate_recurrence,
    gradient_norms,
    horizon,
    linearised_response,
    selective_matrix,
    toeplitz,
)
from labkit.state_space.s4_survey.method.jamba import (
    Jamba,
    JambaBlock,
    jamba_sizes,
    layers_block_type,
    layers_num_experts,
)
from labkit.state_space.s4_survey.method.lineage import ABLATIONS, LINEAGE, build, state_bytes
from labkit.state_space.selective_scan import selective_loop, selective_scan, selective_step
from labkit.state_space.tasks import induction_heads, selective_copying

__all__ = [
    "ABLATIONS",
    "LINEAGE",
    "DSSLayer",
    "FixedSSM",
    "Jamba",
    "JambaBlock",
    "MambaBlock",
    "MambaState",
    "SelectiveSSM",
    "SparseMoE",
    "TopKRouter",
    "build",
    "cost_model",
    "dss_kernel",
    "gate_recurrence",
    "gradient_norms",
    "horizon",
    "induction_heads",
    "jamba_sizes",
    "layers_block_type",
    "layers_num_experts",
    "linearised_response",
    "match_params",
    "parameter_count",
    "selective_copying",
    "selective_loop",
    "selective_matrix",
    "selective_scan",
    "selective_step",
    "state_bytes",
    "toeplitz",
]
